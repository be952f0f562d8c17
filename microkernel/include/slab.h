/* How slabs lie in a block: for slab.c, and for those who check it. */
#pragma once

#include <arch/paging.h>
#include <block.h>

#define SLAB_PAGES      512u
#define SLAB_NO_INDEX   0xffff
#define SLAB_CLASS_FREE 0xff
#define SLAB_CLASSES    18

struct slab_page {
    struct list link; /* on its class's list or that of free pages; else on none */
    uint16_t used;    /* objects */
    uint16_t first;   /* first free object */
    uint8_t class;
};
#define SLAB_HEAD_PAGES ((uint32_t)((SLAB_PAGES * sizeof(struct slab_page) + PAGE_SIZE - 1) / PAGE_SIZE))

extern const uint16_t slab_size[SLAB_CLASSES]; /* of the objects of each class */

/* An object of a page. */
static inline void *slab_object(const struct slab_page *page, uint32_t index)
{
    uintptr_t block = (uintptr_t)page & ~(HUGE_SIZE - 1), number = ((uintptr_t)page - block) / sizeof *page;
    return (char *)block + number * PAGE_SIZE + index * slab_size[page->class];
}

static inline uint16_t slab_capacity(uint32_t class)
{
    return (uint16_t)(PAGE_SIZE / slab_size[class]);
}
