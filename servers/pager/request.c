/* Page-ins: what is asked of the managers of file objects, and who waits for it. A request is queued, then
 * sent (it is the reply to a parked next_request), then answered by a supply. It survives the manager's
 * death. */
#include "fault.h"
#include "object.h"
#include "pool.h"
#include "space.h"
#include "writeback.h"

#define READ_AROUND 16u /* pages asked for at once, aligned */

static struct pool request_pool = {.size = sizeof(struct request)};

static void request_enqueue(struct request *r)
{
    struct channel *m = r->object->manager;
    r->queued = true;
    r->queue_next = NULL;
    r->queue_prev = m->request_last;
    *(m->request_last ? &m->request_last->queue_next : &m->request_first) = r;
    m->request_last = r;
}

static void request_dequeue(struct request *r)
{
    struct channel *m = r->object->manager;
    *(r->queue_prev ? &r->queue_prev->queue_next : &m->request_first) = r->queue_next;
    *(r->queue_next ? &r->queue_next->queue_prev : &m->request_last) = r->queue_prev;
    r->queued = false;
}

static bool request_covers(const struct request *r, uint32_t page)
{
    return page >= r->page && page - r->page < r->pages;
}

static bool request_pending(const struct object *object, uint32_t page)
{
    for (const struct request *r = object->requests; r; r = r->next)
        if (request_covers(r, page))
            return true;
    return false;
}

/* The pages around one that are neither here nor asked for. */
static void request_widen(const struct object *object, struct request *r)
{
    uint64_t size = object_size_pages(object->size);
    uint32_t low = r->page & ~(READ_AROUND - 1);
    uint64_t high = (uint64_t)low + READ_AROUND < size ? (uint64_t)low + READ_AROUND : size;
    while (r->page > low && !object_page(object, r->page - 1) && !request_pending(object, r->page - 1)) {
        r->page--;
        r->pages++;
    }
    while (r->page + (uint64_t)r->pages < high && !object_page(object, r->page + r->pages) &&
           !request_pending(object, r->page + r->pages))
        r->pages++;
}

/* Hardly a page could be dropped for one that comes: what is brought around another would push it out again. */
static bool memory_is_full(void)
{
    return object_file_pages < writeback_counts.dirty + 4 * READ_AROUND && !frame_at_hand(4 * READ_AROUND);
}

int object_request(struct object *object, uint32_t page, struct request **out)
{
    for (*out = object->requests; *out; *out = (*out)->next)
        if (request_covers(*out, page))
            return 0;
    struct request *r = pool_alloc(&request_pool);
    if (!r)
        return E_NOMEM;
    r->object = object;
    r->page = page;
    r->pages = 1;
    if (!object->lent && !memory_is_full())
        request_widen(object, r);
    r->next = object->requests;
    if (r->next)
        r->next->prev = r;
    object->requests = r;
    request_enqueue(r);
    *out = r;
    return 0;
}

bool object_next_request(struct channel *manager, struct pager_request *out)
{
    struct request *r = manager->request_first;
    struct object *object = manager->unused;
    if (r) {
        request_dequeue(r);
        *out = (struct pager_request){.object = r->object->id,
                                      .tag = r->object->tag,
                                      .offset = (uint64_t)r->page << PAGE_SHIFT,
                                      .kind = PAGER_PAGE_IN,
                                      .pages = r->pages};
        return true;
    }
    if (!object)
        return false;
    *out = (struct pager_request){
        .object = object->id, .tag = object->tag, .kind = PAGER_UNUSED, .pages = (uint32_t)object->dirty};
    object_told(object);
    return true;
}

static void request_remove(struct request *r)
{
    if (r->queued)
        request_dequeue(r);
    *(r->prev ? &r->prev->next : &r->object->requests) = r->next;
    if (r->next)
        r->next->prev = r->prev;
    pool_free(&request_pool, r);
}

void object_answered(struct object *object, uint32_t page, uint32_t pages, struct waiter_list *woken)
{
    for (struct request *r = object->requests, *next; r; r = next) {
        next = r->next;
        if ((uint64_t)r->page + r->pages <= page || (uint64_t)page + pages <= r->page)
            continue;
        while (r->waiters.first)
            waiter_enlist(woken, r->waiters.first);
        request_remove(r);
    }
}

struct waiter_list requests_unsettled;

void object_abandon(struct object *object)
{
    object_answered(object, 0, UINT32_MAX, &requests_unsettled);
    settle_due = true;
}

void requests_settle(void)
{
    frame_t reply = writeback_shown(FRAME_NONE);
    while (requests_unsettled.first) /* which shows pages at once */
        fault_retry(requests_unsettled.first);
    writeback_shown(reply);
}

void object_requeue(struct channel *manager)
{
    for (uint32_t i = 0; i < OBJECT_INDEXES;) {
        struct object *object = object_after(&i);
        if (!object || object->manager != manager)
            continue;
        for (struct request *r = object->requests; r; r = r->next)
            if (!r->queued)
                request_enqueue(r);
        writeback_requeue(object);
    }
    channel_kick(manager);
}
