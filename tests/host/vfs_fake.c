/* The small kernel of vfs_fake.h, and libipc's server side over it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ipc/log.h>
#include "vfs_fake.h"
#include "vfs_host.h"
#include "servers/vfs/server/session.h"

#define HANDLES 4096
#define CALLS   1024

static struct {
    uint64_t badge; /* 0: a free slot */
    uint32_t rights;
    uint64_t notified;
} handles[HANDLES];
static struct {
    uint64_t badge;
    void *state;
} clients[HANDLES];
static struct fake_call *calls[CALLS];
static uint64_t next_serial = 1;
static uint32_t next_seq = 1;
static uint64_t to_close[HANDLES];
static uint32_t to_close_count;
static bool in_server;

uint32_t fake_handles(void)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < HANDLES; i++)
        n += handles[i].badge != 0;
    return n;
}

static handle_t handle_new(uint64_t badge, uint32_t rights)
{
    for (uint32_t i = 1; i < HANDLES; i++)
        if (!handles[i].badge) {
            handles[i].badge = badge;
            handles[i].rights = rights;
            handles[i].notified = 0;
            return i;
        }
    abort();
}

handle_t fake_object(void)
{
    return handle_new(next_serial++ << 24 | 0xffffff, RIGHT_ALL);
}

handle_t fake_admin(void)
{
    return handle_new(next_serial++ << 24, RIGHT_ALL);
}

uint64_t fake_notified(handle_t handle)
{
    return handles[handle].notified;
}

static void deliver_closes(void)
{
    while (to_close_count && !in_server) {
        uint64_t badge = to_close[--to_close_count];
        in_server = true;
        port_unlock();
        session_closed(badge, ipc_client(badge));
        port_lock();
        in_server = false;
    }
}

int fake_handle_close(handle_t handle)
{
    if (!handle || handle >= HANDLES || !handles[handle].badge)
        return E_HANDLE;
    uint64_t badge = handles[handle].badge;
    handles[handle].badge = 0;
    for (uint32_t i = 1; i < HANDLES; i++)
        if (handles[i].badge == badge)
            return 0;
    to_close[to_close_count++] = badge;
    deliver_closes();
    return 0;
}

int fake_handle_copy(handle_t handle, uint32_t rights, handle_t task, uint32_t index, handle_t *copy)
{
    (void)task, (void)index;
    *copy = handle_new(handles[handle].badge, handles[handle].rights & rights);
    return 0;
}

int fake_handle_info(handle_t handle, struct handle_info *info)
{
    *info = (struct handle_info){OBJ_SESSION, handles[handle].rights, handles[handle].badge};
    return handles[handle].badge ? 0 : E_HANDLE;
}

int fake_notify(handle_t handle, uint64_t bits)
{
    for (uint32_t i = 1; i < HANDLES; i++)
        if (handles[i].badge == handles[handle].badge)
            handles[i].notified |= bits;
    return 0;
}

void *ipc_client(uint64_t badge)
{
    for (uint32_t i = 0; i < HANDLES; i++)
        if (clients[i].badge == badge && badge)
            return clients[i].state;
    return NULL;
}

int ipc_client_set(uint64_t badge, void *state)
{
    for (uint32_t i = 0; i < HANDLES; i++)
        if (clients[i].badge == (state ? 0 : badge)) {
            clients[i].badge = state ? badge : 0;
            clients[i].state = state;
            return 0;
        }
    return 0;
}

static struct fake_call *call_of(const struct ipc_request *r)
{
    return calls[r->seq % CALLS];
}

static int copy(struct ipc_request *r, uint64_t off, void *to, const void *from, uint64_t len, uint64_t size)
{
    struct fake_call *c = call_of(r);
    if (off > size || len > size - off)
        return E_SIZE;
    if (c->absent >= off && c->absent < off + len)
        return E_TOUCH;
    memcpy(to, from, len);
    return 0;
}

int ipc_read(struct ipc_request *r, uint64_t off, void *to, uint64_t len)
{
    return copy(r, off, to, (const char *)call_of(r)->in + off, len, r->in_len);
}

int ipc_write(struct ipc_request *r, uint64_t off, const void *from, uint64_t len)
{
    return copy(r, off, (char *)call_of(r)->out + off, from, len, r->out_len);
}

handle_t ipc_take(struct ipc_request *r, uint32_t i)
{
    handle_t h = i < r->got_count ? r->got[i] : HANDLE_NONE;
    if (h)
        r->got[i] = HANDLE_NONE;
    return h;
}

int ipc_give(struct ipc_request *r, handle_t handle)
{
    if (r->give_count == 4)
        return E_FULL;
    r->give[r->give_count++] = handle;
    return 0;
}

int ipc_give_session(struct ipc_request *r, uint32_t tag, uint32_t rights, void *state)
{
    uint64_t badge = next_serial++ << 24 | tag;
    if (host_fail_after == 0)
        return E_NOMEM;
    ipc_client_set(badge, state);
    return ipc_give(r, handle_new(badge, rights | RIGHT_CALL | RIGHT_COPY));
}

int ipc_defer(struct ipc_request *r, struct ipc_request *kept)
{
    *kept = *r;
    r->deferred = true;
    r->got_count = 0;
    call_of(r)->deferred = true;
    return 0;
}

static void conclude(struct ipc_request *r, int status, const void *reply, size_t size)
{
    struct fake_call *c = call_of(r);
    if (c->answered)
        abort(); /* a caller is answered once */
    c->answered = true;
    c->status = status;
    if (reply)
        memcpy(c->reply, reply, size);
    for (uint32_t i = 0; i < r->got_count; i++)
        if (r->got[i])
            fake_handle_close(r->got[i]);
    for (uint32_t i = 0; i < r->give_count; i++)
        if (status)
            fake_handle_close(r->give[i]);
        else
            c->got[c->got_count++] = r->give[i];
}

void ipc_answer(struct ipc_request *kept, int status, const void *reply, size_t size)
{
    conclude(kept, status, reply, size);
}

/* The handler of a label among both protocols. */
static int dispatch(struct ipc_request *r, uint32_t label, const void *request, void *reply)
{
    typedef int (*handler)(struct ipc_request *, const void *, void *);
    const struct ipc_protocol *protocols[] = {&io_protocol, &vfs_protocol};
    const handler *tables[] = {(const handler *)&io_handlers, (const handler *)&vfs_handlers};
    for (int which = 0; which < 2; which++)
        for (uint32_t i = 0; i < protocols[which]->count; i++) {
            const struct ipc_op *op = &protocols[which]->ops[i];
            if (op->number == label)
                return (r->rights & op->rights) != op->rights ? E_RIGHTS
                       : tables[which][i]                     ? tables[which][i](r, request, reply)
                                                              : E_NOSYS;
        }
    return E_NOSYS;
}

bool fake_begin(struct fake_call *c, handle_t session, uint32_t label, const void *request, size_t size)
{
    struct ipc_request *r = &c->r;
    r->badge = handles[session].badge;
    r->tag = (uint32_t)(r->badge & 0xffffff);
    r->rights = handles[session].rights;
    r->seq = next_seq++;
    calls[r->seq % CALLS] = c;
    r->got_count = c->send_count;
    for (uint32_t i = 0; i < c->send_count; i++)
        fake_handle_copy(c->send[i], RIGHT_ALL, 0, 0, &r->got[i]);
    memset(c->request, 0, sizeof c->request);
    memcpy(c->request, request, size);
    port_unlock();
    in_server = true;
    int status = dispatch(r, label, c->request, c->reply);
    if (!r->deferred)
        conclude(r, status, NULL, 0);
    in_server = false;
    port_lock();
    deliver_closes();
    return c->answered;
}

void fake_cancel(const struct fake_call *c, enum cancel_why why)
{
    port_unlock();
    in_server = true;
    park_cancel(c->r.badge, c->r.thread, c->r.seq, why);
    in_server = false;
    port_lock();
    deliver_closes();
}

int ipc_invoke_with(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS],
                    struct ipc_transfer *t)
{
    (void)op, (void)session, (void)words;
    t->got[0] = fake_object(); /* io open_node: some session of the device's server */
    t->got_count = 1;
    return 0;
}

uint64_t ipc_now(void)
{
    return 0;
}

int object_of_file(struct ipc_request *r, struct file *f, uint64_t *size)
{
    (void)r, (void)f, (void)size;
    return E_NOSYS;
}

int handle_trim(struct ipc_request *r, const struct ipc_none *in, struct vfs_usage *out)
{
    (void)r, (void)in, (void)out;
    return E_NOSYS;
}

void ipc_log(enum ipc_log_level level, const char *format, ...)
{
    (void)level, (void)format;
}
