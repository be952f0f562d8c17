/* Work that takes long is done in steps, and faults and calls are answered in between.
 *
 * A step runs on the pager's own thread and ends with an order: frames to be zeroed, perhaps none. The working
 * thread carries it out at a priority just above that of programs; then the next step comes. So whoever is more
 * urgent than programs runs, and is served, amid an order and between any two steps.
 *
 * Invariants
 * C1 one order at a time: that of the first chore. The working thread reads what was ordered between `given` and
 *    `done`, and changes nothing else
 * C2 the frames of an order are nobody else's until its chore's next step */
#ifndef PAGER_CHORE_H
#define PAGER_CHORE_H

#include "machine.h"

struct chore {
    struct chore *next; /* those that wait for their turn */
    frame_t first;      /* the order: these frames ... */
    uint32_t count;     /* ... and so many, 0: none */
    /* The order has been carried out. True: there is another one. False: the chore has ended, and its record may be
     * gone. */
    bool (*step)(struct chore *chore);
};

/* ---- the pager's thread ---- */

/* Its order will be carried out, when those before it have been. */
void chore_begin(struct chore *chore);
/* The working thread has said that it is done. */
void chores_go_on(void);

/* ---- the working thread ---- */

/* Carry an order out, after which the pager's thread is to be told. False: there was none. */
bool chore_work(void);

#endif
