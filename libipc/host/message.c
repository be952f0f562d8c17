/* Calls, receives, replies. A call is in the port's queue, or received, or done: then its caller wakes. */
#include "kernel.h"
#include <ipc/startup.h>
#include <ouros/error.h>
#include <string.h>

enum { KILLS_MAX = 3 };

static uint32_t absent_every, copies;
static uint64_t absent_at;

void ipc_host_absent(uint32_t n)
{
    absent_every = n;
}

void ipc_host_absent_at(const void *byte)
{
    absent_at = (uint64_t)byte;
}

int host_touch(uint64_t address)
{
    if (address >> PAGE_SHIFT == absent_at >> PAGE_SHIFT)
        absent_at = 0;
    return 0;
}

void host_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool host_wait(pthread_cond_t *condition, uint64_t deadline)
{
    struct timespec until = {(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)};

    if (deadline == DEADLINE_NEVER)
        return pthread_cond_wait(condition, &host_lock) == 0;
    return pthread_cond_timedwait(condition, &host_lock, &until) == 0;
}

static void append(struct host_call **list, struct host_call *call)
{
    while (*list)
        list = &(*list)->next;
    call->next = NULL;
    *list = call;
}

static void unlink_call(struct host_call *call)
{
    struct host_call **at = call->state == CALL_QUEUED ? &host_port.queue : &host_port.received;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

void host_call_end(struct host_call *call, int error)
{
    unlink_call(call);
    call->state = CALL_DONE;
    call->error = error;
    if (call->held)
        host_held_end(call);
    else
        pthread_cond_signal(&call->done);
    pthread_cond_broadcast(&host_port.settled);
}

void host_call_queue(struct host_call *call)
{
    append(&host_port.queue, call);
    pthread_cond_broadcast(&host_port.arrived);
}

void host_idle(void)
{
    host_port.busy -= host_self.busy;
    host_self.busy = false;
    pthread_cond_broadcast(&host_port.settled);
}

static struct host_call *received(uint64_t serial)
{
    struct host_call *call = host_port.received;

    while (call && call->serial != serial)
        call = call->next;
    return serial ? call : NULL;
}

/* Copies of the handles of `from`, as `to` accepts them: all or none. */
static int transfer(const struct ipc_message *from, struct ipc_message *to, uint32_t accept)
{
    handle_t got[IPC_HANDLES] = {0};
    int error = from->handle_count > accept ? E_FULL : 0;

    for (uint32_t i = 0; i < from->handle_count && !error; i++)
        error = host_copy(from->handles[i], RIGHT_ALL, &got[i]);
    for (uint32_t i = 0; error && i < IPC_HANDLES; i++)
        if (got[i])
            host_close(got[i]);
    if (error)
        return error;
    to->handle_count = from->handle_count;
    memcpy(to->handles, got, sizeof got);
    return 0;
}

/* ---- the client's side ---- */

static void count_kills(struct host_call *call)
{
    if (call->error != E_RESTARTED)
        return;
    if (host_self.kills_badge != call->badge || host_self.kills_seq != call->message->seq)
        host_self.kills = 0;
    host_self.kills_badge = call->badge;
    host_self.kills_seq = call->message->seq;
    if (++host_self.kills >= KILLS_MAX)
        call->error = E_IO;
}

static int wait_for_answer(struct host_call *call, uint64_t deadline)
{
    host_call_queue(call);
    while (call->state != CALL_DONE && !(call->one_way && call->state == CALL_RECEIVED))
        if (!host_wait(&call->done, deadline) && call->state != CALL_DONE) {
            host_call_end(call, E_TIMEDOUT);
            host_notice(MSG_CANCEL, call->badge, call->thread, call->message->seq, CANCEL_TIMEDOUT);
        }
    count_kills(call);
    return call->error;
}

int host_check(handle_t handle, const struct ipc_message *m, struct host_session **session)
{
    struct host_entry *e = host_entry(handle);

    if (!e)
        return E_HANDLE;
    if (e->kind != OBJ_SESSION)
        return E_TYPE;
    if (!(e->rights & RIGHT_CALL))
        return E_RIGHTS;
    if (m->label & MSG_KERNEL || m->handle_count > IPC_HANDLES || m->accept > IPC_HANDLES)
        return E_INVAL;
    if (m->flags & IPC_BUFFERS && (m->buffers.in_len > IPC_BUFFER_MAX || m->buffers.out_len > IPC_BUFFER_MAX))
        return E_SIZE;
    *session = e->object;
    return 0;
}

/* The function is called without the lock; what it answers is the reply. */
static int call_peer(struct ipc_host_peer *peer, struct ipc_message *m)
{
    uint32_t accept = m->accept;
    int error = peer->call ? peer->call(peer, m) : E_DEAD;

    if (error || m->handle_count <= accept)
        return error;
    for (uint32_t i = 0; i < m->handle_count; i++)
        sys_handle_close(m->handles[i]);
    m->handle_count = 0;
    return E_FULL;
}

int host_call(handle_t handle, struct ipc_message *m, bool one_way)
{
    uint64_t deadline = m->flags & IPC_DEADLINE ? m->deadline : DEADLINE_NEVER;
    struct host_call call = {.message = m, .one_way = one_way, .thread = host_thread_id()};
    struct host_session *session;
    struct ipc_host_peer *peer = NULL;
    int error;

    pthread_mutex_lock(&host_lock);
    if (HANDLE_INDEX(handle) == SLOT_PAGER && !host_entry(handle)) {
        pthread_mutex_unlock(&host_lock);
        return host_pager_call(m);
    }
    error = host_check(handle, m, &session);
    if (!error)
        peer = session->peer;
    if (!error && !peer && session->socket < 0) {
        call.badge = session->badge;
        call.rights = host_entry(handle)->rights;
        call.serial = ++host_port.next_call;
        host_condition(&call.done);
        error = wait_for_answer(&call, deadline);
        pthread_cond_destroy(&call.done);
    }
    pthread_mutex_unlock(&host_lock);
    if (peer)
        return call_peer(peer, m);
    return error || session->socket < 0 ? error : host_remote_call(session, m);
}

/* ---- the server's side ---- */

static bool take_notice(struct ipc_message *m)
{
    struct host_notice *n = host_port.notices;

    while (n && n->delivered)
        n = n->next;
    if (!n)
        return false;
    n->delivered = true;
    m->label = n->label;
    m->badge = n->badge;
    memcpy(m->words, n->words, sizeof n->words);
    m->words[5] = n->id;
    m->handle_count = 0;
    return true;
}

static bool take_call(struct ipc_message *m)
{
    struct host_call *call;

    while ((call = host_port.queue) != NULL) {
        const struct ipc_message *from = call->message;
        bool lends = from->flags & IPC_BUFFERS;
        int error = transfer(from, m, m->accept);

        if (error) {
            host_call_end(call, error);
            continue;
        }
        memcpy(m->words, from->words, sizeof m->words);
        m->label = from->label;
        m->seq = from->seq;
        m->badge = call->badge;
        m->thread = call->thread;
        m->rights = call->rights;
        m->in_len = lends ? from->buffers.in_len : 0;
        m->out_len = lends ? from->buffers.out_len : 0;
        unlink_call(call);
        call->state = CALL_RECEIVED;
        if (call->one_way) {
            pthread_cond_signal(&call->done);
            return true;
        }
        append(&host_port.received, call);
        host_self.caller = call->serial;
        return true;
    }
    return false;
}

static bool take(struct ipc_message *m)
{
    if (take_notice(m))
        return true;
    if (!host_port.bits)
        return take_call(m);
    *m = (struct ipc_message){.label = MSG_NOTIFY, .words = {host_port.bits}, .accept = m->accept};
    host_port.bits = 0;
    return true;
}

int host_recv(struct ipc_message *m)
{
    uint64_t deadline = m->flags & IPC_DEADLINE ? m->deadline : DEADLINE_NEVER;
    int error = 0;

    pthread_mutex_lock(&host_lock);
    host_idle();
    if (host_self.caller)
        error = E_BUSY;
    while (!error) {
        if (host_self.generation != host_port.generation)
            error = E_DEAD;
        else if (take(m))
            break;
        else if (!host_wait(&host_port.arrived, deadline))
            error = E_TIMEDOUT;
    }
    host_self.busy = !error;
    host_port.busy += !error;
    pthread_mutex_unlock(&host_lock);
    return error;
}

static uint64_t serial_of(handle_t reply)
{
    struct host_entry *e = reply ? host_entry(reply) : NULL;

    return !reply ? host_self.caller : e && e->kind == OBJ_REPLY ? e->serial : 0;
}

void (*ipc_host_before_reply)(void);

int host_reply(handle_t reply, struct ipc_message *m)
{
    struct host_call *call;
    int error = 0;

    if (ipc_host_before_reply)
        ipc_host_before_reply();
    pthread_mutex_lock(&host_lock);
    if (reply && !serial_of(reply))
        error = E_HANDLE;
    call = error ? NULL : received(serial_of(reply));
    if (call && call->held && call->held->reply)
        error = call->held->reply(call->held, m);
    if (call && !error)
        error = transfer(m, call->message, call->message->accept);
    if (!error && call) {
        memcpy(call->message->words, m->words, sizeof m->words);
        call->message->label = m->label;
        host_call_end(call, 0);
    }
    if (!error && reply)
        host_close(reply);
    else if (!error)
        host_self.caller = 0;
    pthread_mutex_unlock(&host_lock);
    return error;
}

uint64_t host_caller(void)
{
    struct host_call *call = received(host_self.caller);

    return call ? call->badge : 0;
}

int host_defer(handle_t *reply, uint64_t *task)
{
    int error = host_self.caller ? 0 : E_INVAL;
    struct host_call *call;

    pthread_mutex_lock(&host_lock);
    *task = host_caller();
    *reply = error || host_no_more() ? HANDLE_NONE : host_handle(OBJ_REPLY, NULL, 0);
    if (!error && !*reply)
        error = E_FULL;
    if (!error) {
        host_entry(*reply)->serial = host_self.caller;
        call = received(host_self.caller);
        if (call && call->held)
            call->held->deferred = true;
        host_self.caller = 0;
    }
    pthread_mutex_unlock(&host_lock);
    return error;
}

int host_message_copy(handle_t reply, uint64_t offset, void *here, uint64_t length, bool to_client,
                      uint64_t *count)
{
    struct host_call *call;
    int error = 0;

    pthread_mutex_lock(&host_lock);
    *count = 0;
    call = received(serial_of(reply));
    if (!call) {
        error = E_DEAD;
    } else if (absent_every && ++copies % absent_every == 0) {
        error = E_ABSENT;
    } else {
        const struct ipc_buffers *b = &call->message->buffers;
        uint64_t size = !(call->message->flags & IPC_BUFFERS) ? 0 : to_client ? b->out_len : b->in_len;

        length = length > IPC_COPY_MAX ? IPC_COPY_MAX : length;
        if (offset > size || length > size - offset)
            error = E_SIZE, length = 0;
        else if (absent_at - (to_client ? b->out : b->in) - offset < length)
            error = E_ABSENT, length = absent_at - (to_client ? b->out : b->in) - offset;
        if (to_client)
            memcpy((char *)b->out + offset, here, length);
        else
            memcpy(here, (char *)b->in + offset, length);
        *count = length;
    }
    pthread_mutex_unlock(&host_lock);
    return error;
}
