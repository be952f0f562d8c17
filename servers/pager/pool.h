/* Records of one size, cut from frames of the pager's. Pages that hold none go back. */
#ifndef PAGER_POOL_H
#define PAGER_POOL_H

#include "frame.h"

struct pool_page;
struct pool {
    uint32_t size; /* bytes of a record, at most 1024 */
    uint32_t live; /* records in use */
    struct pool_page *partial;
};

/* A zeroed record, or NULL: no memory. */
void *pool_alloc(struct pool *pool);
void pool_free(struct pool *pool, void *record);

#endif
