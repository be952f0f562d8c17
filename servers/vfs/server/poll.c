/* poll: one thread of a client arms one notification per open file; it is raised once, when one of the events
 * has become true, or when the file is closed. Arming again replaces it. */
#include "session.h"

#define ARMS_MAX 64u /* per open file: threads that share it and poll at once */

struct arm {
    struct waiter waiter;
    struct list link; /* in the session's `arms` */
    struct session *s;
    uint32_t thread, events;
    handle_t port;
    uint64_t bits;
};

static void arm_free(struct arm *a)
{
    list_remove(&a->link);
    list_remove(&a->waiter.link);
    sys_handle_close(a->port);
    port_free(a);
}

static void arm_wake(struct waiter *w)
{
    struct arm *a = list_entry(w, struct arm, waiter);
    (void)sys_notify(a->port, a->bits); /* spurious ones are legal: the poller asks again */
    arm_free(a);
}

static uint32_t events_now(const struct session *s, uint32_t asked)
{
    return file_events(s->file) & (asked | EVENT_ERR | EVENT_HUP);
}

int poll_arm(struct ipc_request *r, struct session *s, const struct io_poll_arm *in, struct io_poll *out)
{
    uint32_t count = 0;
    for (struct list *it = s->arms.next, *next; it != &s->arms; it = next, count++) {
        struct arm *a = list_entry(it, struct arm, link);
        next = it->next;
        if (a->thread == r->thread)
            arm_free(a);
    }
    out->events = events_now(s, in->events);
    if (out->events || in->events == 0)
        return 0;
    if (r->got_count != 1)
        return E_INVAL;
    struct arm *a = count < ARMS_MAX ? port_alloc(sizeof *a) : NULL;
    if (!a)
        return E_NOMEM;
    *a = (struct arm){
        .waiter.wake = arm_wake, .s = s, .thread = r->thread, .events = in->events, .bits = in->bits};
    a->port = ipc_take(r, 0);
    list_append(&s->arms, &a->link);
    list_init(&a->waiter.link);
    file_wait(s->file, in->events, &a->waiter);
    return 0;
}

void poll_forget(struct session *s)
{
    while (!list_empty(&s->arms))
        arm_free(list_entry(s->arms.next, struct arm, link));
}
