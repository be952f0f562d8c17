/* Signals that were typed wait here for proc's parked next_event; armed polls wait here for their event. */
#include "tty.h"
#include <ipc/syscall.h>
#include <ipc/task.h>

static struct queue takers;

void events_init(void)
{
    queue_init(&takers);
}

void event_signal(struct tty *t, uint32_t signal)
{
    struct tty_state *s = &tty_state;
    struct tty_event event = {
        .line = (uint32_t)(t - tty_state.ttys), .signal = signal, .pgid = t->foreground};

    if (takers.first)
        queue_answer(&takers, takers.first, 0, &event, sizeof event);
    else if (s->events_last - s->events_first < EVENTS_MAX)
        s->events[s->events_last++ % EVENTS_MAX] =
            event; /* proc is starting; what exceeds this is typed again */
}

int event_next(struct ipc_request *r, struct tty_event *out)
{
    struct tty_state *s = &tty_state;
    int error;

    if (s->events_first != s->events_last) {
        *out = s->events[s->events_first++ % EVENTS_MAX];
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

/* ---- armed polls ---- */

#define PORT       HANDLE_FIRST(SLOT_PORT)
#define ARM_KEY(i) ((uint64_t)(i) + 1)

static void arm_drop(uint32_t i)
{
    sys_port_ctl(PORT, PORT_DROP, ARM_KEY(i), 0, 0, 0, 0);
    tty_state.arms[i].badge = 0;
}

int arm_add(struct tty *t, struct ipc_request *r, const struct io_poll_arm *in)
{
    uint32_t i = 0;
    int error;

    if (r->got_count != 1)
        return E_INVAL;
    while (i < ARMS_MAX && tty_state.arms[i].badge)
        i++;
    if (i == ARMS_MAX)
        return E_NOMEM;
    sys_port_ctl(PORT, PORT_DROP, ARM_KEY(i), 0, 0, 0, 0); /* of an instance that died right here */
    error = IPC_FED(sys_port_ctl(PORT, PORT_KEEP, ARM_KEY(i), r->got[0], 0, 0, 0));
    if (error)
        return error;
    ipc_take(r, 0); /* it has moved */
    tty_state.arms[i] = (struct arm){
        .badge = r->badge, .bits = in->bits, .events = in->events, .line = (uint32_t)(t - tty_state.ttys)};
    return 0;
}

static void arm_fire(uint32_t i)
{
    uint64_t port;

    if (IPC_FED(sys_port_ctl(PORT, PORT_KEPT, ARM_KEY(i), 0, 0, &port, 0)) == 0) {
        sys_notify((handle_t)port, tty_state.arms[i].bits);
        sys_handle_close((handle_t)port);
    }
    arm_drop(i);
}

void arms_fire(struct tty *t)
{
    uint32_t line = (uint32_t)(t - tty_state.ttys), now = 0;
    bool known = false;

    for (uint32_t i = 0; i < ARMS_MAX; i++) {
        const struct arm *arm = &tty_state.arms[i];

        if (!arm->badge || arm->line != line)
            continue;
        now = known ? now : tty_events(t);
        known = true;
        if (arm->events & now)
            arm_fire(i);
    }
}

void arms_close(uint64_t badge)
{
    for (uint32_t i = 0; i < ARMS_MAX; i++)
        if (tty_state.arms[i].badge == badge)
            arm_drop(i);
}
