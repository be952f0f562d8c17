/* The scheduler: 64 ready queues, round robin within one, and the way out of the kernel.
 *
 * Invariants
 * S1 a READY thread is on exactly one ready queue, by ->run, and the bit of its priority is set
 * S2 the RUNNING thread is on none */
#include <arch/cpu.h>
#include <arch/interrupts.h>
#include <fastpath.h>
#include <sched.h>

#define SLICE_NS   10000000ul
#define REAP_TICKS 4000 /* of destruction paid at each kernel exit, and one step */

static struct list ready[PRIORITY_MAX + 1];
static uint64_t ready_bits;
/* The slice of a priority's running thread, while another of that priority waits. It runs on while a server
 * of a higher priority works for that thread: who only makes calls gives way as well. */
static struct slice {
    uint64_t end;
    const struct thread *of; /* to compare with, no more */
} slices[PRIORITY_MAX + 1];
static bool slice_over;
static uint64_t armed = DEADLINE_NEVER;
uint64_t sched_idle_ticks;
uint32_t sched_work;
bool sched_interrupt;
uint8_t sched_ready_top;

void sched_init(void)
{
    for (unsigned i = 0; i <= PRIORITY_MAX; i++)
        list_init(&ready[i]);
    sched_idle_ticks = -tsc_read(); /* until there is a thread */
}

/* Among others of its priority: does it stay at the head, as it still has time? */
static __attribute__((noinline)) enum sched_where keep_slice(const struct thread *t, enum sched_where where)
{
    struct slice *slice = &slices[t->priority];
    if (slice->of != t || (where == SCHED_HEAD && time_now() < slice->end))
        return where;
    slice->of = NULL;
    return SCHED_TAIL;
}

static void push(struct thread *t, enum sched_where where)
{
    uint8_t priority = t->priority;
    if (ready_bits >> priority & 1)
        where = keep_slice(t, where);
    else
        slices[priority].of = NULL;
    t->state = THREAD_READY;
    list_add_before(where == SCHED_HEAD ? ready[priority].next : &ready[priority], &t->run);
    ready_bits |= 1ul << priority;
    if (sched_ready_top <= priority)
        sched_ready_top = priority + 1;
    sched_work = true;
}

static void account(struct thread *thread, uint64_t ticks)
{
    if (thread) {
        thread->cpu_ticks += ticks;
        thread->task->cpu_ticks += ticks;
    } else {
        sched_idle_ticks += ticks;
    }
}

inline void sched_switch(struct thread *next)
{
    uint64_t ticks = tsc_read();
    account(this_cpu()->current, ticks);
    account(next, -ticks);
    fastpath_count();
    stats.switches++;
    next->state = THREAD_RUNNING;
    next->flags &= ~(uint32_t)THREAD_F_REGS;
    vms_switch(&next->task->vms);
    arch_thread_switch(next);
}

/* In an interrupt, whose frame is complete: the current thread goes back to its queue, and this one runs.
 * False: it is not that simple. */
static bool preempt(struct thread *next)
{
    struct thread *current = this_cpu()->current;
    if (!current || next->priority <= current->priority || !sched_may_switch(next))
        return false;
    push(current, SCHED_HEAD);
    sched_work = false;
    sched_switch(next);
    return true;
}

void sched_ready(struct thread *thread, enum sched_where where)
{
    DEBUG_ASSERT(thread->state != THREAD_DEAD);
    if (thread->task->suspended || thread->flags & THREAD_F_SUSPENDED) {
        thread->state = THREAD_STOPPED;
        list_add_tail(&thread->task->stopped, &thread->run);
    } else if (!sched_interrupt || !preempt(thread)) {
        push(thread, where);
    }
}

void sched_remove(struct thread *thread)
{
    list_remove(&thread->run);
    if (list_empty(&ready[thread->priority]))
        ready_bits &= ~(1ul << thread->priority);
    sched_ready_top = ready_bits ? (uint8_t)(64 - __builtin_clzl(ready_bits)) : 0;
}

void sched_block(struct thread *thread, enum thread_state state)
{
    thread->state = (uint8_t)state;
    sched_work = true;
    if (state == THREAD_STOPPED)
        list_add_tail(&thread->task->stopped, &thread->run);
}

void sched_set_priority(struct thread *thread, uint8_t priority)
{
    if (thread->priority == priority)
        return;
    bool queued = thread->state == THREAD_READY;
    if (queued)
        sched_remove(thread);
    thread->priority = priority;
    sched_work = true;
    if (queued)
        push(thread, SCHED_TAIL);
}

int sys_yield(struct thread *, struct syscall *)
{
    sched_work = slice_over = true;
    return 0;
}

void sched_tick(void)
{
    uint64_t time = time_now();
    armed = DEADLINE_NEVER;
    sched_work = true;
    deadline_tick(time);
    const struct thread *current = this_cpu()->current;
    const struct slice *slice = &slices[current ? current->priority : 0];
    slice_over |= current && slice->of == current && time >= slice->end;
}

uint64_t sched_cpu_ns(uint64_t cpu_ticks, bool running)
{
    return time_ns(cpu_ticks + (running ? tsc_read() : 0));
}

/* The running thread goes back to its queue when it was suspended, its slice is over, or somebody is more
 * urgent. */
static struct thread *keep_or_queue(struct thread *current)
{
    bool suspended = current->task->suspended || current->flags & THREAD_F_SUSPENDED;
    uint64_t above = ready_bits >> current->priority;
    if (!suspended && (above == 0 || (above == 1 && !slice_over)))
        return current;
    sched_ready(current, slice_over ? SCHED_TAIL : SCHED_HEAD);
    return NULL;
}

/* Interrupts may come, as if nobody ran. */
static void let_interrupts_in(void)
{
    this_cpu()->current = NULL; /* may be gone */
    irqoff_end();
    interrupts_window();
    irqoff_vector(0);
}

static struct thread *pop(void)
{
    while (ready_bits) {
        unsigned priority = 63 - (unsigned)__builtin_clzl(ready_bits);
        struct thread *t = container_of(ready[priority].next, struct thread, run);
        sched_remove(t);
        if (!t->task->suspended && !(t->flags & THREAD_F_SUSPENDED))
            return t;
        sched_ready(t, SCHED_TAIL); /* to the stopped list */
        let_interrupts_in();
    }
    return NULL;
}

static void arm(struct thread *next)
{
    uint64_t when = deadline_next();
    if (next && ready_bits >> next->priority & 1) {
        struct slice *slice = &slices[next->priority];
        if (slice->of != next)
            *slice = (struct slice){time_now() + SLICE_NS, next};
        if (slice->end < when)
            when = slice->end;
    }
    if (when < armed) { /* a timer that comes too soon is armed again then */
        armed = when;
        timer_arm(when);
    }
}

/* Whoever may be freed by it is charged before. What the kernel was entered for may have taken long, so
 * interrupts are let in first. An idle processor does it all. */
static void reap(const struct thread *current)
{
    while (!list_empty(&object_ending)) {
        let_interrupts_in();
        uint64_t end = tsc_read() + REAP_TICKS;
        while (!list_empty(&object_ending) && tsc_read() < end)
            object_reap();
        if (current || ready_bits)
            return;
    }
}

struct thread *sched_leave(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *last = cpu->current, *current = last && last->state == THREAD_RUNNING ? last : NULL;
    account(last, tsc_read());
    reap(current);
    if (current && current->state != THREAD_RUNNING) /* the reaper took it */
        current = NULL;
    struct thread *next = current ? keep_or_queue(current) : NULL;
    if (!next)
        next = pop();
    slice_over = false;
    arm(next);
    account(next, -tsc_read());
    cpu->current = next;
    stats.switches += next != current;
    sched_work = trace_on || !list_empty(&object_ending);
    if (next) {
        next->state = THREAD_RUNNING;
        next->flags &= ~(uint32_t)THREAD_F_REGS;
        sched_work |= next->touch_refused;
        vms_switch(&next->task->vms);
        if (next != current)
            arch_thread_switch(next);
    }
    irqoff_end();
    if (DEBUG_BUILD)
        vms_ledger_check();
    return next;
}
