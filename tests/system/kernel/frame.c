/* What the frame of servers has beside calls: timers, interrupts, shared memory; also across a death, and with
 * several workers. The program is the servers `one` (kept state, one worker) and `two` (two workers), and their
 * client. */
#include <ipc/lock.h>
#include <ipc/server.h>
#include <ipc/shared.h>
#include <ipc/timer.h>
#include <proto/pager.h>

#include "lib/ktest.h"

struct frame_value {
    uint64_t value;
};

#define FRAME_PROTOCOL(OP)                                                              \
    OP(1, wait, struct frame_value, struct frame_value, RIGHT_USE, IDEMPOTENT | PARKS)  \
    OP(2, busy, struct frame_value, struct ipc_none, RIGHT_USE, IDEMPOTENT)             \
    OP(3, every, struct frame_value, struct ipc_none, RIGHT_USE, EFFECT)                \
    OP(4, ticks, struct ipc_none, struct frame_value, RIGHT_USE, IDEMPOTENT)            \
    OP(5, order, struct ipc_none, struct frame_value, RIGHT_USE, IDEMPOTENT)            \
    OP(6, die, struct ipc_none, struct frame_value, RIGHT_USE, EFFECT)                  \
    OP(7, clock, struct ipc_none, struct frame_value, RIGHT_USE, IDEMPOTENT)            \
    OP(8, share, struct frame_value, struct ipc_none, RIGHT_USE, IDEMPOTENT | GIVES(1)) \
    OP(9, peek, struct frame_value, struct frame_value, RIGHT_USE, IDEMPOTENT)
IPC_PROTOCOL(frame, FRAME_PROTOCOL)

enum { WAITING = 8, KEY_PAGE = 1, PAGE_WORDS = PAGE_SIZE / 8 };

/* ---- the server ---- */

static struct { /* kept by `one` */
    uint64_t every_ms, ticks, lives;
} state;

static struct ipc_lock lock; /* for `two`: guards what is below */
static struct waiting {
    struct ipc_timer timer; /* first: fire() finds the rest */
    struct ipc_request request;
    uint64_t asked_ns;
    bool used;
} waiting[WAITING];

static void answer(struct ipc_timer *timer)
{
    struct waiting *w = (struct waiting *)timer;
    struct frame_value late = {ipc_now() - timer->due_ns};
    bool early = ipc_now() < timer->due_ns;

    ipc_lock(&lock);
    ipc_answer(&w->request, early ? E_RANGE : 0, &late, sizeof late);
    w->used = false;
    ipc_unlock(&lock);
}

static int op_wait(struct ipc_request *r, const struct frame_value *in, struct frame_value *out)
{
    int error = E_FULL;

    (void)out;
    ipc_lock(&lock);
    for (int i = 0; i < WAITING && error == E_FULL; i++) {
        struct waiting *w = &waiting[i];

        if (w->used)
            continue;
        error = ipc_defer(r, &w->request);
        if (error)
            break;
        w->used = true;
        w->timer.fire = answer;
        ipc_timer_at(&w->timer, IPC_MS(in->value));
    }
    ipc_unlock(&lock);
    return error;
}

/* Keeps its worker for so long. */
static int op_busy(struct ipc_request *r, const struct frame_value *in, struct ipc_none *out)
{
    (void)r, (void)out;
    ipc_sleep_until(IPC_MS(in->value));
    return 0;
}

static void tick(struct ipc_timer *timer)
{
    (void)timer;
    state.ticks++;
}

static struct ipc_timer ticker = {.fire = tick};

static int op_every(struct ipc_request *r, const struct frame_value *in, struct ipc_none *out)
{
    (void)r, (void)out;
    state.every_ms = in->value;
    if (in->value)
        return ipc_timer_every(&ticker, in->value * NS_PER_MS);
    ipc_timer_stop(&ticker);
    return 0;
}

static int op_ticks(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    (void)r, (void)in;
    out->value = state.ticks;
    return 0;
}

static struct ipc_timer digits[3];
static uint64_t number;
static struct ipc_request number_wanted;

static void digit(struct ipc_timer *timer)
{
    struct frame_value value;

    number = 10 * number + 1 + (uint64_t)(timer - digits);
    if (timer == &digits[2])
        ipc_timer_stop(&digits[0]); /* which was due as well */
    if (timer != &digits[1])
        return;
    value.value = number;
    ipc_answer(&number_wanted, 0, &value, sizeof value);
}

/* By their time, whatever the order in which they are set; one that is stopped does not come, one that is set
 * anew comes at the new time. */
static int op_order(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    uint64_t now = ipc_now();
    int error = ipc_defer(r, &number_wanted);

    (void)in, (void)out;
    number = 0;
    for (int i = 0; i < 3 && !error; i++)
        digits[i].fire = digit;
    if (!error) {
        ipc_timer_at(&digits[1], now + NS_PER_MS);
        ipc_timer_at(&digits[0], now + 3 * NS_PER_MS);
        ipc_timer_at(&digits[2], now + 3 * NS_PER_MS - 1);
        ipc_timer_at(&digits[1], now + 4 * NS_PER_MS);
        ipc_sleep_until(now + 5 * NS_PER_MS); /* all of them are due */
    }
    return error;
}

/* An odd life ends; the next one, which is asked again, answers. */
static int op_die(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    (void)r, (void)in;
    if (state.lives % 2)
        ipc_exit(1);
    out->value = ++state.lives;
    return 0;
}

/* The clock chip's periodic interrupt (ISA 8), an edge that comes again once register C is read. */
static uint64_t clock_ticks;

static uint8_t rtc(uint32_t reg)
{
    uint64_t value = 0;

    sys_io_access(ipc_handle("io.clock"), 0, ACCESS_WRITE(1), reg, 0);
    sys_io_access(ipc_handle("io.clock"), 1, ACCESS_READ(1), 0, &value);
    return (uint8_t)value;
}

static void clock_interrupt(void)
{
    clock_ticks += (rtc(0x0c) & 0x40) != 0;
}

static int op_clock(struct ipc_request *r, const struct ipc_none *in, struct frame_value *out)
{
    (void)r, (void)in;
    out->value = clock_ticks;
    return 0;
}

static struct ipc_shared page;

/* value: the protection that the client may have. */
static int op_share(struct ipc_request *r, const struct frame_value *in, struct ipc_none *out)
{
    (void)out;
    return ipc_give_shared(r, &page, (uint32_t)in->value);
}

static int op_peek(struct ipc_request *r, const struct frame_value *in, struct frame_value *out)
{
    (void)r;
    if (in->value >= PAGE_WORDS)
        return E_RANGE;
    out->value = ((volatile uint64_t *)page.memory)[in->value]++;
    return 0;
}

static int start(void)
{
    int error = ipc_shared_keep(&page, KEY_PAGE, PAGE_SIZE);

    state.lives++;
    if (!error && state.every_ms)
        error = ipc_timer_every(&ticker, state.every_ms * NS_PER_MS);
    if (ipc_handle("io.clock")) {
        uint8_t control = rtc(0x0b) | 0x40;

        sys_io_access(ipc_handle("io.clock"), 0, ACCESS_WRITE(1), 0x0b, 0);
        sys_io_access(ipc_handle("io.clock"), 1, ACCESS_WRITE(1), control, 0);
    }
    return error;
}

static int serve(bool kept)
{
    static const struct frame_ops ops = {.wait = op_wait,
                                         .busy = op_busy,
                                         .every = op_every,
                                         .ticks = op_ticks,
                                         .order = op_order,
                                         .die = op_die,
                                         .clock = op_clock,
                                         .share = op_share,
                                         .peek = op_peek};
    struct ipc_server server = {.name = "frame",
                                .ops = &ops,
                                .workers = kept ? 1 : 2,
                                .kept = kept ? &state : 0,
                                .kept_size = sizeof state,
                                .irqs = {{"irq.none", clock_interrupt}, {"irq.clock", clock_interrupt}},
                                .start = start};

    return ipc_serve(&server);
}

/* ---- the client ---- */

static handle_t one, two;

static uint64_t ask(handle_t server,
                    int (*op)(handle_t, const struct ipc_none *, struct frame_value *, uint64_t))
{
    struct frame_value value = {0};

    CHECK_IS(op(server, 0, &value, 0), 0);
    return value.value;
}

static uint64_t ticks(handle_t server)
{
    return ask(server, frame_ticks);
}

static struct frame_value waits[4];
static int wait_errors[4];

static void wait_one(void *argument)
{
    uint64_t i = (uint64_t)argument;
    struct frame_value ms = {40 - 10 * i};

    wait_errors[i] = frame_wait(i % 2 ? one : two, &ms, &waits[i], 0);
}

/* Each of several waits ends at its time and none before, though they were asked for in another order. */
static void timers(void)
{
    struct kthread threads[4];

    for (uint64_t i = 0; i < 4; i++)
        kthread_start(&threads[i], wait_one, (void *)i, PRIORITY_SERVER);
    for (int i = 0; i < 4; i++) {
        kthread_join(&threads[i]);
        CHECK_IS(wait_errors[i], 0);
    }
    CHECK_IS(ask(one, frame_order), 32);
}

/* Calls that follow upon each other leave a timer its turn. */
static void timer_among_calls(void)
{
    uint64_t before = ticks(one), calls = 0;

    CHECK_IS(frame_every(one, &(struct frame_value){1}, 0, 0), 0);
    while (ticks(one) < before + 5 && calls < 10000000)
        calls++;
    CHECK(calls < 10000000);
    CHECK_IS(frame_every(one, &(struct frame_value){0}, 0, 0), 0);
    before = ticks(one);
    ipc_sleep_until(IPC_MS(20));
    CHECK_IS(ticks(one), before);
}

/* While one of two workers is busy, and the other waits without a deadline. */
static void timer_of_two_workers(void)
{
    struct frame_value late = {0}, ms = {10};

    CHECK_IS(frame_wait(two, &ms, &late, 0), 0);
    CHECK_IS(frame_busy(two, &ms, 0, 0), 0);
    CHECK_IS(frame_wait(two, &ms, &late, 0), 0);
}

/* The next instance sets it again, from what is kept. */
static void timer_after_death(void)
{
    uint64_t before, after;

    CHECK_IS(frame_every(one, &(struct frame_value){1}, 0, 0), 0);
    before = ticks(one);
    CHECK_IS(ask(one, frame_die) % 2, 1);
    after = ticks(one);
    CHECK(after >= before); /* those of the former life are not forgotten */
    for (int i = 0; i < 1000 && ticks(one) < after + 3; i++)
        ipc_sleep_until(IPC_MS(1));
    CHECK(ticks(one) >= after + 3);
    CHECK_IS(frame_every(one, &(struct frame_value){0}, 0, 0), 0);
}

/* They come, one after the other; and to the next instance too, although the last one has gone lost. */
static void interrupts(void)
{
    for (int life = 0; life < 2; life++) {
        uint64_t before = ask(one, frame_clock);

        for (int i = 0; i < 1000 && ask(one, frame_clock) < before + 10; i++)
            ipc_sleep_until(IPC_MS(1));
        CHECK(ask(one, frame_clock) >= before + 10);
        CHECK_IS(ask(one, frame_die) % 2, 1);
    }
}

static uint64_t peek(uint64_t word)
{
    struct frame_value value = {word};

    CHECK_IS(frame_peek(one, &value, &value, 0), 0);
    return value.value;
}

/* Both sides see the same memory; who was given it to read cannot write; it outlives its server. */
static void shared_memory(void)
{
    struct ipc_shared mine = {0}, readable = {0};
    volatile uint64_t *words;
    struct ipc_transfer t = {0};

    CHECK_IS(frame_share_with(one, &(struct frame_value){VMS_READ | VMS_WRITE}, 0, &t), 0);
    CHECK_IS(ipc_shared_map(&mine, t.got[0], PAGE_SIZE, VMS_READ | VMS_WRITE), 0);
    words = mine.memory;
    words[3] = 41;
    CHECK_IS(peek(3), 41);
    CHECK_IS(words[3], 42);
    CHECK_IS(frame_share_with(one, &(struct frame_value){VMS_READ}, 0, &t), 0);
    CHECK_IS(ipc_shared_map(&readable, t.got[0], PAGE_SIZE, VMS_READ | VMS_WRITE), E_ACCES);
    CHECK_IS(ipc_shared_map(&readable, t.got[0], PAGE_SIZE, VMS_READ), 0);
    CHECK_IS(((volatile uint64_t *)readable.memory)[3], 42);
    CHECK_IS(pager_protect(
                 HANDLE_FIRST(SLOT_PAGER),
                 &(struct pager_protect){(uint64_t)readable.memory, PAGE_SIZE, VMS_READ | VMS_WRITE}, 0, 0),
             E_ACCES);
    CHECK_IS(ask(one, frame_die) % 2, 1);
    CHECK_IS(peek(3), 42);
    CHECK_IS(words[3], 43);
    CHECK_IS(((volatile uint64_t *)readable.memory)[3], 43);
    ipc_shared_end(&mine);
    ipc_shared_end(&readable);
    CHECK_IS(peek(3), 43);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"timers", timers},
        {"timer-among-calls", timer_among_calls},
        {"timer-of-two-workers", timer_of_two_workers},
        {"timer-after-death", timer_after_death},
        {"interrupts", interrupts},
        {"shared-memory", shared_memory},
    };

    if (ipc_argument_text(1))
        return serve(strcmp(ipc_argument_text(1), "one") == 0);
    one = ipc_open("one");
    two = ipc_open("two");
    frame_wait(two, &(struct frame_value){0}, 0,
               0); /* with its first timer it gets a thread for them, for good */
    ktest_main(tests, KTEST_COUNT(tests));
}
