/* Deadlines of waiting threads: a hierarchical timing wheel. Level 0 has slots of one grain (131
 * microseconds), each further level slots 64 times as long. A thread is filed at the lowest level that
 * reaches its deadline and moves down as time passes. Deadlines are rounded up: nobody is woken early. */
#include <port.h>
#include <sched.h>

#define GRAIN_SHIFT 17
#define LEVELS      6
#define SLOT_BITS   6
#define SLOTS       (1u << SLOT_BITS)
#define BATCH       32 /* threads moved or woken in one tick; the rest follow at once */

static struct list wheel[LEVELS][SLOTS];
static uint64_t filled[LEVELS]; /* one bit a slot that is not empty */
static uint64_t now;            /* grains; all earlier slots are empty */

static uint64_t to_grains(uint64_t ns)
{
    return (ns >> GRAIN_SHIFT) + ((ns & ((1ul << GRAIN_SHIFT) - 1)) != 0);
}

static void file(struct thread *t)
{
    uint64_t due = to_grains(t->deadline);
    if (due < now)
        due = now;
    unsigned level = 0;
    while (level < LEVELS - 1 && (due >> level * SLOT_BITS) - (now >> level * SLOT_BITS) >= SLOTS)
        level++;
    uint64_t last = (now >> level * SLOT_BITS) + SLOTS - 1;
    uint64_t place = due >> level * SLOT_BITS;
    if (place > last)
        place = last; /* years ahead: filed again when that slot comes */
    unsigned slot = place & (SLOTS - 1);
    struct list *head = &wheel[level][slot];
    if (!head->next)
        list_init(head);
    list_add_tail(head, &t->timer);
    filled[level] |= 1ul << slot;
    t->timer_slot = (uint8_t)slot;
    t->timer_level = (uint8_t)level;
}

void deadline_set(struct thread *thread, uint64_t deadline)
{
    thread->deadline = deadline;
    if (deadline != DEADLINE_NEVER)
        file(thread);
}

void deadline_clear(struct thread *thread)
{
    thread->deadline = DEADLINE_NEVER;
    if (list_empty(&thread->timer))
        return;
    list_remove(&thread->timer);
    if (list_empty(&wheel[thread->timer_level][thread->timer_slot]))
        filled[thread->timer_level] &= ~(1ul << thread->timer_slot);
}

/* The first slot that is not empty: its level, number, and the grain at which it begins. */
static bool first_slot(unsigned *level, unsigned *slot, uint64_t *begins)
{
    *begins = UINT64_MAX;
    for (unsigned l = 0; l < LEVELS; l++) {
        if (!filled[l])
            continue;
        uint64_t base = now >> l * SLOT_BITS;
        unsigned shift = base & (SLOTS - 1);
        uint64_t turned = shift ? filled[l] >> shift | filled[l] << (SLOTS - shift) : filled[l];
        unsigned ahead = (unsigned)__builtin_ctzl(turned);
        uint64_t at = (base + ahead) << l * SLOT_BITS;
        if (at < now)
            at = now;
        if (at < *begins) {
            *begins = at;
            *level = l;
            *slot = (shift + ahead) & (SLOTS - 1);
        }
    }
    return *begins != UINT64_MAX;
}

uint64_t deadline_next(void)
{
    unsigned level, slot;
    uint64_t begins;
    if (!first_slot(&level, &slot, &begins))
        return DEADLINE_NEVER;
    return begins << GRAIN_SHIFT;
}

static void expire(struct thread *t)
{
    if (t->state == THREAD_CALLING)
        ipc_abandon(t, CANCEL_TIMEDOUT);
    else
        thread_unqueue(t);
    thread_wake(t, E_TIMEDOUT);
}

void deadline_tick(uint64_t time)
{
    uint64_t target = time >> GRAIN_SHIFT;
    unsigned level, slot;
    uint64_t begins;
    for (int n = 0; n < BATCH; n++) {
        if (!first_slot(&level, &slot, &begins) || begins > target) {
            if (now < target)
                now = target;
            return;
        }
        now = begins;
        struct thread *t = container_of(wheel[level][slot].next, struct thread, timer);
        uint64_t deadline = t->deadline;
        deadline_clear(t);
        if (to_grains(deadline) <= target) {
            expire(t);
        } else {
            t->deadline = deadline;
            file(t);
        }
    }
}
