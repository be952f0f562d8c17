#include "counter.h"
#include "ktest.h"

enum { PLACES = 32 };

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

int counter_serve(void)
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
