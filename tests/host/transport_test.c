// sources: @libipc
/* A server as its source is, on the host: called by threads and over a socket, killed and started again. */
#include "check.h"
#include <ipc/heap.h>
#include <ipc/host.h>
#include <ipc/server.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the protocol and the server ---- */

struct calc_pair {
    int64_t a, b;
};
struct calc_value {
    int64_t value;
};
struct calc_large {
    uint64_t words[20];
};

#define CALC_PROTOCOL(OP)                                                            \
    OP(1, add, struct calc_pair, struct calc_value, RIGHT_USE, IDEMPOTENT)           \
    OP(2, sum, struct ipc_none, struct calc_value, RIGHT_USE, IDEMPOTENT | BUF_IN)   \
    OP(3, fill, struct calc_value, struct ipc_none, RIGHT_USE, IDEMPOTENT | BUF_OUT) \
    OP(4, large, struct calc_large, struct calc_value, RIGHT_USE, IDEMPOTENT)        \
    OP(5, open, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT | GIVES(1))      \
    OP(6, count, struct calc_value, struct calc_value, RIGHT_USE, EFFECT)            \
    OP(7, park, struct ipc_none, struct calc_value, RIGHT_USE, EFFECT | PARKS)       \
    OP(8, wake, struct calc_value, struct ipc_none, RIGHT_USE, EFFECT)               \
    OP(9, secret, struct ipc_none, struct ipc_none, RIGHT_ADMIN, EFFECT)             \
    OP(10, die, struct calc_value, struct ipc_none, RIGHT_USE, IDEMPOTENT)
IPC_PROTOCOL(calc, CALC_PROTOCOL)

enum { PLACES = 4 };

static struct {
    int64_t total;
    struct place {
        uint64_t used;
        int64_t count;
    } places[PLACES];
} state;

static struct ipc_request parked;
static bool someone_parks;
static int64_t die_in = -1; /* so many counts from now */
static bool counted;        /* the answer under way is that of a count */
static bool answer_first;   /* the count is lasting then, but for its answer; else it has only been made */
static int lives;

static int op_add(struct ipc_request *r, const struct calc_pair *in, struct calc_value *out)
{
    (void)r;
    out->value = in->a + in->b;
    return 0;
}

static int op_sum(struct ipc_request *r, const struct ipc_none *in, struct calc_value *out)
{
    uint8_t piece[1000];

    (void)in;
    for (uint32_t at = 0; at < r->in_len; at += sizeof piece) {
        uint32_t n = r->in_len - at < sizeof piece ? r->in_len - at : sizeof piece;
        int error = ipc_read(r, at, piece, n);

        if (error)
            return error;
        for (uint32_t i = 0; i < n; i++)
            out->value += piece[i];
    }
    return 0;
}

static int op_fill(struct ipc_request *r, const struct calc_value *in, struct ipc_none *out)
{
    char byte = (char)in->value;

    (void)out;
    for (uint32_t at = 0; at < r->out_len; at++) {
        int error = ipc_write(r, at, &byte, 1);

        if (error)
            return error;
    }
    return 0;
}

static int op_large(struct ipc_request *r, const struct calc_large *in, struct calc_value *out)
{
    (void)r;
    for (int i = 0; i < 20; i++)
        out->value += (int64_t)in->words[i];
    return 0;
}

static int op_open(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in, (void)out;
    for (int i = 0; i < PLACES; i++)
        if (!state.places[i].used) {
            state.places[i] = (struct place){.used = 1};
            return ipc_give_session(r, 5, RIGHT_USE, &state.places[i]);
        }
    return E_FULL;
}

static int op_count(struct ipc_request *r, const struct calc_value *in, struct calc_value *out)
{
    struct place *place = ipc_client(r->badge);

    counted = answer_first;
    state.total += in->value;
    if (place)
        place->count += in->value;
    out->value = place ? place->count : state.total;
    if (!answer_first && die_in >= 0 && die_in-- == 0)
        ipc_exit(1);
    return 0;
}

static void before_reply(void)
{
    if (counted && die_in >= 0 && die_in-- == 0) {
        counted = false;
        ipc_exit(2);
    }
    counted = false;
}

static int op_park(struct ipc_request *r, const struct ipc_none *in, struct calc_value *out)
{
    int error = someone_parks ? E_BUSY : ipc_defer(r, &parked);

    (void)in, (void)out;
    someone_parks = someone_parks || !error;
    return error;
}

static int op_wake(struct ipc_request *r, const struct calc_value *in, struct ipc_none *out)
{
    (void)r, (void)out;
    if (!someone_parks)
        return E_AGAIN;
    someone_parks = false;
    ipc_answer(&parked, 0, in, sizeof *in);
    return 0;
}

static int op_secret(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r, (void)in, (void)out;
    return 0;
}

static int op_die(struct ipc_request *r, const struct calc_value *in, struct ipc_none *out)
{
    (void)r, (void)out;
    die_in = in->value;
    return 0;
}

static void client_close(uint64_t badge, void *client)
{
    struct place *place = client;

    (void)badge;
    if (place)
        *place = (struct place){0};
}

static void cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)why;
    if (someone_parks && parked.badge == badge && parked.thread == thread && parked.seq == seq) {
        someone_parks = false;
        ipc_answer(&parked, E_CANCELLED, 0, 0);
    }
}

static int server_main(void)
{
    static const struct calc_ops ops = {.add = op_add,
                                        .sum = op_sum,
                                        .fill = op_fill,
                                        .large = op_large,
                                        .open = op_open,
                                        .count = op_count,
                                        .park = op_park,
                                        .wake = op_wake,
                                        .secret = op_secret,
                                        .die = op_die};

    lives++;
    someone_parks = false;
    return ipc_serve(&(struct ipc_server){.name = "calc",
                                          .ops = &ops,
                                          .kept = &state,
                                          .kept_size = sizeof state,
                                          .client_close = client_close,
                                          .cancel = cancel});
}

/* Starts an instance whenever one has ended, as init does. */
static volatile bool ending;

static void *keep_alive(void *unused)
{
    while (!ending) {
        ipc_host_start(server_main);
        ipc_host_join();
    }
    return unused;
}

/* ---- clients ---- */

static handle_t calc;

static void words(void)
{
    struct calc_value value = {0};

    for (int64_t i = 0; i < 2000; i++) {
        CHECK(calc_add(calc, &(struct calc_pair){i, -3 * i}, &value, 0) == 0);
        CHECK(value.value == -2 * i);
    }
    CHECK(calc_secret(calc, 0, 0, 0) == E_RIGHTS);
    CHECK(calc_add(999, &(struct calc_pair){0}, &value, 0) == E_HANDLE);
}

static void buffers_of(handle_t session)
{
    static uint8_t bytes[50000];
    struct ipc_transfer in = {.in = bytes, .in_len = sizeof bytes}, out = {.out = bytes, .out_len = 3000};
    struct calc_large large = {{0}};
    struct calc_value value = {0};

    memset(bytes, 1, sizeof bytes);
    large.words[0] = large.words[19] = 21;
    for (uint32_t absent = 0; absent < 180; absent += 60) { /* each handler starts anew now and then */
        ipc_host_absent(absent);
        CHECK(calc_sum_with(session, 0, &value, &in) == 0 && value.value == 50000);
        CHECK(calc_large(session, &large, &value, 0) == 0 && value.value == 42);
    }
    ipc_host_absent(0);
    CHECK(calc_fill_with(session, &(struct calc_value){7}, 0, &out) == 0);
    CHECK(bytes[0] == 7 && bytes[2999] == 7 && bytes[3000] == 1);
}

static void buffers(void)
{
    buffers_of(calc);
}

static void sessions_of(handle_t session)
{
    struct ipc_transfer t = {0};
    struct calc_value value = {0};

    for (int round = 0; round < 3 * PLACES; round++) {
        CHECK(calc_open_with(session, 0, 0, &t) == 0 && t.got_count == 1);
        for (int64_t i = 1; i <= 3; i++)
            CHECK(calc_count(t.got[0], &(struct calc_value){5}, &value, 0) == 0 && value.value == 5 * i);
        CHECK(sys_handle_close(t.got[0]) == 0);
    }
}

static void sessions(void)
{
    uint32_t before = ipc_host_handles(), open = ipc_host_sessions();

    sessions_of(calc);
    words(); /* the last close has been dealt with */
    CHECK(ipc_host_handles() == before && ipc_host_sessions() == open);
}

static volatile int64_t parked_value;

static void *park(void *unused)
{
    struct calc_value value = {0};

    parked_value = calc_park(calc, 0, &value, 0) == 0 ? value.value : -1;
    return unused;
}

static void parks(void)
{
    pthread_t thread;

    CHECK(calc_park(calc, 0, 0, IPC_MS(20)) == E_TIMEDOUT);
    CHECK(calc_wake(calc, &(struct calc_value){1}, 0, 0) == E_AGAIN); /* its end was told */
    pthread_create(&thread, 0, park, 0);
    while (calc_wake(calc, &(struct calc_value){77}, 0, 0) == E_AGAIN)
        usleep(100);
    pthread_join(thread, 0);
    CHECK(parked_value == 77);
}

enum { CLIENTS = 8, COUNTS = 400 };

static void *count_often(void *failed)
{
    struct ipc_transfer t = {0};
    struct calc_value value;

    (void)t;
    for (int64_t i = 1; i <= COUNTS; i++)
        if (calc_count(calc, &(struct calc_value){1}, &value, 0))
            __atomic_add_fetch((int *)failed, 1, __ATOMIC_RELAXED);
    return 0;
}

/* Deaths right after the change, or right before the answer: each count is done once all the same. */
static void count_through_deaths(void)
{
    pthread_t threads[CLIENTS];
    struct calc_value before = {0}, after = {0};
    int failed = 0, born = lives;

    CHECK(calc_count(calc, &(struct calc_value){0}, &before, 0) == 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], 0, count_often, &failed);
    for (int i = 0; i < 20; i++) {
        CHECK(calc_die(calc, &(struct calc_value){i}, 0, 0) == 0);
        usleep(2000);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], 0);
    CHECK(calc_die(calc, &(struct calc_value){-1}, 0, 0) == 0);
    CHECK(calc_count(calc, &(struct calc_value){0}, &after, 0) == 0);
    CHECK(failed == 0 && after.value - before.value == CLIENTS * COUNTS);
    CHECK(lives > born + 3);
}

static void dies_after_the_change(void)
{
    answer_first = false;
    count_through_deaths();
}

static void dies_before_the_answer(void)
{
    answer_first = true;
    ipc_host_before_reply = before_reply;
    count_through_deaths();
    ipc_host_before_reply = 0;
}

static void state_outlives_instance(void)
{
    struct ipc_transfer t = {0};
    struct calc_value value = {0};

    CHECK(calc_open_with(calc, 0, 0, &t) == 0);
    CHECK(calc_count(t.got[0], &(struct calc_value){5}, &value, 0) == 0 && value.value == 5);
    ipc_host_stop();
    CHECK(calc_count(t.got[0], &(struct calc_value){5}, &value, 0) == 0 && value.value == 10);
    CHECK(sys_handle_close(t.got[0]) == 0);
}

/* Another process, over the socket. */
static int child(const char *path)
{
    struct calc_value value = {0};
    handle_t far;

    for (int i = 0; i < 60000 && !(far = ipc_host_connect(path)); i++)
        usleep(1000);
    if (!far || calc_add(far, &(struct calc_pair){2, 3}, &value, 0) || value.value != 5)
        return 1;
    if (calc_secret(far, 0, 0, 0) != E_RIGHTS)
        return 2;
    buffers_of(far);
    sessions_of(far);
    if (check_failures)
        return 3;
    if (calc_open_with(far, 0, 0, &(struct ipc_transfer){.send = {far}, .send_count = 1}) != E_FULL)
        return 4;
    return sys_handle_close(far) ? 5 : 0;
}

static pid_t other_process;
static char path[64];

static void over_a_socket(void)
{
    uint32_t open = ipc_host_sessions();
    int status;

    CHECK(ipc_host_listen(path, RIGHT_USE) == 0);
    CHECK(waitpid(other_process, &status, 0) == other_process);
    if (status)
        printf("# the other process ended with %x\n", (unsigned)status);
    CHECK(status == 0);
    for (int i = 0; i < 1000 && ipc_host_sessions() > open; i++)
        usleep(1000);
    CHECK(ipc_host_sessions() == open);
    unlink(path);
}

int main(void)
{
    pthread_t init;

    snprintf(path, sizeof path, "/tmp/ouros-transport-%d", (int)getpid());
    other_process = fork(); /* before there are threads */
    if (other_process == 0)
        _exit(child(path));
    pthread_create(&init, 0, keep_alive, 0);
    calc = ipc_host_session(RIGHT_USE);
    RUN(words);
    RUN(buffers);
    RUN(sessions);
    RUN(parks);
    RUN(state_outlives_instance);
    RUN(dies_after_the_change);
    RUN(dies_before_the_answer);
    RUN(over_a_socket);
    ending = true;
    ipc_host_stop();
    pthread_join(init, 0);
    CHECK_END();
}
