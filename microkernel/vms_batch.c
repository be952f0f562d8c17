/* The system call vms_batch: a list of page-table primitives on one space, in order. */
#include <arch/cpu.h>
#include <hardware.h>
#include <irqoff.h>
#include <window.h>

/* In one call; what is left is the caller's to ask for again. */
#define BATCH_TICKS 12000 /* until another operation is begun, which is short */
#define SHORT_MOST  24    /* entries that a short one changes */

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
    irqoff_operation(op->op);
    switch (op->op) {
    case VMS_LINK: return entry_link(w, op);
    case VMS_UNLINK: return entry_unlink(w, op);
    case VMS_SET_DEVICE: TRY(batch_device(thread, op)); /* fall through */
    case VMS_SET ... VMS_GUARD: return entry_change(w, op, &op->pa);
    case VMS_SHARE:
        TRY(handle_get(thread->task, op->handle, OBJ_TASK, RIGHT_MANAGE, &from));
        return entry_share(w, &from->vms, op);
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

/* The first word of an operation: op, level, prot, flags, count; and what it is but for SIMPLE_PROT in one
 * that sets one leaf entry. */
#define SIMPLE_HEAD (VMS_SET | PTEP_LEAF << 8 | (uint64_t)VMS_READ << 16 | 1ul << 32)
#define SIMPLE_PROT ((uint64_t)(VMS_PROT_ALL & ~VMS_READ) << 16)
#define HEAD_OF(op) (*(const uint64_t *)(op))
_Static_assert(offsetof(struct vms_op, va) == sizeof(uint64_t), "op, level, prot, flags, count");

/* The leaf tables from 1 on and before this one lie in the user's range with all that they map. */
#define LEAF_END (USER_END >> WINDOW_LEAF_SHIFT)

/* The most frequent case in the fewest steps: empty entries of one leaf table are set to frames of one RAM
 * block, all with the same protection. How many were set; why it was not more is for entry_change to say. */
static inline uint32_t batch_simple(struct window *w, const struct vms_op *op, uint64_t n)
{
    const struct vms_op *first = op, *end = op + n;
    uint64_t head = HEAD_OF(op), leaf = op->va >> WINDOW_LEAF_SHIFT, block = op->pa >> HUGE_SHIFT;
    struct place at;
    if (!n || (head & ~SIMPLE_PROT) != SIMPLE_HEAD || leaf - 1 >= LEAF_END - 1 ||
        block_kind_of(op->pa) != BLOCK_RAM ||
        ((DEBUG_BUILD || !window_leaf_known(w, op->va)) &&
         (window_find(w, op->va, PTEP_LEAF, &at) || !window_leaf_known(w, op->va))))
        return 0;
    struct table_record *record = w->vms->leaf_record;
    ptep_t table = ptep_table(window_entry(w, PTEP_LEAF, op->va));
    pte_t bits = pte_make(0, (uint8_t)(head >> 16));
    for (; op < end && HEAD_OF(op) == head; op++) {
        ptep_t entry = table + ptep_va_index(op->va, PTEP_LEAF);
        if (op->va >> WINDOW_LEAF_SHIFT != leaf || op->pa >> HUGE_SHIFT != block ||
            (op->va | op->pa) & (PAGE_SIZE - 1) || !pte_empty(ptep_load(entry)))
            break;
        pte_store(entry, op->pa | bits);
    }
    n = (uint64_t)(op - first);
    blocks[block].mappings += (uint32_t)n;
    record->live = (uint16_t)(record->live + n);
    return (uint32_t)n;
}

/* May it take long? What follows such a one, or would be one that follows others, is for the next call. */
static bool is_long(const struct vms_op *op)
{
    uint32_t most = op->op == VMS_SET && !op->flags ? 8 * SHORT_MOST : SHORT_MOST; /* filled together */
    return op->count > most || op->op == VMS_UNLINK || op->op == VMS_UNSHARE;
}

/* The operations of a list from *total on, the first whatever the clock says, until one fails or the bound is reached. user: where the list is.
 */
static __attribute__((noinline)) int batch_rest(struct window *w, struct thread *thread, struct vms_op *ops,
                                                vaddr_t user, uint32_t count, uint32_t *total)
{
    uint64_t end = tsc_read() + BATCH_TICKS;
    for (uint32_t simple; *total < count && (!*total || tsc_read() < end); *total += simple) {
        struct vms_op *op = ops + *total;
        simple = batch_simple(w, op, count - *total);
        if (simple)
            continue;
        op->count += !op->count;
        if (is_long(op) && *total)
            break;
        TRY(batch_general(w, thread, op, user + *total * sizeof *op));
        simple = 1;
    }
    return 0;
}

int sys_vms_batch(struct thread *thread, struct syscall *s)
{
    struct task *task;
    struct vms_op ops[VMS_BATCH_MAX];
    TRY(handle_get(thread->task, s->a[0], OBJ_MEMORY, RIGHT_MANAGE, NULL));
    TRY(handle_get(thread->task, s->a[1], OBJ_TASK, RIGHT_MANAGE, &task));
    uint64_t count = s->a[3];
    FAIL_IF(count > VMS_BATCH_MAX, E_INVAL);
    FAIL_IF(!vms_alive(&task->vms), E_DEAD);
    TRY(user_read(ops, s->a[2], count * sizeof *ops));
    struct window w;
    int error = 0;
    window_open(&w, &task->vms);
    uint32_t total = batch_simple(&w, ops, count);
    if (total < count)
        error = batch_rest(&w, thread, ops, s->a[2], (uint32_t)count, &total);
    window_close(&w);
    if ((error == SYS_TOUCH || error == SYS_RESTART) && total)
        error = 0; /* the next call begins there, and faults or goes on */
    s->r[0] = total;
    return error;
}
