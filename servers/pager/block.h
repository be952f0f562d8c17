/* Blocks of 2 MiB, the units that pager and kernel trade: which frames of each are free, and huge pages.
 *
 * Invariants (block_check tests them): F2, F3 and F4 of frame.h, and
 * B1 `links` is the number of huge entries that show a block.
 * B2 the records of all blocks lie in one table, block_table[0] to [block_count - 1], by physical address. */
#ifndef PAGER_BLOCK_H
#define PAGER_BLOCK_H

#include "frame.h"

#define NO_BLOCK UINT32_MAX

struct block {
    uint32_t next, prev;          /* on partial or whole */
    frame_t free_head, free_tail; /* freed at the tail: neighbours freed in order come back in order */
    uint16_t free;
    uint8_t kind; /* enum block_kind */
    bool listed;
    uint32_t links; /* huge entries */
    uint32_t seen;  /* the checker's count of them */
};
extern struct block *block_table;
extern uint32_t block_count;
extern uint32_t block_partial, block_whole; /* heads of the lists of blocks with some, or all, frames free */
extern uint32_t block_reserve;              /* so many whole blocks are broken only for the pager's records */

/* Begin with `block_count` records: what is RAM is all free. records: zeroed. */
void block_init(struct block *records, const struct boot_info *info);
/* Decide on the reserve, by the blocks that are whole now. */
void block_keep_reserve(void);

/* Before `free` of block n changes from or to 0 or BLOCK_FRAMES: off its list; after that: on the right one. */
void block_unlist(uint32_t n);
void block_enlist(uint32_t n);

/* A whole block, while there are plenty: its frames are of kind STOCK with count 1, to be zeroed. E_NOMEM. */
int block_claim(frame_t *first);
/* They have been: now of kind ANON. */
void block_ready(frame_t first);
/* Give one reference to each of a block's frames back. */
void block_put(frame_t first);
/* How many huge entries show a block: they hold one count of each of its frames together. */
uint32_t *block_links(frame_t first);
/* A huge entry was seen by the checker. True: it is the block's first, and its frames are to be counted. */
bool block_saw_huge(frame_t first);

/* Feed the kernel: a block for its objects, or for tables, where it has few left. After E_KMEM, and now and
 * then. 0: something was given; E_AGAIN: it has enough; E_NOMEM: nothing can be spared. */
int block_feed(void);
/* Take back what the kernel no longer needs; true if anything came. */
bool block_reap(void);
/* The checker's part: lists, links and the kernel's own count of a block's mappings; `seen` of its frames has
 * been counted. Returns the number of faults. */
uint64_t block_check(uint32_t n);

#endif
