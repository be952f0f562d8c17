/* Spaces: made, mapped into, taken apart. */
#include "space.h"

#include "fault.h"
#include "object.h"
#include "pool.h"

#define UNLINK_ABOVE (64ul << 10) /* a smaller unmapping leaves empty tables for the next mapping */
#define PROT_ANY     (VMS_READ | VMS_WRITE | VMS_EXEC)

static struct pool space_pool = {.size = sizeof(struct space)};
static struct space *spaces[SPACE_MAX];
static uint64_t next_serial;
uint64_t space_committed;
uint32_t space_count;

/* Pinned frames of a dead space, chained, until its device has been silenced. */
struct quarantine {
    struct quarantine *next;
    uint64_t space;
    frame_t first;
};
static struct pool quarantine_pool = {.size = sizeof(struct quarantine)};
static struct quarantine *quarantines;

struct space *space_by_index(uint32_t index)
{
    return index < SPACE_MAX ? spaces[index] : NULL;
}

struct space *space_by_id(uint64_t id)
{
    struct space *space = space_by_index(id & 0xffff);
    return space && space->id == id ? space : NULL;
}

static bool may_commit(uint64_t pages)
{
    uint64_t usable = frame_usable();
    return pages == 0 || (space_committed <= usable && pages <= usable - space_committed);
}

/* What the kernel was given for more tasks than there are now counts again. */
int space_commit(uint64_t pages)
{
    return may_commit(pages) || (frame_reap_kernel() && may_commit(pages)) ? 0 : E_NOMEM;
}

/* ---- making ---- */

static int space_free_index(uint32_t *out)
{
    for (*out = 0; *out < SPACE_MAX; ++*out)
        if (!spaces[*out])
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
        error = machine_adopt(task, space->id);
    }
    if (!error)
        error = machine_mint(SESSION_TAG(SESSION_SPACE, index), RIGHT_COPY | RIGHT_CALL | RIGHT_USE, session,
                             &space->badge);
    if (error) {
        if (space)
            pool_free(&space_pool, space);
        machine_close(task);
        return error;
    }
    spaces[index] = space;
    space_count++;
    tables_view(space);
    *out = space;
    return 0;
}

/* ---- taking apart ---- */

static void quarantine_frames(struct space *space, const struct region *r)
{
    struct quarantine *q = pool_alloc(&quarantine_pool);
    for (vaddr_t va = r->start; va < r->end; va += PAGE_SIZE) {
        uint32_t missing;
        pte_t e = tables_entry(space, va, &missing);
        frame_t f = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
        if (!pte_present(e) || !q)
            continue; /* without a record it stays pinned for ever: better than a stray write */
        frame_table[f].next = q->first;
        q->first = f;
    }
    if (!q)
        return;
    q->space = space->id;
    q->next = quarantines;
    quarantines = q;
}

void space_dma_release(uint64_t id)
{
    for (struct quarantine **at = &quarantines, *q; (q = *at) != NULL;) {
        if (q->space != id) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        for (frame_t f = q->first, next; f; f = next) {
            next = frame_table[f].next;
            frame_put(f);
        }
        pool_free(&quarantine_pool, q);
    }
}

static void region_clear(struct space *space, const struct region *r, uint32_t flags)
{
    tables_clear(space, r->start, r->end, flags | (r->flags & REGION_DEVICE ? 0 : CLEAR_COUNTED));
}

void space_destroy(struct space *space)
{
    waiters_drop_space(space->id);
    space->dying = true;
    while (space->first) {
        struct region *r = space->first;
        if (r->flags & REGION_DMA) {
            quarantine_frames(space, r);
            tables_clear(space, r->start, r->end, CLEAR_UNLINK);
        } else {
            region_clear(space, r, CLEAR_UNLINK);
        }
        region_remove(space, r);
    }
    tables_drop(space);
    spaces[space->index] = NULL;
    space_count--;
    machine_close(space->task);
    pool_free(&space_pool, space);
}

/* ---- mapping ---- */

static bool range_valid(vaddr_t start, uint64_t length)
{
    return start % PAGE_SIZE == 0 && length > 0 && start >= USER_MIN && start < USER_END &&
           length <= USER_END - start;
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

static uint32_t prot_normal(uint32_t prot)
{
    return prot & (VMS_WRITE | VMS_EXEC) ? prot | VMS_READ : prot;
}

static bool region_is_charged(const struct region *r)
{
    return r->prot & VMS_WRITE && !(r->flags & (PAGER_SHARED | REGION_DEVICE | REGION_DMA));
}

/* A region for a mapping, not yet in the space. */
static int region_prepare(struct space *space, const struct mapping *m, uint64_t length, struct region **out)
{
    struct region *r = space->region_count < REGION_MAX ? region_new() : NULL;
    if (!r)
        return E_NOMEM;
    r->end = length; /* start is not known yet */
    r->prot = m->flags & PAGER_GUARD ? 0 : prot_normal(m->prot);
    r->limit = m->limit;
    r->flags = m->flags & (REGION_KEPT_FLAGS | REGION_DEVICE | REGION_DMA);
    r->object = m->object;
    r->offset = m->object ? m->offset : 0;
    if (m->flags & PAGER_STACK)
        r->flags |= REGION_LOW_GUARD;
    if (region_is_charged(r))
        r->flags |= REGION_CHARGED;
    int error = space_commit(region_charge(r));
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
    r->start = *out;
    r->end = *out + length;
    region_insert(space, r);
    if (!(m->flags & PAGER_RESIDENT) || m->flags & (PAGER_GUARD | REGION_DEVICE | REGION_DMA))
        return 0;
    error = region_populate(space, *out, *out + length);
    if (error)
        space_unmap(space, *out, length);
    return error;
}

int space_unmap(struct space *space, vaddr_t start, uint64_t length)
{
    length = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (!range_valid(start, length))
        return E_INVAL;
    int error = region_cut(space, start, start + length);
    if (error)
        return error;
    struct region *r = region_from(space, start);
    while (r && r->start < start + length) {
        struct region *next = r->next;
        region_clear(space, r, length > UNLINK_ABOVE ? CLEAR_UNLINK : 0);
        region_remove(space, r);
        r = next;
    }
    return 0;
}

int space_map_device(struct space *space, const struct mapping *m, handle_t device, vaddr_t *out)
{
    struct mapping place = *m;
    place.flags = REGION_DEVICE | PAGER_NO_INHERIT;
    place.offset = 0;
    place.limit = m->prot;
    if (m->offset % PAGE_SIZE || m->prot & ~(uint32_t)(VMS_READ | VMS_WRITE) || !m->prot)
        return E_INVAL;
    int error = space_map(space, &place, out);
    if (error)
        return error;
    uint64_t length = (m->length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    struct batch b;
    batch_begin(&b, space);
    for (uint64_t at = 0, step; at < length && !error; at += step) {
        vaddr_t va = *out + at;
        step = HUGE_SIZE - va % HUGE_SIZE;
        step = step < length - at ? step : length - at;
        error = tables_link(space, va);
        if (error)
            break;
        batch_op(&b, VMS_SET_DEVICE, PTEP_LEAF, va, (uint32_t)(step >> PAGE_SHIFT),
                 prot_normal(m->prot) | VMS_UNCACHED);
        b.op[b.count - 1].pa = m->offset + at;
        b.op[b.count - 1].handle = device;
        error = batch_flush(&b);
    }
    if (error)
        space_unmap(space, *out, length);
    return error;
}

int space_map_dma(struct space *space, uint64_t length, vaddr_t *va, paddr_t *pa)
{
    uint64_t pages = object_size_pages(length);
    frame_t first;
    struct mapping m = {.length = length,
                        .prot = VMS_READ | VMS_WRITE,
                        .limit = VMS_READ | VMS_WRITE,
                        .flags = REGION_DMA | PAGER_NO_INHERIT};
    if (pages == 0)
        return E_INVAL;
    if (pages > UINT32_MAX)
        return E_NOMEM;
    int error = space_commit(pages);
    if (!error)
        error = frame_alloc_run((uint32_t)pages, &first);
    if (error)
        return error;
    error = space_map(space, &m, va);
    bool mapped = !error;
    struct batch b;
    batch_begin(&b, space);
    uint32_t i = 0;
    for (; i < pages && !error; i++) {
        vaddr_t at = *va + i * PAGE_SIZE;
        error = i == 0 || at % HUGE_SIZE == 0 ? tables_link(space, at) : 0;
        if (!error)
            batch_set(&b, at, first + i, m.prot, 0);
        else
            break;
    }
    for (uint32_t left = i; left < pages; left++)
        frame_put(first + left);
    int flushed = batch_flush(&b);
    error = error ? error : flushed;
    if (error && mapped)
        space_unmap(space, *va, length);
    *pa = (paddr_t)first << PAGE_SHIFT;
    return error;
}

/* ---- protection ---- */

/* What an entry may allow in a region of protection prot: writing only as S3 says. */
static uint32_t entry_prot(const struct region *r, pte_t e, uint32_t prot)
{
    const struct frame *f = &frame_table[pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT];
    bool writable = r->flags & PAGER_SHARED ? r->object->type != OBJECT_FILE || f->flags & FRAME_DIRTY
                                            : f->kind == FRAME_ANON && f->count == 1;
    return writable ? prot : prot & ~(uint32_t)VMS_WRITE;
}

static int region_protect_entries(struct space *space, const struct region *r)
{
    struct batch b;
    vaddr_t va = r->start;
    ptep_t leaf;
    uint32_t count;
    batch_begin(&b, space);
    while (tables_next(space, &va, r->end, &leaf, &count)) {
        uint32_t first = 0, length = 0, prot = 0;
        for (uint32_t i = 0; i < count; i++) {
            pte_t e = ptep_load(leaf + i);
            if (!pte_present(e))
                continue;
            uint32_t want = entry_prot(r, e, r->prot);
            if (length > 0 && want != prot) {
                batch_op(&b, VMS_PROTECT, PTEP_LEAF, va + first * PAGE_SIZE, length, prot);
                length = 0;
            }
            if (length == 0)
                first = i;
            prot = want;
            length = i - first + 1;
        }
        if (length > 0)
            batch_op(&b, VMS_PROTECT, PTEP_LEAF, va + first * PAGE_SIZE, length, prot);
        va += (vaddr_t)count << PAGE_SHIFT;
    }
    return batch_flush(&b);
}

/* May all of [start, end) be given this protection? *charge: pages to commit. */
static int protect_check(struct space *space, vaddr_t start, vaddr_t end, uint32_t prot, uint64_t *charge)
{
    vaddr_t at = start;
    *charge = 0;
    for (struct region *r = region_from(space, start); at < end; r = r->next) {
        if (!r || r->start > at)
            return E_NOMEM; /* as POSIX has it */
        if (r->flags & (PAGER_GUARD | REGION_DEVICE | REGION_DMA) || prot & ~r->limit)
            return E_ACCES;
        vaddr_t stop = r->end < end ? r->end : end;
        if (prot & VMS_WRITE && !(r->flags & (REGION_CHARGED | PAGER_SHARED)))
            *charge += (stop - at) >> PAGE_SHIFT;
        at = stop;
    }
    return space_commit(*charge);
}

int space_protect(struct space *space, vaddr_t start, uint64_t length, uint32_t prot)
{
    uint64_t charge;
    length = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (!range_valid(start, length) || prot & ~(uint32_t)PROT_ANY)
        return E_INVAL;
    if ((prot & (VMS_WRITE | VMS_EXEC)) == (VMS_WRITE | VMS_EXEC))
        return E_ACCES;
    int error = protect_check(space, start, start + length, prot, &charge);
    if (!error)
        error = region_cut(space, start, start + length);
    for (vaddr_t at = start; at < start + length && !error;) {
        struct region *r = region_find(space, at);
        at = r->end;
        if (r->prot == prot_normal(prot))
            continue;
        r->prot = prot_normal(prot);
        if (region_is_charged(r) && !(r->flags & REGION_CHARGED)) {
            r->flags |= REGION_CHARGED;
            space->charged += region_charge(r);
            space_committed += region_charge(r);
        }
        error = region_protect_entries(space, r);
        region_merge(space, r);
    }
    return error;
}

void space_resident(struct space *space, vaddr_t start, vaddr_t end, uint64_t *pages, uint64_t *tables)
{
    ptep_t leaf;
    uint32_t count;
    *pages = *tables = 0;
    for (vaddr_t va = start; tables_next(space, &va, end, &leaf, &count);
         va += (vaddr_t)count << PAGE_SHIFT) {
        ++*tables;
        for (uint32_t i = 0; i < count; i++)
            *pages += pte_present(ptep_load(leaf + i));
    }
}
