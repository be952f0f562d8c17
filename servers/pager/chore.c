#include "chore.h"

static struct chore *first, *last;
static bool busy; /* an order is out, or a step is being taken */
static struct {
    frame_t first;
    uint32_t count;
    uint32_t given; /* moved by the pager's thread */
    uint32_t done;  /* moved by the working one, up to given */
} order;

/* That of the first chore; false: there is none. */
static bool order_give(void)
{
    if (!first)
        return false;
    order.first = first->first;
    order.count = first->count;
    __atomic_store_n(&order.given, order.given + 1, __ATOMIC_RELEASE);
    machine_work();
    return true;
}

static void enqueue(struct chore *chore)
{
    chore->next = NULL;
    *(first ? &last->next : &first) = chore;
    last = chore;
}

void chore_begin(struct chore *chore)
{
    enqueue(chore);
    if (!busy)
        busy = order_give();
}

void chores_go_on(void)
{
    if (!busy || __atomic_load_n(&order.done, __ATOMIC_ACQUIRE) != order.given)
        return;
    struct chore *chore = first;
    first = chore->next;
    if (chore->step(chore))
        enqueue(chore);
    busy = order_give();
}

bool chore_work(void)
{
    uint32_t given = __atomic_load_n(&order.given, __ATOMIC_ACQUIRE);
    if (given == order.done)
        return false;
    machine_zero_pages(frame_memory(order.first), order.count);
    __atomic_store_n(&order.done, given, __ATOMIC_RELEASE);
    return true;
}
