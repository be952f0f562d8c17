/* Page tables of other spaces: read through the pager's views at the speed of a load, written by vms_batch.
 *
 * A walk goes from the top down and looks at each level before it steps in: the next one is not mapped in the
 * view when a table is missing, and shows data behind a huge page (the pager puts none into user spaces). */
#include "space.h"

#define SPAN       HUGE_SIZE /* what one leaf table maps */
#define FEED_EVERY 32u       /* tables linked between two looks at the kernel's stock */

static struct space *slots[PAGER_VIEW_SLOTS];
static uint64_t clock_now;
static uint32_t linked;

/* ---- views ---- */

static void view_mount(struct space *space)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < PAGER_VIEW_SLOTS; i++) {
        if (!slots[i]) {
            oldest = i;
            break;
        }
        if (slots[i]->used < slots[oldest]->used)
            oldest = i;
    }
    if (slots[oldest])
        slots[oldest]->slot = 0;
    int error;
    while ((error = machine_mount(space->task, space->index, PAGER_VIEW_FIRST + oldest)) == E_KMEM &&
           frame_feed() == 0)
        ;
    if (error)
        machine_panic("space %lx cannot be mounted: error %d", (unsigned long)space->id, error);
    slots[oldest] = space;
    space->slot = PAGER_VIEW_FIRST + oldest;
}

void tables_view(struct space *space)
{
    space->used = ++clock_now;
    if (!space->slot)
        view_mount(space);
}

static pte_t entry_at(const struct space *space, uint32_t level, vaddr_t va)
{
    return ptep_load(machine_ptep(space->index, space->slot, level, va));
}

pte_t tables_entry(struct space *space, vaddr_t va, uint32_t *missing)
{
    tables_view(space);
    if (space->linked == (va & ~(SPAN - 1)) + 1) {
        *missing = 0;
        return entry_at(space, PTEP_LEAF, va);
    }
    for (uint32_t level = 0; level < PTEP_LEAF; level++)
        if (!pte_table(entry_at(space, level, va), level)) {
            *missing = level + 1;
            return 0;
        }
    *missing = 0;
    space->linked = (va & ~(SPAN - 1)) + 1;
    return entry_at(space, PTEP_LEAF, va);
}

bool tables_next(struct space *space, vaddr_t *va, vaddr_t end, ptep_t *leaf, uint32_t *count)
{
    tables_view(space);
    while (*va < end) {
        uint32_t level = 0;
        while (level < PTEP_LEAF && pte_table(entry_at(space, level, *va), level))
            level++;
        if (level == PTEP_LEAF) {
            vaddr_t stop = (*va & ~(SPAN - 1)) + SPAN;
            *leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, *va);
            *count = (uint32_t)(((end < stop ? end : stop) - *va) >> PAGE_SHIFT);
            return true;
        }
        *va = (*va & ~(ptep_level_size(level) - 1)) + ptep_level_size(level);
    }
    return false;
}

/* ---- batches ---- */

/* SET operations from `first` on were not carried out: nobody holds their frames. */
static void batch_forget(struct batch *b, uint32_t first)
{
    for (uint32_t i = first; i < b->count; i++)
        for (uint32_t n = 0; b->op[i].op == VMS_SET && n < b->op[i].count; n++)
            frame_put((frame_t)(b->op[i].pa >> PAGE_SHIFT) + n);
}

int batch_flush(struct batch *b)
{
    uint32_t first = 0;
    while (first < b->count && !b->error) {
        uint64_t done = 0;
        int error = machine_batch(b->space->task, b->op + first, b->count - first, &done);
        first += (uint32_t)done; /* without an error: all, or what the kernel does in one call */
        if (error == E_KMEM)
            error = frame_feed();
        b->error = error;
    }
    if (first < b->count)
        batch_forget(b, first);
    b->count = 0;
    return b->error;
}

static struct vms_op *batch_next(struct batch *b)
{
    if (b->count == VMS_BATCH_MAX)
        batch_flush(b);
    struct vms_op *op = &b->op[b->count++];
    *op = (struct vms_op){0};
    return op;
}

void batch_set(struct batch *b, vaddr_t va, frame_t frame, uint32_t prot, uint32_t flags)
{
    paddr_t pa = (paddr_t)frame << PAGE_SHIFT;
    if (b->count > 0 && va & (SPAN - 1)) {
        struct vms_op *last = &b->op[b->count - 1];
        uint64_t length = (uint64_t)last->count << PAGE_SHIFT;
        if (last->op == VMS_SET && last->prot == prot && last->flags == flags && va == last->va + length &&
            pa == last->pa + length) {
            last->count++;
            return;
        }
    }
    struct vms_op *op = batch_next(b);
    op->op = VMS_SET;
    op->level = PTEP_LEAF;
    op->prot = (uint8_t)prot;
    op->flags = (uint8_t)flags;
    op->count = 1;
    op->va = va;
    op->pa = pa;
}

void batch_op(struct batch *b, enum vms_opcode code, uint32_t level, vaddr_t va, uint32_t count,
              uint32_t prot)
{
    if (code == VMS_UNLINK)
        b->space->linked = 0;
    struct vms_op *op = batch_next(b);
    op->op = (uint8_t)code;
    op->level = (uint8_t)level;
    op->prot = (uint8_t)prot;
    op->flags = code == VMS_UNLINK && level == PTEP_LEAF ? VMS_DROP : 0;
    op->count = count;
    op->va = va;
}

int tables_link(struct space *space, vaddr_t va)
{
    uint32_t missing;
    tables_entry(space, va, &missing);
    if (!missing)
        return 0;
    struct batch b;
    batch_begin(&b, space);
    for (uint32_t level = missing; level <= PTEP_LEAF; level++)
        batch_op(&b, VMS_LINK, level, va, 1, 0);
    if (++linked % FEED_EVERY == 0)
        frame_feed();
    return batch_flush(&b);
}

/* ---- clearing ---- */

static void gather_flush(struct gather *g)
{
    int error = batch_flush(&g->batch);
    if (error) /* better lost than used twice */
        machine_log("space %lx: clearing failed, error %d: %u frames lost", (unsigned long)g->batch.space->id,
                    error, g->frames);
    for (uint32_t i = 0; i < g->frames && !error; i++)
        frame_put(g->frame[i]);
    g->frames = 0;
    batch_begin(&g->batch, g->batch.space);
}

static bool range_unused(struct space *space, vaddr_t start, vaddr_t end)
{
    const struct region *r = start < end ? region_from(space, start) : NULL;
    return !r || r->start >= end;
}

/* No region needs the leaf table of va but for [start, end). */
static bool span_unused(struct space *space, vaddr_t va, vaddr_t start, vaddr_t end)
{
    vaddr_t low = va & ~(SPAN - 1), high = low + SPAN;
    return range_unused(space, low, start < high ? start : high) &&
           range_unused(space, end > low ? end : low, high);
}

void tables_clear(struct space *space, vaddr_t start, vaddr_t end, uint32_t flags)
{
    static struct gather g; /* one thread, and no nesting */
    vaddr_t va = start;
    ptep_t leaf;
    uint32_t count;
    g.frames = 0;
    batch_begin(&g.batch, space);
    while (tables_next(space, &va, end, &leaf, &count)) {
        if (g.frames + count > 512 || g.batch.count == VMS_BATCH_MAX)
            gather_flush(&g);
        uint32_t first = count, last = 0;
        for (uint32_t i = 0; i < count; i++) {
            pte_t e = ptep_load(leaf + i);
            if (!pte_present(e))
                continue;
            if (first == count)
                first = i;
            last = i;
            if (flags & CLEAR_COUNTED)
                g.frame[g.frames++] = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
        }
        if (flags & CLEAR_UNLINK && span_unused(space, va, start, end))
            batch_op(&g.batch, VMS_UNLINK, PTEP_LEAF, va & ~(SPAN - 1), 1, 0);
        else if (first < count)
            batch_op(&g.batch, VMS_CLEAR, PTEP_LEAF, va + first * PAGE_SIZE, last - first + 1, 0);
        va += (vaddr_t)count << PAGE_SHIFT;
    }
    gather_flush(&g);
}

/* Unlink what the first `count` entries of the table of this level that maps va link, and below. */
static void drop_below(struct batch *b, uint32_t level, vaddr_t va, uint32_t count)
{
    ptep_t p = machine_ptep(b->space->index, b->space->slot, level, va);
    for (uint32_t i = 0; i < count; i += 4) {
        if (!(ptep_load(p + i) | ptep_load(p + i + 1) | ptep_load(p + i + 2) | ptep_load(p + i + 3)))
            continue;
        for (uint32_t n = i; n < i + 4; n++) {
            vaddr_t at = va + n * ptep_level_size(level);
            if (!pte_table(ptep_load(p + n), level))
                continue;
            if (level + 1 < PTEP_LEAF)
                drop_below(b, level + 1, at, PTEP_ENTRIES);
            batch_op(b, VMS_UNLINK, level + 1, at, 1, 0);
        }
    }
}

void tables_drop(struct space *space)
{
    struct batch b;
    batch_begin(&b, space);
    tables_view(space);
    drop_below(&b, 0, 0, KERNEL_FIRST_SLOT);
    if (batch_flush(&b))
        machine_log("space %lx: tables left, error %d", (unsigned long)space->id, b.error);
    if (space->slot) {
        slots[space->slot - PAGER_VIEW_FIRST] = NULL;
        space->slot = 0;
    }
    /* Others may hold the task, and so its L0, for long: the next space of this index must find V's entry
     * free. */
    machine_mount(space->task, PAGER_NO_INDEX, 0);
}
