/* Frames of physical memory: who holds each 4 KiB page (for blocks of 2 MiB see block.h).
 *
 * Invariants (frame_check tests them)
 * F1 a frame's count is the number of entries of leaf tables that map it, plus one if it is in an object, a
 *    pool, in the stock, pinned or blank.
 * F2 a free frame is on the free list of its block and nowhere else; its count is 0.
 * F3 a block is on the list `block_whole` if all of its 512 frames are free, on `block_partial` if some are,
 *    else on none.
 * F4 frames of blocks that the kernel has been given are FRAME_GIVEN and not in the pager's window.
 * F5 FRAME_ANON frames belong to private mappings alone: with count 1 the one mapping may write in place.
 * F6 a FRAME_LENT frame is an object's page and shown by its manager's private memory too; when the object
 *    lets go of it, it is FRAME_ANON again. */
#ifndef PAGER_FRAME_H
#define PAGER_FRAME_H

#include "machine.h"

#define BLOCK_FRAMES 512u
#define FRAME_NONE   0u

enum frame_kind {
    FRAME_RESERVED, /* not ours */
    FRAME_FREE,
    FRAME_PAGER, /* the pager's image and its tables of frames */
    FRAME_GIVEN, /* in a block that the kernel has */
    FRAME_STOCK, /* free, but zeroed or about to be (stock.h) */
    FRAME_POOL,  /* the pager's records */
    FRAME_ANON,
    FRAME_OBJECT, /* a page of a memory object */
    FRAME_DMA,    /* pinned for a device */
    FRAME_BLANK,  /* the one page of zeros */
    FRAME_KINDS,
};

enum frame_flag {
    FRAME_DIRTY = 1 << 0,     /* OBJECT: written since the manager last took it */
    FRAME_WRITEBACK = 1 << 1, /* OBJECT: taken by the manager, not yet on disk */
    FRAME_LENT = 1 << 2,      /* OBJECT: memory of the manager's own, which reads and writes it in place */
    FRAME_ASKED = 1 << 3,     /* OBJECT: its manager is to write it back, and has not taken it yet */
    FRAME_ROUND = 1 << 4,     /* OBJECT, asked or taken: it belongs to the object's second round */
    FRAME_CLAIMED = 1 << 5,   /* DMA: for a run that is being made (move.h) */
};

struct frame {
    uint32_t count;
    uint32_t seen;       /* the checker's own count */
    uint8_t kind;        /* enum frame_kind */
    uint8_t flags;       /* enum frame_flag */
    uint16_t avoid;      /* could not be moved, see run_avoid */
    uint32_t page;       /* OBJECT: index in the object. DMA in quarantine: unused */
    uint32_t object;     /* OBJECT: the object's index */
    uint32_t hash_next;  /* OBJECT: chain of the page index */
    uint32_t next, prev; /* FREE: the block's free list; OBJECT: the object's pages */
};

enum frame_wish {
    FRAME_ZERO = 1 << 0,     /* contents zero; else undefined */
    FRAME_CRITICAL = 1 << 1, /* a record of the pager's: may break the last whole blocks */
};

struct frame_counts {
    uint64_t owned;             /* frames in blocks of kind RAM that are ours */
    uint64_t kind[FRAME_KINDS]; /* frames by kind */
    uint64_t whole;             /* blocks wholly free */
    uint64_t given[BLOCK_KINDS];
    uint64_t bundle;
};
extern struct frame_counts frame_counts;
extern struct frame *frame_table;
extern uint32_t frame_limit; /* frames with numbers below this have records */

struct boot_info;
/* Build the records out of what the kernel handed over. False: there is no room for them. */
bool frame_init(const struct boot_info *info);

/* A frame could not be had: set by whoever meets that, cleared by whoever asks. */
extern bool frame_refused;
/* Are there so many to be had without taking any from elsewhere? */
bool frame_at_hand(uint32_t count);

/* A frame of this kind with count 1. wish: enum frame_wish. E_NOMEM. */
int frame_alloc(enum frame_kind kind, uint32_t wish, frame_t *out);
/* Up to `most` frames of a kind that are to be had at once, with count 1 each. wish: FRAME_ZERO or 0. Gives
 * how many: none when memory is short. */
uint32_t frame_alloc_many(enum frame_kind kind, uint32_t wish, uint32_t most, frame_t *out);
/* Take a free frame out of its block. */
void frame_take(frame_t frame, enum frame_kind kind);
/* The first of `count` free frames in a row, in blocks that are broken already, or FRAME_NONE. Only few blocks are
 * looked at. */
frame_t frame_find_row(uint32_t count);
/* Something more to allocate from: what was zeroed ahead, what the kernel gives back, or clean pages of files.
 * False: there is nothing. */
bool frame_squeeze(void);
static inline void frame_get(frame_t frame)
{
    frame_table[frame].count++;
}
/* An allocated frame becomes one of another kind. */
static inline void frame_set_kind(frame_t frame, enum frame_kind kind)
{
    struct frame *f = &frame_table[frame];
    frame_counts.kind[f->kind]--;
    frame_counts.kind[kind]++;
    f->kind = (uint8_t)kind;
}
/* Give one reference back; the last one frees it. Objects take their pages out of their index first. */
void frame_put_last(frame_t frame);
static inline void frame_put(frame_t frame)
{
    if (frame < frame_limit && frame_table[frame].count > 1)
        frame_table[frame].count--;
    else
        frame_put_last(frame);
}

/* Frames that user memory may count on. */
uint64_t frame_usable(void);

/* The checker's part: lists, counts and blocks; compares `seen` with count. Returns the number of faults. */
uint64_t frame_check(void);

#endif
