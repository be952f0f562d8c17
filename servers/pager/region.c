/* The regions of a space: a treap by start address, threaded by a list. */
#include "space.h"

#include "object.h"
#include "pool.h"

static struct pool region_pool = {.size = sizeof(struct region)};

struct region *region_new(void)
{
    static uint32_t seed = 2463534242u;
    struct region *r = pool_alloc(&region_pool);
    if (!r)
        return NULL;
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    r->priority = seed;
    return r;
}

void region_discard(struct region *region)
{
    pool_free(&region_pool, region);
}

uint32_t region_live(void)
{
    return region_pool.live;
}

uint64_t region_charge(const struct region *region)
{
    uint64_t pages = region_pages(region), least = region->flags & PAGER_STACK ? STACK_COMMITTED : 0;
    if (region->flags & REGION_LOCKED && (!region->object || region->object->type == OBJECT_FILE))
        return pages;
    if (!(region->flags & REGION_CHARGED))
        return 0;
    if (!(region->flags & REGION_LAZY))
        return pages;
    least = region->touched > least ? region->touched : least;
    return least < pages ? least : pages;
}

/* ---- the treap ---- */

static void treap_split(struct region *t, vaddr_t key, struct region **low, struct region **high)
{
    while (t) {
        if (t->start < key) {
            *low = t;
            low = &t->right;
            t = t->right;
        } else {
            *high = t;
            high = &t->left;
            t = t->left;
        }
    }
    *low = *high = NULL;
}

static void treap_merge(struct region **at, struct region *low, struct region *high)
{
    while (low && high) {
        if (low->priority > high->priority) {
            *at = low;
            at = &low->right;
            low = low->right;
        } else {
            *at = high;
            at = &high->left;
            high = high->left;
        }
    }
    *at = low ? low : high;
}

/* The last region that begins at or below va. */
static struct region *region_below(const struct space *space, vaddr_t va)
{
    struct region *r = space->root, *best = NULL;
    while (r) {
        if (r->start <= va) {
            best = r;
            r = r->right;
        } else {
            r = r->left;
        }
    }
    return best;
}

struct region *region_find(struct space *space, vaddr_t va)
{
    struct region *r = space->hit;
    if (!r || va < r->start || va >= r->end) {
        r = region_below(space, va);
        if (!r || va >= r->end)
            return NULL;
        space->hit = r;
    }
    return r;
}

struct region *region_from(struct space *space, vaddr_t va)
{
    struct region *r = region_below(space, va);
    if (!r)
        return space->first;
    return va < r->end ? r : r->next;
}

/* ---- in and out ---- */

static void region_count_in(struct space *space, struct region *r)
{
    space->region_count++;
    if (!(r->flags & PAGER_GUARD))
        space->pages += region_pages(r);
    if (r->flags & REGION_LOCKED)
        space->locked += region_pages(r);
    space->charged += region_charge(r);
    space_committed += region_charge(r);
}

static void region_count_out(struct space *space, struct region *r)
{
    space->region_count--;
    if (!(r->flags & PAGER_GUARD))
        space->pages -= region_pages(r);
    if (r->flags & REGION_LOCKED)
        space->locked -= region_pages(r);
    space->charged -= region_charge(r);
    space_committed -= region_charge(r);
}

static void region_link(struct space *space, struct region *r)
{
    struct region *before = region_below(space, r->start), **at = &space->root;
    r->space = space;
    r->prev = before;
    r->next = before ? before->next : space->first;
    *(before ? &before->next : &space->first) = r;
    *(r->next ? &r->next->prev : &space->last) = r;
    while (*at && (*at)->priority >= r->priority)
        at = r->start < (*at)->start ? &(*at)->left : &(*at)->right;
    treap_split(*at, r->start, &r->left, &r->right);
    *at = r;
    region_count_in(space, r);
    if (r->object)
        object_attach(r->object, r);
}

static void region_unlink(struct space *space, struct region *r)
{
    struct region **at = &space->root;
    while (*at != r)
        at = r->start < (*at)->start ? &(*at)->left : &(*at)->right;
    treap_merge(at, r->left, r->right);
    *(r->prev ? &r->prev->next : &space->first) = r->next;
    *(r->next ? &r->next->prev : &space->last) = r->prev;
    if (space->hit == r)
        space->hit = NULL;
    region_count_out(space, r);
    if (r->object)
        object_detach(r);
}

void region_change(struct region *r, vaddr_t end, uint32_t flags)
{
    region_count_out(r->space, r);
    r->end = end;
    r->flags = flags;
    region_count_in(r->space, r);
}

bool region_guards(const struct region *r, vaddr_t va)
{
    if (r->flags & PAGER_GUARD || (r->flags & REGION_LOW_GUARD && va == r->start))
        return true;
    return r->flags & PAGER_STACK && (r->end - va) >> PAGE_SHIFT > r->space->limit.stack;
}

int region_touch(struct region *r, uint64_t pages)
{
    if (!(r->flags & REGION_LAZY))
        return 0;
    uint64_t before = region_charge(r);
    r->touched += pages;
    uint64_t more = region_charge(r) - before;
    if (more && space_commit(r->space, more)) {
        r->touched -= pages;
        return E_NOMEM;
    }
    r->space->charged += more;
    space_committed += more;
    return 0;
}

void region_recount(struct region *r)
{
    uint64_t tables;
    if (!(r->flags & REGION_LAZY))
        return;
    region_count_out(r->space, r);
    space_resident(r->space, r->start, r->end, &r->touched, &tables);
    region_count_in(r->space, r);
}

static bool region_continues(const struct region *a, const struct region *b)
{
    return a->end == b->start && a->prot == b->prot && a->limit == b->limit && a->flags == b->flags &&
           a->object == b->object && !(a->flags & (REGION_DMA | REGION_DEVICE | PAGER_STACK)) &&
           (!a->object || a->offset + (a->end - a->start) == b->offset);
}

static void region_absorb(struct space *space, struct region *a, struct region *b)
{
    region_unlink(space, b);
    region_count_out(space, a);
    a->end = b->end;
    a->touched += b->touched;
    region_count_in(space, a);
    region_discard(b);
}

void region_merge(struct space *space, struct region *region)
{
    if (region->next && region_continues(region, region->next))
        region_absorb(space, region, region->next);
    if (region->prev && region_continues(region->prev, region))
        region_absorb(space, region->prev, region);
}

void region_insert_apart(struct space *space, struct region *region)
{
    if (region->start == space->hole)
        space->hole = region->end;
    region_link(space, region);
}

void region_insert(struct space *space, struct region *region)
{
    region_insert_apart(space, region);
    region_merge(space, region);
}

void region_remove(struct space *space, struct region *region)
{
    struct object *object = region->object;
    if (region->start < space->hole)
        space->hole = region->start < USER_MMAP_BASE ? USER_MMAP_BASE : region->start;
    region_unlink(space, region);
    region_discard(region);
    if (object)
        object_unhold(object);
}

struct region *region_copy(struct space *space, const struct region *from, vaddr_t start, vaddr_t end)
{
    struct region *r = space->region_count < REGION_MAX ? region_new() : NULL;
    if (!r)
        return NULL;
    r->start = start;
    r->end = end;
    r->prot = from->prot;
    r->limit = from->limit;
    r->flags = from->flags;
    r->object = from->object;
    r->offset = from->object && start >= from->start ? from->offset + (start - from->start) : from->offset;
    r->touched = from->touched;
    return r;
}

/* Cut the region that contains va, so that one begins there. */
static int region_cut_at(struct space *space, vaddr_t va)
{
    struct region *r = region_find(space, va);
    if (!r || r->start == va)
        return 0;
    int error = va & (HUGE_SIZE - 1) ? huge_split(space, va) : 0; /* H1 */
    if (error)
        return error;
    struct region *upper = region_copy(space, r, va, r->end);
    if (!upper)
        return E_NOMEM;
    upper->flags &= ~(uint32_t)REGION_LOW_GUARD;
    region_change(r, va, r->flags);
    region_link(space, upper);
    region_recount(r);
    region_recount(upper);
    return 0;
}

int region_cut(struct space *space, vaddr_t start, vaddr_t end)
{
    int error = region_cut_at(space, start);
    return error ? error : region_cut_at(space, end);
}

/* ---- places ---- */

static bool region_range_free(struct space *space, vaddr_t start, uint64_t length)
{
    if (start < USER_MIN || start > USER_END || length > USER_END - start)
        return false;
    const struct region *r = region_from(space, start);
    return !r || r->start >= start + length;
}

/* The first hole above `at`. */
static int region_place_above(struct space *space, vaddr_t at, uint64_t length, vaddr_t *out)
{
    for (const struct region *r = region_from(space, at); r && (r->start < at || r->start - at < length);
         r = r->next)
        at = r->end > at ? r->end : at;
    *out = at;
    return at > USER_MMAP_END || length > USER_MMAP_END - at ? E_NOMEM : 0;
}

int region_place(struct space *space, vaddr_t hint, uint64_t length, vaddr_t *out)
{
    *out = hint & ~(PAGE_SIZE - 1);
    if (hint &&
        (region_range_free(space, *out, length) || (*out >= USER_MMAP_BASE && *out < USER_MMAP_END &&
                                                    region_place_above(space, *out, length, out) == 0)))
        return 0;
    vaddr_t at = space->hole;
    struct region *r = region_from(space, at);
    bool first = true;
    for (; r && (r->start < at || r->start - at < length); r = r->next) {
        if (r->start > at)
            first = false; /* a hole, but too small */
        if (r->end > at)
            at = r->end;
        if (first)
            space->hole = at;
    }
    if (at > USER_MMAP_END || length > USER_MMAP_END - at)
        return E_NOMEM;
    *out = at;
    return 0;
}
