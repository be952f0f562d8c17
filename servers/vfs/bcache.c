/* Invariants, all under the core lock:
 * 1. A chunk is in the list `lru` if and only if refs == 0.
 * 2. While `loading` is set refs > 0, and only the thread that set it touches data; `valid` grows when it
 * ends.
 * 3. A granule marked valid holds what the device said; nothing is ever marked valid after an error. */
#include "bcache.h"

int bcache_create(struct blkdev *dev, size_t bytes, struct bcache **out)
{
    struct bcache *bc = port_alloc(sizeof *bc);
    if (!bc)
        return E_NOMEM;
    bc->dev = dev;
    bc->chunks = bytes / CHUNK_SIZE < 16 ? 16 : (uint32_t)(bytes / CHUNK_SIZE);
    for (bc->buckets = 16; bc->buckets < bc->chunks; bc->buckets *= 2)
        ;
    bc->chunk = port_alloc(bc->chunks * sizeof *bc->chunk);
    bc->hash = port_alloc(bc->buckets * sizeof *bc->hash);
    list_init(&bc->lru);
    if (!bc->chunk || !bc->hash) {
        bc->chunks = 0;
        bcache_destroy(bc);
        return E_NOMEM;
    }
    for (uint32_t i = 0; i < bc->chunks; i++)
        list_append(&bc->lru, &bc->chunk[i].lru);
    *out = bc;
    return 0;
}

void bcache_destroy(struct bcache *bc)
{
    for (uint32_t i = 0; i < bc->chunks; i++)
        port_free(bc->chunk[i].data);
    port_free(bc->chunk);
    port_free(bc->hash);
    port_free(bc);
}

static struct chunk **bucket_of(struct bcache *bc, uint64_t number)
{
    return &bc->hash[(number ^ number >> 16) & (bc->buckets - 1)];
}

static void unhash(struct bcache *bc, struct chunk *c)
{
    struct chunk **at = bucket_of(bc, c->number);
    while (*at != c)
        at = &(*at)->hash_next;
    *at = c->hash_next;
    c->hashed = false;
}

/* The least recently used chunk that has memory or can get some. */
static struct chunk *chunk_victim(struct bcache *bc)
{
    list_each(it, &bc->lru)
    {
        struct chunk *c = list_entry(it, struct chunk, lru);
        if (c->data || (c->data = port_alloc(CHUNK_SIZE)))
            return c;
    }
    return NULL;
}

/* The chunk with this number, pinned; taken from the least recently used when it is not cached. */
static int chunk_pin(struct bcache *bc, uint64_t number, struct chunk **out)
{
    struct chunk **bucket = bucket_of(bc, number), *c;
    for (c = *bucket; c && c->number != number; c = c->hash_next)
        ;
    if (!c) {
        c = chunk_victim(bc);
        if (!c)
            return E_NOMEM;
        if (c->hashed)
            unhash(bc, c);
        c->number = number;
        c->valid = 0;
        c->hashed = true;
        c->hash_next = *bucket;
        *bucket = c;
    }
    if (c->refs++ == 0)
        list_remove(&c->lru);
    *out = c;
    return 0;
}

static uint32_t granules(size_t from, size_t len)
{
    uint32_t first = from / GRANULE, last = (from + len - 1) / GRANULE;
    return (uint32_t)((2ull << last) - (1ull << first));
}

/* Reads what `need` asks for: the whole chunk first, and when the device refuses only the part that is
 * wanted, so that a bad sector does not hide its neighbours. */
static int chunk_load(struct bcache *bc, struct chunk *c, size_t from, size_t len)
{
    uint64_t start = c->number << CHUNK_SHIFT;
    size_t whole = min_u64(CHUNK_SIZE, (bc->dev->size - start) & ~(uint64_t)(GRANULE - 1));
    size_t part = from & ~(size_t)(GRANULE - 1);
    size_t part_len = ((from + len + GRANULE - 1) & ~(size_t)(GRANULE - 1)) - part;
    int err = E_IO;

    c->loading = true;
    port_unlock();
    if (!c->valid) {
        err = bc->dev->read(bc->dev, start, c->data, whole);
        part = err ? part : 0;
        part_len = err ? part_len : whole;
    }
    if (err)
        err = bc->dev->read(bc->dev, start + part, c->data + part, part_len);
    port_lock();
    c->loading = false;
    if (!err)
        c->valid |= granules(part, part_len);
    port_wake(&bc->loaded);
    return err ? E_IO : 0;
}

int bcache_get(struct bcache *bc, uint64_t off, size_t len, struct chunk **pin, const uint8_t **p)
{
    uint64_t size = bc->dev->size & ~(uint64_t)(GRANULE - 1);
    size_t from = off & (CHUNK_SIZE - 1);
    struct chunk *c;

    if (len == 0 || off > size || len > size - off || len > CHUNK_SIZE - from)
        return E_IO;
    int err = chunk_pin(bc, off >> CHUNK_SHIFT, &c);
    if (err)
        return err;
    uint32_t need = granules(from, len);
    if ((c->valid & need) == need)
        bc->hits++;
    while (!err && (c->valid & need) != need) {
        if (c->loading) {
            port_sleep(&bc->loaded);
            continue;
        }
        bc->misses++;
        err = chunk_load(bc, c, from, len);
    }
    if (err) {
        bcache_put(bc, c);
        return err;
    }
    *pin = c;
    *p = c->data + from;
    return 0;
}

void bcache_put(struct bcache *bc, struct chunk *c)
{
    if (--c->refs == 0)
        list_append(&bc->lru, &c->lru);
}

void bcache_trim(struct bcache *bc)
{
    list_each(it, &bc->lru)
    {
        struct chunk *c = list_entry(it, struct chunk, lru);
        if (c->hashed)
            unhash(bc, c);
        port_free(c->data);
        c->data = NULL;
    }
}

int bcache_read(struct bcache *bc, uint64_t off, void *buf, size_t len)
{
    uint8_t *to = buf;
    while (len) {
        struct chunk *pin;
        const uint8_t *p;
        size_t n = min_u64(len, CHUNK_SIZE - (off & (CHUNK_SIZE - 1)));
        int err = bcache_get(bc, off, n, &pin, &p);
        if (err)
            return err;
        memcpy(to, p, n);
        bcache_put(bc, pin);
        to += n, off += n, len -= n;
    }
    return 0;
}
