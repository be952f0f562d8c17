/* Timers of a server: functions that libipc calls at their time.
 *
 * With one worker (ipc_server.workers) they are called by the loop between two messages, so that nothing needs
 * a lock, and only handlers, hooks and these functions set timers. With several a thread of libipc's calls
 * them, beside the workers: whoever sets one holds the server's own lock, and so does what is called.
 *
 * A timer is the server's own memory, part of what it is for (a request that waits, a device), and so there
 * are as many as there are of those. It is gone with the instance: `start` sets again what the kept state
 * tells of. */
#ifndef IPC_TIMER_H
#define IPC_TIMER_H

#include <ouros/types.h>

struct ipc_timer {
    void (*fire)(struct ipc_timer *timer); /* set by the server, once */
    /* ---- */
    uint64_t due_ns, every_ns; /* when next, of the monotonic clock; the period, 0: only then */
    struct ipc_timer *next;    /* of those that are set, by due_ns */
};

/* Have `fire` called at `due_ns` (IPC_MS(20): in 20 ms) or as soon as possible after it, and then no more. One
 * that is set already is set anew. E_NOMEM: no thread to call it (several workers only). */
int ipc_timer_at(struct ipc_timer *timer, uint64_t due_ns);

/* Each `period_ns` from now on. Who comes late for some of them is called once, and on time again. E_INVAL: 0. */
int ipc_timer_every(struct ipc_timer *timer, uint64_t period_ns);

/* No more. With several workers a call that has begun goes on. No-op for one that is not set. */
void ipc_timer_stop(struct ipc_timer *timer);

#endif
