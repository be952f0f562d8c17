/* The answer to init's pings, and what workers have in hand.
 *
 * A worker counts up when it takes a message and when it is done with it, so an odd count is a message in
 * hand. Nobody reads a clock for that: the time since when a count stands is known from one ping to the next.
 */
#include "server_internal.h"
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/init.h>

enum { WORKERS_MAX = 64 };

static struct ipc_held *workers[WORKERS_MAX];
static uint32_t worker_count;

void ipc_held_register(struct ipc_held *held)
{
    uint32_t place = __atomic_fetch_add(&worker_count, 1, __ATOMIC_RELAXED);

    if (place < WORKERS_MAX)
        __atomic_store_n(&workers[place], held, __ATOMIC_RELEASE);
}

/* How long a worker has had the same message in hand, as far as pings have seen. */
static uint64_t age(struct ipc_held *held, uint64_t now, bool (*parks)(uint32_t label))
{
    uint32_t count = held->count;

    if (!(count & 1) || parks(held->label))
        return 0;
    if (held->seen_count != count) {
        held->seen_count = count;
        held->seen_ns = now;
    }
    return now - held->seen_ns;
}

void ipc_answer_ping(bool (*parks)(uint32_t label))
{
    struct init_alive alive = {0};
    uint64_t now = ipc_now();

    for (uint32_t i = 0; i < WORKERS_MAX; i++) {
        struct ipc_held *held = __atomic_load_n(&workers[i], __ATOMIC_ACQUIRE);
        uint64_t its = held ? age(held, now, parks) : 0;

        alive.oldest_ns = its > alive.oldest_ns ? its : alive.oldest_ns;
    }
    init_alive(ipc_handle("init"), &alive, 0, 0);
}
