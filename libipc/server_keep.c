/* What a server keeps across its deaths: the region lies in an object of the pager, held by the port's keep
 * table, and so do the handles of results that nobody has yet. */
#include "server_keep.h"
#include "keep.h"
#include "server_internal.h"
#include <ipc/heap.h>
#include <ipc/shared.h>
#include <ipc/string.h>
#include <ipc/task.h>

enum { HELD = 16 };

/* Keys of the port's keep table; the server's own are below IPC_KEEP_KEYS. */
enum { KEY_REGION = IPC_KEEP_KEYS, KEY_RESULTS };

struct held {
    struct ipc_request request;
    struct ipc_message message;
    uint32_t result; /* or KEEP_RESULTS */
};

bool kept_state;

/* All of the loop's thread; set while kept_state is. */
static struct kept_server {
    struct keep keep;
    struct keep_image now;
    struct held held[HELD];
    uint32_t held_count;
} * kept_server;
static handle_t port;

/* ---- the region ---- */

static int make_region(struct keep *k)
{
    struct ipc_shared region;
    int error = ipc_shared_create(&region, keep_bytes(k->size));

    if (error)
        return error;
    k->region = region.memory;
    keep_create(k);
    error = IPC_FED(sys_port_ctl(port, PORT_KEEP, KEY_REGION, region.object, 0, 0, 0));
    if (error)
        ipc_shared_end(&region);
    return error;
}

static int find_region(struct keep *k)
{
    struct ipc_shared region;
    uint64_t object;
    int error = IPC_FED(sys_port_ctl(port, PORT_KEPT, KEY_REGION, 0, 0, &object, 0));

    if (error == E_NOENT)
        return make_region(k);
    if (error)
        return error;
    error = ipc_shared_map(&region, (handle_t)object, keep_bytes(k->size), VMS_READ | VMS_WRITE);
    if (!error)
        k->region = region.memory;
    sys_handle_close((handle_t)object); /* the port's is enough */
    return error;
}

static int restore_clients(const struct kept_server *s)
{
    int error = 0;

    for (uint32_t i = 0; i < KEEP_CLIENTS && !error; i++)
        if (s->now.clients[i].badge)
            error = ipc_client_set(s->now.clients[i].badge, (char *)s->keep.state + s->now.clients[i].offset);
    return error;
}

int kept_open(const struct ipc_server *server, handle_t at)
{
    struct kept_server *s;
    int error;

    if (!server->kept)
        return 0;
    if (server->workers > 1 || !server->kept_size || server->kept_size > IPC_KEPT_MAX)
        return E_INVAL;
    s = kept_server ? kept_server : ipc_alloc(sizeof *s); /* set: on a host, by an instance that is gone */
    if (!s)
        return E_NOMEM;
    memset(s, 0, sizeof *s);
    port = at;
    s->keep = (struct keep){.now = &s->now, .state = server->kept, .size = server->kept_size};
    error = find_region(&s->keep);
    if (!error)
        error = keep_load(&s->keep);
    if (!error)
        error = restore_clients(s);
    kept_server = s;
    kept_state = !error;
    return error;
}

/* ---- handles of a result: in the keep table from before its commit until its caller has them ---- */

static uint64_t handle_key(uint32_t result, uint32_t i)
{
    return KEY_RESULTS + (uint64_t)result * IPC_HANDLES + i;
}

static void drop_handles(uint32_t result, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sys_port_ctl(port, PORT_DROP, handle_key(result, i), 0, 0, 0, 0);
}

static int keep_handle(uint32_t result, uint32_t i, handle_t handle)
{
    handle_t copy;
    int error = IPC_FED(sys_handle_copy(handle, RIGHT_ALL, HANDLE_NONE, 0, &copy));

    if (error)
        return error;
    error = IPC_FED(sys_port_ctl(port, PORT_KEEP, handle_key(result, i), copy, 0, 0, 0));
    if (error)
        sys_handle_close(copy);
    return error;
}

static int recall_handles(struct ipc_request *r, uint32_t result, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t handle;
        int error = IPC_FED(sys_port_ctl(port, PORT_KEPT, handle_key(result, i), 0, 0, &handle, 0));

        if (!error)
            error = ipc_give(r, (handle_t)handle);
        if (error)
            return error;
    }
    return 0;
}

/* ---- results ---- */

static struct keep_result *result_at(uint32_t i)
{
    return &kept_server->now.results[i];
}

static void forget(uint32_t i)
{
    drop_handles(i, result_at(i)->handle_count);
    keep_result_free(&kept_server->keep, i);
}

bool kept_replay(struct ipc_request *r, uint64_t *reply, int *status)
{
    uint32_t i = keep_result_find(&kept_server->keep, r->badge, r->thread, r->seq);

    if (i == KEEP_RESULTS)
        return false;
    memcpy(reply, result_at(i)->words, sizeof result_at(i)->words);
    *status = (int)result_at(i)->status;
    if (recall_handles(r, i, result_at(i)->handle_count))
        *status = E_IO;
    return true;
}

/* Handles that cannot be kept are not worth refusing an answer for: the repeat gets E_IO. */
static uint32_t record(const struct ipc_request *r, const struct ipc_message *m)
{
    struct keep_result *result;
    uint32_t i;

    if (!r->op || !(r->op->flags & EFFECT) || m->label == E_TOUCH)
        return KEEP_RESULTS;
    i = keep_result_new(&kept_server->keep);
    result = result_at(i);
    *result = (struct keep_result){.badge = r->badge,
                                   .thread = r->thread,
                                   .seq = r->seq,
                                   .status = m->label,
                                   .handle_count = m->handle_count};
    memcpy(result->words, m->words, sizeof result->words);
    drop_handles(i, m->handle_count); /* of an instance that died between this and its commit */
    for (uint32_t h = 0; h < m->handle_count; h++)
        keep_handle(i, h, m->handles[h]);
    return i;
}

void kept_result(const struct ipc_request *r, const struct ipc_message *m)
{
    if (m->label == E_TOUCH)
        keep_undo(&kept_server->keep);
    record(r, m);
}

void kept_sent(void)
{
    for (uint64_t given = kept_server->keep.given; given; given &= given - 1)
        forget((uint32_t)__builtin_ctzll(given));
}

/* ---- answers to deferred requests, and the commit ---- */

void kept_hold(const struct ipc_request *r, const struct ipc_message *m)
{
    if (kept_server->held_count == HELD)
        kept_publish(0);
    kept_server->held[kept_server->held_count++] = (struct held){*r, *m, record(r, m)};
}

void kept_publish(uint64_t notice)
{
    if (notice) {
        kept_server->now.notice = notice;
        kept_server->keep.changed = true;
    }
    keep_commit(&kept_server->keep);
    for (uint32_t i = 0; i < kept_server->held_count; i++) {
        struct held *held = &kept_server->held[i];

        ipc_request_send(&held->request, &held->message);
        if (held->result != KEEP_RESULTS)
            forget(held->result);
    }
    kept_server->held_count = 0;
}

bool kept_noticed(uint64_t notice)
{
    return kept_server->now.notice == notice;
}

/* ---- clients ---- */

int kept_client(uint64_t badge, const void *state)
{
    struct keep *k;
    uint64_t offset;

    if (!kept())
        return 0;
    k = &kept_server->keep;
    offset = (uint64_t)((const char *)state - (const char *)k->state);
    if (state && offset < k->size)
        return keep_client_set(k, badge, offset);
    keep_client_forget(k, badge);
    return 0;
}

void kept_closed(uint64_t badge)
{
    struct keep *k = &kept_server->keep;

    for (uint32_t i = 0; k->unclaimed && i < KEEP_RESULTS; i++)
        if (result_at(i)->badge == badge && !(k->given & 1ull << i))
            forget(i);
}
