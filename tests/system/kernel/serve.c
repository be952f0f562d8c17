// config:
// config: words=fastpath=off
/* libipc's two sides against each other, over the real kernel and init: one program, as the server `victim`
 * and as its client. Words, large requests, lent buffers, sessions given out, parked calls, rights; and a
 * server that dies in the middle of a call. */
#include <ipc/heap.h>
#include <ipc/server.h>
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/ktest.h"

struct victim_pair {
    int64_t a, b;
};
struct victim_value {
    uint64_t value;
};
struct victim_six {
    uint64_t words[6];
};
struct victim_large {
    uint64_t words[25];
};

#define VICTIM_PROTOCOL(OP)                                                            \
    OP(1, add, struct victim_pair, struct victim_value, RIGHT_USE, IDEMPOTENT)         \
    OP(2, large, struct victim_large, struct victim_value, RIGHT_USE, IDEMPOTENT)      \
    OP(3, sum, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT | BUF_IN)   \
    OP(4, fill, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT | BUF_OUT) \
    OP(5, open, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT | GIVES(1))        \
    OP(6, count, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)              \
    OP(7, closed, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT)         \
    OP(8, park, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT | PARKS)       \
    OP(9, wake, struct victim_value, struct ipc_none, RIGHT_USE, EFFECT)               \
    OP(10, cancelled, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT)     \
    OP(11, only_admin, struct ipc_none, struct ipc_none, RIGHT_ADMIN, EFFECT)          \
    OP(12, missing, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)               \
    OP(13, die_once, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)          \
    OP(14, die_always, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)            \
    OP(15, take, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT | TAKES(2))       \
    OP(16, turn, struct victim_six, struct victim_six, RIGHT_USE, IDEMPOTENT)          \
    OP(17, pile, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT | PARKS)      \
    OP(18, release, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)           \
    OP(19, twice, struct victim_value, struct victim_value, RIGHT_USE, EFFECT)
IPC_PROTOCOL(victim, VICTIM_PROTOCOL)

#define PORT    HANDLE_FIRST(SLOT_PORT)
#define KEY     1
#define PATTERN 0x5a

/* ---- the server ---- */

static uint64_t sessions_closed, calls_cancelled;
static struct ipc_request waiting;
static bool someone_waits;

static int op_add(struct ipc_request *r, const struct victim_pair *in, struct victim_value *out)
{
    (void)r;
    out->value = (uint64_t)(in->a + in->b);
    return 0;
}

static int op_large(struct ipc_request *r, const struct victim_large *in, struct victim_value *out)
{
    (void)r;
    for (int i = 0; i < 25; i++)
        out->value += in->words[i];
    return 0;
}

static int op_sum(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    uint8_t piece[512];

    (void)in;
    for (uint64_t at = 0; at < r->in_len; at += sizeof piece) {
        uint64_t n = r->in_len - at < sizeof piece ? r->in_len - at : sizeof piece;
        int error = ipc_read(r, at, piece, n);

        if (error)
            return error;
        for (uint64_t i = 0; i < n; i++)
            out->value += piece[i];
    }
    return 0;
}

static int op_fill(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    static uint8_t piece[20000];

    (void)in;
    memset(piece, PATTERN, sizeof piece);
    for (uint64_t at = 0; at < r->out_len; at += sizeof piece) {
        uint64_t n = r->out_len - at < sizeof piece ? r->out_len - at : sizeof piece;
        int error = ipc_write(r, at, piece, n);

        if (error)
            return error;
    }
    out->value = r->out_len;
    return 0;
}

static int op_open(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    uint64_t *state = ipc_zalloc(sizeof *state);

    (void)in;
    (void)out;
    return state ? ipc_give_session(r, 77, RIGHT_USE, state) : E_NOMEM;
}

static int op_count(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    uint64_t *state = ipc_client(r->badge);

    (void)in;
    if (!state || r->tag != 77)
        return E_BADF;
    out->value = ++*state;
    return 0;
}

static int op_closed(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    (void)r;
    (void)in;
    out->value = sessions_closed;
    return 0;
}

static int op_park(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    int error = someone_waits ? E_BUSY : ipc_defer(r, &waiting);

    (void)in;
    (void)out;
    someone_waits = someone_waits || !error;
    return error;
}

static int op_wake(struct ipc_request *r, const struct victim_value *in, struct ipc_none *out)
{
    (void)r;
    (void)out;
    if (!someone_waits)
        return E_AGAIN;
    someone_waits = false;
    ipc_answer(&waiting, 0, in, sizeof *in);
    return 0;
}

static int op_cancelled(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    (void)r;
    (void)in;
    out->value = calls_cancelled;
    return 0;
}

static int op_only_admin(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    return 0;
}

/* The first life leaves a mark in the port's keep table and dies; the second finds it, and that the call is
 * the same. */
static int op_die_once(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    handle_t mark;
    uint64_t badge;

    (void)in;
    if (sys_port_ctl(PORT, PORT_DROP, KEY + (uint64_t)r->seq, 0, 0, 0, 0) == 0) {
        out->value = 2;
        return 0;
    }
    ipc_mint(0, RIGHT_USE, &mark, &badge);
    sys_port_ctl(PORT, PORT_KEEP, KEY + (uint64_t)r->seq, mark, 0, 0, 0);
    ipc_exit(3);
}

static int op_die_always(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    ipc_exit(4);
}

static int op_take(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    sys_handle_close(ipc_take(r, 0)); /* the other one is the loop's to close */
    return r->got_count == 2 ? 0 : E_SIZE;
}

/* Writes its reply before it has read all of its request. */
static int op_turn(struct ipc_request *r, const struct victim_six *in, struct victim_six *out)
{
    (void)r;
    for (int i = 0; i < 6; i++)
        out->words[5 - i] += in->words[i];
    return 0;
}

enum { PILE = 4 }; /* that one session may have waiting */

static struct ipc_request piled[2 * PILE];
static uint32_t piled_count;

static int op_pile(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    int error = piled_count == 2 * PILE ? E_FULL : ipc_defer(r, &piled[piled_count]);

    (void)in, (void)out;
    piled_count += !error;
    return error;
}

static int op_release(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    (void)r, (void)in;
    out->value = piled_count;
    while (piled_count)
        ipc_answer(&piled[--piled_count], 0, 0, 0);
    return 0;
}

/* The fault that the frame must not let pass: 1: the same record again; 2: a copy of it. Each on its own. */
static int op_twice(struct ipc_request *r, const struct victim_value *in, struct victim_value *out)
{
    struct ipc_request record, copy;
    int error = ipc_defer(r, &record);

    (void)out;
    if (error)
        return error;
    copy = record;
    ipc_answer(&record, 0, in, sizeof *in);
    ipc_answer(in->value == 1 ? &record : &copy, 0, in, sizeof *in);
    return 0;
}

static void client_close(uint64_t badge, void *state)
{
    (void)badge;
    sessions_closed += state != 0;
    ipc_free(state);
}

static void cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)why;
    calls_cancelled++;
    if (someone_waits && waiting.badge == badge && waiting.thread == thread && waiting.seq == seq) {
        someone_waits = false;
        ipc_answer(&waiting, E_CANCELLED, 0, 0);
    }
}

static int serve(void)
{
    static const struct victim_ops ops = {.add = op_add,
                                          .large = op_large,
                                          .sum = op_sum,
                                          .fill = op_fill,
                                          .open = op_open,
                                          .count = op_count,
                                          .closed = op_closed,
                                          .park = op_park,
                                          .wake = op_wake,
                                          .cancelled = op_cancelled,
                                          .only_admin = op_only_admin,
                                          .die_once = op_die_once,
                                          .die_always = op_die_always,
                                          .take = op_take,
                                          .turn = op_turn,
                                          .pile = op_pile,
                                          .release = op_release,
                                          .twice = op_twice};

    return ipc_serve(&(struct ipc_server){.name = "victim",
                                          .ops = &ops,
                                          .deferred_most = PILE,
                                          .client_close = client_close,
                                          .cancel = cancel});
}

/* ---- the client ---- */

static handle_t victim;

static void words(void)
{
    struct victim_value sum = {0};

    for (int64_t i = 0; i < 1000; i++) {
        CHECK_IS(victim_add(victim, &(struct victim_pair){i, -2 * i}, &sum, 0), 0);
        CHECK_IS(sum.value, -i);
    }
    CHECK_IS(victim_add(victim, &(struct victim_pair){2, 3}, &sum, IPC_MS(1000)), 0);
    CHECK_IS(sum.value, 5);
}

static void large_request(void)
{
    struct victim_large large;
    struct victim_value sum = {0};

    for (uint64_t i = 0; i < 25; i++)
        large.words[i] = i;
    CHECK_IS(victim_large(victim, &large, &sum, 0), 0);
    CHECK_IS(sum.value, 300);
}

enum { BUFFER = 300000 };

/* Pages that nobody has touched: the server meets them absent, and the stub brings them in. */
static uint8_t *fresh_pages(uint32_t prot)
{
    struct pager_address place = {0};

    CHECK_IS(
        pager_map(HANDLE_FIRST(SLOT_PAGER), &(struct pager_map){.length = BUFFER, .prot = prot}, &place, 0),
        0);
    return (uint8_t *)place.address;
}

static void drop_pages(uint8_t *pages)
{
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)pages, BUFFER}, 0, 0);
}

static void out_buffer(void)
{
    uint8_t *buffer = fresh_pages(VMS_READ | VMS_WRITE);
    struct ipc_transfer t = {.out = buffer + 5, .out_len = BUFFER - 10};
    struct victim_value length = {0};

    CHECK_IS(victim_fill_with(victim, 0, &length, &t), 0);
    CHECK_IS(length.value, BUFFER - 10);
    CHECK_IS(buffer[4], 0);
    CHECK_IS(buffer[BUFFER - 5], 0);
    for (int i = 5; i < BUFFER - 5; i++)
        if (buffer[i] != PATTERN) {
            CHECK_IS(buffer[i], PATTERN);
            break;
        }
    drop_pages(buffer);
}

static void in_buffer(void)
{
    uint8_t *buffer = fresh_pages(VMS_READ | VMS_WRITE);
    struct ipc_transfer t = {.in = buffer, .in_len = BUFFER};
    struct victim_value sum = {0};

    buffer[0] = 1;
    buffer[BUFFER - 1] = 2;
    CHECK_IS(victim_sum_with(victim, 0, &sum, &t), 0);
    CHECK_IS(sum.value, 3);
    drop_pages(buffer);
}

static void bad_buffers(void)
{
    uint8_t *readable = fresh_pages(VMS_READ);
    struct ipc_transfer t = {.in = (void *)0x10000, .in_len = 100};
    struct victim_value value = {0};

    CHECK_IS(victim_sum_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.out = readable, .out_len = 100};
    CHECK_IS(victim_fill_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.out = (void *)0xffffffff80000000, .out_len = 100};
    CHECK_IS(victim_fill_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.in = readable, .in_len = 8};
    CHECK_IS(victim_add_with(victim, &(struct victim_pair){1, 2}, &value, &t), E_INVAL);
    drop_pages(readable);
}

static uint64_t closed_count(void)
{
    struct victim_value value = {0};

    victim_closed(victim, 0, &value, 0);
    return value.value;
}

static void given_session(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    uint64_t before = closed_count();

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    CHECK_IS(t.got_count, 1);
    for (uint64_t i = 1; i < 5; i++) {
        CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
        CHECK_IS(value.value, i);
    }
    CHECK_IS(victim_count(victim, 0, &value, 0), E_BADF);
    CHECK_IS(closed_count(), before);
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    CHECK_IS(closed_count(), before + 1);
}

/* Who accepts no handle gets none, and the server's copy is closed all the same. */
static void session_refused(void)
{
    uint64_t before = closed_count();

    CHECK_IS(victim_open(victim, 0, 0, 0), E_FULL);
    CHECK_IS(closed_count(), before + 1);
}

static void taken_handles(void)
{
    struct ipc_transfer t = {.send = {victim, victim}, .send_count = 2};

    CHECK_IS(victim_take_with(victim, 0, 0, &t), 0);
    t.send_count = 3;
    CHECK_IS(victim_take_with(victim, 0, 0, &t), E_FULL);
}

static void refusals(void)
{
    uint64_t w[IPC_WORDS] = {0};
    uint32_t label = 99;

    CHECK_IS(victim_only_admin(victim, 0, 0, 0), E_RIGHTS);
    CHECK_IS(victim_missing(victim, 0, 0, 0), E_NOSYS);
    CHECK_IS(sys_call_words(victim, &label, 1, w, 0, 0), 0);
    CHECK_IS(label, E_NOSYS);
}

/* A reply is its own place, all zeros before the handler. */
static void replies_are_zeroed(void)
{
    struct victim_six six = {{1, 2, 3, 4, 5, 6}}, turned = {{7, 7, 7, 7, 7, 7}};
    uint64_t w[IPC_WORDS] = {2, 3, 0x5555, 0x6666, 0x7777, 0x8888};
    uint32_t label = victim_label_add;

    CHECK_IS(victim_turn(victim, &six, &turned, 0), 0);
    for (uint64_t i = 0; i < 6; i++)
        CHECK_IS(turned.words[i], 6 - i);
    CHECK_IS(sys_call_words(victim, &label, 1, w, 0, 0), 0);
    CHECK_IS(w[0], 5);
    for (int i = 1; i < 6; i++)
        CHECK_IS(w[i], 0);
    w[3] = 9;
    label = victim_label_only_admin;
    CHECK_IS(sys_call_words(victim, &label, 2, w, 0, 0), 0);
    CHECK_IS(label, E_RIGHTS);
    CHECK_IS(w[0] | w[3], 0);
}

static volatile uint64_t parked_error, parked_value;

static void park(void *unused)
{
    struct victim_value value = {0};

    (void)unused;
    parked_error = (uint64_t)victim_park(victim, 0, &value, 0);
    parked_value = value.value;
}

static void parked_and_woken(void)
{
    struct kthread thread;

    kthread_start(&thread, park, 0, PRIORITY_SERVER);
    kthread_await(&thread, THREAD_CALLING);
    CHECK_IS(victim_wake(victim, &(struct victim_value){42}, 0, 0), 0);
    kthread_join(&thread);
    CHECK_IS(parked_error, 0);
    CHECK_IS(parked_value, 42);
}

static void parked_and_cancelled(void)
{
    struct kthread thread;

    kthread_start(&thread, park, 0, PRIORITY_SERVER);
    kthread_await(&thread, THREAD_CALLING);
    CHECK_IS(sys_thread_ctl(thread.handle, THREAD_CANCEL, 0, 0, 0), 0);
    kthread_join(&thread);
    CHECK_IS(parked_error, E_CANCELLED);
}

static void parked_too_long(void)
{
    struct victim_value before = {0}, after = {0};

    victim_cancelled(victim, 0, &before, 0);
    CHECK_IS(victim_park(victim, 0, 0, IPC_MS(20)), E_TIMEDOUT);
    CHECK_IS(victim_cancelled(victim, 0, &after, 0), 0);
    CHECK_IS(after.value, before.value + 1);
    CHECK_IS(victim_wake(victim, &(struct victim_value){1}, 0, 0), E_AGAIN);
}

static uint64_t deaths(void)
{
    struct init_service all[8] = {0};
    struct ipc_transfer t = {.out = all, .out_len = sizeof all};
    struct init_count count = {0};

    CHECK_IS(init_list_with(ipc_handle("init"), 0, &count, &t), 0);
    for (uint64_t i = 0; i < count.count && i < 8; i++)
        if (strcmp(all[i].name, "victim") == 0)
            return all[i].deaths;
    return UINT64_MAX;
}

static void server_dies_once(void)
{
    struct victim_value lives = {0};
    uint64_t before = deaths();

    CHECK_IS(victim_die_once(victim, 0, &lives, 0), 0);
    CHECK_IS(lives.value, 2);
    CHECK_IS(deaths(), before + 1);
    words();
}

static void server_dies_always(void)
{
    uint64_t before = deaths();

    CHECK_IS(victim_die_always(victim, 0, 0, 0), E_IO);
    words();
    CHECK_IS(deaths(), before + 3);
}

static void session_outlives_server(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    CHECK_IS(victim_die_once(victim, 0, &value, 0), 0);
    CHECK_IS(victim_add(t.got[0], &(struct victim_pair){1, 1}, &value, 0), 0);
    CHECK_IS(value.value, 2);
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), E_BADF); /* the state was the dead one's */
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    words();
}

static void looked_up(void)
{
    struct ipc_transfer t = {.in = "victim", .in_len = 6};
    struct victim_value value = {0};

    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), 0);
    CHECK_IS(victim_add(t.got[0], &(struct victim_pair){1, 1}, &value, 0), 0);
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    t = (struct ipc_transfer){.in = "victi", .in_len = 5};
    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), E_NOENT);
    CHECK_IS(init_power(ipc_handle("init"), &(struct init_power){1, 0}, 0, 0), E_RIGHTS);
}

static handle_t second_session(void)
{
    struct ipc_transfer t = {.in = "victim", .in_len = 6};

    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), 0);
    return t.got[0];
}

static volatile uint32_t pile_failures;

static void pile(void *session)
{
    if (victim_pile((handle_t)(uint64_t)session, 0, 0, 0))
        __atomic_add_fetch(&pile_failures, 1, __ATOMIC_RELAXED);
}

/* One session's waiting calls have a limit, and others go on. */
static void limit_of_deferred(void)
{
    struct kthread threads[PILE + 1];
    handle_t other = second_session();
    struct victim_value count = {0};

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PILE; i++) {
            kthread_start(&threads[i], pile, (void *)(uint64_t)victim, PRIORITY_SERVER);
            kthread_await(&threads[i], THREAD_CALLING);
        }
        CHECK_IS(victim_pile(victim, 0, 0, 0), E_QUOTA);
        kthread_start(&threads[PILE], pile, (void *)(uint64_t)other, PRIORITY_SERVER);
        kthread_await(&threads[PILE], THREAD_CALLING);
        CHECK_IS(victim_release(victim, 0, &count, 0), 0);
        CHECK_IS(count.value, PILE + 1);
        for (int i = 0; i <= PILE; i++)
            kthread_join(&threads[i]);
    }
    CHECK_IS(pile_failures, 0);
    sys_handle_close(other);
}

static void answered_twice(void)
{
    for (uint64_t how = 1; how <= 2; how++) {
        struct victim_value value = {0};
        uint64_t before = deaths();

        CHECK_IS(victim_twice(victim, &(struct victim_value){how}, &value, 0), 0);
        CHECK_IS(value.value, how);
        words(); /* by the next instance */
        CHECK_IS(deaths(), before + 1);
    }
}

static void child_parks(void *unused)
{
    struct ipc_message m = {.label = victim_label_park, .seq = 1};

    (void)unused;
    sys_call_message(HANDLE_FIRST(KTASK_SLOT), &m);
    sys_task_ctl(HANDLE_NONE, TASK_KILL, 1, 0, 0, 0);
}

/* Who waits may die: the server is told, and its place is free again. */
static void parked_and_killed(void)
{
    struct victim_value before = {0}, after = {0};
    struct thread_info info = {0};
    struct ktask child;

    victim_cancelled(victim, 0, &before, 0);
    after = before;
    ktask_create(&child);
    ktask_give(&child, victim, RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&child, child_parks, 0);
    while (info.state != THREAD_CALLING &&
           sys_thread_ctl(child.thread, THREAD_INFO, (uint64_t)&info, 0, 0) == 0)
        ipc_sleep_until(IPC_MS(1));
    ktask_kill(&child);
    for (int i = 0; i < 200 && after.value == before.value; i++) {
        ipc_sleep_until(IPC_MS(1));
        CHECK_IS(victim_cancelled(victim, 0, &after, 0), 0);
    }
    CHECK_IS(after.value, before.value + 1);
    CHECK_IS(victim_wake(victim, &(struct victim_value){1}, 0, 0), E_AGAIN);
}

/* What a client says of itself counts for nothing: kernel messages, other rights, ports by a session. */
static void forgeries(void)
{
    static const uint32_t labels[] = {MSG_NOTIFY,    MSG_CLOSED, MSG_CANCEL,
                                      MSG_TASK_DEAD, MSG_FAULT,  MSG_EXCEPTION};
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    uint64_t closed = closed_count();
    handle_t more;

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    for (uint64_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct ipc_message m = ktest_message(labels[i], 0);

        CHECK_IS(sys_call_message(victim, &m), E_INVAL);
        CHECK_IS(sys_send_message(victim, &m), E_INVAL);
    }
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
    CHECK_IS(closed_count(), closed);
    CHECK_IS(sys_handle_copy(victim, RIGHT_CALL | RIGHT_ADMIN, HANDLE_NONE, 0, &more), E_RIGHTS);
    CHECK_IS(sys_port_ctl(victim, PORT_MINT, 77, RIGHT_USE, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_port_ctl(victim, PORT_KEPT, IPC_KEEP_KEYS, 0, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_port_ctl(victim, PORT_SESSIONS, 0, 0, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_recv_message(victim, &(struct ipc_message){0}), E_TYPE);
    sys_handle_close(t.got[0]);
}

/* A task without handles reaches nobody: of all values that a handle can have, those that it was given count.
 */
static void child_guesses(void *given)
{
    uint64_t reached = 0;

    for (uint32_t index = 0; index < 512; index++)
        for (uint32_t generation = 0; generation < 8; generation++) {
            handle_t guess = HANDLE_FIRST(index) + (generation << 16);
            struct ipc_message m = {.label = victim_label_count, .seq = 1};

            if (guess != (handle_t)(uint64_t)given && sys_call_message(guess, &m) == 0)
                reached++;
        }
    sys_task_ctl(HANDLE_NONE, TASK_KILL, reached, 0, 0, 0);
}

static void guessed_handles(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    struct ktask child;
    uint64_t reached = 99;
    handle_t given;

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    ktask_create(&child);
    given = ktask_give(&child, victim, RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&child, child_guesses, (void *)(uint64_t)given);
    CHECK_IS(ktask_wait(&child, &reached), TASK_KILLED);
    CHECK_IS(reached, 0);
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
    CHECK_IS(value.value, 1); /* nobody had counted here */
    sys_handle_close(t.got[0]);
}

/* Handles that an operation does not ask for are refused, and the server does not keep them. */
static void unwanted_handles(void)
{
    for (int i = 0; i < 2000; i++) {
        struct ipc_message m = {.label = victim_label_add, .handles = {victim, victim}, .handle_count = 2};

        CHECK_IS(sys_call_message(victim, &m), 0);
        CHECK_IS(m.label, E_FULL);
    }
}

/* A client that lends a page and never brings it in is told so at once, each time: nobody waits for it. */
static void page_that_never_comes(void)
{
    uint8_t *absent = fresh_pages(VMS_READ);

    for (int i = 0; i < 1000; i++) {
        struct ipc_message m = {.label = victim_label_sum,
                                .flags = IPC_BUFFERS,
                                .buffers = {.in = (vaddr_t)absent, .in_len = BUFFER}};

        CHECK_IS(sys_call_message(victim, &m), 0);
        CHECK_IS(m.label, E_TOUCH);
    }
    drop_pages(absent);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"words", words},
        {"large-request", large_request},
        {"out-buffer", out_buffer},
        {"in-buffer", in_buffer},
        {"bad-buffers", bad_buffers},
        {"given-session", given_session},
        {"session-refused", session_refused},
        {"taken-handles", taken_handles},
        {"refusals", refusals},
        {"replies-are-zeroed", replies_are_zeroed},
        {"parked-and-woken", parked_and_woken},
        {"parked-and-cancelled", parked_and_cancelled},
        {"parked-too-long", parked_too_long},
        {"looked-up", looked_up},
        {"limit-of-deferred", limit_of_deferred},
        {"parked-and-killed", parked_and_killed},
        {"forgeries", forgeries},
        {"guessed-handles", guessed_handles},
        {"unwanted-handles", unwanted_handles},
        {"page-that-never-comes", page_that_never_comes},
        {"answered-twice", answered_twice},
        {"server-dies-once", server_dies_once},
        {"server-dies-always", server_dies_always},
        {"session-outlives-server", session_outlives_server},
    };
    const char *role = ipc_argument_text(1);

    if (role && strcmp(role, "victim") == 0)
        return serve();
    victim = ipc_open("victim");
    ktest_main(tests, KTEST_COUNT(tests));
}
