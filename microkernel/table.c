/* Page tables from TABLE blocks. The records of a block's 512 frames fill one slab page; the frames
 * themselves are in no direct map: they are reached by ptep once linked, or by the page slot. */
#include <arch/paging.h>
#include <hooks.h>
#include <poison.h>
#include <table.h>

#define SPARE       64  /* free tables that stay when a block is returned */
#define SEARCH_MOST 256 /* blocks looked at for one to return */

uint32_t table_first_block;

struct table_record *table_record(paddr_t table)
{
    DEBUG_ASSERT(block_kind_of(table) == BLOCK_TABLE);
    return table_records(block_number(table)) + (table >> PAGE_SHIFT) % TABLE_FRAMES;
}

int table_block_add(uint32_t number)
{
    struct table_record *record;
    FAIL_IF(stats.tables + TABLE_FRAMES > TABLES_MAX, E_FULL);
    TRY(kmem_alloc(&account_nobody, PAGE_SIZE, &record));
    blocks[number].records = (uint32_t)(direct_paddr(record) >> PAGE_SHIFT);
    for (uint32_t i = 1; i < TABLE_FRAMES; i++) {
        record[i].level = TABLE_FREE;
        record[i].next_free = i + 1 < TABLE_FRAMES ? i + 1 : 0;
    }
    record[0].level = TABLE_HEAD;
    record[0].links = 1;
    record[0].next_block = table_first_block;
    table_first_block = number;
    blocks[number].free = TABLE_FRAMES - 1;
    stats.tables += TABLE_FRAMES - 1;
    stats.tables_free += TABLE_FRAMES - 1;
    return 0;
}

bool table_block_take(uint64_t *number)
{
    uint32_t b, n = 0, *link = &table_first_block; /* the field that refers to block b */
    while ((b = *link) && blocks[b].free < TABLE_FRAMES - 1 && n++ < SEARCH_MOST)
        link = &table_records(b)->next_block;
    if (!b || blocks[b].free < TABLE_FRAMES - 1 || stats.tables_free < TABLE_FRAMES - 1 + SPARE)
        return false;
    *link = table_records(b)->next_block;
    stats.tables -= TABLE_FRAMES - 1;
    stats.tables_free -= TABLE_FRAMES - 1;
    kmem_free(&account_nobody, table_records(b), PAGE_SIZE);
    *number = b;
    return true;
}

int table_alloc(struct account *account, uint32_t level, paddr_t *out)
{
    FAIL_IF(!table_first_block, E_KMEM);
    TRY(account_charge(account, PAGE_SIZE));
    uint32_t number = table_first_block;
    struct table_record *head = table_records(number), *record = head + head->links;
    *out = ((paddr_t)number << HUGE_SHIFT) + (paddr_t)head->links * PAGE_SIZE;
    head->links = record->next_free & 4095;
    if (--blocks[number].free == 0)
        table_first_block = head->next_block;
    stats.tables_free--;
    record->links = 1;
    record->live = 0;
    record->level = level & 15;
    return 0;
}

void table_put(struct account *account, paddr_t table)
{
    struct table_record *record = table_record(table);
    DEBUG_ASSERT(record->level < 4 || record->level == TABLE_VIEW);
    account_refund(account, PAGE_SIZE);
    if (--record->links)
        return;
    ASSERT(record->live == 0);
    table_check_clear(table);
    uint32_t number = block_number(table);
    struct table_record *head = table_records(number);
    record->level = TABLE_FREE;
    record->next_free = head->links;
    head->links = (table >> PAGE_SHIFT) % TABLE_FRAMES;
    if (blocks[number].free++ == 0) {
        head->next_block = table_first_block;
        table_first_block = number;
    }
    stats.tables_free++;
}
