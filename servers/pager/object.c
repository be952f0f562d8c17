#include "object.h"

#include "pool.h"
#include "space.h"
#include "writeback.h"

#define TABLE_SLOTS   (uint32_t)(PAGE_SIZE / sizeof(struct object *))
#define OBJECT_TABLES (OBJECT_INDEXES / TABLE_SLOTS)

static struct pool object_pool = {.size = sizeof(struct object)};
static struct object **tables[OBJECT_TABLES];
static uint32_t next_index = 1;
static uint64_t next_serial;
uint32_t object_count;

static frame_t *buckets;
static uint32_t bucket_mask;
uint64_t object_file_pages;

/* ---- the index of pages ---- */

void object_index_init(frame_t *memory, uint32_t count)
{
    buckets = memory;
    bucket_mask = count - 1;
}

static frame_t *bucket_of(uint32_t object, uint32_t page)
{
    uint32_t h = object * 2654435761u + page;
    return &buckets[(h ^ h >> 15) & bucket_mask];
}

frame_t object_page(const struct object *object, uint32_t page)
{
    frame_t f = *bucket_of(object->index, page);
    while (f && (frame_table[f].page != page || frame_table[f].object != object->index))
        f = frame_table[f].hash_next;
    return f;
}

static void page_enlist(struct object *object, frame_t frame)
{
    struct frame *f = &frame_table[frame];
    struct page_list *list = &object->list[page_state(f->flags)];
    f->next = 0;
    f->prev = list->last;
    *(f->prev ? &frame_table[f->prev].next : &list->first) = frame;
    list->last = frame;
}

static void page_unlist(struct object *object, frame_t frame)
{
    const struct frame *f = &frame_table[frame];
    struct page_list *list = &object->list[page_state(f->flags)];
    *(f->prev ? &frame_table[f->prev].next : &list->first) = f->next;
    *(f->next ? &frame_table[f->next].prev : &list->last) = f->prev;
}

void object_set_flags(struct object *object, frame_t frame, uint32_t flags)
{
    struct frame *f = &frame_table[frame];
    if (page_state(flags) == page_state(f->flags)) {
        f->flags = (uint8_t)flags;
        return;
    }
    page_unlist(object, frame);
    f->flags = (uint8_t)flags;
    page_enlist(object, frame);
}

void object_insert(struct object *object, uint32_t page, frame_t frame)
{
    struct frame *f = &frame_table[frame];
    frame_t *bucket = bucket_of(object->index, page);
    f->object = object->index;
    f->page = page;
    f->hash_next = *bucket;
    *bucket = frame;
    page_enlist(object, frame);
    object->pages++;
    object_file_pages += object->type == OBJECT_FILE;
}

void object_evict(struct object *object, frame_t frame)
{
    struct frame *f = &frame_table[frame];
    frame_t *at = bucket_of(f->object, f->page);
    while (*at != frame)
        at = &frame_table[*at].hash_next;
    *at = f->hash_next;
    writeback_forget(object, frame);
    page_unlist(object, frame);
    object->pages--;
    object_file_pages -= object->type == OBJECT_FILE;
    if (f->flags & FRAME_LENT && f->count > 1)
        frame_set_kind(frame, FRAME_ANON); /* the manager's alone again */
    f->flags = 0;
    frame_put(frame);
}

void object_move(frame_t from, frame_t to)
{
    struct frame *f = &frame_table[from], *t = &frame_table[to];
    frame_t *at = bucket_of(f->object, f->page);
    struct page_list *list = &object_by_index(f->object)->list[page_state(f->flags)];
    while (*at != from)
        at = &frame_table[*at].hash_next;
    *at = to;
    t->object = f->object;
    t->page = f->page;
    t->hash_next = f->hash_next;
    t->flags = f->flags;
    t->next = f->next;
    t->prev = f->prev;
    *(t->prev ? &frame_table[t->prev].next : &list->first) = to;
    *(t->next ? &frame_table[t->next].prev : &list->last) = to;
    f->flags = 0;
    frame_put(from);
}

/* Take away pages from `from` on that are in one of these states. */
static void object_evict_from(struct object *object, uint64_t from, enum page_state last)
{
    for (uint32_t state = PAGE_CLEAN; state <= last; state++)
        for (frame_t f = object->list[state].first, next; f; f = next) {
            next = frame_table[f].next;
            if (frame_table[f].page >= from)
                object_evict(object, f);
        }
}

/* ---- objects ---- */

struct object *object_by_index(uint32_t index)
{
    struct object **table = index / TABLE_SLOTS < OBJECT_TABLES ? tables[index / TABLE_SLOTS] : NULL;
    return table ? table[index % TABLE_SLOTS] : NULL;
}

struct object *object_after(uint32_t *i)
{
    while (*i < OBJECT_INDEXES) {
        if (!tables[*i / TABLE_SLOTS]) {
            *i = (*i | (TABLE_SLOTS - 1)) + 1;
            continue;
        }
        struct object *object = object_by_index((*i)++);
        if (object)
            return object;
    }
    return NULL;
}

struct object *object_by_id(uint64_t id)
{
    struct object *object = object_by_index(id & 0xfffff);
    return object && object->id == id ? object : NULL;
}

struct object *object_by_badge(uint64_t badge)
{
    struct object *object =
        SESSION_KIND(badge) == SESSION_OBJECT ? object_by_index(SESSION_INDEX(badge)) : NULL;
    return object && object->sessions > 0 ? object
                                          : NULL; /* while there is one, the index is not used again */
}

static int session_mint(struct object *object, handle_t *session)
{
    uint64_t badge;
    int error = machine_mint(SESSION_TAG(SESSION_OBJECT, object->index),
                             RIGHT_COPY | RIGHT_READ | RIGHT_WRITE, session, &badge);
    object->sessions += !error;
    return error;
}

void object_closed(struct object *object)
{
    object->sessions--;
    object_unhold(object);
}

/* A free index, its slot ready. 0: none. */
static uint32_t object_new_index(void)
{
    for (uint32_t i = 0; i < OBJECT_INDEXES; i++) {
        uint32_t index = next_index, t = index / TABLE_SLOTS;
        next_index = index + 1 < OBJECT_INDEXES ? index + 1 : 1;
        frame_t frame;
        if (!tables[t]) {
            if (frame_alloc(FRAME_POOL, FRAME_ZERO | FRAME_CRITICAL, &frame))
                return 0;
            tables[t] = frame_memory(frame);
        }
        if (!tables[t][index % TABLE_SLOTS])
            return index;
        if (index % TABLE_SLOTS == TABLE_SLOTS - 1 && t + 1 < OBJECT_TABLES && !tables[t + 1])
            next_index = 1; /* look for holes before growing */
    }
    return 0;
}

int object_create(enum object_type type, uint64_t size, uint64_t tag, struct channel *manager,
                  handle_t *session, struct object **out)
{
    uint64_t charge = type == OBJECT_ANON ? object_size_pages(size) : 0;
    if (object_size_pages(size) > UINT32_MAX)
        return E_FBIG;
    int error = space_commit(NULL, charge);
    struct object *object = error ? NULL : pool_alloc(&object_pool);
    if (!object)
        return E_NOMEM;
    object->index = object_new_index();
    error = object->index ? 0 : E_NOMEM;
    if (!error && session)
        error = session_mint(object, session);
    if (error) {
        pool_free(&object_pool, object);
        return error;
    }
    tables[object->index / TABLE_SLOTS][object->index % TABLE_SLOTS] = object;
    object->id = ++next_serial << 20 | object->index;
    object->type = (uint8_t)type;
    object->size = size;
    object->tag = tag;
    object->manager = manager;
    object->charged = charge;
    space_committed += charge;
    object_count++;
    *out = object;
    return 0;
}

int object_bundle(paddr_t start, uint64_t length, struct object **out)
{
    uint8_t *memory = MACHINE_RAM + start;
    uint64_t skew = start % PAGE_SIZE;
    if (skew) /* pages are what regions map */
        __builtin_memmove(memory - skew, memory, length);
    int error = object_create(OBJECT_BUNDLE, length, 0, NULL, NULL, out);
    if (error)
        return error;
    frame_t first = (frame_t)(start >> PAGE_SHIFT);
    for (uint32_t page = 0; page < object_size_pages(length); page++) {
        frame_set_kind(first + page, FRAME_OBJECT);
        object_insert(*out, page, first + page);
        frame_counts.bundle++;
    }
    uint64_t tail = length % PAGE_SIZE;
    if (tail)
        __builtin_memset(memory - skew + length, 0, PAGE_SIZE - tail);
    return 0;
}

static void object_free(struct object *object)
{
    object_abandon(object);
    object_evict_from(object, 0,
                      PAGE_WRITING); /* brought since it was found unused, for somebody who is gone */
    tables[object->index / TABLE_SLOTS][object->index % TABLE_SLOTS] = NULL;
    struct space *payer = space_by_id(object->payer);
    if (payer)
        payer->objects -= object->charged;
    space_committed -= object->charged;
    object_count--;
    pool_free(&object_pool, object);
}

static void unused_link(struct object *object)
{
    struct channel *m = object->manager;
    object->unused_prev = NULL;
    object->unused_next = m->unused;
    if (m->unused)
        m->unused->unused_prev = object;
    m->unused = object;
}

static void unused_unlink(struct object *object)
{
    if (object->unused_prev)
        object->unused_prev->unused_next = object->unused_next;
    else
        object->manager->unused = object->unused_next;
    if (object->unused_next)
        object->unused_next->unused_prev = object->unused_prev;
}

int object_session(struct object *object, handle_t *session)
{
    if (object->told)
        return E_NOENT;
    int error = session_mint(object, session);
    if (!error && object->unused) {
        unused_unlink(object);
        object->unused = false;
    }
    object->closing = object->closing && error;
    return error;
}

void object_unhold(struct object *object)
{
    if (object->sessions || object->regions || object->type == OBJECT_BUNDLE)
        return;
    object_evict_from(object, 0, object->manager ? PAGE_CLEAN : PAGE_WRITING);
    if (!object->manager) {
        object_free(object);
    } else if (!object->unused) {
        if (writeback_close(object))
            return; /* first what was stored to it */
        object->unused = true;
        unused_link(object);
        channel_kick(object->manager);
    } else if (object->told && object->dirty == 0) {
        object_free(object);
    }
}

void object_told(struct object *object)
{
    unused_unlink(object);
    object->told = true;
    if (object->dirty == 0)
        object_free(object);
}

void object_orphan(struct channel *manager, struct waiter_list *woken)
{
    for (uint32_t i = 0; i < OBJECT_INDEXES;) {
        struct object *object = object_after(&i);
        if (!object || object->manager != manager)
            continue;
        object_answered(object, 0, UINT32_MAX, woken);
        if (object->unused && !object->told)
            unused_unlink(object);
        writeback_orphan(object);
        object->manager = NULL;
        object_unhold(object);
    }
}

int object_destroy(struct object *object)
{
    if (object->sessions || object->regions)
        return E_BUSY;
    object_evict_from(object, 0, PAGE_WRITING);
    if (object->unused && !object->told)
        unused_unlink(object);
    object_free(object);
    return 0;
}

/* ---- size ---- */

int object_resize(struct object *object, uint64_t size)
{
    uint64_t pages = object_size_pages(size);
    if (pages > UINT32_MAX)
        return E_FBIG;
    for (struct region *r = object->regions; r && size < object->size; r = r->object_next) {
        uint64_t first = r->offset >> PAGE_SHIFT;
        vaddr_t from = pages > first ? r->start + ((pages - first) << PAGE_SHIFT) : r->start;
        if (from < r->end)
            tables_clear(r->space, from, r->end, CLEAR_COUNTED);
    }
    if (size < object->size)
        object_evict_from(object, pages, PAGE_WRITING);
    frame_t last =
        size % PAGE_SIZE && size < object->size ? object_page(object, (uint32_t)pages - 1) : FRAME_NONE;
    if (last) /* what is beyond the end reads as zeros if the file grows again */
        __builtin_memset((uint8_t *)frame_memory(last) + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
    object->size = size;
    return 0;
}

/* ---- regions ---- */

void object_attach(struct object *object, struct region *region)
{
    region->object_prev = NULL;
    region->object_next = object->regions;
    if (region->object_next)
        region->object_next->object_prev = region;
    object->regions = region;
}

void object_detach(struct region *region)
{
    if (region->object_prev)
        region->object_prev->object_next = region->object_next;
    else
        region->object->regions = region->object_next;
    if (region->object_next)
        region->object_next->object_prev = region->object_prev;
}

/* ---- checks ---- */

uint64_t object_check(void)
{
    uint64_t errors = 0, count = 0, all = 0;
    for (uint32_t i = 0; i < OBJECT_INDEXES;) {
        struct object *object = object_after(&i);
        if (!object)
            break;
        uint64_t pages = 0, wrong = writeback_check(object);
        for (uint32_t state = PAGE_CLEAN; state < PAGE_STATES; state++)
            for (frame_t f = object->list[state].first; f; f = frame_table[f].next, pages++)
                wrong += frame_table[f].kind != FRAME_OBJECT || page_state(frame_table[f].flags) != state ||
                         object_page(object, frame_table[f].page) != f;
        wrong += pages != object->pages;
        for (struct region *r = object->regions; r; r = r->object_next)
            wrong += r->object != object;
        if (wrong)
            machine_log("check: object %lx is wrong (%lu pages)", (unsigned long)object->id,
                        (unsigned long)pages);
        errors += wrong;
        all += pages;
        count++;
    }
    return errors + (count != object_count) + (all != frame_counts.kind[FRAME_OBJECT]) +
           writeback_check_all();
}
