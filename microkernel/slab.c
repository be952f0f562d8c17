/* Kernel memory in size classes, cut from KERNEL blocks page by page.
 *
 * The first pages of a block describe all of its pages: struct slab_page [512]. A page belongs to one class
 * at a time, or is free; free objects of a page are chained by index.
 *
 * Invariants
 * S1 a page with free objects and at least one used is on its class's list, no other page is
 * S2 free pages are on free_pages, and the `free` of their block counts them
 * S3 debug: every free object is filled with POISON behind its link */
#include <arch/paging.h>
#include <hooks.h>
#include <block.h>

#define PAGES      512u
#define NO_INDEX   0xffff
#define CLASS_FREE 0xff
#define POISON     0x6b
#define SPARE      96 /* free pages that stay when a block is returned */

struct slab_page {
    struct list link; /* on its class's list or free_pages; else on none */
    uint16_t used;    /* objects */
    uint16_t first;   /* first free object */
    uint8_t class;
};
#define HEAD_PAGES ((uint32_t)((PAGES * sizeof(struct slab_page) + PAGE_SIZE - 1) / PAGE_SIZE))

/* Multiples of 16 that waste little of a page. */
static const uint16_t class_size[] = {16,  32,  48,  64,  80,  96,   128,  160,  192,
                                      256, 336, 448, 576, 816, 1024, 1360, 2048, 4096};
#define CLASSES (sizeof class_size / sizeof *class_size)

static struct list partial[CLASSES];
static struct list free_pages = {&free_pages, &free_pages};

static struct slab_page *block_of(const void *memory)
{
    return (struct slab_page *)((uintptr_t)memory & ~(HUGE_SIZE - 1));
}

static struct slab_page *page_of(const void *memory)
{
    return block_of(memory) + ((uintptr_t)memory & (HUGE_SIZE - 1)) / PAGE_SIZE;
}

static char *page_base(const struct slab_page *page)
{
    char *block = (char *)block_of(page);
    return block + (size_t)(page - (struct slab_page *)block) * PAGE_SIZE;
}

static uint32_t class_of(size_t size)
{
    uint32_t class = 0;
    while (class < CLASSES && class_size[class] < size)
        class ++;
    return class;
}

static uint16_t capacity(uint32_t class)
{
    return (uint16_t)(PAGE_SIZE / class_size[class]);
}

/* ---- poison, in debug builds ---- */

static void poison(void *object, uint32_t size)
{
    if (DEBUG_BUILD)
        __builtin_memset((char *)object + sizeof(uint16_t), POISON, size - sizeof(uint16_t));
}

static bool poisoned(const void *object, uint32_t size)
{
    const uint8_t *p = object;
    for (uint32_t i = sizeof(uint16_t); i < size; i++)
        if (p[i] != POISON)
            return false;
    return true;
}

static bool on_free_list(const struct slab_page *page, uint16_t index)
{
    uint16_t i = page->first;
    while (i != NO_INDEX && i != index)
        i = *(uint16_t *)(page_base(page) + (size_t)i * class_size[page->class]);
    return i == index;
}

/* ---- pages ---- */

static void page_free(struct slab_page *page)
{
    page->class = CLASS_FREE;
    list_remove(&page->link);
    list_add_head(&free_pages, &page->link);
    blocks[block_number(direct_paddr(page))].free++;
    kmem.pages_free++;
}

static void page_unfree(struct slab_page *page)
{
    list_remove(&page->link);
    blocks[block_number(direct_paddr(page))].free--;
    kmem.pages_free--;
}

/* A free page becomes one of a class. False: there is none. */
static bool page_take(uint32_t class)
{
    if (list_empty(&free_pages))
        return false;
    struct slab_page *page = container_of(free_pages.next, struct slab_page, link);
    page_unfree(page);
    char *base = page_base(page);
    uint16_t n = capacity(class), size = class_size[class];
    for (uint16_t i = 0; i < n; i++) {
        *(uint16_t *)(base + (size_t)i * size) = i + 1 < n ? (uint16_t)(i + 1) : NO_INDEX;
        poison(base + (size_t)i * size, size);
    }
    page->class = (uint8_t) class;
    page->used = page->first = 0;
    list_add_head(&partial[class], &page->link);
    return true;
}

void slab_block_add(uint32_t number)
{
    struct slab_page *page = direct((paddr_t)number << HUGE_SHIFT);
    for (uint32_t c = 0; c < CLASSES && !partial[c].next; c++)
        list_init(&partial[c]);
    blocks[number].free = 0;
    for (uint32_t i = PAGES - 1; i >= HEAD_PAGES; i--) {
        list_init(&page[i].link);
        page_free(&page[i]);
    }
    kmem.pages += PAGES - HEAD_PAGES;
}

bool slab_block_take(uint32_t *number)
{
    uint32_t b = 0;
    while (b < block_count && !(blocks[b].kind == BLOCK_KERNEL && blocks[b].free == PAGES - HEAD_PAGES))
        b++;
    if (b == block_count || kmem.pages_free < PAGES - HEAD_PAGES + SPARE)
        return false;
    struct slab_page *page = direct((paddr_t)b << HUGE_SHIFT);
    for (uint32_t i = HEAD_PAGES; i < PAGES; i++)
        page_unfree(&page[i]);
    kmem.pages -= PAGES - HEAD_PAGES;
    *number = b;
    return true;
}

/* ---- objects ---- */

int kmem_alloc(struct account *account, size_t size, void *out)
{
    uint32_t class = class_of(size);
    ASSERT(size > 0 && class < CLASSES);
    TRY(account_charge(account, class_size[class]));
    if (list_empty(&partial[class]) && !page_take(class)) {
        account_refund(account, class_size[class]);
        return E_KMEM;
    }
    struct slab_page *page = container_of(partial[class].next, struct slab_page, link);
    char *object = page_base(page) + (size_t)page->first * class_size[class];
    DEBUG_ASSERT(poisoned(object, class_size[class])); /* written to after it was freed */
    page->first = *(uint16_t *)object;
    if (++page->used == capacity(class))
        list_remove(&page->link);
    __builtin_memset(object, 0, class_size[class]);
    *(void **)out = object;
    return 0;
}

void kmem_free(struct account *account, void *memory, size_t size)
{
    struct slab_page *page = page_of(memory);
    uint32_t class = class_of(size);
    ASSERT(page->class == class);
    uint16_t index = (uint16_t)(((uintptr_t)memory & (PAGE_SIZE - 1)) / class_size[class]);
    ASSERT((char *)memory == page_base(page) + (size_t)index * class_size[class] && page->used > 0);
    if (DEBUG_BUILD && poisoned(memory, class_size[class]))
        ASSERT(!on_free_list(page, index)); /* given back twice */
    if (page->used-- == capacity(class))
        list_add_head(&partial[class], &page->link);
    *(uint16_t *)memory = page->first;
    poison(memory, class_size[class]);
    page->first = index;
    if (page->used == 0)
        page_free(page);
    account_refund(account, class_size[class]);
}

/* ---- audit ---- */

/* Check one page: its chain is as long as `used` says, and nobody wrote to what is free. */
static void page_audit(const struct slab_page *page)
{
    uint16_t size = class_size[page->class], n = 0;
    ASSERT(page->class < CLASSES && page->used > 0 && page->used <= capacity(page->class));
    for (uint16_t i = page->first; i != NO_INDEX; n++) {
        ASSERT(i < capacity(page->class) && n < capacity(page->class));
        const char *object = page_base(page) + (size_t)i * size;
        DEBUG_ASSERT(poisoned(object, size));
        i = *(const uint16_t *)object;
    }
    ASSERT(n + page->used == capacity(page->class));
    ASSERT(list_empty(&page->link) == (n == 0));
}

void slab_audit(void)
{
    uint32_t total = 0, spare = 0;
    for (uint32_t b = 0; b < block_count; b++) {
        if (blocks[b].kind != BLOCK_KERNEL)
            continue;
        const struct slab_page *head = direct((paddr_t)b << HUGE_SHIFT);
        uint32_t here = 0;
        for (uint32_t i = HEAD_PAGES; i < PAGES; i++)
            if (head[i].class == CLASS_FREE)
                here++;
            else
                page_audit(&head[i]);
        ASSERT(here == blocks[b].free);
        total += PAGES - HEAD_PAGES;
        spare += here;
    }
    ASSERT(total == kmem.pages && spare == kmem.pages_free);
}
