/* Page tables of other spaces: read through the pager's views at the speed of a load, written by vms_batch.
 *
 * A walk goes from the top down and looks at each level before it steps in: the next one is not mapped in the
 * view when a table is missing, and shows data behind a huge page (the pager puts none into user spaces).
 *
 * A leaf table may be linked by several spaces (fork.c). Its link is read-only then, and before anything is
 * changed in it the space makes it its own: tables_own. Invariants:
 * L1 the count of a table's frame is its number of links less one; entries hold one count of their frame
 *    for each *table*
 * L2 an entry that is writable in the leaf lies in one table only, so its frame's count is 1 (S3), whatever
 *    its link allows: the kernel clears W in both tables when it copies one */
#include <ouros/boot.h>

#include "space.h"

#define SPAN        HUGE_SIZE /* what one leaf table maps */
#define RUN         32u       /* entries looked at together */
#define LEAF_OF(va) (((va) >> PAGE_SHIFT) & (PTEP_ENTRIES - 1))
#define FEED_EVERY  32u /* tables linked between two looks at the kernel's stock */

static struct space *slots[PAGER_VIEW_SLOTS];
static uint64_t clock_now;
static uint32_t linked;
struct table_counts table_counts;

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
           block_feed() == 0)
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
    *missing = 0;
    if (tables_at_hand(space, va))
        return entry_at(space, PTEP_LEAF, va);
    pte_t e = 0;
    for (uint32_t level = 0; level < PTEP_LEAF; level++)
        if (!pte_table(e = entry_at(space, level, va), level)) {
            bool huge = pte_huge(e, level);
            *missing = huge ? TABLE_HUGE : level + 1;
            return huge ? (e & ~(pte_t)PTE_PS) + (va & (SPAN - PAGE_SIZE)) : 0;
        }
    if (pte_writable(e))
        space->linked = (va & ~(SPAN - 1)) + 1;
    else
        *missing = TABLE_SHARED;
    return entry_at(space, PTEP_LEAF, va);
}

frame_t tables_leaf(struct space *space, vaddr_t va, bool *own)
{
    pte_t e = entry_at(space, PTEP_LEAF - 1, va);
    *own = pte_writable(e);
    return (frame_t)(pte_frame(e, PTEP_LEAF - 1) >> PAGE_SHIFT);
}

/* Add to the count of the frame that a present leaf entry maps. Bits 8 to 39 of an entry are its frame's number
 * times 16: 8 to 11 mean nothing in a leaf, and are 0. records: frame_table. */
static inline void entry_hold(const pte_t *entry, struct frame *records, uint32_t by)
{
    uint32_t times16;
    _Static_assert(BOOT_BLOCKS_MAX * BLOCK_FRAMES <= 1u << 28, "frame numbers have at most 28 bits");
    __builtin_memcpy(&times16, (const char *)entry + 1, sizeof times16);
    *(uint32_t *)((char *)&records->count + (uint64_t)times16 * (sizeof *records / 16)) += by;
}

/* All frames of a table are held once more, or (by -1) once less. */
static void leaf_hold(ptep_t leaf, uint32_t by)
{
    const pte_t *entry = (const pte_t *)leaf;
    struct frame *const records = frame_table;
    for (const pte_t *end = entry + PTEP_ENTRIES; entry < end; entry += RUN) {
        pte_t all = PTE_P;
#pragma GCC unroll 32
        for (uint32_t k = 0; k < RUN; k++)
            all &= entry[k];
        if (all) {
#pragma GCC unroll 32
            for (uint32_t k = 0; k < RUN; k++)
                entry_hold(entry + k, records, by);
            continue;
        }
        for (uint32_t k = 0; k < RUN; k++)
            if (pte_present(entry[k]))
                entry_hold(entry + k, records, by);
    }
}

int tables_own(struct space *space, vaddr_t va)
{
    bool own;
    if (tables_at_hand(space, va))
        return 0;
    tables_view(space);
    frame_t table = tables_leaf(space, va, &own);
    if (own)
        return 0;
    ptep_t leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, va & ~(SPAN - 1));
    bool copy = frame_table[table].count > 0;
    struct vms_op op = {.op = VMS_UNSHARE, .level = PTEP_LEAF, .count = 1, .va = va};
    uint64_t done;
    int error;
    if (copy)
        leaf_hold(leaf, 1);
    while ((error = machine_batch(space->task, &op, 1, &done)) == E_KMEM && (error = block_feed()) == 0)
        ;
    if (error && copy)
        leaf_hold(leaf, -1u);
    if (error)
        return error;
    frame_table[table].count -= copy;
    table_counts.unshared++;
    space->linked = (va & ~(SPAN - 1)) + 1;
    return 0;
}

bool tables_next_any(struct space *space, vaddr_t *va, vaddr_t end, ptep_t *leaf, uint32_t *count,
                     pte_t *huge)
{
    tables_view(space);
    *huge = 0;
    while (*va < end) {
        uint32_t level = 0;
        pte_t e = 0;
        while (level < PTEP_LEAF && pte_table(e = entry_at(space, level, *va), level))
            level++;
        if (level == PTEP_LEAF) {
            vaddr_t stop = (*va & ~(SPAN - 1)) + SPAN;
            *leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, *va);
            *count = (uint32_t)(((end < stop ? end : stop) - *va) >> PAGE_SHIFT);
            return true;
        }
        if (pte_huge(e, level)) {
            *huge = e;
            return true;
        }
        *va = (*va & ~(ptep_level_size(level) - 1)) + ptep_level_size(level);
        while (level == PTEP_LEAF - 1 && *va < end && ptep_va_index(*va, level) &&
               !entry_at(space, level, *va))
            *va += SPAN; /* what is absent beside it, too */
    }
    return false;
}

bool tables_next(struct space *space, vaddr_t *va, vaddr_t end, ptep_t *leaf, uint32_t *count)
{
    pte_t huge;
    bool found;
    while ((found = tables_next_any(space, va, end, leaf, count, &huge)) && huge)
        *va = (*va & ~(SPAN - 1)) + SPAN;
    return found;
}

/* ---- batches ---- */

/* Operations from `first` on were not carried out: nobody holds the frames and tables of SET and SHARE. */
static void batch_forget(struct batch *b, uint32_t first)
{
    for (uint32_t i = first; i < b->count; i++)
        if (b->op[i].op == VMS_SHARE)
            frame_table[b->op[i].pa >> PAGE_SHIFT].count--;
    for (uint32_t i = first; i < b->count; i++)
        if (b->op[i].op == VMS_SET && b->op[i].level != PTEP_LEAF)
            huge_unshare_failed(b->space, b->op[i].pa);
    for (uint32_t i = first; i < b->count; i++)
        for (uint32_t n = 0; b->op[i].op == VMS_SET && b->op[i].level == PTEP_LEAF && n < b->op[i].count; n++)
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
            error = block_feed();
        b->error = error;
    }
    if (first < b->count)
        batch_forget(b, first);
    b->count = 0;
    return b->error;
}

struct vms_op *batch_next(struct batch *b)
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
        if (last->op == VMS_SET && last->level == PTEP_LEAF && last->prot == prot && last->flags == flags &&
            va == last->va + length && pa == last->pa + length) {
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

void batch_share(struct batch *b, vaddr_t va, struct space *from)
{
    bool own;
    frame_t table = tables_leaf(from, va, &own);
    from->linked = 0;
    frame_table[table].count++;
    table_counts.shared++;
    struct vms_op *op = batch_next(b);
    op->op = VMS_SHARE;
    op->level = PTEP_LEAF;
    op->va = va & ~(SPAN - 1);
    op->pa = (paddr_t)table << PAGE_SHIFT; /* ours: the kernel does not look */
    op->handle = from->task;
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
    if (!missing || missing == TABLE_HUGE)
        return 0;
    return missing == TABLE_SHARED ? tables_own(space, va) : tables_link_from(space, va, missing);
}

int tables_link_from(struct space *space, vaddr_t va, uint32_t missing)
{
    struct batch b;
    batch_begin(&b, space);
    for (uint32_t level = missing; level <= PTEP_LEAF; level++)
        batch_op(&b, VMS_LINK, level, va, 1, 0);
    if (++linked % FEED_EVERY == 0)
        block_feed();
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

/* Does a leaf entry hold a count of its frame? */
static inline bool entry_counts(pte_t e, frame_t *frame)
{
    *frame = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
    return pte_present(e) && *frame < frame_limit && frame_table[*frame].kind >= FRAME_ANON;
}

/* Entries of a leaf table are about to go: their frames' counts go with them. Gives the first and the last.
 */
static void gather_entries(struct gather *g, ptep_t leaf, uint32_t count, uint32_t *first, uint32_t *last)
{
    *first = *last = tables_live(leaf, 0, count);
    for (uint32_t i = *first; i < count; i++) {
        pte_t e = ptep_load(leaf + i);
        frame_t frame;
        if (!e) {
            i = tables_live(leaf, i, count) - 1;
            continue;
        }
        *last = i;
        if (g->flags & CLEAR_COUNTED && entry_counts(e, &frame))
            g->frame[g->frames++] = frame;
    }
}

/* Take a leaf table away, and what only it maps. */
static void gather_table(struct gather *g, ptep_t leaf, vaddr_t va)
{
    bool own;
    uint32_t first, last;
    struct frame *table = &frame_table[tables_leaf(g->batch.space, va, &own)];
    if (table->count > 0)
        table->count--; /* others have it still, and its entries' counts */
    else
        gather_entries(g, leaf, PTEP_ENTRIES, &first, &last);
    batch_op(&g->batch, VMS_UNLINK, PTEP_LEAF, va, 1, 0);
}

static void gather_begin(struct gather *g, struct space *space, uint32_t flags)
{
    g->frames = 0;
    g->flags = flags;
    batch_begin(&g->batch, space);
}

/* Room for what one table has. */
static void gather_room(struct gather *g)
{
    if (g->frames > GATHER_MAX - PTEP_ENTRIES || g->batch.count == VMS_BATCH_MAX)
        gather_flush(g);
}

int tables_own_range(struct space *space, vaddr_t start, vaddr_t end, uint32_t flags)
{
    vaddr_t va = start;
    ptep_t leaf;
    uint32_t count;
    int error = 0;
    for (; !error && tables_next(space, &va, end, &leaf, &count); va += (vaddr_t)count << PAGE_SHIFT)
        if (tables_live(leaf, 0, count) < count &&
            !(flags & CLEAR_UNLINK && span_unused(space, va, start, end)))
            error = tables_own(space, va);
    return error;
}

void tables_clear(struct space *space, vaddr_t start, vaddr_t end, uint32_t flags)
{
    static struct gather g; /* one thread, and no nesting */
    vaddr_t va = start;
    ptep_t leaf;
    uint32_t count, first, last;
    if (space->huge)
        huge_clear(space, start, end);
    gather_begin(&g, space, flags);
    for (; tables_next(space, &va, end, &leaf, &count); va += (vaddr_t)count << PAGE_SHIFT) {
        gather_room(&g);
        if (flags & CLEAR_UNLINK && span_unused(space, va, start, end)) {
            gather_table(&g, leaf - ((va & (SPAN - 1)) >> PAGE_SHIFT), va & ~(SPAN - 1));
            continue;
        }
        if (tables_live(leaf, 0, count) == count)
            continue;
        int error = tables_own(space, va);
        if (error) {
            machine_log("space %lx: %lx is not cleared, error %d", (unsigned long)space->id,
                        (unsigned long)va, error);
            continue;
        }
        gather_entries(&g, leaf, count, &first, &last);
        batch_op(&g.batch, VMS_CLEAR, PTEP_LEAF, va + first * PAGE_SIZE, last - first + 1, 0);
    }
    gather_flush(&g);
}

/* ---- the end of a space ---- */

/* The counts that a leaf table's entries hold, from the i-th on, go. */
static void leaf_release(ptep_t leaf, uint32_t i)
{
    for (; i < PTEP_ENTRIES; i++) {
        pte_t e = ptep_load(leaf + i);
        frame_t frame;
        if (!e)
            i = tables_live(leaf, i, PTEP_ENTRIES) - 1;
        else if (entry_counts(e, &frame) && frame_table[frame].kind != FRAME_DMA) /* in quarantine */
            frame_put(frame);
    }
}

/* By regions, for nothing is mapped elsewhere. */
static void counts_drop(struct space *space)
{
    vaddr_t va = 0;
    ptep_t leaf;
    uint32_t count;
    pte_t huge;
    bool own;
    for (const struct region *r = space->first; r; r = r->next) {
        va = va < r->start ? r->start : va;
        for (; va < r->end && tables_next_any(space, &va, r->end, &leaf, &count, &huge);
             va = (va | (SPAN - 1)) + 1) {
            frame_t table = huge ? FRAME_NONE : tables_leaf(space, va, &own);
            if (huge)
                huge_drop(space, huge);
            else if (frame_table[table].count > 0)
                frame_table[table].count--; /* others have it still, and its entries' counts */
            else
                leaf_release(leaf - LEAF_OF(va), LEAF_OF(va));
        }
    }
}

void tables_drop(struct space *space)
{
    tables_view(space);
    counts_drop(space);
    slots[space->slot - PAGER_VIEW_FIRST] = NULL;
    space->slot = 0;
    /* Nobody can use the frames that are free now: no thread has this space, and here nothing happens before
     * its tables have gone. */
    int error = machine_mount(space->task, PAGER_NO_INDEX, PAGER_TAKE_APART);
    if (error)
        machine_panic("space %lx does not go: error %d", (unsigned long)space->id, error);
}
