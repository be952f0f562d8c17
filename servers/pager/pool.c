#include "pool.h"

/* At the head of each page. Free records are chained through their first word. */
struct pool_page {
    struct pool_page *next, *prev; /* among the partial pages */
    void *free;
    uint32_t used, slots;
};

static void pool_unlink(struct pool *pool, struct pool_page *page)
{
    if (page->prev)
        page->prev->next = page->next;
    else
        pool->partial = page->next;
    if (page->next)
        page->next->prev = page->prev;
}

static void pool_link(struct pool *pool, struct pool_page *page)
{
    page->prev = NULL;
    page->next = pool->partial;
    if (page->next)
        page->next->prev = page;
    pool->partial = page;
}

static struct pool_page *pool_grow(struct pool *pool)
{
    frame_t frame;
    if (frame_alloc(FRAME_POOL, FRAME_CRITICAL, &frame))
        return NULL;
    struct pool_page *page = frame_memory(frame);
    uint8_t *record = (uint8_t *)page + ((sizeof *page + 15) & ~15ul);
    uint8_t *end = (uint8_t *)page + PAGE_SIZE;
    *page = (struct pool_page){0};
    for (; pool->size <= (size_t)(end - record); record += pool->size, page->slots++) {
        *(void **)record = page->free;
        page->free = record;
    }
    pool_link(pool, page);
    return page;
}

void *pool_alloc(struct pool *pool)
{
    struct pool_page *page = pool->partial ? pool->partial : pool_grow(pool);
    if (!page)
        return NULL;
    void *record = page->free;
    page->free = *(void **)record;
    if (++page->used == page->slots)
        pool_unlink(pool, page);
    pool->live++;
    __builtin_memset(record, 0, pool->size);
    return record;
}

void pool_free(struct pool *pool, void *record)
{
    struct pool_page *page = (struct pool_page *)((uintptr_t)record & ~(PAGE_SIZE - 1));
    if (page->used == page->slots)
        pool_link(pool, page);
    *(void **)record = page->free;
    page->free = record;
    pool->live--;
    if (--page->used)
        return;
    pool_unlink(pool, page);
    frame_put((frame_t)(((uint8_t *)page - MACHINE_RAM) >> PAGE_SHIFT));
}
