/* The system call vms_batch: a list of page-table primitives on one space, in order. */
#include <hardware.h>
#include <window.h>

#define ENTRIES_MAX 192 /* entries changed in one call; what is left is the caller's to ask for again */

/* VMS_SET_DEVICE: make the offset in op->pa a physical address. */
static int batch_device(struct thread *thread, struct vms_op *op)
{
    const struct range *device;
    TRY(handle_get(thread->task, op->handle, OBJ_DEVICE, RIGHT_MANAGE, &device));
    FAIL_IF(op->level > PTEP_LEAF || op->count > PTEP_ENTRIES || op->pa > device->size ||
                op->count * ptep_level_size(op->level) > device->size - op->pa,
            E_RANGE);
    op->pa += device->start;
    return 0;
}

static int batch_one(struct window *w, struct thread *thread, struct vms_op *op)
{
    struct task *from;
    int error = 0;
    switch (op->op) {
    case VMS_LINK: return entry_link(w, op);
    case VMS_UNLINK: return entry_unlink(w, op);
    case VMS_SET_DEVICE: error = batch_device(thread, op); /* fall through */
    case VMS_SET:
    case VMS_PROTECT:
    case VMS_CLEAR:
    case VMS_GUARD: return error ? error : entry_change(w, op, &op->pa);
    case VMS_SHARE:
        error = handle_get(thread->task, op->handle, OBJ_TASK, RIGHT_MANAGE, &from);
        return error ? error : entry_share(w, &from->vms, op);
    case VMS_UNSHARE: return entry_unshare(w, op);
    default: return E_INVAL;
    }
}

/* Perform one operation and write its results to `there`. SYS_TOUCH: they cannot be written; nothing was
 * done. */
static __attribute__((noinline)) int batch_general(struct window *w, struct thread *thread, struct vms_op *op,
                                                   vaddr_t there)
{
    vaddr_t old = there + offsetof(struct vms_op, pa);
    bool gives = op->op == VMS_CLEAR && op->count == 1;
    if (gives)
        TRY(user_write(old, &op->pa, sizeof op->pa));
    int error = batch_one(w, thread, op);
    if (!error && gives)
        error = user_write(old, &op->pa, sizeof op->pa);
    if (error == E_NOTABLE &&
        user_write(there + offsetof(struct vms_op, missing), &w->missing, sizeof w->missing))
        error = SYS_TOUCH;
    return error;
}

/* Set single pages as long as it is simple: how many. */
static __attribute__((noinline)) uint32_t batch_simple(struct window *w, const struct vms_op *op, uint32_t n)
{
    const struct vms_op *first = op, *end = op + n;
    while (op < end && entry_set_simply(w, op))
        op++;
    return (uint32_t)(op - first);
}

/* In entries; each operation for itself takes as long as six of them, with a debug build's checks. */
static uint32_t cost(const struct vms_op *op)
{
    switch (op->op) {
    case VMS_UNLINK:
    case VMS_UNSHARE: return PTEP_ENTRIES;
    case VMS_LINK: return 1;
    case VMS_SHARE: return PTEP_ENTRIES / 32;
    default: return op->count + 6;
    }
}

/* Operations from `user` on, until one fails or the bound is reached. *total: how many succeeded. */
static int batch_all(struct window *w, struct thread *thread, vaddr_t user, uint32_t count, uint32_t *total)
{
    struct vms_op ops[VMS_BATCH_MAX];
    uint32_t entries = 0;
    TRY(user_read(ops, user, count * sizeof *ops));
    while ((*total += batch_simple(w, ops + *total, count - *total)) < count && entries < ENTRIES_MAX) {
        struct vms_op *op = ops + *total;
        if (!op->count)
            op->count = 1;
        entries += cost(op);
        if (entries > ENTRIES_MAX && *total)
            break;
        TRY(batch_general(w, thread, op, user + *total * sizeof *op));
        *total += 1;
    }
    return 0;
}

int sys_vms_batch(struct thread *thread, struct syscall *s)
{
    struct task *task;
    TRY(handle_get(thread->task, s->a[0], OBJ_MEMORY, RIGHT_MANAGE, NULL));
    TRY(handle_get(thread->task, s->a[1], OBJ_TASK, RIGHT_MANAGE, &task));
    struct vms *vms = &task->vms;
    FAIL_IF(s->a[3] > VMS_BATCH_MAX, E_INVAL);
    FAIL_IF(!vms_alive(vms), E_DEAD);
    struct window w;
    uint32_t total = 0;
    window_open(&w, vms);
    int error = batch_all(&w, thread, s->a[2], (uint32_t)s->a[3], &total);
    window_close(&w);
    if ((error == SYS_TOUCH || error == SYS_RESTART) && total)
        error = 0; /* the next call begins there, and faults or goes on */
    s->r[0] = total;
    return error;
}
