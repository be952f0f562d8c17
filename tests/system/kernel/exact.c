// config:
// config: words=fastpath=off
/* Exactly once: a server whose state is kept counts for eight clients, and dies at its n-th message for every
 * n, at each point of it; and at random moments. Nothing that it counts is lost or counted twice. */
#include <ipc/server.h>
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/ktest.h"

struct counter_value {
    uint64_t value;
};
struct counter_plan {
    uint32_t point; /* enum point */
    uint32_t first; /* RUNNING: the next instance dies at this message of its life, each further one later */
    uint64_t seed;  /* RANDOM */
};

#define COUNTER_PROTOCOL(OP)                                                          \
    OP(1, add, struct counter_value, struct counter_value, RIGHT_USE, EFFECT)         \
    OP(2, look, struct ipc_none, struct counter_value, RIGHT_USE, IDEMPOTENT)         \
    OP(3, total, struct ipc_none, struct counter_value, RIGHT_USE, IDEMPOTENT)        \
    OP(4, plan, struct counter_plan, struct ipc_none, RIGHT_USE, EFFECT)              \
    OP(5, open, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | GIVES(1))  \
    OP(6, facts, struct ipc_none, struct counter_facts, RIGHT_USE, IDEMPOTENT)        \
    OP(7, park, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | PARKS)     \
    OP(8, wake, struct counter_value, struct counter_value, RIGHT_USE, EFFECT)        \
    OP(9, halfway, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | BUF_IN) \
    OP(10, reset, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)

/* Where a planned death comes. In lives that are RUNNING it is each of the first three in turn. */
enum point { NEVER, BEFORE, CHANGED, RETURNED, RUNNING, RANDOM };

struct counter_facts {
    uint64_t lives, closed, strangers, sessions, woken;
};

IPC_PROTOCOL(counter, COUNTER_PROTOCOL)

enum { CLIENTS = 8, PLACES = 32 };

/* ---- the server ---- */

struct place { /* a client */
    uint64_t badge, count;
};

static struct { /* all that outlives a death */
    struct place places[PLACES];
    uint64_t total, closed, strangers, woken, lives;
    struct counter_plan plan;
} state = {.lives = 1000};

static uint64_t messages, sessions, last_message = UINT64_MAX;
static enum point point;
static struct ipc_request waiting[4];
static uint32_t waiting_count;
static uint32_t killer_goes;
static uint64_t killer_pause;

static struct place *place_of(uint64_t badge)
{
    struct place *place = ipc_client(badge);

    for (int i = 0; !place && i < PLACES; i++)
        if (state.places[i].badge == 0) {
            state.places[i].badge = badge;
            if (ipc_client_set(badge, &state.places[i]) == 0)
                place = &state.places[i];
            else
                state.places[i].badge = 0;
        }
    return place;
}

static void die_at(enum point here)
{
    if (messages == last_message && point == here)
        ipc_exit(here);
}

static void begin_message(void)
{
    messages++;
    if (messages == last_message && point == RANDOM) {
        killer_goes = 1;
        sys_futex(FUTEX_WAKE, &killer_goes, 1, 0, 0, 0, 0);
    }
    die_at(BEFORE);
}

static int op_add(struct ipc_request *r, const struct counter_value *in, struct counter_value *out)
{
    struct place *place;

    begin_message();
    place = place_of(r->badge);
    if (!place)
        return E_NOMEM;
    state.total += in->value;
    place->count += in->value;
    out->value = place->count;
    die_at(CHANGED);
    return 0;
}

static int op_look(struct ipc_request *r, const struct ipc_none *in, struct counter_value *out)
{
    struct place *place = ipc_client(r->badge);

    (void)in;
    out->value = place ? place->count : 0;
    return 0;
}

static int op_total(struct ipc_request *r, const struct ipc_none *in, struct counter_value *out)
{
    (void)r, (void)in;
    out->value = state.total;
    return 0;
}

static void killer(void *unused)
{
    (void)unused;
    while (!killer_goes)
        sys_futex(FUTEX_WAIT, &killer_goes, 0, DEADLINE_NEVER, 0, 0, 0);
    ipc_sleep_until(ipc_now() + killer_pause);
    ipc_exit(RANDOM);
}

static uint64_t random_below(uint64_t most)
{
    uint64_t x = state.plan.seed;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    state.plan.seed = x;
    return (x * 0x2545f4914f6cdd1dull >> 20) % most;
}

/* This life's end, from the plan. */
static void apply_plan(void)
{
    messages = 0;
    last_message = UINT64_MAX;
    point = (enum point)state.plan.point;
    if (point == RUNNING) {
        last_message = state.plan.first++;
        point = (enum point)(BEFORE + last_message % 3);
    } else if (point == RANDOM) {
        last_message = 1 + random_below(800);
        killer_pause = random_below(100 * 1000);
        ipc_thread_start(killer, 0, PRIORITY_DRIVER, 0); /* above all others */
        sys_thread_ctl(0, THREAD_PRIORITY, PRIORITY_SERVER, 0, 0);
    } else if (point != NEVER) {
        last_message = state.plan.first;
    }
}

static int op_plan(struct ipc_request *r, const struct counter_plan *in, struct ipc_none *out)
{
    (void)r, (void)out;
    state.plan = *in;
    apply_plan();
    if (in->point <= RETURNED)
        state.plan.point = NEVER; /* for this life only */
    return 0;
}

static int op_open(struct ipc_request *r, const struct ipc_none *in, struct counter_value *out)
{
    int error, i = 0;

    (void)in;
    begin_message();
    while (i < PLACES && state.places[i].badge)
        i++;
    if (i == PLACES)
        return E_FULL;
    error = ipc_give_session(r, 7, RIGHT_USE, &state.places[i]);
    for (uint64_t b = 1; !error && !state.places[i].badge; b++)
        if (ipc_client(b << 24 | 7) == &state.places[i])
            state.places[i].badge = b << 24 | 7;
    out->value = state.places[i].badge;
    die_at(CHANGED);
    return error;
}

static int op_facts(struct ipc_request *r, const struct ipc_none *in, struct counter_facts *out)
{
    (void)r, (void)in;
    *out = (struct counter_facts){state.lives, state.closed, state.strangers, sessions, state.woken};
    return 0;
}

static int op_park(struct ipc_request *r, const struct ipc_none *in, struct counter_value *out)
{
    (void)in, (void)out;
    return waiting_count == 4 ? E_FULL : ipc_defer(r, &waiting[waiting_count++]);
}

/* Whoever waits gets a number each, and the state says how many did: both or neither. */
static int op_wake(struct ipc_request *r, const struct counter_value *in, struct counter_value *out)
{
    (void)r;
    begin_message();
    if (waiting_count < in->value)
        return E_AGAIN;
    while (waiting_count) {
        struct counter_value number = {++state.woken};

        ipc_answer(&waiting[--waiting_count], 0, &number, sizeof number);
    }
    out->value = state.woken;
    die_at(CHANGED);
    return 0;
}

/* Counts before it reads, which no handler should: the count is taken back when the page is not there. */
static int op_halfway(struct ipc_request *r, const struct ipc_none *in, struct counter_value *out)
{
    char byte;
    int error;

    (void)in;
    state.total++;
    error = ipc_read(r, 0, &byte, 1);
    out->value = state.total;
    return error;
}

static int op_reset(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r, (void)in, (void)out;
    state.total = state.closed = state.woken = 0;
    return 0;
}

static void client_close(uint64_t badge, void *client)
{
    struct place *place = client;

    if (!place) {
        state.strangers++; /* of a session that was minted in a life that did not publish it */
        return;
    }
    begin_message();
    state.closed += place->badge == badge;
    state.total -= place->count;
    *place = (struct place){0};
    die_at(CHANGED);
}

static void session(uint64_t badge)
{
    sessions += badge != 0;
}

/* Asked when a handler has returned, before what it changed is published and the answer goes out. A death
 * between those two: tests/host/transport_test.c, and random_moments. */
static uint64_t deadline(void)
{
    die_at(RETURNED);
    return DEADLINE_NEVER;
}

static int start(void)
{
    state.lives++;
    apply_plan();
    return 0;
}

static int serve(void)
{
    static const struct counter_ops ops = {.add = op_add,
                                           .look = op_look,
                                           .total = op_total,
                                           .plan = op_plan,
                                           .open = op_open,
                                           .facts = op_facts,
                                           .park = op_park,
                                           .wake = op_wake,
                                           .halfway = op_halfway,
                                           .reset = op_reset};

    return ipc_serve(&(struct ipc_server){.name = "counter",
                                          .ops = &ops,
                                          .kept = &state,
                                          .kept_size = sizeof state,
                                          .start = start,
                                          .session = session,
                                          .deadline = deadline,
                                          .client_close = client_close});
}

/* ---- the clients ---- */

static handle_t counter;

static struct client {
    struct kthread thread;
    handle_t session;
    uint64_t count, until, unsure, wrong;
} clients[CLIENTS];
static volatile uint64_t added; /* by all */

static uint64_t counter_sum(void)
{
    struct counter_value total = {0};

    CHECK_IS(counter_total(counter, 0, &total, 0), 0);
    return total.value;
}

static struct counter_facts facts(void)
{
    struct counter_facts all = {0};

    CHECK_IS(counter_facts(counter, 0, &all, 0), 0);
    return all;
}

static void set_plan(enum point at, uint32_t first, uint64_t seed)
{
    CHECK_IS(counter_plan(counter, &(struct counter_plan){at, first, seed}, 0, 0), 0);
}

/* One more. A call that has ended three lives is given up with E_IO, done or not: then ask. */
static void add_one(struct client *c)
{
    struct counter_value value = {0};
    int error = counter_add(c->session, &(struct counter_value){1}, &value, 0);

    if (error == E_IO) {
        c->unsure++;
        do {
            error = counter_look(c->session, 0, &value, 0);
        } while (error == E_IO);
        if (value.value == c->count)
            return;
    }
    c->count++;
    c->wrong += error != 0 || value.value != c->count;
    __atomic_add_fetch(&added, 1, __ATOMIC_RELAXED);
}

static void client_main(void *argument)
{
    struct client *c = argument;

    while (added < c->until)
        add_one(c);
}

static void run_clients(uint64_t until)
{
    for (int i = 0; i < CLIENTS; i++) {
        struct ipc_transfer t = {.in = "counter", .in_len = 7};

        clients[i] = (struct client){.until = until};
        CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), 0);
        clients[i].session = t.got[0];
    }
    added = 0;
    for (int i = 0; i < CLIENTS; i++)
        kthread_start(&clients[i].thread, client_main, &clients[i], PRIORITY_SERVER);
    for (int i = 0; i < CLIENTS; i++)
        while (clients[i].thread.running)
            ipc_sleep_until(IPC_MS(5));
}

static void check_clients(void)
{
    uint64_t sum = 0, unsure = 0;

    for (int i = 0; i < CLIENTS; i++) {
        struct counter_value mine = {0};

        kthread_join(&clients[i].thread);
        CHECK_IS(clients[i].wrong, 0);
        CHECK_IS(counter_look(clients[i].session, 0, &mine, 0), 0);
        CHECK_IS(mine.value, clients[i].count);
        sum += mine.value;
        unsure += clients[i].unsure;
    }
    CHECK_IS(counter_sum(), sum);
    CHECK_IS(sum, added);
    for (int i = 0; i < CLIENTS; i++)
        sys_handle_close(clients[i].session);
    CHECK_IS(counter_sum(), 0); /* the closes were counted, each once */
    ipc_log(IPC_INFO, "# %lu increments, %lu given up", sum, unsure);
}

/* Instances that die at their 1st, 2nd, … 500th message: one before it did anything, one after it had
 * counted, one when its handler had returned. */
static void each_message(void)
{
    uint64_t before;

    CHECK_IS(counter_reset(counter, 0, 0, 0), 0);
    before = facts().lives;
    set_plan(RUNNING, 1, 0);
    run_clients(501ul * 500 / 2);
    set_plan(NEVER, 0, 0);
    check_clients();
    CHECK(facts().lives >= before + 499);
    CHECK_IS(facts().closed, CLIENTS);
}

static void random_moments(void)
{
    uint64_t before;

    CHECK_IS(counter_reset(counter, 0, 0, 0), 0);
    before = facts().lives;
    set_plan(RANDOM, 0, 20261121);
    run_clients(100000);
    set_plan(BEFORE, 1, 0); /* and with this life its killer */
    CHECK_IS(counter_add(counter, &(struct counter_value){0}, 0, 0), 0);
    check_clients();
    CHECK(facts().lives >= before + 100);
    ipc_log(IPC_INFO, "# %lu lives", facts().lives - before);
}

/* A session given out is there after any death: once, with its state, and its end is told once. */
static void given_session(void)
{
    for (enum point at = BEFORE; at <= RETURNED; at++) {
        struct ipc_transfer t = {0};
        struct counter_value badge = {0}, value = {0};
        uint64_t lives = facts().lives, known;

        CHECK_IS(counter_reset(counter, 0, 0, 0), 0);
        known = facts().sessions;
        set_plan(at, 1, 0);
        CHECK_IS(counter_open_with(counter, 0, &badge, &t), 0);
        CHECK_IS(t.got_count, 1);
        CHECK_IS(badge.value & 0xffffff, 7);
        set_plan(CHANGED, 3, 0);
        for (uint64_t i = 1; i <= 5; i++) {
            CHECK_IS(counter_add(t.got[0], &(struct counter_value){10}, &value, 0), 0);
            CHECK_IS(value.value, 10 * i);
        }
        CHECK_IS(facts().lives, lives + 2);
        CHECK(facts().sessions > 0 && facts().sessions >= known);
        CHECK_IS(counter_sum(), 50);
        set_plan(at, 1, 0);
        CHECK_IS(sys_handle_close(t.got[0]), 0);
        CHECK_IS(counter_sum(), 0);
        CHECK_IS(facts().closed, 1);
        CHECK_IS(facts().lives, lives + 3);
    }
}

static volatile uint64_t numbers[3];

static void park(void *argument)
{
    struct counter_value value = {0};

    if (counter_park(counter, 0, &value, 0) == 0)
        numbers[(uint64_t)argument] = value.value;
}

/* Who parked is answered by another's call: their answers and that call's become one. */
static void parked_answers(void)
{
    for (enum point at = BEFORE; at <= RETURNED; at++) {
        struct kthread threads[3];
        struct counter_value value = {0};
        int error;

        CHECK_IS(counter_reset(counter, 0, 0, 0), 0);
        for (uint64_t i = 0; i < 3; i++) {
            kthread_start(&threads[i], park, (void *)i, PRIORITY_SERVER);
            kthread_await(&threads[i], THREAD_CALLING);
        }
        set_plan(at, 1, 0);
        do { /* after a death they park again one by one */
            error = counter_wake(counter, &(struct counter_value){3}, &value, 0);
        } while (error == E_AGAIN);
        CHECK_IS(error, 0);
        for (int i = 0; i < 3; i++)
            kthread_join(&threads[i]);
        CHECK_IS(value.value, 3);
        CHECK_IS(facts().woken, 3);
        CHECK_IS(numbers[0] + numbers[1] + numbers[2], 6);
        CHECK_IS(numbers[0] * numbers[1] * numbers[2], 6);
    }
}

static void untouched_page(void)
{
    struct pager_address place = {0};
    struct ipc_transfer t = {.in_len = 1};
    struct counter_value value = {0};

    CHECK_IS(counter_reset(counter, 0, 0, 0), 0);
    CHECK_IS(pager_map(HANDLE_FIRST(SLOT_PAGER), &(struct pager_map){.length = PAGE_SIZE, .prot = VMS_READ},
                       &place, 0),
             0);
    t.in = (void *)place.address;
    CHECK_IS(counter_halfway_with(counter, 0, &value, &t), 0);
    CHECK_IS(value.value, 1);
    CHECK_IS(counter_sum(), 1);
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){place.address, PAGE_SIZE}, 0, 0);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"given-session", given_session},   {"parked-answers", parked_answers},
        {"untouched-page", untouched_page}, {"each-message", each_message},
        {"random-moments", random_moments},
    };
    const char *role = ipc_argument_text(1);

    if (role && strcmp(role, "counter") == 0)
        return serve();
    counter = ipc_open("counter");
    ktest_main(tests, KTEST_COUNT(tests));
}
