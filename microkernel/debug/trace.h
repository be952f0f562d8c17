/* Tracing of messages, in release builds too. While it is on there is always sched_work, which fastpath.S
 * tests with all its other flags: messages take the general path, and their records are written there. Off,
 * it is a test on the general path only. */
#pragma once

#include <thread.h>

extern uint32_t trace_on; /* 0 or 1 */

/* A record of this kind about the client's call; server: who has it or will have it, 0 and NULL if nobody is
 * known. */
void trace_put(enum trace_kind kind, const struct thread *client, uint32_t label, const struct task *server,
               uint32_t thread);
/* KINFO_TRACE_…: start, read, stop. E_RIGHTS and the like: the fourth argument is not the authority over
 * hardware. */
int trace_control(struct thread *thread, struct syscall *s);

static inline uint32_t trace_label(const struct thread *client)
{
    return client->flags & THREAD_F_FAULT ? client->fault_label : (uint32_t)client->frame.rsi;
}

static inline void trace_queued(const struct thread *client, const struct task *borrower)
{
    if (__builtin_expect(trace_on, 0))
        trace_put(TRACE_QUEUED, client, trace_label(client), borrower, 0);
}

static inline void trace_taken(const struct thread *client, const struct thread *server)
{
    if (__builtin_expect(trace_on, 0))
        trace_put(TRACE_TAKEN, client, trace_label(client), server->task, server->id);
}

/* ANSWERED with a status, LEFT, or FAILED with an error. */
static inline void trace_end(enum trace_kind kind, const struct thread *client, uint32_t status)
{
    if (__builtin_expect(trace_on, 0))
        trace_put(kind, client, status, NULL, 0);
}
