/* What a task says about its memory: pages to drop, to fetch, to keep; and what it asks: which are there. */
#include "fault.h"
#include "object.h"
#include "space.h"

#define FETCH_MAX 4096u /* pages of one PAGER_FETCH that are asked for: the rest comes when it is touched */

struct range {
    vaddr_t start, end;
};

/* What a growing stack has stays in memory anyway. */
static bool region_lockable(const struct region *r)
{
    return region_is_plain(r) && !(r->flags & PAGER_STACK);
}

static int region_drop(struct space *space, struct region *r, struct range part)
{
    if (!region_is_plain(r) || r->flags & REGION_LOCKED)
        return E_INVAL;
    int error = part.start & (HUGE_SIZE - 1) ? huge_split(space, part.start) : 0;
    if (!error && part.end & (HUGE_SIZE - 1))
        error = huge_split(space, part.end);
    if (error)
        return error;
    tables_clear(space, part.start, part.end, CLEAR_COUNTED);
    region_recount(r);
    return 0;
}

/* Ask the manager for what is not in memory. Nobody waits. */
static int region_fetch(struct region *r, struct range part)
{
    struct object *o = r->object;
    struct request *request;
    if (!o || o->type != OBJECT_FILE || !o->manager)
        return 0;
    uint64_t page = (r->offset + (part.start - r->start)) >> PAGE_SHIFT, size = object_size_pages(o->size);
    uint64_t end = page + ((part.end - part.start) >> PAGE_SHIFT);
    end = end < size ? end : size;
    end = end > page + FETCH_MAX ? page + FETCH_MAX : end;
    for (; page < end; page++)
        if (!object_page(o, (uint32_t)page) && object_request(o, (uint32_t)page, &request))
            break; /* no memory for more: it is advice */
    channel_kick(o->manager);
    return 0;
}

/* Pages that a lock of [start, end) adds to what is committed. */
static uint64_t lock_charge(struct space *space, struct range all)
{
    uint64_t pages = 0;
    for (const struct region *r = region_from(space, all.start); r && r->start < all.end; r = r->next) {
        vaddr_t from = r->start > all.start ? r->start : all.start, to = r->end < all.end ? r->end : all.end;
        bool counted = r->flags & REGION_LOCKED || (r->flags & REGION_CHARGED && !(r->flags & REGION_LAZY)) ||
                       (r->object && r->object->type != OBJECT_FILE);
        if (!counted && region_lockable(r))
            pages += (to - from) >> PAGE_SHIFT;
    }
    return pages;
}

/* Pages that are not locked yet. */
static uint64_t lock_pages(struct space *space, struct range all)
{
    uint64_t pages = 0;
    for (const struct region *r = region_from(space, all.start); r && r->start < all.end; r = r->next) {
        vaddr_t from = r->start > all.start ? r->start : all.start, to = r->end < all.end ? r->end : all.end;
        if (!(r->flags & REGION_LOCKED) && region_lockable(r))
            pages += (to - from) >> PAGE_SHIFT;
    }
    return pages;
}

static void range_flag(struct space *space, struct range all, bool locked)
{
    for (struct region *r = region_from(space, all.start); r && r->start < all.end; r = r->next)
        if (region_lockable(r))
            region_change(r, r->end, locked ? r->flags | REGION_LOCKED : r->flags & ~(uint32_t)REGION_LOCKED);
    for (struct region *r = region_from(space, all.start); r && r->start < all.end; r = r->next)
        region_recount(r);
}

static bool range_locked(struct space *space, struct range all)
{
    for (const struct region *r = region_from(space, all.start); r && r->start < all.end; r = r->next)
        if (r->flags & REGION_LOCKED)
            return true;
    return false;
}

static int range_lock(struct space *space, struct range all, bool lock, uint64_t *absent)
{
    int error = lock ? space_commit(space, lock_charge(space, all)) : 0;
    if (!error && lock)
        error = space_within(space->limit.locked, space->locked, lock_pages(space, all));
    if (!error)
        error = region_cut(space, all.start, all.end);
    if (error)
        return error;
    range_flag(space, all, lock);
    for (struct region *r = region_from(space, all.start); lock && r && r->start < all.end && !error;
         r = r->next) {
        uint64_t missing = 0;
        if (r->prot && region_lockable(r))
            error = region_populate(space, r->start, r->end, &missing);
        *absent += missing;
    }
    if (error)
        range_flag(space, all, false);
    return error;
}

static int range_small(struct space *space, struct range all, uint32_t advice)
{
    bool small = advice == PAGER_SMALL_PAGES;
    int error = region_cut(space, all.start, all.end);
    if (!error && small)
        error = huge_split_all(space, all.start, all.end);
    for (struct region *r = region_from(space, all.start); r && r->start < all.end && !error; r = r->next)
        if (region_is_plain(r))
            region_change(r, r->end, small ? r->flags | PAGER_SMALL : r->flags & ~(uint32_t)PAGER_SMALL);
    return error;
}

static int range_advise(struct space *space, struct range all, uint32_t advice)
{
    int error = 0;
    for (struct region *r = region_from(space, all.start); r && r->start < all.end && !error; r = r->next) {
        struct range part = {r->start > all.start ? r->start : all.start,
                             r->end < all.end ? r->end : all.end};
        error = advice == PAGER_DISCARD ? region_drop(space, r, part) : region_fetch(r, part);
    }
    return error ? error : range_mapped(space, all.start, all.end) ? 0 : E_NOMEM;
}

int space_advise(struct space *space, const struct pager_advise *ask, uint64_t *absent)
{
    struct range all = {ask->address, ask->address + ((ask->length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))};
    struct range whole = {USER_MIN, USER_END};
    *absent = 0;
    switch (ask->advice) {
    case PAGER_LOCK_ALL: return range_lock(space, whole, true, absent);
    case PAGER_LOCK_FUTURE: space->lock_future = true; return 0;
    case PAGER_UNLOCK_ALL: space->lock_future = false; return range_lock(space, whole, false, absent);
    case PAGER_LOCK:
    case PAGER_UNLOCK:
    case PAGER_DISCARD:
    case PAGER_FETCH:
    case PAGER_SYNC:
    case PAGER_SYNC_LATER:
    case PAGER_SMALL_PAGES:
    case PAGER_LARGE_PAGES:
    case PAGER_INVALIDATE: break;
    default: return E_INVAL;
    }
    if (ask->length > USER_END || !range_valid(all.start, all.end - all.start))
        return E_INVAL;
    if (ask->advice == PAGER_DISCARD || ask->advice == PAGER_FETCH)
        return range_advise(space, all, ask->advice);
    if (!range_mapped(space, all.start, all.end))
        return E_NOMEM;
    if (ask->advice == PAGER_SMALL_PAGES || ask->advice == PAGER_LARGE_PAGES)
        return range_small(space, all, ask->advice);
    if (ask->advice == PAGER_SYNC || ask->advice == PAGER_SYNC_LATER)
        return 0; /* writeback_sync does the rest */
    if (ask->advice == PAGER_INVALIDATE)
        return range_locked(space, all) ? E_BUSY : 0;
    return range_lock(space, all, ask->advice == PAGER_LOCK, absent);
}

int space_residency(struct space *space, vaddr_t start, uint32_t pages, uint8_t *out)
{
    struct region *r = NULL;
    if (!range_valid(start, (uint64_t)pages << PAGE_SHIFT))
        return E_INVAL;
    for (uint32_t i = 0; i < pages; i++) {
        vaddr_t va = start + i * PAGE_SIZE;
        uint32_t missing;
        if (!r || va >= r->end)
            r = region_find(space, va);
        if (!r)
            return E_NOMEM;
        out[i] =
            pte_present(tables_entry(space, va, &missing)) ||
            (r->object && object_page(r->object, (uint32_t)((r->offset + (va - r->start)) >> PAGE_SHIFT)));
    }
    return 0;
}
