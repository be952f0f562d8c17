/* Page tables from TABLE blocks. The records of a block's 512 frames fill one slab page; the frames
 * themselves are in no direct map: they are reached by ptep once linked, or by the page slot. */
#include <arch/paging.h>
#include <hooks.h>
#include <table.h>

#define FRAMES 512u
#define SPARE  64 /* free tables that stay when a block is returned */

static uint32_t first_block; /* of those with free tables, 0: none */

static struct table_record *block_records(uint32_t number)
{
    return direct((paddr_t)blocks[number].records << PAGE_SHIFT);
}

struct table_record *table_record(paddr_t table)
{
    DEBUG_ASSERT(block_kind_of(table) == BLOCK_TABLE);
    return block_records(block_number(table)) + (table >> PAGE_SHIFT) % FRAMES;
}

static uint32_t account_pack(struct account *account)
{
    return account ? (uint32_t)(direct_paddr(account) >> 4) : 0;
}

static struct account *account_unpack(uint32_t packed)
{
    return packed ? direct((paddr_t)packed << 4) : NULL;
}

int table_block_add(uint32_t number, uint32_t used)
{
    struct table_record *record;
    TRY(kmem_alloc(NULL, PAGE_SIZE, &record));
    blocks[number].records = (uint32_t)(direct_paddr(record) >> PAGE_SHIFT);
    uint32_t first = used > 1 ? used : 1;
    for (uint32_t i = 1; i < FRAMES; i++) {
        record[i].level = i < first ? TABLE_KERNEL : TABLE_FREE;
        record[i].next_free = i >= first && i + 1 < FRAMES ? i + 1 : 0;
    }
    record[0].level = TABLE_HEAD;
    record[0].links = first & 4095;
    record[0].next_block = first_block;
    first_block = number;
    blocks[number].free = (uint16_t)(FRAMES - first);
    kmem.tables += FRAMES - 1;
    kmem.tables_free += FRAMES - first;
    kmem.tables_kernel += first - 1;
    return 0;
}

/* The field that refers to block `number` in the chain of those with free tables. */
static uint32_t *chain_find(uint32_t number)
{
    uint32_t *field = &first_block;
    while (*field && *field != number)
        field = &block_records(*field)->next_block;
    return field;
}

bool table_block_take(uint32_t *number)
{
    uint32_t b = kmem.tables_free < FRAMES - 1 + SPARE ? 0 : first_block;
    while (b && blocks[b].free < FRAMES - 1)
        b = block_records(b)->next_block;
    if (!b)
        return false;
    *chain_find(b) = block_records(b)->next_block;
    kmem.tables -= FRAMES - 1;
    kmem.tables_free -= FRAMES - 1;
    kmem_free(NULL, block_records(b), PAGE_SIZE);
    *number = b;
    return true;
}

int table_alloc(struct account *account, uint32_t level, paddr_t *out)
{
    TRY(account_charge(account, PAGE_SIZE));
    if (!first_block) {
        account_refund(account, PAGE_SIZE);
        return E_KMEM;
    }
    uint32_t number = first_block;
    struct table_record *head = block_records(number), *record = head + head->links;
    *out = ((paddr_t)number << HUGE_SHIFT) + (paddr_t)head->links * PAGE_SIZE;
    head->links = record->next_free & 4095;
    if (--blocks[number].free == 0)
        first_block = head->next_block;
    kmem.tables_free--;
    record->payer = account_pack(account);
    record->links = 1;
    record->live = 0;
    record->level = level & 15;
    return 0;
}

void table_free(paddr_t table)
{
    struct table_record *record = table_record(table);
    DEBUG_ASSERT(record->level < 4 || record->level == TABLE_VIEW);
    ASSERT(record->live == 0 && record->links == 0);
#ifdef OUROS_DEBUG
    const uint64_t *entry = paging_slot(table);
    for (uint32_t i = 0; i < PAGE_SIZE / sizeof *entry; i++)
        ASSERT(entry[i] == 0);
    paging_slot_done();
#endif
    struct account *account = account_unpack(record->payer);
    uint32_t number = block_number(table);
    struct table_record *head = block_records(number);
    record->level = TABLE_FREE;
    record->next_free = head->links;
    head->links = (table >> PAGE_SHIFT) % FRAMES;
    if (blocks[number].free++ == 0) {
        head->next_block = first_block;
        first_block = number;
    }
    kmem.tables_free++;
    account_refund(account, PAGE_SIZE);
}

void table_audit(void)
{
    uint32_t spare = 0, all = 0, chained = 0;
    for (uint32_t b = first_block; b; b = block_records(b)->next_block) {
        ASSERT(blocks[b].kind == BLOCK_TABLE && blocks[b].free > 0);
        chained += blocks[b].free;
    }
    for (uint32_t b = 0; b < block_count; b++) {
        if (blocks[b].kind != BLOCK_TABLE)
            continue;
        const struct table_record *record = block_records(b);
        uint32_t n = 0;
        for (uint32_t i = record->links; i; i = record[i].next_free, n++)
            ASSERT(i < FRAMES && record[i].level == TABLE_FREE && n < FRAMES);
        for (uint32_t i = 1; i < FRAMES; i++)
            ASSERT(record[i].level < 4 || record[i].level >= TABLE_VIEW);
        ASSERT(record->level == TABLE_HEAD && n == blocks[b].free);
        spare += n;
        all += FRAMES - 1;
    }
    ASSERT(spare == kmem.tables_free && all == kmem.tables && chained == spare);
}
