/* The loop of every server: receive; a notice, a fault or a call; answer with the next receive.
 *
 * S1  the reply slot is empty or answered whenever a worker receives: a handler has deferred, or is answered
 * here. S2  a notice is acknowledged only after its hook has returned: an instance that dies in between
 * leaves it to the next. S3  handles that go out are closed before the worker waits again, or a last close
 * would go unseen. S4  what a kept state has become is published before the answer goes out, once for the
 * message and the deadline hook behind it. */
#include "server_internal.h"
#include "server_keep.h"
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <proto/init.h>

enum { NUMBERS = 0x300, TAG_BITS = 24 };

typedef int (*handler)(struct ipc_request *, const void *, void *);

/* What answers to each number. */
struct service {
    handler handle;
    const struct ipc_op *op;
};

/* Set by ipc_serve before the first message, then only read. */
static const struct ipc_server *server;
static struct service services[NUMBERS];
static uint32_t accept_most;
handle_t ipc_port;
static bool said_ready;

extern const struct ipc_protocol *const __start_ipc_protocols[] __attribute__((weak));
extern const struct ipc_protocol *const __stop_ipc_protocols[] __attribute__((weak));

static const struct ipc_protocol *protocol_named(const char *name)
{
    for (const struct ipc_protocol *const *p = __start_ipc_protocols; p < __stop_ipc_protocols; p++)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    return 0;
}

static inline handler find_handler(uint32_t label, const struct ipc_op **op)
{
    if (label >= NUMBERS) {
        *op = 0;
        return 0;
    }
    *op = services[label].op;
    return services[label].handle;
}

/* E_EXISTS: two protocols of one server use the same number. */
static int add_service(const struct ipc_protocol *protocol, const void *ops)
{
    const handler *handlers = ops;

    if (!protocol)
        return E_INVAL;
    for (uint32_t i = 0; i < protocol->count; i++) {
        const struct ipc_op *op = &protocol->ops[i];

        if (op->number >= NUMBERS)
            return E_RANGE;
        if (services[op->number].op)
            return E_EXISTS;
        services[op->number] = (struct service){handlers[i], op};
        if (handlers[i] && IPC_TAKES(op->flags) > accept_most)
            accept_most = IPC_TAKES(op->flags);
    }
    return 0;
}

/* One worker's messages: what came is in one, and its reply is made in the other. A fault stays where it is
 * while its reply may still be refused. */
struct worker {
    struct ipc_message messages[2];
    struct ipc_message *now, *spare; /* what goes out and comes in next; the other */
    uint64_t hook_due;               /* what the hook `deadline` has said */
    bool fault;                      /* *now is the reply to the other one, a fault */
    struct ipc_held held;
};

static struct ipc_message *other(struct worker *w, const struct ipc_message *m)
{
    return &w->messages[m == w->messages];
}

/* What the table says of a call, before its handler sees it. */
static int check(const struct ipc_request *r, const struct ipc_op *op)
{
    if ((r->rights & op->rights) != op->rights)
        return E_RIGHTS;
    if (!(r->got_count | r->in_len | r->out_len) && op->request_size <= IPC_WORD_BYTES)
        return 0; /* words alone */
    if (r->got_count > IPC_TAKES(op->flags))
        return E_FULL;
    if (op->request_size > IPC_WORD_BYTES)
        return r->in_len == op->request_size ? 0 : E_SIZE;
    if (r->in_len && !(op->flags & BUF_IN))
        return E_INVAL;
    return r->out_len && !(op->flags & BUF_OUT) ? E_INVAL : 0;
}

static int large_request(handler handle, struct ipc_request *r, uint64_t *reply)
{
    uint64_t request[IPC_REQUEST_MAX / 8];
    int error = ipc_read(r, 0, request, r->op->request_size);

    return error ? error : handle(r, request, reply);
}

static int call_handler(struct ipc_request *r, const struct ipc_message *m, uint64_t *reply)
{
    handler handle = find_handler(m->label, &r->op);
    int error;

    if (!handle)
        return E_NOSYS;
    error = check(r, r->op);
    if (error)
        return error;
    if (kept() && r->op->flags & EFFECT && kept_replay(r, reply, &error)) {
        r->replayed = 1;
        return error;
    }
    return r->op->request_size > IPC_WORD_BYTES ? large_request(handle, r, reply)
                                                : handle(r, m->words, reply);
}

/* Reply now, not with the receive: handles must be closed behind it (S3), or the slot is empty, since the
 * call was not deferred after all. */
static void answer_at_once(struct ipc_request *r, struct ipc_message *m)
{
    if (kept())
        kept_publish(0); /* all else is published before the worker waits (S4) */
    ipc_request_send(r, m);
    m->handle_count = 0;
    if (kept())
        kept_sent();
}

static void call(struct worker *w, struct ipc_message *m)
{
    struct ipc_message *to = w->spare;
    struct ipc_request r;
    int status;

    r.badge = m->badge;
    r.tag = (uint32_t)m->badge & ((1u << TAG_BITS) - 1);
    r.rights = m->rights;
    r.thread = m->thread;
    r.seq = m->seq;
    r.in_len = m->in_len;
    r.out_len = m->out_len;
    r.got_count = m->handle_count;
    if (r.got_count)
        memcpy(r.got, m->handles, sizeof r.got);
    r.reply = HANDLE_NONE;
    r.give_count = r.give_close = 0;
    r.client = 0;
    r.touch = 0;
    r.deferred = r.replayed = 0;
#pragma GCC unroll 6
    for (unsigned i = 0; i < IPC_WORDS; i++)
        to->words[i] = 0;
    to->handle_count = 0;
    w->now = to;
    w->spare = m;
    status = call_handler(&r, m, to->words);
    to->label = (uint32_t)status;
    if (!r.deferred && (status == E_TOUCH || r.give_count))
        ipc_request_reply(&r, status, to);
    if (kept() && !r.deferred && !r.replayed)
        kept_result(&r, to);
    if (!(r.got_count | r.give_count | r.reply))
        return; /* no handles to send or close */
    if (to->handle_count || (r.reply && !r.deferred))
        answer_at_once(&r, to);
    else
        ipc_request_end(&r);
}

static void closed(uint64_t badge)
{
    void *state = ipc_client(badge);

    if (kept())
        kept_closed(badge);
    if (server->client_close)
        server->client_close(badge, state);
    if (state)
        ipc_client_set(badge, 0);
    ipc_session_closed(badge);
}

static void run_hook(const struct ipc_message *m)
{
    if (m->label == MSG_CLOSED)
        closed(m->badge);
    else if (m->label == MSG_CANCEL && server->cancel)
        server->cancel(m->badge, (uint32_t)m->words[0], (uint32_t)m->words[1], (enum cancel_why)m->words[2]);
    else if (m->label == MSG_TASK_DEAD && server->dead)
        server->dead(m->badge, m->words[0], (enum task_end)m->words[1]);
}

static void notice(const struct ipc_message *m)
{
    uint64_t id = m->words[5];

    if (!kept()) {
        run_hook(m);
    } else if (!kept_noticed(id)) {
        run_hook(m);
        kept_publish(id);
    }
    sys_port_ctl(ipc_port, PORT_ACK, id, 0, 0, 0, 0);
}

/* What the kernel says by itself, but for faults. */
static void tell(struct worker *w, struct ipc_message *m)
{
    (void)w;
    if (m->label == MSG_NOTIFY) {
        uint64_t bits = ipc_irqs_take(m->words[0]);

        if (bits && server->notify)
            server->notify(bits);
    } else {
        notice(m);
    }
    m->handle_count = 0;
}

/* Handle *m; pings are told that it is in hand. */
static inline __attribute__((always_inline)) void hold(struct worker *w, struct ipc_message *m,
                                                       void (*handle)(struct worker *, struct ipc_message *))
{
    w->held.label = m->label;
    w->held.count++;
    if (kept())
        kept_sent();
    handle(w, m);
    w->held.count++;
}

static void answer_fault(struct worker *w, const struct ipc_message *fault, struct ipc_message *reply,
                         int error)
{
    int later;

    reply->label = FAULT_REFUSE;
    later = server->fault ? server->fault(fault, error, reply) : 0;
    reply->handle_count = 0;
    w->now = reply;
    w->spare = other(w, reply);
    w->fault = later != IPC_LATER;
}

static bool is_fault(const struct ipc_message *m)
{
    return m->label == MSG_FAULT || m->label == MSG_EXCEPTION;
}

/* Run the timers that are due, and say until when to wait: asked again while there is a deadline. */
static void set_deadline(struct worker *w)
{
    uint64_t due = ipc_timers_first || !server->deadline ? ipc_timers_run() : DEADLINE_NEVER;

    w->hook_due = server->deadline ? server->deadline() : DEADLINE_NEVER;
    due = w->hook_due < due ? w->hook_due : due;
    w->now->deadline = due;
    w->now->flags = due == DEADLINE_NEVER ? 0 : IPC_DEADLINE;
    w->spare->flags = 0;
}

/* Errors after which the loop goes on; any other says that the port is gone. */
static bool survive(struct worker *w, int error)
{
    if (error == E_TIMEDOUT) {
        if (server->timeout && w->hook_due <= ipc_now())
            server->timeout();
    } else if (w->fault && error != E_CANCELLED && error != E_HANDLE && error != E_DEAD) {
        answer_fault(w, other(w, w->now), w->now, error);
        return true;
    } else if (error == E_CANCELLED) {
        sys_thread_ctl(0, THREAD_UNCANCEL, 0, 0, 0);
    } else if (error != E_AGAIN && error != E_KMEM) {
        return false;
    }
    w->fault = false;
    return true;
}

static bool parks(uint32_t label)
{
    const struct ipc_op *op;

    return find_handler(label, &op) && op->flags & PARKS;
}

static void handle_kernel(struct worker *w, struct ipc_message *m)
{
    if (m->label == MSG_NOTIFY && m->words[0] & IPC_PING) {
        ipc_answer_ping(parks);
        m->words[0] &= ~IPC_PING;
        m->handle_count = 0;
        if (!m->words[0])
            return;
    }
    hold(w, m, tell);
}

/* Answer with *m, then receive into it. Handles never go out this way (S3). */
static inline int exchange(struct ipc_message *m)
{
    struct ipc_registers r;

#pragma GCC unroll 6
    for (unsigned i = 0; i < IPC_WORDS; i++)
        r.words[i] = m->words[i];
    r.label = m->label;
    r.lengths = m->deadline;
    ipc_register_trap(SYS_reply_recv | IPC_ACCEPT(accept_most) | m->flags, ipc_port, &r);
    if ((uint32_t)r.status)
        return (int)r.status;
#pragma GCC unroll 6
    for (unsigned i = 0; i < IPC_WORDS; i++)
        m->words[i] = r.words[i];
    m->label = (uint32_t)r.label;
    m->seq = (uint32_t)(r.label >> 32);
    m->badge = r.badge;
    m->in_len = (uint32_t)r.lengths;
    m->out_len = (uint32_t)(r.lengths >> 32);
    m->thread = (uint32_t)r.caller;
    m->rights = (uint32_t)(r.caller >> 32);
    m->handle_count = (uint32_t)(r.status >> 32);
    if (m->handle_count) {
        m->handles[0] = (handle_t)r.handles[0];
        m->handles[1] = (handle_t)(r.handles[0] >> 32);
        m->handles[2] = (handle_t)r.handles[1];
        m->handles[3] = (handle_t)(r.handles[1] >> 32);
    }
    return 0;
}

static int work(bool first)
{
    struct worker w = {.messages = {{.accept = accept_most}, {.accept = accept_most}}};
    static const bool never;
    const bool *timed = first ? &ipc_loop_timed : &never;
    int error;

    ipc_held_register(&w.held);
    w.now = &w.messages[0];
    w.spare = &w.messages[1];
    for (;;) {
        if (*timed)
            set_deadline(&w);
        if (kept())
            kept_publish(0);
        error = exchange(w.now);
        if (__builtin_expect(error, 0)) {
            w.now->handle_count = 0;
            if (survive(&w, error))
                continue;
            return error;
        }
        w.fault = false;
        if (!(w.now->label & MSG_KERNEL))
            hold(&w, w.now, call);
        else if (is_fault(w.now))
            answer_fault(&w, w.now, w.spare, 0);
        else
            handle_kernel(&w, w.now);
    }
}

static void further_worker(void *unused)
{
    (void)unused;
    work(false);
}

void ipc_ready(const char *format, ...)
{
    char line[160];
    struct ipc_transfer transfer = {.in = line};
    va_list arguments;
    size_t length;

    said_ready = true;
    if (!ipc_handle("init"))
        return;
    va_start(arguments, format);
    length = ipc_vformat(line, sizeof line, format, arguments);
    va_end(arguments);
    transfer.in_len = (uint32_t)(length < sizeof line ? length : sizeof line - 1);
    init_ready_with(ipc_handle("init"), 0, 0, &transfer);
}

static int prepare(void)
{
    int error = server->ops ? add_service(protocol_named(server->name), server->ops) : 0;

    for (uint32_t i = 0; !error && i < IPC_PROTOCOLS_MAX && server->protocols[i].protocol; i++)
        error = add_service(server->protocols[i].protocol, server->protocols[i].ops);
    return error;
}

/* What was there before this instance: its kept state, and the sessions of its clients. */
static int take_over(void)
{
    int error = kept_open(server, ipc_port);
    uint64_t badge;

    if (!error && server->start)
        error = server->start();
    if (!error)
        error = ipc_irqs_begin(server, ipc_port);
    if (!error && server->session)
        for (uint64_t on = 0; sys_port_ctl(ipc_port, PORT_SESSIONS, on, 0, 0, &badge, 0) == 0; on = 1)
            server->session(badge);
    if (!error && kept())
        kept_publish(0);
    return error;
}

int ipc_serve(const struct ipc_server *s)
{
    int error;

    server = s;
    memset(services, 0, sizeof services);
    accept_most = 0;
    ipc_clients_begin(s);
    ipc_timers_begin(s);
    ipc_port = s->port ? s->port : HANDLE_FIRST(SLOT_PORT);
    error = prepare();
    if (!error)
        error = take_over();
    for (uint32_t i = 1; !error && i < s->workers; i++)
        error = ipc_thread_start(further_worker, 0, ipc_thread_priority(), 0);
    if (error) {
        ipc_error("%s: cannot start: %s", s->name ? s->name : "server", ipc_error_text(error));
        return error;
    }
    if (!said_ready)
        ipc_ready("%s", "");
    return work(true);
}
