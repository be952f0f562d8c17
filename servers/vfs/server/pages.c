/* Single pages for tmpfs and pipes, cut from slabs of 32 that the pager gives. An empty slab goes back, but
 * for one that stays for the next. All under the core lock. */
#include <ipc/heap.h>
#include "../list.h"
#include "../port.h"

#define SLAB_PAGES 32u
#define SLAB_BYTES (SLAB_PAGES * PAGE_SIZE_VFS)
#define BUCKETS    256u

struct slab {
    struct list link; /* in `partial`, unless full */
    struct slab *hash_next;
    uintptr_t base;
    uint32_t used; /* bit per page */
};

static struct list partial = {&partial, &partial};
static struct slab *hash[BUCKETS]; /* by base / SLAB_BYTES: no two slabs share a quotient */
static uint64_t pages_used, pages_taken;
static struct slab *spare; /* empty, kept, in `partial` */

static struct slab **bucket_of(uintptr_t quotient)
{
    return &hash[quotient % BUCKETS];
}

static struct slab *slab_new(void)
{
    struct slab *s = ipc_zalloc(sizeof *s);
    void *pages = s ? ipc_pager_pages.take(SLAB_BYTES) : NULL;
    if (!pages) {
        ipc_free(s);
        return NULL;
    }
    pages_taken += SLAB_PAGES;
    s->base = (uintptr_t)pages;
    struct slab **bucket = bucket_of(s->base / SLAB_BYTES);
    s->hash_next = *bucket;
    *bucket = s;
    list_append(&partial, &s->link);
    return s;
}

static void slab_free(struct slab *s)
{
    struct slab **at = bucket_of(s->base / SLAB_BYTES);
    while (*at != s)
        at = &(*at)->hash_next;
    *at = s->hash_next;
    list_remove(&s->link);
    ipc_pager_pages.give_back((void *)s->base, SLAB_BYTES);
    pages_taken -= SLAB_PAGES;
    ipc_free(s);
}

/* A slab need not be aligned to its size: a page belongs to one that begins in its window or in the one
 * before. */
static struct slab *slab_of(uintptr_t page)
{
    for (uintptr_t q = page / SLAB_BYTES + 1; q-- > page / SLAB_BYTES - 1;)
        for (struct slab *s = *bucket_of(q); s; s = s->hash_next)
            if (page - s->base < SLAB_BYTES)
                return s;
    return NULL;
}

void *port_page_alloc(void)
{
    struct slab *s = list_empty(&partial) ? slab_new() : list_entry(partial.next, struct slab, link);
    if (!s)
        return NULL;
    if (s == spare)
        spare = NULL;
    uint32_t i = (uint32_t)__builtin_ctz(~s->used);
    s->used |= 1u << i;
    pages_used++;
    if (s->used == UINT32_MAX)
        list_remove(&s->link);
    return memset((void *)(s->base + i * PAGE_SIZE_VFS), 0, PAGE_SIZE_VFS);
}

void port_page_free(void *page)
{
    struct slab *s = slab_of((uintptr_t)page);
    if (s->used == UINT32_MAX)
        list_append(&partial, &s->link);
    s->used &= ~(1u << ((uintptr_t)page - s->base) / PAGE_SIZE_VFS);
    pages_used--;
    if (s->used)
        return;
    if (spare)
        slab_free(s);
    else
        spare = s;
}

void port_page_trim(void)
{
    if (spare)
        slab_free(spare);
    spare = NULL;
}

void port_page_usage(uint64_t *used, uint64_t *taken)
{
    *used = pages_used;
    *taken = pages_taken;
}
