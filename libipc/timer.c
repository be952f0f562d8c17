/* One list, by time; among those of the same time, the one set first comes first. */
#include <ipc/lock.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <ipc/timer.h>
#include <ouros/error.h>
#include "server_internal.h"

bool ipc_loop_timed;

static struct ipc_lock lock; /* guards what is below, and members of timers that are set */
struct ipc_timer *ipc_timers_first;
static struct ipc_condition changed; /* several workers: the thread is told */
static bool several, has_thread, loop_has_deadline;

void ipc_timers_begin(const struct ipc_server *server)
{
    ipc_timers_first = 0; /* on a host: those of an instance that is gone */
    several = server->workers > 1;
    ipc_loop_timed = loop_has_deadline = server->deadline != 0;
}

static void unlink_timer(struct ipc_timer *timer)
{
    struct ipc_timer **at = &ipc_timers_first;

    while (*at && *at != timer)
        at = &(*at)->next;
    if (*at)
        *at = timer->next;
}

static void insert(struct ipc_timer *timer)
{
    struct ipc_timer **at = &ipc_timers_first;

    while (*at && (*at)->due_ns <= timer->due_ns)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    if (!several)
        ipc_loop_timed = true;
    else if (ipc_timers_first == timer)
        ipc_wake(&changed, 1);
}

/* The first of those that were due at `now`, out of the list; or set again if it is periodic. The lock is held.
 */
static struct ipc_timer *take_due(uint64_t now)
{
    struct ipc_timer *timer = ipc_timers_first;

    if (!timer || timer->due_ns > now)
        return 0;
    ipc_timers_first = timer->next;
    if (timer->every_ns) {
        timer->due_ns += (now - timer->due_ns) / timer->every_ns * timer->every_ns + timer->every_ns;
        insert(timer);
    }
    return timer;
}

/* Call those that are due, each once: what they set anew, for a time that has passed too, waits for the next
 * round. The lock is held, but not while they are called. */
static void run_due(uint64_t now)
{
    struct ipc_timer *timer;
    uint32_t count = 0;

    for (timer = ipc_timers_first; timer && timer->due_ns <= now; timer = timer->next)
        count++;
    while (count-- && (timer = take_due(now))) {
        ipc_unlock(&lock);
        timer->fire(timer);
        ipc_lock(&lock);
    }
}

uint64_t ipc_timers_run(void)
{
    uint64_t due;

    if (several)
        return DEADLINE_NEVER;
    ipc_lock(&lock);
    if (ipc_timers_first)
        run_due(ipc_now());
    ipc_loop_timed = ipc_timers_first || loop_has_deadline;
    due = ipc_timers_first ? ipc_timers_first->due_ns : DEADLINE_NEVER;
    ipc_unlock(&lock);
    return due;
}

static void thread(void *unused)
{
    (void)unused;
    ipc_lock(&lock);
    for (;;) {
        run_due(ipc_now());
        ipc_wait(&changed, &lock, ipc_timers_first ? ipc_timers_first->due_ns : DEADLINE_NEVER);
    }
}

static int set(struct ipc_timer *timer, uint64_t due_ns, uint64_t every_ns)
{
    int error = 0;

    ipc_lock(&lock);
    if (several && !has_thread) {
        error = ipc_thread_start(thread, 0, ipc_thread_priority(), 0);
        has_thread = !error;
    }
    if (!error) {
        unlink_timer(timer);
        timer->due_ns = due_ns;
        timer->every_ns = every_ns;
        insert(timer);
    }
    ipc_unlock(&lock);
    return error;
}

int ipc_timer_at(struct ipc_timer *timer, uint64_t due_ns)
{
    return set(timer, due_ns, 0);
}

int ipc_timer_every(struct ipc_timer *timer, uint64_t period_ns)
{
    return period_ns ? set(timer, ipc_now() + period_ns, period_ns) : E_INVAL;
}

void ipc_timer_stop(struct ipc_timer *timer)
{
    ipc_lock(&lock);
    unlink_timer(timer);
    ipc_unlock(&lock);
}
