/* Scheduling: 64 priorities, round robin within one, direct hand-over in IPC; deadlines. */
#pragma once

#include <thread.h>

/* Make a thread ready: at the tail of its priority, or at the head (handed to in IPC, preempted). It must be
 * on no queue. A suspended one goes to its task's stopped list instead. */
enum sched_where { SCHED_TAIL, SCHED_HEAD };
void sched_ready(struct thread *thread, enum sched_where where);
/* The current thread stops running: it was put on another queue, or died. */
void sched_block(struct thread *thread, enum thread_state state);
/* Give way to others of the same priority. */
void sched_yield(void);
void sched_init(void);

struct sched_counts {
    uint64_t switches, idle_ns;
};
extern struct sched_counts sched_counts;
/* Take a ready thread out. */
void sched_remove(struct thread *thread);
void sched_set_priority(struct thread *thread, uint8_t priority);
/* The timer interrupt of this CPU: expire deadlines, account the slice. */
void sched_tick(void);
/* Called by arch code on the way out of every kernel entry: reap a step, choose the thread to run, make it
 * current (space, fs base, FPU trap, entry stack). Returns NULL when there is none: arch then idles with
 * interrupts on and calls again after the next one. */
struct thread *sched_leave(void);

/* Deadlines: absolute ns. Set puts the thread among those that wait for one; clear takes it out. */
void deadline_set(struct thread *thread, uint64_t deadline);
void deadline_clear(struct thread *thread);

/* When something may fall due: ns, DEADLINE_NEVER if nothing waits. */
uint64_t deadline_next(void);
/* Wake what is due at `time`, a bounded number of threads. */
void deadline_tick(uint64_t time);
