/* The stock: frames zeroed ahead of need, while the processor has nothing else to do.
 *
 * The pager's own thread buys frames; a second one, of the lowest priority, zeroes them; a fault takes them.
 * What both touch is a ring of slots and two numbers; nobody waits for the other.
 *
 * Invariants
 * Z1 a frame in the stock is FRAME_STOCK with count 1, on no free list; people are told that it is free
 * Z2 slots [taken, zeroed) are empty or hold zeroed frames, and belong to the pager's thread; [zeroed, bought)
 *    are empty or hold frames to be zeroed. Only the zeroing thread moves `zeroed`, only the pager's the others
 * Z3 a slot of the second kind changes by compare and exchange: whoever claims its frame first has it */
#ifndef PAGER_STOCK_H
#define PAGER_STOCK_H

#include "frame.h"

#define STOCK_MAX 1024u /* a power of two */

/* ---- the pager's thread ---- */

/* Begin with nothing, on a machine of so many frames. */
void stock_init(uint64_t frames);
/* A zeroed frame, FRAME_ANON with count 1; or FRAME_NONE. Wakes the zeroing thread when few are left. */
frame_t stock_take(void);
/* Buy some frames for the zeroing thread, which has asked for more; none when memory is short. */
void stock_buy(void);
/* Memory is short: give all back but the frame that is being zeroed. True if any came. */
bool stock_sell(void);
/* Zeroed frames that are there. */
uint32_t stock_ready(void);
/* Frames that were zeroed ahead, and that were taken, since boot. */
extern struct stock_counts {
    uint64_t zeroed, taken;
} stock_counts;

/* ---- the zeroing thread ---- */

/* Zero one frame. False: there is none to zero. */
bool stock_zero(void);
/* Nothing is left to do: until false, the pager's thread wakes this one (machine_wake) when it takes frames.
 */
void stock_sleep(bool asleep);

#endif
