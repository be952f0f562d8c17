// config:
// config: words=fastpath=off
/* Exactly once: a server whose state is kept counts for eight clients, and dies at its n-th message for every
 * n, at each point of it; and at random moments. Nothing that it counts is lost or counted twice. */
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/counter.h"
#include "lib/ktest.h"

enum { CLIENTS = 8 };

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
        return counter_serve();
    counter = ipc_open("counter");
    ktest_main(tests, KTEST_COUNT(tests));
}
