/* Pings: whether the servers that are up still answer.
 *
 * init raises a bit on the server's port and goes on; libipc's loop in the server answers with a call, which
 * says how long the oldest call has been in the hands of a worker. No answer for `misses` periods in a row,
 * or a call held for as long, and the server is ended: its callers are told E_RESTARTED and call the next
 * instance.
 *
 * W1  time in which it could not have answered does not count: it was suspended, or what it needs was not up.
 * W2  a miss is counted by init's own steps: however long the whole machine stood still, that is one miss. */
#include "service.h"
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/time.h>
#include <proto/init.h>

static bool is_suspended(const struct service *s)
{
    struct thread_info info = {0};
    uint64_t thread;

    if (!s->task || sys_task_ctl(s->task, TASK_THREAD, 0, 0, 0, &thread))
        return false;
    sys_thread_ctl((handle_t)thread, THREAD_INFO, (uint64_t)&info, 0, 0);
    sys_handle_close((handle_t)thread);
    return info.suspended;
}

/* Itself, or one that it waits for, cannot run or is not known to. Needs have no circles (the manifest's C2).
 */
static bool is_excused(const struct service *s)
{
    if (is_suspended(s))
        return true;
    for (uint32_t i = 0; i < s->server->need_count; i++) {
        const struct service *below = service_named(s->server->needs[i].server);

        if (below && (below->state != SERVICE_UP || below->watch.misses || is_excused(below)))
            return true;
    }
    return false;
}

void watch_begin(struct service *s)
{
    struct port_info info = {0};

    sys_port_ctl(s->port, PORT_INFO, (uint64_t)&info, 0, 0, 0, 0);
    s->watch = (struct watch){.due_ns = s->server->ping_ns ? ipc_now() + s->server->ping_ns : 0,
                              .messages = info.messages,
                              .looked_ns = ipc_now()};
}

void watch_answer(struct service *s, uint64_t oldest_ns)
{
    s->watch.waiting = false;
    s->watch.misses = 0;
    s->watch.oldest_ns = oldest_ns;
}

static void count_messages(struct service *s, uint64_t now)
{
    struct port_info info = {0};
    uint64_t passed = (now - s->watch.looked_ns) / NS_PER_MS;

    if (!passed || sys_port_ctl(s->port, PORT_INFO, (uint64_t)&info, 0, 0, 0, 0))
        return;
    s->watch.rate = (info.messages - s->watch.messages) * 1000 / passed;
    s->watch.messages = info.messages;
    s->watch.looked_ns = now;
}

/* A call that was held while it was excused is held from then on. */
static bool hangs(const struct service *s, uint64_t now)
{
    uint64_t patience = s->server->ping_ns * s->server->ping_misses;

    return s->watch.misses >= s->server->ping_misses ||
           (s->watch.oldest_ns >= patience && now - s->watch.excused_ns >= patience);
}

static void ping(struct service *s, uint64_t now)
{
    struct watch *w = &s->watch;

    count_messages(s, now);
    if (is_excused(s)) {
        w->misses = 0;
        w->oldest_ns = 0;
        w->excused_ns = now;
    } else if (w->waiting) {
        w->misses++;
    }
    w->due_ns = now + s->server->ping_ns;
    if (hangs(s, now)) {
        service_kill(s, w->waiting ? "does not answer" : "holds a call for too long");
        return;
    }
    w->waiting = true;
    sys_notify(s->port, IPC_PING);
}

static bool is_watched(const struct service *s)
{
    return s->state == SERVICE_UP && s->watch.due_ns && !s->ending;
}

void watch_due(void)
{
    uint64_t now = ipc_now();

    for (uint32_t i = 0; i < service_count; i++)
        if (is_watched(&services[i]) && services[i].watch.due_ns <= now)
            ping(&services[i], now);
}

uint64_t watch_next(void)
{
    uint64_t next = DEADLINE_NEVER;

    for (uint32_t i = 0; i < service_count; i++)
        if (is_watched(&services[i]) && services[i].watch.due_ns < next)
            next = services[i].watch.due_ns;
    return next;
}
