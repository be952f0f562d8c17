/* Checks of kernel memory: poison in free objects, and all of a slab's and a table's records (S1 to S3, T1 to
 * T3). */
#include <irqoff.h>
#include <poison.h>
#include <table.h>

#define POISON 0x6b

#ifdef OUROS_DEBUG
void slab_poison(void *object, uint32_t size)
{
    IRQOFF_UNCOUNTED;
    __builtin_memset((char *)object + sizeof(uint16_t), POISON, size - sizeof(uint16_t));
}

bool slab_poisoned(const void *object, uint32_t size)
{
    IRQOFF_UNCOUNTED;
    const uint8_t *p = object;
    for (uint32_t i = sizeof(uint16_t); i < size; i++)
        if (p[i] != POISON)
            return false;
    return true;
}

void slab_check_used(const struct slab_page *page, uint16_t index)
{
    IRQOFF_UNCOUNTED;
    if (!slab_poisoned(slab_object(page, index), slab_size[page->class]))
        return; /* surely not: spares the walk */
    for (uint16_t i = page->first; i != SLAB_NO_INDEX; i = *(uint16_t *)slab_object(page, i))
        ASSERT(i != index); /* given back twice */
}

void table_check_clear(paddr_t table)
{
    IRQOFF_UNCOUNTED;
    const uint64_t *entry = paging_slot(table);
    for (uint32_t i = 0; i < PAGE_SIZE / sizeof *entry; i++)
        ASSERT(entry[i] == 0);
    paging_slot_done();
}
#endif

/* Check one page: its chain is as long as `used` says, and nobody wrote to what is free. */
static void page_audit(const struct slab_page *page)
{
    uint16_t n = 0;
    ASSERT(page->class < SLAB_CLASSES && page->used > 0 && page->used <= slab_capacity(page->class));
    for (uint16_t i = page->first; i != SLAB_NO_INDEX; n++) {
        ASSERT(i < slab_capacity(page->class) && n < slab_capacity(page->class));
        const void *object = slab_object(page, i);
        ASSERT(slab_poisoned(object, slab_size[page->class]));
        i = *(const uint16_t *)object;
    }
    ASSERT(n + page->used == slab_capacity(page->class));
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
        for (uint32_t i = SLAB_HEAD_PAGES; i < SLAB_PAGES; i++)
            if (head[i].class == SLAB_CLASS_FREE)
                here++;
            else
                page_audit(&head[i]);
        ASSERT(here == blocks[b].free);
        total += SLAB_PAGES - SLAB_HEAD_PAGES;
        spare += here;
    }
    ASSERT(total == stats.slab_pages && spare == stats.slab_pages_free);
}

void table_audit_links(bool compare)
{
    for (uint32_t b = 0; b < block_count; b++) {
        if (blocks[b].kind != BLOCK_TABLE)
            continue;
        struct table_record *record = table_records(b);
        for (uint32_t i = 1; i < TABLE_FRAMES; i++) {
            bool linked = record[i].level < 4 || record[i].level == TABLE_VIEW;
            ASSERT(!linked || !compare || record[i].seen == record[i].links);
            if (linked)
                record[i].seen = 0;
        }
    }
}

void table_audit(void)
{
    uint32_t spare = 0, all = 0, chained = 0;
    for (uint32_t b = table_first_block; b; b = table_records(b)->next_block) {
        ASSERT(blocks[b].kind == BLOCK_TABLE && blocks[b].free > 0);
        chained += blocks[b].free;
    }
    for (uint32_t b = 0; b < block_count; b++) {
        if (blocks[b].kind != BLOCK_TABLE)
            continue;
        const struct table_record *record = table_records(b);
        uint32_t n = 0;
        for (uint32_t i = record->links; i; i = record[i].next_free, n++)
            ASSERT(i < TABLE_FRAMES && record[i].level == TABLE_FREE && n < TABLE_FRAMES);
        for (uint32_t i = 1; i < TABLE_FRAMES; i++)
            ASSERT(record[i].level < 4 || record[i].level >= TABLE_VIEW);
        ASSERT(record->level == TABLE_HEAD && n == blocks[b].free);
        spare += n;
        all += TABLE_FRAMES - 1;
    }
    ASSERT(spare == stats.tables_free && all == stats.tables && chained == spare);
}
