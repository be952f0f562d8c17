/* Scheduling: 64 priorities, round robin within one, direct hand-over in IPC; deadlines. */
#pragma once

#include <irqoff.h>
#include <port.h>

/* Make a thread ready: at the tail of its priority, or at the head (handed to in IPC, preempted). It must be
 * on no queue. A suspended one goes to its task's stopped list instead. */
enum sched_where { SCHED_TAIL, SCHED_HEAD };
void sched_ready(struct thread *thread, enum sched_where where);
/* The current thread stops running: it was put on another queue, or died. */
void sched_block(struct thread *thread, enum thread_state state);
void sched_init(void);

/* Something has happened since a thread was chosen to run: the way out has more to do than to return to it.
 */
extern uint32_t sched_work;
/* What is done now is an interrupt's doing: who becomes ready may take over at once. */
extern bool sched_interrupt;
/* The most urgent ready thread's priority plus 1, 0: none is ready. */
extern uint8_t sched_ready_top;

/* May a waiting thread, on no ready queue, take over when the current one blocks, so that nothing else is to
 * be done? */
static inline bool sched_may_switch(const struct thread *next)
{
    return next->priority >= sched_ready_top && !sched_work && !next->task->suspended;
}
/* Where it may: the current thread has blocked, and this one runs. */
void sched_switch(struct thread *next);

extern uint64_t sched_idle_ticks;
/* The nanoseconds of a thread's or task's cpu_ticks, which may be running now. */
uint64_t sched_cpu_ns(uint64_t cpu_ticks, bool running);
/* Take a ready thread out. */
void sched_remove(struct thread *thread);
void sched_set_priority(struct thread *thread, uint8_t priority);
/* The timer interrupt of this CPU, perhaps too soon: expire deadlines, end the slice. */
void sched_tick(void);
/* Called by arch code on the way out of every kernel entry: reap a step, choose the thread to run, make it
 * current (space, fs base, FPU trap, entry stack). Returns NULL when there is none: arch then idles with
 * interrupts on and calls again after the next one. */
struct thread *sched_leave(void);
