/* Frames in a row, for devices: where they can be had, and how what lies there is moved away.
 *
 * A run is chosen by what lies in it (run_search). Free frames are claimed; of the others it is found out who shows
 * them, by a scan of all spaces for 512 frames at a time, since nothing says so otherwise; then each page gets
 * another frame. Every function does a bounded piece.
 *
 * Invariants
 * M1 a claimed frame is of kind DMA with count 1 and the flag FRAME_CLAIMED; it is in no entry
 * M2 what the scan has found is not trusted: a frame is moved when as many entries show it, looked at again, as its
 *    count says. Until the last of them has changed none may be written, so nobody sees two contents */
#ifndef PAGER_MOVE_H
#define PAGER_MOVE_H

#include "frame.h"

/* What is wanted. */
struct run_wish {
    uint32_t count; /* frames */
    uint32_t align; /* of the first one's number: a power of two */
    frame_t end;    /* all of them below this one */
};

struct run_search {
    struct run_wish wish;
    frame_t at;      /* looked at down to here */
    uint32_t length; /* frames from `at` on that could be part of a run */
    uint64_t cost;   /* of those that belong to the present candidate */
    uint32_t used;   /* of those, in use: to be moved */
    bool all;        /* also the blocks of the reserve */
    frame_t best;    /* the first frame of the cheapest run up to now, or FRAME_NONE */
    uint64_t best_cost;
};
void run_search_begin(struct run_search *s, const struct run_wish *wish, bool all);
/* Go on for a while. False: the search is over. */
bool run_search(struct run_search *s);

/* This frame cannot be moved, as was found out in vain: for the present search not again. */
void run_avoid(frame_t frame);
/* What was avoided may be tried again. */
void run_avoid_nothing(void);

/* Is the page in this frame one that can be moved? */
bool run_movable(frame_t frame);

/* Claim a frame that is free: one less is promised (dma_promised). */
void frame_claim(frame_t frame);
/* If it is claimed: it is free again. */
void frame_disclaim(frame_t frame);
/* Find out who shows the frames [first, first + count), at most 512. */
void move_scan_begin(frame_t first, uint32_t count);
/* Go on for a while. False: the scan is over. */
bool move_scan(void);
/* Move the page in a frame that was scanned, and claim the frame. E_AGAIN: more entries than those found show it;
 * E_BUSY: it is not to be moved; E_NOMEM, E_QUOTA: no memory for the move. */
int move_frame(frame_t frame);

#endif
