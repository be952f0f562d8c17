/* init's supervision: hung servers are ended and started again, those that only wait or are suspended are
 * not; one that does not become ready in time, one that dies too often. The program is the servers and their
 * client. */
#include <ipc/server.h>
#include <ipc/shared.h>
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/ktest.h"

struct watch_value {
    uint64_t value;
};

#define WATCH_PROTOCOL(OP)                                                             \
    OP(1, life, struct ipc_none, struct watch_value, RIGHT_USE, IDEMPOTENT)            \
    OP(2, spin_once, struct ipc_none, struct watch_value, RIGHT_USE, IDEMPOTENT)       \
    OP(3, sleep_once, struct ipc_none, struct watch_value, RIGHT_USE, IDEMPOTENT)      \
    OP(4, nap, struct watch_value, struct watch_value, RIGHT_USE, IDEMPOTENT | PARKS)  \
    OP(5, park, struct watch_value, struct watch_value, RIGHT_USE, IDEMPOTENT | PARKS) \
    OP(6, task, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | GIVES(1))    \
    OP(7, die, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT)                \
    OP(8, eat, struct ipc_none, struct watch_value, RIGHT_USE, EFFECT)                 \
    OP(9, eat_objects, struct ipc_none, struct watch_value, RIGHT_USE, EFFECT)         \
    OP(10, eat_kernel, struct ipc_none, struct watch_value, RIGHT_USE, EFFECT)
IPC_PROTOCOL(watch, WATCH_PROTOCOL)

#define PORT    HANDLE_FIRST(SLOT_PORT)
#define PERIOD  50 /* ms, as in the manifest; four of them are too long */
#define LONG_MS (20 * PERIOD)

enum { PIECE = 64 << 10, PIECES = 256 }; /* of memory */

/* ---- what init knows ---- */

static void look(const char *name, struct init_service *out)
{
    struct init_service all[8] = {0};
    struct ipc_transfer t = {.out = all, .out_len = sizeof all};
    struct init_count count = {0};

    CHECK_IS(init_list_with(ipc_handle("init"), 0, &count, &t), 0);
    for (uint64_t i = 0; i < count.count && i < 8; i++)
        if (strcmp(all[i].name, name) == 0)
            *out = all[i];
}

static uint64_t deaths(const char *name)
{
    struct init_service s = {.deaths = 999};

    look(name, &s);
    return s.deaths;
}

/* ---- the servers ---- */

/* False once; what is asked again then has a mark in the port's keep table, which is taken away. */
static bool is_asked_again(uint64_t key)
{
    handle_t mark;

    if (sys_port_ctl(PORT, PORT_DROP, key, 0, 0, 0, 0) == 0)
        return true;
    if (ipc_mint(0, RIGHT_USE, &mark, 0) == 0)
        sys_port_ctl(PORT, PORT_KEEP, key, mark, 0, 0, 0);
    return false;
}

static uint64_t this_life;
static struct ipc_request parked;
static uint64_t parked_until = DEADLINE_NEVER;

static int op_life(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    (void)r;
    (void)in;
    out->value = this_life;
    return 0;
}

static int op_spin_once(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    volatile bool for_ever = !is_asked_again(r->seq);

    (void)in;
    while (for_ever)
        ;
    out->value = this_life;
    return 0;
}

static int op_sleep_once(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    (void)in;
    if (!is_asked_again(r->seq))
        ipc_sleep_until(DEADLINE_NEVER);
    out->value = this_life;
    return 0;
}

/* In the worker's hands, but declared to take long. */
static int op_nap(struct ipc_request *r, const struct watch_value *in, struct watch_value *out)
{
    (void)r;
    ipc_sleep_until(IPC_MS(in->value));
    out->value = this_life;
    return 0;
}

static int op_park(struct ipc_request *r, const struct watch_value *in, struct watch_value *out)
{
    (void)out;
    parked_until = IPC_MS(in->value);
    return ipc_defer(r, &parked);
}

static int op_task(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    return ipc_give_copy(r, ipc_handle("task"));
}

static int op_die(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    ipc_exit(9);
}

/* How many bytes it can have, in pieces of 64 KiB; all are given back. The reply says why there were no more. */
static int op_eat(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    struct pager_map map = {.length = PIECE, .prot = VMS_READ | VMS_WRITE};
    struct pager_address place[PIECES];
    int n = 0, error = 0;

    (void)r, (void)in;
    while (n < PIECES && !(error = pager_map(HANDLE_FIRST(SLOT_PAGER), &map, &place[n], 0)))
        n++;
    out->value = (uint64_t)n * PIECE;
    while (n-- > 0)
        pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){place[n].address, PIECE}, 0, 0);
    return error;
}

static int op_eat_objects(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    struct ipc_shared shared[PIECES];
    int n = 0, error = 0;

    (void)r, (void)in;
    while (n < PIECES && !(error = ipc_shared_create(&shared[n], PIECE)))
        n++;
    out->value = (uint64_t)n * PIECE;
    while (n-- > 0)
        ipc_shared_end(&shared[n]);
    return error;
}

static int op_eat_kernel(struct ipc_request *r, const struct ipc_none *in, struct watch_value *out)
{
    static handle_t ports[8192];
    int n = 0, error = 0;

    (void)r, (void)in;
    while (n < 8192 && !(error = IPC_FED(sys_port_create(&ports[n]))))
        n++;
    out->value = (uint64_t)n;
    while (n-- > 0)
        sys_handle_close(ports[n]);
    return error;
}

static uint64_t deadline(void)
{
    return parked_until;
}

static void timeout(void)
{
    struct watch_value value = {this_life};

    parked_until = DEADLINE_NEVER;
    ipc_answer(&parked, 0, &value, sizeof value);
}

static int serve(const char *name)
{
    static const struct watch_ops ops = {.life = op_life,
                                         .spin_once = op_spin_once,
                                         .sleep_once = op_sleep_once,
                                         .nap = op_nap,
                                         .park = op_park,
                                         .task = op_task,
                                         .die = op_die,
                                         .eat = op_eat,
                                         .eat_objects = op_eat_objects,
                                         .eat_kernel = op_eat_kernel};

    this_life = deaths(name) + 1;
    if (strcmp(name, "late") == 0 && this_life == 1)
        ipc_sleep_until(DEADLINE_NEVER);
    return ipc_serve(&(struct ipc_server){.name = "watch",
                                          .ops = &ops,
                                          .workers = strcmp(name, "pair") == 0 ? 2 : 1,
                                          .deadline = deadline,
                                          .timeout = timeout});
}

/* ---- the client ---- */

static uint64_t life(const char *name)
{
    struct watch_value value = {0};

    CHECK_IS(watch_life(ipc_handle(name), 0, &value, 0), 0);
    return value.value;
}

/* The one thread of a server spins, at a priority above ours: the call comes back from the next life. */
static void spinning(void)
{
    struct watch_value value = {0};
    uint64_t before = life("single");

    CHECK_IS(watch_spin_once(ipc_handle("single"), 0, &value, 0), 0);
    CHECK_IS(value.value, before + 1);
    CHECK_IS(deaths("single"), before);
}

/* One of two workers hangs: the loop still answers, and says so. */
static void one_worker_sleeping(void)
{
    struct watch_value value = {0};
    uint64_t before = life("pair");

    CHECK_IS(watch_sleep_once(ipc_handle("pair"), 0, &value, 0), 0);
    CHECK_IS(value.value, before + 1);
}

/* A worker may take long over what is declared to park, and a deferred call may stay so. */
static void long_calls(void)
{
    struct watch_value value = {LONG_MS};
    uint64_t before = life("pair");

    CHECK_IS(watch_nap(ipc_handle("pair"), &value, &value, 0), 0);
    CHECK_IS(value.value, before);
    before = life("single");
    value.value = LONG_MS;
    CHECK_IS(watch_park(ipc_handle("single"), &value, &value, 0), 0);
    CHECK_IS(value.value, before);
}

static void suspended(void)
{
    struct ipc_transfer t = {0};
    uint64_t before = life("single");

    CHECK_IS(watch_task_with(ipc_handle("single"), 0, 0, &t), 0);
    CHECK_IS(t.got_count, 1);
    CHECK_IS(sys_task_ctl(t.got[0], TASK_SUSPEND, 0, 0, 0, 0), 0);
    ipc_sleep_until(IPC_MS(LONG_MS));
    CHECK_IS(sys_task_ctl(t.got[0], TASK_RESUME, 0, 0, 0, 0), 0);
    CHECK_IS(life("single"), before);
    ipc_sleep_until(IPC_MS(LONG_MS)); /* and not afterwards either */
    CHECK_IS(life("single"), before);
    sys_handle_close(t.got[0]);
}

static void not_ready_in_time(void)
{
    CHECK_IS(life("late"), 2);
    CHECK_IS(deaths("late"), 1);
}

/* Four restarts within a minute, and no fifth: calls end, and are not left to wait. */
static void dies_too_often(void)
{
    struct init_service s = {0};
    int error = 0;

    for (int i = 0; i < 5 && error != E_DEAD; i++)
        error = watch_die(ipc_handle("doomed"), 0, 0, 0);
    CHECK_IS(error, E_DEAD);
    look("doomed", &s);
    CHECK_IS(s.deaths, 5);
    CHECK_IS(s.state, 3);
    CHECK_IS(watch_life(ipc_handle("doomed"), 0, &(struct watch_value){0}, IPC_MS(5000)), E_DEAD);
    sys_handle_close(ipc_handle("doomed"));
}

/* A server has no more memory than its line says, and goes on without; another has what it needs meanwhile. */
static void memory_limits(void)
{
    handle_t greedy = ipc_handle("greedy"), pair = ipc_handle("pair");
    struct watch_value mine = {0}, again = {0}, others = {0};
    uint64_t before = life("greedy");

    CHECK_IS(watch_eat(greedy, 0, &mine, 0), E_NOMEM);
    CHECK(mine.value > 0 && mine.value < 4 << 20);
    CHECK_IS(watch_eat(pair, 0, &others, 0), 0);
    CHECK_IS(others.value, PIECES * PIECE);
    CHECK_IS(watch_eat(greedy, 0, &again, 0), E_NOMEM);
    CHECK_IS(again.value, mine.value);
    CHECK_IS(watch_eat_objects(greedy, 0, &again, 0), E_NOMEM);
    CHECK(again.value > 0 && again.value < 4 << 20);
    CHECK_IS(watch_eat_kernel(greedy, 0, &again, 0), E_QUOTA);
    CHECK(again.value > 0);
    CHECK_IS(watch_eat_kernel(pair, 0, &others, 0), 0);
    CHECK_IS(life("greedy"), before);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"spinning", spinning},
        {"one-worker-sleeping", one_worker_sleeping},
        {"long-calls", long_calls},
        {"suspended", suspended},
        {"not-ready-in-time", not_ready_in_time},
        {"dies-too-often", dies_too_often},
        {"memory-limits", memory_limits},
    };

    if (ipc_argument_text(1))
        return serve(ipc_argument_text(1));
    ktest_main(tests, KTEST_COUNT(tests));
}
