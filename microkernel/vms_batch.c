/* The system call vms_batch: a list of page-table primitives on one space, in order. */
#include <device.h>
#include <window.h>

#define CHUNK       16   /* operations read at once */
#define ENTRIES_MAX 4096 /* entries changed in one call; what is left is the caller's to ask for again */

static int batch_set_device(struct window *w, struct thread *thread, const struct vms_op *op,
                            uint32_t *missing)
{
    struct object *object;
    int error = handle_get(thread->task, op->handle, OBJ_DEVICE, RIGHT_MANAGE, &object);
    if (error)
        return error;
    const struct device *device = (const struct device *)object;
    uint64_t size = device->end - device->start;
    if (op->level > PTEP_LEAF || op->count > PTEP_ENTRIES || op->pa > size ||
        op->count * ptep_level_size(op->level) > size - op->pa)
        return E_RANGE;
    struct vms_op mapped = *op;
    mapped.pa += device->start;
    return entry_set(w, &mapped, ENTRY_DEVICE, missing);
}

/* Perform one operation; *out: what goes back into its pa. */
static int batch_one(struct window *w, struct thread *thread, const struct vms_op *op, uint64_t *out,
                     uint32_t *missing)
{
    switch (op->op) {
    case VMS_LINK: return entry_link(w, op, missing);
    case VMS_UNLINK: return entry_unlink(w, op, missing);
    case VMS_SET: return entry_set(w, op, ENTRY_RAM, missing);
    case VMS_PROTECT: return entry_protect(w, op, missing);
    case VMS_CLEAR: return entry_clear(w, op, out, missing);
    case VMS_GUARD: return entry_guard(w, op, missing);
    case VMS_SET_DEVICE: return batch_set_device(w, thread, op, missing);
    case VMS_SHARE:
    case VMS_UNSHARE: return E_NOSYS;
    default: return E_INVAL;
    }
}

/* Perform operations that were read, until one fails or the bound is reached. *done: how many succeeded.
 * Results are written to `user`, which batch_read has found writable. */
static int batch_some(struct vms *vms, struct thread *thread, struct vms_op *ops, uint32_t n, vaddr_t user,
                      uint32_t *entries, uint32_t *done)
{
    struct window w;
    int error = 0;
    uint32_t missing = 0;
    window_open(&w, vms);
    for (*done = 0; *done < n && *entries < ENTRIES_MAX; ++*done) {
        struct vms_op *op = &ops[*done];
        uint64_t out = 0;
        if (!op->count)
            op->count = 1;
        *entries += op->op == VMS_UNLINK ? PTEP_ENTRIES : op->count;
        error = batch_one(&w, thread, op, &out, &missing);
        if (error)
            break;
        if (op->op == VMS_CLEAR && op->count == 1)
            error = user_write(user + *done * sizeof *op + offsetof(struct vms_op, pa), &out, sizeof out);
        if (error)
            break;
    }
    window_close(&w);
    if (error == E_NOTABLE)
        error = user_write(user + *done * sizeof *ops + offsetof(struct vms_op, missing), &missing,
                           sizeof missing)
                    ? E_FAULT
                    : E_NOTABLE;
    return error;
}

/* Read operations, and see that their results can be written: they span two pages at most. */
static int batch_read(struct vms_op *ops, uint32_t n, vaddr_t user)
{
    vaddr_t last = user + (n - 1) * sizeof *ops;
    int error = user_read(ops, user, n * sizeof *ops);
    if (!error)
        error = user_write(user, &ops[0], sizeof ops[0].op);
    if (!error)
        error = user_write(last + offsetof(struct vms_op, missing), &ops[n - 1].missing, sizeof ops->missing);
    return error;
}

int sys_vms_batch(struct thread *thread, struct syscall *s)
{
    struct object *object;
    int error = handle_get(thread->task, (handle_t)s->a[0], OBJ_MEMORY, RIGHT_MANAGE, &object);
    if (!error)
        error = handle_get(thread->task, (handle_t)s->a[1], OBJ_TASK, RIGHT_MANAGE, &object);
    if (error)
        return error;
    struct vms *vms = &((struct task *)object)->vms;
    vaddr_t user = s->a[2];
    uint64_t count = s->a[3];
    if (count > VMS_BATCH_MAX)
        return E_INVAL;
    if (!vms_alive(vms))
        return E_DEAD;
    struct vms_op ops[CHUNK];
    uint32_t entries = 0, total = 0, done = 0, n = 0;
    while (!error && done == n && total < count && entries < ENTRIES_MAX) {
        n = count - total < CHUNK ? (uint32_t)(count - total) : CHUNK;
        if (batch_read(ops, n, user + total * sizeof *ops)) {
            if (!total)
                return SYS_TOUCH;
            break; /* the next call starts there, and faults */
        }
        error = batch_some(vms, thread, ops, n, user + total * sizeof *ops, &entries, &done);
        total += done;
    }
    s->r[0] = total;
    return error;
}
