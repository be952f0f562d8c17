/* Signals that were typed wait here for proc's parked next_event; armed polls wait here for their event. */
#include "tty.h"
#include <ipc/heap.h>
#include <ipc/syscall.h>

static struct tty_event events[EVENTS_MAX];
static uint32_t first, last; /* count up */
static struct queue takers;

void events_init(void)
{
    queue_init(&takers);
}

void event_signal(struct tty *t, uint32_t signal)
{
    struct tty_event event = {.line = (uint32_t)(t - ttys), .signal = signal, .pgid = t->foreground};

    if (takers.first)
        queue_answer(&takers, takers.first, 0, &event, sizeof event);
    else if (last - first < EVENTS_MAX)
        events[last++ % EVENTS_MAX] = event; /* proc is starting; what exceeds this is typed again */
}

int event_next(struct ipc_request *r, struct tty_event *out)
{
    int error;

    if (first != last) {
        *out = events[first++ % EVENTS_MAX];
        return 0;
    }
    queue_park(&takers, r, &error);
    return error;
}

bool event_cancel(uint64_t badge, uint32_t thread, uint32_t seq)
{
    struct parked *p = queue_find(&takers, badge, thread, seq);

    if (p)
        queue_answer(&takers, p, E_CANCELLED, 0, 0);
    return p;
}

int arm_add(struct tty *t, struct ipc_request *r, const struct io_poll_arm *in)
{
    struct arm *arm;

    if (r->got_count != 1)
        return E_INVAL;
    arm = ipc_zalloc(sizeof *arm);
    if (!arm)
        return E_NOMEM;
    *arm = (struct arm){
        .next = t->arms, .badge = r->badge, .bits = in->bits, .port = ipc_take(r, 0), .events = in->events};
    t->arms = arm;
    return 0;
}

static void remove(struct arm **at)
{
    struct arm *arm = *at;

    *at = arm->next;
    sys_handle_close(arm->port);
    ipc_free(arm);
}

void arms_fire(struct tty *t)
{
    uint32_t now = t->arms ? tty_events(t) : 0;

    for (struct arm **at = &t->arms; *at;) {
        if (!((*at)->events & now)) {
            at = &(*at)->next;
            continue;
        }
        sys_notify((*at)->port, (*at)->bits);
        remove(at);
    }
}

void arms_close(struct tty *t, uint64_t badge)
{
    for (struct arm **at = &t->arms; *at;) {
        if ((*at)->badge == badge)
            remove(at);
        else
            at = &(*at)->next;
    }
}
