/* Scheduling: 64 priorities, round robin within one, direct hand-over in IPC; deadlines. */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <thread.h>

/* Make a thread ready (tail of its priority). It must be on no queue. */
void sched_ready(struct thread *thread);
/* Take a ready thread out. */
void sched_remove(struct thread *thread);
void sched_set_priority(struct thread *thread, uint8_t priority);
/* The timer interrupt of this CPU: expire deadlines, account the slice. */
void sched_tick(void);
/* Called by arch code on the way out of every kernel entry: reap a step, choose the thread to run, make it
 * current (space, fs base, FPU trap, entry stack). Returns NULL when there is none: arch then idles with
 * interrupts on and calls again after the next one. */
struct thread *sched_leave(void);

/* Deadlines: absolute ns. Set puts the thread into the timer wheel; clear takes it out. */
void deadline_set(struct thread *thread, uint64_t deadline);
void deadline_clear(struct thread *thread);

#endif
