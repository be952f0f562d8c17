#include "tty.h"
#include <ipc/heap.h>

void queue_init(struct queue *q)
{
    q->first = 0;
    q->last = &q->first;
}

struct parked *queue_park(struct queue *q, struct ipc_request *r, int *error)
{
    struct parked *p = ipc_zalloc(sizeof *p);

    *error = p ? ipc_defer(r, &p->request) : E_NOMEM;
    if (*error) {
        ipc_free(p);
        return 0;
    }
    p->deadline = DEADLINE_NEVER;
    *q->last = p;
    q->last = &p->next;
    return p;
}

void queue_answer(struct queue *q, struct parked *p, int status, const void *reply, size_t size)
{
    for (struct parked **at = &q->first; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            if (q->last == &p->next)
                q->last = at;
            break;
        }
    ipc_answer(&p->request, status, reply, size);
    ipc_free(p);
}

struct parked *queue_find(struct queue *q, uint64_t badge, uint32_t thread, uint32_t seq)
{
    for (struct parked *p = q->first; p; p = p->next)
        if (p->request.badge == badge && p->request.thread == thread && p->request.seq == seq)
            return p;
    return 0;
}
