#include "victim.h"
#include <ipc/heap.h>
#include <proto/init.h>
#include <proto/pager.h>
#include "ktest.h"

#define PORT HANDLE_FIRST(SLOT_PORT)
#define KEY  1

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
    memset(piece, VICTIM_PATTERN, sizeof piece);
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

static struct ipc_request piled[2 * VICTIM_PILE];
static uint32_t piled_count;

static int op_pile(struct ipc_request *r, const struct ipc_none *in, struct victim_value *out)
{
    int error = piled_count == 2 * VICTIM_PILE ? E_FULL : ipc_defer(r, &piled[piled_count]);

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

static uint16_t lookup(const char *name)
{
    struct ipc_transfer t = {.in = name, .in_len = (uint32_t)strlen(name)};

    return (uint16_t)init_lookup_with(ipc_handle("init"), 0, 0, &t);
}

/* Of all slots, those with a handle that was put there at the start. */
static int op_handles(struct ipc_request *r, const struct ipc_none *in, struct victim_handles *out)
{
    const struct startup *startup = ipc_startup();
    struct handle_info info;
    handle_t made;
    uint64_t value;

    (void)r, (void)in;
    for (uint32_t i = 1; i < 4096; i++)
        out->all += sys_handle_info(HANDLE_FIRST(i), &info) == 0;
    out->named = (uint16_t)startup->handle_count;
    out->lookup_self = lookup("victim");
    out->lookup_other = lookup("stranger");
    out->lookup_nobody = lookup("nobody");
    out->power = (uint16_t)init_power(ipc_handle("init"), &(struct init_power){1, 0}, 0, 0);
    out->spaces = (uint16_t)pager_space_stat(ipc_handle("pager"), &(struct pager_space){1}, 0, 0);
    out->tasks = (uint16_t)sys_task_create(ipc_handle("task-maker"), 1 << 20, &made);
    out->lend = (uint16_t)sys_port_ctl(PORT, PORT_LEND, ipc_handle("task"), 0, 0, &value, 0);
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

int victim_serve(void)
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
                                          .twice = op_twice,
                                          .handles = op_handles};

    return ipc_serve(&(struct ipc_server){.name = "victim",
                                          .ops = &ops,
                                          .deferred_most = VICTIM_PILE,
                                          .sessions_most = VICTIM_SESSIONS,
                                          .client_close = client_close,
                                          .cancel = cancel});
}

/* ---- the client's side ---- */

handle_t victim;

void victim_words(void)
{
    struct victim_value sum = {0};

    for (int64_t i = 0; i < 1000; i++) {
        CHECK_IS(victim_add(victim, &(struct victim_pair){i, -2 * i}, &sum, 0), 0);
        CHECK_IS(sum.value, -i);
    }
    CHECK_IS(victim_add(victim, &(struct victim_pair){2, 3}, &sum, IPC_MS(1000)), 0);
    CHECK_IS(sum.value, 5);
}

uint64_t victim_closed_count(void)
{
    struct victim_value value = {0};

    victim_closed(victim, 0, &value, 0);
    return value.value;
}

uint64_t victim_deaths(void)
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
