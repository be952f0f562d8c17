/* Kernel memory in size classes, cut from KERNEL blocks page by page.
 *
 * The first pages of a block describe all of its pages: struct slab_page [512]. A page belongs to one class
 * at a time, or is free; free objects of a page are chained by index.
 *
 * Invariants
 * S1 a page with free objects and at least one used is on its class's list, no other page is
 * S2 free pages are on free_pages, and the `free` of their block counts them
 * S3 debug: every free object is filled with a pattern behind its link */
#include <poison.h>
#include <slab.h>

#define SPARE       96   /* free pages that stay when a block is returned */
#define BLOCKS_STEP 1024 /* looked at in one step */

/* Multiples of 16 that waste little of a page. */
const uint16_t slab_size[] = {16,  32,  48,  64,  80,  96,   128,  160,  192,
                              256, 336, 448, 576, 816, 1024, 1360, 2048, 4096};

static struct list partial[SLAB_CLASSES];
static struct list free_pages = {&free_pages, &free_pages};

static struct slab_page *page_of(const void *memory)
{
    uintptr_t block = (uintptr_t)memory & ~(HUGE_SIZE - 1);
    return (struct slab_page *)block + ((uintptr_t)memory - block) / PAGE_SIZE;
}

static uint32_t class_of(size_t size)
{
    uint32_t class = size > slab_size[SLAB_CLASSES - 3] ? SLAB_CLASSES - 2 : size > slab_size[8] ? 9 : 0;
    while (class < SLAB_CLASSES && slab_size[class] < size)
        class ++;
    return class;
}

/* ---- pages ---- */

static void page_free(struct slab_page *page)
{
    page->class = SLAB_CLASS_FREE;
    list_remove(&page->link);
    list_add_head(&free_pages, &page->link);
    blocks[block_number(direct_paddr(page))].free++;
    stats.slab_pages_free++;
}

/* A free page becomes one of a class. False: there is none. */
static bool page_take(uint32_t class)
{
    if (list_empty(&free_pages))
        return false;
    struct slab_page *page = container_of(free_pages.next, struct slab_page, link);
    list_remove(&page->link);
    blocks[block_number(direct_paddr(page))].free--;
    stats.slab_pages_free--;
    page->class = (uint8_t) class;
    for (uint16_t i = 0, n = slab_capacity(class); i < n; i++) {
        uint16_t *object = slab_object(page, i);
        *object = i + 1 < n ? (uint16_t)(i + 1) : SLAB_NO_INDEX;
        slab_poison(object, slab_size[class]);
    }
    page->used = page->first = 0;
    list_add_head(&partial[class], &page->link);
    return true;
}

void slab_block_add(uint32_t number)
{
    struct slab_page *page = direct((paddr_t)number << HUGE_SHIFT);
    for (uint32_t c = 0; c < SLAB_CLASSES && !partial[c].next; c++)
        list_init(&partial[c]);
    blocks[number].free = 0;
    for (uint32_t i = SLAB_PAGES - 1; i >= SLAB_HEAD_PAGES; i--) {
        list_init(&page[i].link);
        page_free(&page[i]);
    }
    stats.slab_pages += SLAB_PAGES - SLAB_HEAD_PAGES;
}

int slab_block_take(uint64_t *number)
{
    FAIL_IF(stats.slab_pages_free < SLAB_PAGES - SLAB_HEAD_PAGES + SPARE, E_NOENT);
    for (uint64_t b = *number, end = b + BLOCKS_STEP; b < block_count; b++) {
        *number = b;
        FAIL_IF(b == end, SYS_RESTART);
        if (blocks[b].kind != BLOCK_KERNEL || blocks[b].free < SLAB_PAGES - SLAB_HEAD_PAGES)
            continue;
        struct slab_page *page = direct((paddr_t)b << HUGE_SHIFT);
        for (uint32_t i = SLAB_HEAD_PAGES; i < SLAB_PAGES; i++)
            list_remove(&page[i].link);
        stats.slab_pages_free -= SLAB_PAGES - SLAB_HEAD_PAGES;
        stats.slab_pages -= SLAB_PAGES - SLAB_HEAD_PAGES;
        return 0;
    }
    return E_NOENT;
}

/* ---- objects ---- */

int kmem_alloc(struct account *account, size_t size, void *out)
{
    uint32_t class = class_of(size);
    ASSERT(size > 0 && class < SLAB_CLASSES);
    TRY(account_charge(account, slab_size[class]));
    if (list_empty(&partial[class]) && !page_take(class)) {
        account_refund(account, slab_size[class]);
        return E_KMEM;
    }
    struct slab_page *page = container_of(partial[class].next, struct slab_page, link);
    uint16_t *object = slab_object(page, page->first);
    DEBUG_ASSERT(slab_poisoned(object, slab_size[class])); /* written to after it was freed */
    page->first = *object;
    if (++page->used == slab_capacity(class))
        list_remove(&page->link);
    __builtin_memset(object, 0, slab_size[class]);
    *(void **)out = object;
    return 0;
}

void kmem_free(struct account *account, void *memory, size_t size)
{
    struct slab_page *page = page_of(memory);
    uint32_t class = class_of(size);
    ASSERT(page->class == class);
    uint16_t index = (uint16_t)(((uintptr_t)memory & (PAGE_SIZE - 1)) / slab_size[class]);
    ASSERT(memory == slab_object(page, index) && page->used > 0);
    slab_check_used(page, index);
    if (page->used-- == slab_capacity(class))
        list_add_head(&partial[class], &page->link);
    *(uint16_t *)memory = page->first;
    slab_poison(memory, slab_size[class]);
    page->first = index;
    if (page->used == 0)
        page_free(page);
    account_refund(account, slab_size[class]);
}
