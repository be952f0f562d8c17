/* 2 MiB pages: one entry of the level above the leaves for 512 pages of private, zero-filled memory.
 *
 * They come to be where a region is written from page to page (fill.c), and are otherwise what 512 entries
 * would be. As with a leaf table that several spaces link, the count of each of the 512 frames is one for all of
 * the huge entries that show them, whose number is the block's. fork shows the same huge page in both spaces,
 * read-only; who writes first has it cut into 512 entries of a table of its own (huge_split), with counts of their
 * own, unless nobody else has any of its frames.
 *
 * Invariants (check.c tests them)
 * H1 a huge entry lies within one region, which is private and of no object: region_cut splits what it would
 * cut in two. H2 a huge entry is writable only if its region is, it is its block's only one, and all of its
 * frames have count 1. H3 space->huge is the number of its huge entries; *block_links() that of a block's. */
#include "fault.h"
#include "space.h"

#define SPAN  HUGE_SIZE
#define LEVEL (PTEP_LEAF - 1)

uint64_t huge_pages;

static pte_t huge_at(struct space *space, vaddr_t va)
{
    tables_view(space);
    for (uint32_t level = 0; level < LEVEL; level++)
        if (!pte_table(ptep_load(machine_ptep(space->index, space->slot, level, va)), level))
            return 0;
    pte_t e = ptep_load(machine_ptep(space->index, space->slot, LEVEL, va));
    return pte_huge(e, LEVEL) ? e : 0;
}

static frame_t first_frame(pte_t e)
{
    return (frame_t)(pte_frame(e, LEVEL) >> PAGE_SHIFT);
}

static void count_in(struct space *space, int by)
{
    space->huge += (uint32_t)by;
    huge_pages += (uint64_t)(int64_t)by;
}

bool huge_next(struct space *space, vaddr_t *va, vaddr_t end, pte_t *entry)
{
    if (!space->huge)
        return false;
    tables_view(space);
    while (*va < end) {
        uint32_t level = 0;
        pte_t e = 0;
        while (level < PTEP_LEAF &&
               pte_table(e = ptep_load(machine_ptep(space->index, space->slot, level, *va)), level))
            level++;
        if (level == LEVEL && pte_huge(e, LEVEL)) {
            *entry = e;
            *va &= ~(SPAN - 1);
            return true;
        }
        level = level == PTEP_LEAF ? LEVEL : level;
        *va = (*va & ~(ptep_level_size(level) - 1)) + ptep_level_size(level);
    }
    return false;
}

static bool huge_sole(frame_t first)
{
    uint32_t others = *block_links(first) - 1;
    for (uint32_t i = 0; i < BLOCK_FRAMES && !others; i += 8)
        for (uint32_t k = 0; k < 8; k++)
            others |= frame_table[first + i + k].count ^ 1;
    return !others;
}

static void frames_hold(frame_t first, uint32_t by)
{
    struct frame *f = &frame_table[first];
#pragma GCC unroll 16
    for (uint32_t i = 0; i < BLOCK_FRAMES; i++)
        f[i].count += by;
}

/* One huge entry of the block less. */
static void link_put(frame_t first)
{
    if (--*block_links(first) == 0)
        block_put(first);
}

void huge_drop(struct space *space, pte_t e)
{
    count_in(space, -1);
    link_put(first_frame(e));
}

/* ---- making ---- */

static struct vms_op huge_op(enum vms_opcode code, vaddr_t va, frame_t first, uint32_t prot)
{
    return (struct vms_op){.op = (uint8_t)code,
                           .level = LEVEL,
                           .prot = (uint8_t)prot,
                           .count = 1,
                           .va = va & ~(SPAN - 1),
                           .pa = (paddr_t)first << PAGE_SHIFT};
}

/* Carry operations out, however often the kernel has to be fed or called. *done: how many were. */
static int perform(struct space *space, struct vms_op *op, uint32_t count, uint32_t *done)
{
    int error = 0;
    for (*done = 0; *done < count && !error;) {
        uint64_t n = 0;
        error = machine_batch(space->task, op + *done, count - *done, &n);
        *done += (uint32_t)n;
        if (error == E_KMEM)
            error = block_feed();
    }
    return error;
}

bool huge_may(struct space *space, const struct region *r, vaddr_t va)
{
    uint32_t missing;
    if (va & (SPAN - 1) || r->end - va < SPAN || r->object || !(r->prot & VMS_WRITE) || !region_is_plain(r) ||
        r->flags & (PAGER_STACK | PAGER_SMALL))
        return false;
    tables_entry(space, va, &missing);
    return missing != 0 && missing <= PTEP_LEAF;
}

void huge_forget(frame_t first)
{
    *block_links(first) = 1;
    link_put(first);
}

bool huge_set(struct space *space, struct region *r, vaddr_t va, frame_t first)
{
    uint32_t missing, done, n = 0;
    struct vms_op op[PTEP_LEVELS];
    if (region_touch(r, BLOCK_FRAMES)) {
        huge_forget(first);
        return false;
    }
    tables_entry(space, va, &missing);
    for (uint32_t level = missing; level < PTEP_LEAF; level++, n++)
        op[n] = (struct vms_op){.op = VMS_LINK, .level = (uint8_t)level, .count = 1, .va = va};
    op[n++] = huge_op(VMS_SET, va, first, r->prot);
    if (perform(space, op, n, &done)) {
        huge_forget(first);
        region_recount(r);
        return false;
    }
    *block_links(first) = 1;
    count_in(space, 1);
    r->next_fault = va + SPAN;
    return true;
}

/* ---- cutting ---- */

int huge_split(struct space *space, vaddr_t va)
{
    pte_t e = space->huge ? huge_at(space, va) : 0;
    if (!e)
        return 0;
    const struct region *r = region_find(space, va);
    uint32_t prot = pte_writable(e) ? r->prot : r->prot & ~(uint32_t)VMS_WRITE, done;
    frame_t first = first_frame(e);
    bool others = *block_links(first) > 1;
    struct vms_op op[] = {huge_op(VMS_CLEAR, va, first, 0), /* break before make */
                          huge_op(VMS_LINK, va, 0, 0), huge_op(VMS_SET, va, first, prot)};
    op[1].level = op[2].level = PTEP_LEAF;
    op[2].count = BLOCK_FRAMES;
    if (others)
        frames_hold(first, 1);
    int error = perform(space, op, sizeof op / sizeof op[0], &done);
    if (!error) {
        count_in(space, -1);
        --*block_links(first);
        space->linked = op[1].va + 1;
        return 0;
    }
    if (others)
        frames_hold(first, -1u);
    if (done == 1) { /* no table: it is whole again */
        struct vms_op again = huge_op(VMS_SET, va, first, prot);
        int restored = perform(space, &again, 1, &done);
        PAGER_ASSERT(!restored);
    }
    return error;
}

int huge_split_all(struct space *space, vaddr_t start, vaddr_t end)
{
    pte_t e;
    int error = 0;
    for (vaddr_t va = start; !error && huge_next(space, &va, end, &e); va += SPAN)
        error = huge_split(space, va);
    return error;
}

int huge_own(struct space *space, const struct region *r, vaddr_t va)
{
    pte_t e = huge_at(space, va);
    uint32_t done;
    if (!huge_sole(first_frame(e)))
        return huge_split(space, va);
    struct vms_op op = huge_op(VMS_PROTECT, va, 0, r->prot);
    return r->prot & VMS_WRITE ? perform(space, &op, 1, &done) : 0;
}

/* ---- whole ones ---- */

static struct {
    struct batch batch;
    uint32_t count;
    frame_t first[VMS_BATCH_MAX];
} gone; /* one thread, and no nesting */

static void gone_flush(struct space *space)
{
    int error = batch_flush(&gone.batch);
    if (error) /* better lost than used twice */
        machine_log("space %lx: %u large pages are lost, error %d", (unsigned long)space->id, gone.count,
                    error);
    for (uint32_t i = 0; i < gone.count && !error; i++)
        link_put(gone.first[i]);
    count_in(space, -(int)gone.count);
    gone.count = 0;
    batch_begin(&gone.batch, space);
}

void huge_clear(struct space *space, vaddr_t start, vaddr_t end)
{
    pte_t e;
    gone.count = 0;
    batch_begin(&gone.batch, space);
    for (vaddr_t va = start; huge_next(space, &va, end, &e); va += SPAN) {
        batch_op(&gone.batch, VMS_CLEAR, LEVEL, va, 1, 0);
        gone.first[gone.count++] = first_frame(e);
        if (gone.count == VMS_BATCH_MAX)
            gone_flush(space);
    }
    gone_flush(space);
}

int huge_protect(struct space *space, const struct region *r)
{
    pte_t e;
    uint32_t done;
    int error = 0;
    for (vaddr_t va = r->start; !error && huge_next(space, &va, r->end, &e); va += SPAN) {
        bool write = r->prot & VMS_WRITE && huge_sole(first_frame(e));
        struct vms_op op = huge_op(VMS_PROTECT, va, 0, write ? r->prot : r->prot & ~(uint32_t)VMS_WRITE);
        error = perform(space, &op, 1, &done);
    }
    return error;
}

void huge_share(struct batch *parent, struct batch *child, const struct region *r, vaddr_t va, pte_t e)
{
    uint32_t prot = r->prot & ~(uint32_t)VMS_WRITE;
    if (pte_writable(e))
        batch_op(parent, VMS_PROTECT, LEVEL, va, 1, prot);
    ++*block_links(first_frame(e));
    batch_op(child, VMS_SET, LEVEL, va, 1, prot);
    child->op[child->count - 1].pa = pte_frame(e, LEVEL);
    count_in(child->space, 1);
}

void huge_unshare_failed(struct space *child, paddr_t pa)
{
    count_in(child, -1);
    link_put((frame_t)(pa >> PAGE_SHIFT));
}

uint64_t huge_count(struct space *space, vaddr_t start, vaddr_t end)
{
    uint64_t count = 0;
    pte_t e;
    for (vaddr_t va = start; huge_next(space, &va, end, &e); va += SPAN)
        count++;
    return count;
}
