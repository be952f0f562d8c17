/* Mappings get another length, or another place: the entries go from table to table, the pages stay. */
#include "fault.h"
#include "object.h"
#include "space.h"

/* The entries of [from, end) at `to`, too. Each is a count of its frame until the old ones have gone. */
static int entries_copy(struct space *space, const struct region *r, vaddr_t from, vaddr_t end, vaddr_t to)
{
    static struct batch b; /* one thread, and no nesting */
    uint64_t shift = to - from;
    vaddr_t va = from, ready = 0; /* ready: behind what the linked table of the destination maps */
    ptep_t leaf;
    uint32_t count;
    int error = 0;
    batch_begin(&b, space);
    while (!error && tables_next(space, &va, end, &leaf, &count)) {
        error = tables_own(space, va);
        for (uint32_t i = 0; i < count && !error; i++) {
            pte_t e = ptep_load(leaf + i);
            vaddr_t at = va + i * PAGE_SIZE + shift;
            if (!pte_present(e))
                continue;
            if (at >= ready) {
                error = tables_link(space, at);
                ready = (at & ~(HUGE_SIZE - 1)) + HUGE_SIZE;
            }
            frame_t f = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
            if (!error) {
                frame_get(f);
                batch_set(&b, at, f, pte_writable(e) ? r->prot : r->prot & ~(uint32_t)VMS_WRITE, 0);
            }
        }
        va += (vaddr_t)count << PAGE_SHIFT;
    }
    int flushed = batch_flush(&b);
    return error ? error : flushed;
}

/* Region r, from its start to its end, goes to [to, to + length); the range is free. */
static int region_move(struct space *space, struct region *r, vaddr_t to, uint64_t length)
{
    uint64_t kept = r->end - r->start < length ? r->end - r->start : length;
    struct region *moved = region_copy(space, r, to, to + length);
    if (!moved)
        return E_NOMEM;
    moved->offset = r->offset;
    region_insert_apart(space, moved);
    int error = huge_split_all(space, r->start, r->start + kept);
    if (!error)
        error = entries_copy(space, r, r->start, r->start + kept, to);
    if (error) {
        tables_clear(space, to, to + length, CLEAR_COUNTED);
        region_remove(space, moved);
        return error;
    }
    tables_clear(space, r->start, r->end, CLEAR_COUNTED | CLEAR_UNLINK);
    region_remove(space, r);
    region_merge(space, moved);
    return 0;
}

static bool range_free(struct space *space, vaddr_t start, vaddr_t end)
{
    const struct region *r = region_from(space, start);
    return end <= USER_END && (!r || r->start >= end);
}

/* May a region grow by so many bytes? */
static int growth_commit(const struct space *space, const struct region *r, uint64_t bytes)
{
    uint64_t pages = bytes >> PAGE_SHIFT;
    bool whole = r->flags & REGION_LOCKED || (r->flags & REGION_CHARGED && !(r->flags & REGION_LAZY));
    int error = space_within(space->limit.size, space->pages, pages);
    if (!error && r->flags & REGION_LOCKED)
        error = space_within(space->limit.locked, space->locked, pages);
    return error || !whole ? error : space_commit(space, pages);
}

static int grow_in_place(struct space *space, struct region *r, vaddr_t end)
{
    uint64_t absent;
    vaddr_t old = r->end;
    bool locked = r->flags & REGION_LOCKED;
    region_change(r, end, r->flags);
    if (old == space->hole)
        space->hole = end;
    region_merge(space, r);
    int error = locked ? region_populate(space, old, end, &absent) : 0;
    if (error)
        space_unmap(space, old, end - old);
    return error;
}

/* The destination of a move: made free, or found. */
static int move_room(struct space *space, const struct pager_remap *ask, vaddr_t *to)
{
    *to = ask->to;
    return ask->flags & PAGER_FIXED ? space_unmap(space, *to, ask->length)
                                    : region_place(space, 0, ask->length, to);
}

static int remap_move(struct space *space, const struct pager_remap *ask, vaddr_t *out)
{
    uint64_t absent, grown = ask->length > ask->old_length ? ask->length - ask->old_length : 0;
    int error = move_room(space, ask, out);
    if (!error)
        error = region_cut(space, ask->old, ask->old + ask->old_length);
    struct region *r = error ? NULL : region_find(space, ask->old);
    if (!error)
        error = growth_commit(space, r, grown);
    bool locked = r && r->flags & REGION_LOCKED;
    if (!error)
        error = region_move(space, r, *out, ask->length);
    if (!error && locked && grown > 0)
        (void)region_populate(space, *out, *out + ask->length,
                              &absent); /* what is missing comes when touched */
    return error;
}

static int remap_check(struct space *space, const struct pager_remap *ask)
{
    bool fixed = ask->flags & PAGER_FIXED;
    if (ask->flags & ~(uint32_t)(PAGER_FIXED | PAGER_MAY_MOVE) || (fixed && !(ask->flags & PAGER_MAY_MOVE)) ||
        !range_valid(ask->old, ask->old_length) || ask->length == 0 || ask->length > USER_END)
        return E_INVAL;
    if (fixed && (!range_valid(ask->to, ask->length) ||
                  (ask->to < ask->old + ask->old_length && ask->old < ask->to + ask->length)))
        return E_INVAL;
    const struct region *r = region_find(space, ask->old);
    if (!r || ask->old_length > r->end - ask->old)
        return E_FAULT;
    if (!region_is_plain(r) || r->flags & PAGER_STACK)
        return E_INVAL;
    return r->object && r->offset + (ask->old - r->start) > UINT64_MAX - ask->length ? E_OVERFLOW : 0;
}

int space_remap(struct space *space, const struct pager_remap *asked, vaddr_t *out)
{
    struct pager_remap ask = *asked;
    if (ask.old_length > USER_END || ask.length > USER_END)
        return E_INVAL;
    ask.old_length = (ask.old_length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    ask.length = (ask.length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    int error = remap_check(space, &ask);
    if (error)
        return error;
    vaddr_t old_end = ask.old + ask.old_length;
    *out = ask.old;
    if (ask.length < ask.old_length) {
        error = space_unmap(space, ask.old + ask.length, ask.old_length - ask.length);
        ask.old_length = ask.length;
    }
    if (error || (ask.length == ask.old_length && !(ask.flags & PAGER_FIXED)))
        return error;
    struct region *r = region_find(space, ask.old);
    if (!(ask.flags & PAGER_FIXED) && r->end == old_end && range_free(space, old_end, ask.old + ask.length)) {
        error = growth_commit(space, r, ask.length - ask.old_length);
        return error ? error : grow_in_place(space, r, ask.old + ask.length);
    }
    return ask.flags & PAGER_MAY_MOVE ? remap_move(space, &ask, out) : E_NOMEM;
}
