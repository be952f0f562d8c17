/* The timing wheel behind sched.h's deadlines. */
#ifndef KERNEL_DEADLINE_H
#define KERNEL_DEADLINE_H

#include <ouros/types.h>

/* When something may fall due: ns, DEADLINE_NEVER if nothing waits. */
uint64_t deadline_next(void);
/* Wake what is due at `time`, a bounded number of threads. */
void deadline_tick(uint64_t time);

#endif
