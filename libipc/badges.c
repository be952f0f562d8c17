/* A deleted entry is refilled by moving its followers back. The lock guards the whole table. */
#include "badges.h"
#include <ipc/heap.h>
#include <ouros/error.h>

static size_t home(uint64_t badge, size_t of)
{
    return (badge * 0x9e3779b97f4a7c15ull >> 32) & (of - 1);
}

static struct badge_entry *find(struct badge_entry *table, size_t of, uint64_t badge)
{
    size_t i = home(badge, of);

    while (table[i].value && table[i].badge != badge)
        i = (i + 1) & (of - 1);
    return &table[i];
}

static int grow(struct badges *b)
{
    size_t bigger = b->size ? b->size * 2 : 64;
    struct badge_entry *fresh = ipc_zalloc(bigger * sizeof *fresh);

    if (!fresh)
        return E_NOMEM;
    for (size_t i = 0; i < b->size; i++)
        if (b->table[i].value)
            *find(fresh, bigger, b->table[i].badge) = b->table[i];
    ipc_free(b->table);
    b->table = fresh;
    b->size = bigger;
    return 0;
}

static void delete (struct badges *b, struct badge_entry *e)
{
    size_t hole = (size_t)(e - b->table), i = hole, mask = b->size - 1;

    for (;;) {
        i = (i + 1) & mask;
        if (!b->table[i].value)
            break;
        /* it may move into the hole unless its home lies behind the hole, on the way to it */
        if (((i - home(b->table[i].badge, b->size)) & mask) >= ((i - hole) & mask)) {
            b->table[hole] = b->table[i];
            hole = i;
        }
    }
    b->table[hole].value = 0;
    b->count--;
}

static uint64_t get(struct badges *b, uint64_t badge)
{
    return b->size ? find(b->table, b->size, badge)->value : 0;
}

static int set(struct badges *b, uint64_t badge, uint64_t value)
{
    struct badge_entry *e = b->size ? find(b->table, b->size, badge) : 0;

    if (e && e->value) {
        if (value)
            e->value = value;
        else
            delete (b, e);
        return 0;
    }
    if (!value)
        return 0;
    if ((b->count + 1) * 4 > b->size * 3) {
        if (grow(b))
            return E_NOMEM;
        e = find(b->table, b->size, badge);
    }
    *e = (struct badge_entry){badge, value};
    b->count++;
    return 0;
}

uint64_t badges_get(struct badges *b, uint64_t badge)
{
    uint64_t value;

    ipc_lock(&b->lock);
    value = get(b, badge);
    ipc_unlock(&b->lock);
    return value;
}

int badges_set(struct badges *b, uint64_t badge, uint64_t value)
{
    int error;

    ipc_lock(&b->lock);
    error = set(b, badge, value);
    ipc_unlock(&b->lock);
    return error;
}

int badges_add(struct badges *b, uint64_t badge, uint64_t most)
{
    struct badge_entry *e;
    int error = 0;

    ipc_lock(&b->lock);
    e = b->size ? find(b->table, b->size, badge) : 0;
    if ((e ? e->value : 0) >= most)
        error = E_QUOTA;
    else if (e && e->value)
        e->value++;
    else
        error = set(b, badge, 1);
    ipc_unlock(&b->lock);
    return error;
}

void badges_take(struct badges *b, uint64_t badge)
{
    struct badge_entry *e;

    ipc_lock(&b->lock);
    e = b->size ? find(b->table, b->size, badge) : 0;
    if (e && e->value && --e->value == 0)
        delete (b, e);
    ipc_unlock(&b->lock);
}

size_t badges_bytes(struct badges *b)
{
    size_t bytes;

    ipc_lock(&b->lock);
    bytes = ipc_block_bytes(b->table);
    ipc_unlock(&b->lock);
    return bytes;
}
