/* Records of the frames in TABLE blocks: what each table is, who pays for it, how full it is.
 *
 * Invariants
 * T1 a free table is all zero: its entries were cleared one by one, and `live` counted them
 * T2 live = entries that are not zero (L0: of the user half; V: without its self entry)
 * T3 links = upper entries that refer to the table (an L0: 1, its space); each is charged to its space's
 *    account. Only leaf tables have more than one, and then none of these entries is writable */
#pragma once

#include <arch/paging.h>
#include <block.h>

enum table_level {
    /* 0 to 3: tables of a space */
    TABLE_HEAD = 12, /* frame 0 of a block: no table; its record heads the free list */
    TABLE_VIEW = 13, /* a pager's V */
    TABLE_FREE = 15,
};

struct table_record {
    union {
        uint32_t seen;       /* in use: links that the audit has found */
        uint32_t next_free;  /* FREE: index of the next free one in the block, 0: none */
        uint32_t next_block; /* HEAD: next block with free tables, 0: none */
    };
    uint16_t live;
    uint16_t links : 12; /* HEAD: index of the first free one, 0: none */
    uint16_t level : 4;  /* enum table_level, or 0 to 3 */
};

#define TABLE_LINKS_MAX 4095u
#define TABLE_FRAMES    512u       /* of a block, each with a record */
extern uint32_t table_first_block; /* of those with free tables, 0: none */

/* The records of a TABLE block. */
static inline struct table_record *table_records(uint32_t block)
{
    return direct((paddr_t)blocks[block].records << PAGE_SHIFT);
}

/* A zeroed table for a level, with one link, charged to account. E_QUOTA, E_KMEM. */
int table_alloc(struct account *account, uint32_t level, paddr_t *out);
/* A link is gone, and every CPU knows: refund it. With the last one goes the table, which is all zero. */
void table_put(struct account *account, paddr_t table);
/* The record of a frame in a TABLE block. */
struct table_record *table_record(paddr_t table);
