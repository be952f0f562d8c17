/* Fork: the child gets the regions, and the parent's pages with them; both may only read what is private
 * until one of them writes.
 *
 * A leaf table of some size is linked by both, read-only from above; whoever first changes something in it
 * makes it its own (tables_own). Small tables are copied at once, entry by entry: that is cheaper than a
 * later fault. Entries are read through the parent's view, and written 64 operations at a time, neighbours in
 * one. */
#include "fault.h"
#include "object.h"
#include "space.h"

/* Entries; fewer are copied. To make a table one's own costs about as much as a hundred entries, and that of
 * a program's text and data is written by whoever goes on. */
#define SHARE_MIN 96u

/* What may be written at a fork was written since the last one, and will be again: so many such pages are
 * copied at once, which is a quarter of what the fault costs. If there are more, as at the first fork of a
 * program, or memory is short, none is. Every RELEARN forks all are protected again, or a page that is written
 * no more would be copied for ever. */
#define HOT_MAX 8u
#define RELEARN 16u

static bool region_inherits(const struct region *r)
{
    return !(r->flags & (PAGER_NO_INHERIT | REGION_DEVICE | REGION_DMA));
}

static int fork_region(struct space *child, const struct region *r)
{
    struct region *copy = region_copy(child, r, r->start, r->end);
    if (!copy)
        return E_NOMEM;
    copy->flags &= ~(uint32_t)(PAGER_RESIDENT | REGION_LOCKED);
    region_insert(child, copy);
    return 0;
}

/* The part of region r in the leaf table at `low`: its first entry and how many. */
static ptep_t part_of(struct space *space, const struct region *r, vaddr_t low, vaddr_t *va, uint32_t *count)
{
    vaddr_t end = r->end < low + HUGE_SIZE ? r->end : low + HUGE_SIZE;
    *va = r->start > low ? r->start : low;
    *count = (uint32_t)((end - *va) >> PAGE_SHIFT);
    return machine_ptep(space->index, space->slot, PTEP_LEAF, *va);
}

/* What the scan of a leaf table has found: the entries that the child is to have. */
static struct {
    uint32_t count;
    uint16_t index[PTEP_ENTRIES]; /* in order */
    uint32_t written;             /* of them: private, and may be written */
    bool more;                    /* there are others that it has no right to */
} found;
static uint32_t hot_left; /* pages that this fork may copy yet */

/* Look at the leaf table at `low` once; after `most` entries it is enough. */
static void table_scan(struct space *from, vaddr_t low, uint32_t most)
{
    uint32_t count;
    vaddr_t va;
    found.count = found.written = 0;
    found.more = false;
    for (const struct region *r = region_from(from, low); r && r->start < low + HUGE_SIZE; r = r->next) {
        ptep_t leaf = part_of(from, r, low, &va, &count);
        uint32_t base = (uint32_t)((va - low) >> PAGE_SHIFT), i = tables_live(leaf, 0, count);
        if (!region_inherits(r))
            found.more |= i < count;
        else
            for (; i < count && found.count < most; i = tables_live(leaf, i + 1, count)) {
                found.index[found.count++] = (uint16_t)(base + i);
                found.written += pte_writable(ptep_load(leaf + i)) && !(r->flags & PAGER_SHARED);
            }
    }
}

/* A copy of the frame of a page that is private and may be written. False: there is no frame. */
static bool copy_hot(frame_t frame, frame_t *out)
{
    if (frame_table[frame].kind != FRAME_ANON || !frame_alloc_many(FRAME_ANON, 0, 1, out))
        return false;
    machine_copy(frame_memory(*out), frame_memory(frame));
    return true;
}

/* Copy those of the found entries, from *next on, that lie in region r. hot: the pages that may be written with
 * what they hold. */
static void fork_entries(struct space *from, const struct region *r, vaddr_t low, uint32_t *next, bool hot,
                         struct batch *parent, struct batch *child)
{
    uint32_t read_only = r->prot & ~(uint32_t)VMS_WRITE, first = PTEP_ENTRIES, last = 0;
    ptep_t leaf = machine_ptep(from->index, from->slot, PTEP_LEAF, low);
    for (; *next < found.count && low + found.index[*next] * PAGE_SIZE < r->end; ++*next) {
        uint32_t i = found.index[*next];
        pte_t e = ptep_load(leaf + i);
        if (!pte_present(e))
            continue;
        frame_t frame = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
        uint32_t prot = read_only;
        frame_t copy;
        if (pte_writable(e) && r->flags & PAGER_SHARED) {
            prot = r->prot;
        } else if (pte_writable(e) && hot && copy_hot(frame, &copy)) {
            batch_set_one(child, low + i * PAGE_SIZE, copy, r->prot);
            continue;
        } else if (pte_writable(e)) {
            hot = false; /* for the protection of those in a row would meet them */
            first = first < i ? first : i;
            last = i;
        }
        frame_get(frame);
        batch_set_one(child, low + i * PAGE_SIZE, frame, prot);
    }
    if (first < PTEP_ENTRIES)
        batch_op(parent, VMS_PROTECT, PTEP_LEAF, low + first * PAGE_SIZE, last - first + 1, read_only);
}

/* The tables above the leaf table at `low`, which the child, empty before, does not have yet. */
static void link_above(struct batch *child, vaddr_t low, vaddr_t *done)
{
    for (uint32_t level = 1; level < PTEP_LEAF; level++)
        if (*done == 0 || (low ^ *done) >> ptep_level_shift(level - 1))
            batch_op(child, VMS_LINK, level, low, 1, 0);
    *done = low + HUGE_SIZE - 1;
}

static void fork_table(struct space *from, vaddr_t low, struct batch *parent, struct batch *child)
{
    uint32_t next = 0;
    bool own;
    tables_leaf(from, low, &own);
    if (own)
        table_scan(from, low, SHARE_MIN);
    if (!own || (found.count == SHARE_MIN && !found.more)) {
        batch_share(child, low, from);
        return;
    }
    if (found.count == SHARE_MIN)
        table_scan(from, low, PTEP_ENTRIES);
    batch_op(child, VMS_LINK, PTEP_LEAF, low, 1, 0);
    bool hot = found.written <= hot_left;
    hot_left -= hot ? found.written : 0;
    for (const struct region *r = region_from(from, low); r && r->start < low + HUGE_SIZE; r = r->next)
        if (region_inherits(r))
            fork_entries(from, r, low, &next, hot, parent, child);
}

static int fork_pages(struct space *from, struct space *to)
{
    static struct batch parent, child; /* one thread, and no nesting */
    vaddr_t done = 0;                  /* the last byte that the tables visited so far map */
    tables_view(from);
    hot_left = ++from->forks % RELEARN ? HOT_MAX : 0;
    batch_begin(&parent, from);
    batch_begin(&child, to);
    for (const struct region *r = from->first; r; r = r->next) {
        vaddr_t va = r->start > done ? r->start : done + 1;
        ptep_t leaf;
        uint32_t count;
        pte_t huge;
        if (!region_inherits(r))
            continue;
        while (va < r->end && tables_next_any(from, &va, r->end, &leaf, &count, &huge)) {
            vaddr_t low = va & ~(HUGE_SIZE - 1);
            link_above(&child, low, &done);
            if (huge)
                huge_share(&parent, &child, r, low, huge);
            else
                fork_table(from, low, &parent, &child);
            va = low + HUGE_SIZE;
        }
    }
    int protected = batch_flush(&parent), set = batch_flush(&child);
    return protected ? protected : set;
}

int space_fork(struct space *parent, handle_t task, struct channel *admin, handle_t *session,
               struct space **out)
{
    uint64_t charge = 0;
    for (const struct region *r = parent->first; r; r = r->next)
        charge += region_inherits(r) ? region_charge(r) : 0;
    block_feed(); /* proc makes a thread and handles next, and others have no way to wait for the kernel's
                     memory */
    int error = space_commit(NULL, charge);
    if (error) {
        machine_close(task);
        return error;
    }
    error = space_create(task, admin, session, out);
    if (error)
        return error;
    (*out)->limit = parent->limit;
    for (const struct region *r = parent->first; r && !error; r = r->next)
        error = region_inherits(r) ? fork_region(*out, r) : 0;
    if (!error)
        error = fork_pages(parent, *out);
    if (error) {
        machine_close(*session);
        space_destroy(*out);
        return error;
    }
    fault_counts.forks++;
    return 0;
}
