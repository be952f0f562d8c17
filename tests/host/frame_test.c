// sources: @libipc
/* Timers and shared memory of a server, on the host: with one worker and with several, and after a death. */
#include "check.h"
#include <ipc/host.h>
#include <ipc/lock.h>
#include <ipc/server.h>
#include <ipc/shared.h>
#include <ipc/time.h>
#include <ipc/timer.h>

struct frame_value {
    uint64_t value;
};

#define FRAME_PROTOCOL(OP)                                                             \
    OP(1, wait, struct frame_value, struct frame_value, RIGHT_USE, IDEMPOTENT | PARKS) \
    OP(2, ticks, struct ipc_none, struct frame_value, RIGHT_USE, IDEMPOTENT)           \
    OP(3, every, struct frame_value, struct ipc_none, RIGHT_USE, IDEMPOTENT)           \
    OP(4, share, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | GIVES(1))   \
    OP(5, peek, struct ipc_none, struct frame_value, RIGHT_USE, IDEMPOTENT)
IPC_PROTOCOL(frame, FRAME_PROTOCOL)

static uint32_t workers;
static struct ipc_lock lock; /* guards what follows, of the workers and the timers' thread */
static struct ipc_timer wake, ticker;
static struct ipc_request waiting;
static uint64_t ticks;
static struct ipc_shared page;

static void on_wake(struct ipc_timer *timer)
{
    struct frame_value early = {ipc_now() < timer->due_ns};

    ipc_lock(&lock);
    ipc_answer(&waiting, 0, &early, sizeof early);
    ipc_unlock(&lock);
}

static void on_tick(struct ipc_timer *timer)
{
    ipc_lock(&lock);
    if (++ticks == 5)
        ipc_timer_stop(timer);
    ipc_unlock(&lock);
}

static int op_wait(struct ipc_request *r, const struct frame_value *in, struct frame_value *out)
{
    int error;

    (void)out;
    ipc_lock(&lock);
    error = ipc_defer(r, &waiting);
    if (!error) {
        wake.fire = on_wake;
        error = ipc_timer_at(&wake, IPC_MS(in->value));
    }
    ipc_unlock(&lock);
    return error;
}

static int op_ticks(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    (void)r, (void)in;
    ipc_lock(&lock);
    out->value = ticks;
    ipc_unlock(&lock);
    return 0;
}

static int op_every(struct ipc_request *r, const struct frame_value *in, struct ipc_none *out)
{
    (void)r, (void)out;
    ticker.fire = on_tick;
    return ipc_timer_every(&ticker, in->value * NS_PER_MS);
}

static int op_share(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in, (void)out;
    return ipc_give_shared(r, &page, VMS_READ | VMS_WRITE);
}

static int op_peek(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    (void)r, (void)in;
    out->value = *(volatile uint64_t *)page.memory;
    return 0;
}

static int start(void)
{
    return ipc_shared_keep(&page, 1, PAGE_SIZE);
}

static int server_main(void)
{
    static const struct frame_ops ops = {
        .wait = op_wait, .ticks = op_ticks, .every = op_every, .share = op_share, .peek = op_peek};

    return ipc_serve(&(struct ipc_server){.name = "frame", .ops = &ops, .workers = workers, .start = start});
}

static handle_t session;

static uint64_t ask(int (*op)(handle_t, const struct ipc_none *, struct frame_value *, uint64_t))
{
    struct frame_value value = {UINT64_MAX};

    CHECK(op(session, 0, &value, 0) == 0);
    return value.value;
}

/* No sooner than asked for, and though nobody else calls. */
static void at_its_time(void)
{
    uint64_t before = ipc_now();
    struct frame_value early = {9};

    CHECK(frame_wait(session, &(struct frame_value){5}, &early, 0) == 0);
    CHECK(early.value == 0);
    CHECK(ipc_now() - before >= 5 * NS_PER_MS);
    CHECK(frame_wait(session, &(struct frame_value){0}, &early, 0) == 0);
}

/* While calls come without a pause; it stops itself. */
static void among_calls(void)
{
    ticks = 0;
    CHECK(frame_every(session, &(struct frame_value){0}, 0, 0) == E_INVAL);
    CHECK(frame_every(session, &(struct frame_value){1}, 0, 0) == 0);
    while (ask(frame_ticks) < 5)
        ;
    ipc_sleep_until(IPC_MS(10));
    CHECK(ask(frame_ticks) == 5);
}

static void restart(void)
{
    ipc_host_stop();
    ipc_host_join();
    ipc_host_start(server_main);
}

/* Timers go with the instance, shared memory stays. */
static void after_a_death(void)
{
    struct ipc_transfer t = {0};
    struct ipc_shared mine = {0};
    uint64_t before;

    CHECK(frame_share_with(session, 0, 0, &t) == 0);
    CHECK(ipc_shared_map(&mine, t.got[0], PAGE_SIZE, VMS_READ | VMS_WRITE) == 0);
    *(volatile uint64_t *)mine.memory = 4711;
    CHECK(ask(frame_peek) == 4711);
    CHECK(frame_every(session, &(struct frame_value){3600000}, 0, 0) == 0);
    restart();
    CHECK(ask(frame_peek) == 4711);
    before = ask(frame_ticks);
    at_its_time();
    CHECK(ask(frame_ticks) == before);
    ipc_shared_end(&mine);
    CHECK(ask(frame_peek) == 4711);
}

static void several_workers(void)
{
    workers = 3;
    restart();
    at_its_time();
    among_calls();
}

int main(void)
{
    workers = 1;
    ipc_host_start(server_main);
    session = ipc_host_session(RIGHT_USE);
    RUN(at_its_time);
    RUN(among_calls);
    RUN(after_a_death);
    RUN(several_workers);
    ipc_host_stop();
    ipc_host_join();
    CHECK_END();
}
