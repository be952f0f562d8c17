/* Spaces: made, mapped into, taken apart. */
#include "space.h"

#include "fault.h"
#include "object.h"
#include "pool.h"

#define UNLINK_ABOVE (64ul << 10) /* a smaller unmapping leaves empty tables for the next mapping */

static struct pool space_pool = {.size = sizeof(struct space)};
struct space *space_table[SPACE_MAX];
static uint64_t next_serial;
uint64_t space_committed;
uint32_t space_count;

static bool may_commit(uint64_t pages)
{
    uint64_t usable = frame_usable();
    return pages == 0 || (space_committed <= usable && pages <= usable - space_committed);
}

/* What the kernel was given for more tasks than there are now counts again. */
int space_commit(const struct space *space, uint64_t pages)
{
    if (space && space_within(space->limit.data, space->charged + space->objects, pages))
        return E_NOMEM;
    return may_commit(pages) || (block_reap() && may_commit(pages)) ? 0 : E_NOMEM;
}

/* ---- making ---- */

static int space_free_index(uint32_t *out)
{
    for (*out = 0; *out < SPACE_MAX; ++*out)
        if (!space_table[*out])
            return 0;
    return E_FULL;
}

int space_create(handle_t task, struct channel *admin, handle_t *session, struct space **out)
{
    uint32_t index;
    int error = space_free_index(&index);
    struct space *space = error ? NULL : pool_alloc(&space_pool);
    if (!error && !space)
        error = E_NOMEM;
    if (!error) {
        space->index = index;
        space->id = ++next_serial << 16 | index;
        space->task = task;
        space->admin = admin;
        space->hole = USER_MMAP_BASE;
        space->limit = (struct space_limits){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
        error = machine_adopt(task, space->id);
    }
    if (!error)
        error =
            machine_mint(SESSION_TAG(SESSION_SPACE, index),
                         RIGHT_COPY | RIGHT_CALL | RIGHT_USE | PAGER_RIGHT_DEVICE, session, &space->badge);
    if (error) {
        if (space)
            pool_free(&space_pool, space);
        machine_close(task);
        return error;
    }
    space_table[index] = space;
    space_count++;
    tables_view(space);
    *out = space;
    return 0;
}

/* ---- taking apart ---- */

void space_destroy(struct space *space)
{
    waiters_drop_space(space->id);
    space->dying = true;
    for (const struct region *r = space->first; r; r = r->next)
        if (r->flags & REGION_DMA)
            space_quarantine(space, r);
    tables_drop(space);
    while (space->first)
        region_remove(space, space->first);
    space_table[space->index] = NULL;
    space_count--;
    machine_close(space->task);
    pool_free(&space_pool, space);
}

/* ---- mapping ---- */

bool range_valid(vaddr_t start, uint64_t length)
{
    return start % PAGE_SIZE == 0 && length > 0 && start >= USER_MIN && start < USER_END &&
           length <= USER_END - start;
}

bool range_mapped(struct space *space, vaddr_t start, vaddr_t end)
{
    for (const struct region *r = region_from(space, start); start < end; r = r->next) {
        if (!r || r->start > start)
            return false;
        start = r->end;
    }
    return true;
}

static bool range_overlaps(struct space *space, vaddr_t start, uint64_t length)
{
    const struct region *r = region_from(space, start);
    return r && r->start < start + length;
}

static int mapping_check(const struct mapping *m, uint64_t length)
{
    if (m->prot & ~(uint32_t)PROT_ANY || m->offset % PAGE_SIZE || length == 0 || length > USER_END)
        return E_INVAL;
    if ((m->prot & (VMS_WRITE | VMS_EXEC)) == (VMS_WRITE | VMS_EXEC) || m->prot & ~m->limit)
        return E_ACCES;
    if (m->flags & PAGER_FIXED && !range_valid(m->address, length))
        return E_INVAL;
    if (m->flags & PAGER_STACK &&
        (m->object || length < 2 * PAGE_SIZE || m->flags & (PAGER_SHARED | PAGER_GUARD)))
        return E_INVAL;
    if (m->flags & PAGER_SHARED && !m->object)
        return E_INVAL;
    if (m->object && m->flags & PAGER_RESIDENT && m->object->type == OBJECT_FILE)
        return E_NOTSUP; /* the call would have to wait for the manager */
    return m->object && m->offset > UINT64_MAX - length ? E_OVERFLOW : 0;
}

static uint64_t above(uint64_t wanted, uint64_t there)
{
    return wanted > there ? wanted - there : 0;
}

/* What a fixed mapping takes away first: it does not count against the new one. Of regions that are charged by
 * what was touched it is not known, for parts. */
static struct space_limits mapping_replaces(struct space *space, const struct mapping *m, uint64_t length)
{
    struct space_limits gone = {0};
    vaddr_t start = m->address, end = start + length;
    const struct region *r =
        m->flags & PAGER_FIXED && !(m->flags & PAGER_NO_REPLACE) ? region_from(space, start) : NULL;
    for (; r && r->start < end; r = r->next) {
        uint64_t pages =
            ((r->end < end ? r->end : end) - (r->start > start ? r->start : start)) >> PAGE_SHIFT;
        bool known = pages == region_pages(r) || !(r->flags & REGION_LAZY);
        gone.size += r->flags & PAGER_GUARD ? 0 : pages;
        gone.locked += r->flags & REGION_LOCKED ? pages : 0;
        gone.data += !known ? 0 : region_charge(r) < pages ? region_charge(r) : pages;
    }
    return gone;
}

/* A region for a mapping, not yet in the space. */
static int region_prepare(struct space *space, const struct mapping *m, uint64_t length, struct region **out)
{
    struct space_limits gone = mapping_replaces(space, m, length);
    struct region *r = space->region_count < REGION_MAX ? region_new() : NULL;
    if (!r)
        return E_NOMEM;
    r->end = length; /* start is not known yet */
    r->prot = m->flags & PAGER_GUARD ? 0 : prot_normal(m->prot);
    r->limit = m->limit;
    r->flags = m->flags & (REGION_KEPT_FLAGS | REGION_DEVICE | REGION_DMA);
    if (m->object)
        r->flags &= ~(uint32_t)PAGER_NO_RESERVE;
    if (space->lock_future && region_is_plain(r) && !(r->flags & PAGER_STACK))
        r->flags |= REGION_LOCKED;
    r->object = m->object;
    r->offset = m->object ? m->offset : 0;
    if (m->flags & PAGER_STACK)
        r->flags |= REGION_LOW_GUARD;
    if (region_is_charged(r))
        r->flags |= REGION_CHARGED;
    int error = space_commit(space, above(region_charge(r), gone.data));
    if (!error && !(r->flags & PAGER_GUARD))
        error = space_within(space->limit.size, space->pages, above(region_pages(r), gone.size));
    if (!error && r->flags & REGION_LOCKED)
        error = space_within(space->limit.locked, space->locked, above(region_pages(r), gone.locked));
    if (error)
        region_discard(r);
    else
        *out = r;
    return error;
}

static int space_make_room(struct space *space, const struct mapping *m, uint64_t length, vaddr_t *out)
{
    *out = m->address;
    if (!(m->flags & PAGER_FIXED))
        return region_place(space, m->address, length, out);
    if (!range_overlaps(space, m->address, length))
        return 0;
    return m->flags & PAGER_NO_REPLACE ? E_EXISTS : space_unmap(space, m->address, length);
}

int space_map(struct space *space, const struct mapping *m, vaddr_t *out)
{
    uint64_t length = (m->length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    int error = mapping_check(m, length);
    struct region *r;
    if (!error)
        error = region_prepare(space, m, length, &r);
    if (error)
        return error;
    error = space_make_room(space, m, length, out);
    if (error) {
        region_discard(r);
        return error;
    }
    uint64_t absent;
    bool now = r->flags & (PAGER_RESIDENT | REGION_LOCKED);
    r->start = *out;
    r->end = *out + length;
    region_insert(space, r);
    if (!now || m->flags & (PAGER_GUARD | REGION_DEVICE | REGION_DMA))
        return 0;
    error = region_populate(space, *out, *out + length, &absent);
    if (error)
        space_unmap(space, *out, length);
    return error;
}

int space_unmap(struct space *space, vaddr_t start, uint64_t length)
{
    length = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (!range_valid(start, length))
        return E_INVAL;
    uint32_t flags = CLEAR_COUNTED | (length > UNLINK_ABOVE ? CLEAR_UNLINK : 0);
    int error = region_cut(space, start, start + length);
    if (!error)
        error = tables_own_range(space, start, start + length, flags);
    if (error)
        return error;
    tables_clear(space, start, start + length, flags);
    for (struct region *r = region_from(space, start), *next; r && r->start < start + length; r = next) {
        next = r->next;
        region_remove(space, r);
    }
    return 0;
}
