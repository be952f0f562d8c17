/* A bounded cache of a device's blocks, in aligned chunks of 16 KiB that are read whole where that works. */
#ifndef VFS_BCACHE_H
#define VFS_BCACHE_H

#include "blkdev.h"
#include "list.h"
#include "port.h"

#define CHUNK_SHIFT 14
#define CHUNK_SIZE  (1u << CHUNK_SHIFT)
#define GRANULE     1024u /* a chunk's validity is known per granule */

struct chunk {
    struct list lru; /* in the cache's list when refs is 0 */
    struct chunk *hash_next;
    uint64_t number; /* offset on the device >> CHUNK_SHIFT */
    uint32_t refs;
    uint32_t valid; /* bit per granule */
    bool hashed;
    bool loading; /* a thread reads into data, without the lock */
    uint8_t *data;
};

struct bcache {
    struct blkdev *dev;
    uint32_t chunks, buckets;
    struct chunk *chunk;
    struct chunk **hash;
    struct list lru; /* least recently used first */
    struct port_event loaded;
    uint64_t hits, misses;
};

/// A cache over dev of at most `bytes` bytes of data (at least 16 chunks). 0 or E_NOMEM.
int bcache_create(struct blkdev *dev, size_t bytes, struct bcache **out);
void bcache_destroy(struct bcache *bc);
/// Pins [off, off+len) of the device, which must not cross a chunk, and gives its address.
/// May drop the core lock. 0, E_IO (device error, or beyond its end), E_NOMEM (all pinned, or no memory).
int bcache_get(struct bcache *bc, uint64_t off, size_t len, struct chunk **pin, const uint8_t **p);
void bcache_put(struct bcache *bc, struct chunk *pin);
/// Forgets all that is not pinned, and gives its memory back.
void bcache_trim(struct bcache *bc);
/// Reads [off, off+len), of any length and place, through the cache.
int bcache_read(struct bcache *bc, uint64_t off, void *buf, size_t len);

#endif
