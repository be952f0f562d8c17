/* What a server remembers of each session: an open-addressed table from badge to state. Badges are never used
 * twice, and the low 24 bits are a tag that many share. A deleted entry is refilled by moving its followers
 * back. */
#include <ipc/heap.h>
#include <ipc/lock.h>
#include <ipc/server.h>
#include "server_keep.h"

struct entry {
    uint64_t badge; /* valid if state is set */
    void *state;
};

static struct ipc_lock lock; /* guards all below */
static struct entry *table;
static size_t size, count; /* size: 0 or a power of two, more than 4/3 of count */

static size_t home(uint64_t badge, size_t of)
{
    return (badge * 0x9e3779b97f4a7c15ull >> 32) & (of - 1);
}

static struct entry *find(struct entry *t, size_t of, uint64_t badge)
{
    size_t i = home(badge, of);

    while (t[i].state && t[i].badge != badge)
        i = (i + 1) & (of - 1);
    return &t[i];
}

static int grow(void)
{
    size_t bigger = size ? size * 2 : 64;
    struct entry *fresh = ipc_zalloc(bigger * sizeof *fresh);

    if (!fresh)
        return E_NOMEM;
    for (size_t i = 0; i < size; i++)
        if (table[i].state)
            *find(fresh, bigger, table[i].badge) = table[i];
    ipc_free(table);
    table = fresh;
    size = bigger;
    return 0;
}

static void delete (struct entry *e)
{
    size_t hole = (size_t)(e - table), i = hole;

    for (;;) {
        i = (i + 1) & (size - 1);
        if (!table[i].state)
            break;
        /* it may move into the hole unless its home lies behind the hole, on the way to it */
        if (((i - home(table[i].badge, size)) & (size - 1)) >= ((i - hole) & (size - 1))) {
            table[hole] = table[i];
            hole = i;
        }
    }
    table[hole].state = 0;
    count--;
}

static int set(uint64_t badge, void *state)
{
    struct entry *e = size ? find(table, size, badge) : 0;

    if (e && e->state) {
        e->state = state ? state : e->state;
        if (!state)
            delete (e);
        return 0;
    }
    if (!state)
        return 0;
    if ((count + 1) * 4 > size * 3) {
        if (grow())
            return E_NOMEM;
        e = find(table, size, badge);
    }
    *e = (struct entry){badge, state};
    count++;
    return 0;
}

void *ipc_client(uint64_t badge)
{
    void *state;

    ipc_lock(&lock);
    state = size ? find(table, size, badge)->state : 0;
    ipc_unlock(&lock);
    return state;
}

int ipc_client_set(uint64_t badge, void *state)
{
    int error;

    ipc_lock(&lock);
    error = set(badge, state);
    ipc_unlock(&lock);
    return error ? error : kept_client(badge, state);
}

size_t ipc_client_bytes(void)
{
    size_t bytes;

    ipc_lock(&lock);
    bytes = ipc_block_bytes(table);
    ipc_unlock(&lock);
    return bytes;
}
