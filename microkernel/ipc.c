/* Messages between threads: the general path for call, send, recv, reply and reply_recv. When the other party
 * waits already, fastpath.S does what this would do.
 *
 * A message stays in the sender's saved registers until a receiver takes it, so nothing is copied twice and
 * nothing is allocated. A caller is in exactly one place: on port->senders (queued), on port->received
 * (taken, and named by its server's reply slot or by a deferred reply), or running.
 *
 * Invariants
 * I1 thread->caller == c implies c->server == thread
 * I2 c->served_by, c->server and c->received count only while c is queued or received; a port that dies
 *    sends all these away before it goes, so they need no reference to it
 * I3 c->serial changes when a call or fault ends that was not in a reply slot, so a deferred reply to an
 *    older one finds nobody */
#include <messages.h>
#include <sched.h>

#define TAKE_TRIES 8 /* refused senders in a row before the receiver tries again */
#define KILLS_MAX  3

/* ---- the queue of senders: groups of equal priority, most urgent first ---- */

static void enqueue(struct thread *t, struct port *port)
{
    struct list *l = port->senders.next;
    list_init(&t->run);
    list_init(&t->received);
    t->server = NULL;
    while (l != &port->senders && container_of(l, struct thread, run)->priority > t->priority)
        l = l->next;
    port->queued++;
    struct thread *leader = container_of(l, struct thread, run);
    if (l != &port->senders && leader->priority == t->priority)
        list_add_tail(&leader->peers, &t->peers);
    else
        list_add_before(l, &t->run);
    trace_queued(t, port->borrower);
}

/* Out of the queue; if it led a group, the next of the group leads in its place. */
static void dequeue(struct thread *t, struct port *port)
{
    port->queued--;
    if (!list_empty(&t->run)) {
        if (!list_empty(&t->peers)) {
            struct thread *next = container_of(t->peers.next, struct thread, peers);
            list_add_before(&t->run, &next->run);
        }
        list_remove(&t->run);
    }
    list_remove(&t->peers);
}

void ipc_leave(struct thread *caller)
{
    struct port *port = caller->served_by;
    trace_end(TRACE_LEFT, caller, 0);
    if (list_empty(&caller->received))
        dequeue(caller, port);
    else
        list_remove(&caller->received);
    if (caller->server)
        caller->server->caller = NULL;
    else if (++caller->serial == 0)
        caller->serial = HANDLE_REPLY;
    caller->served_by = NULL;
    caller->flags &= ~(uint32_t)(THREAD_F_ONE_WAY | THREAD_F_FAULT);
}

/* ---- handles in messages ---- */

static handle_t sent_handle(const struct trap_frame *f, uint32_t i)
{
    uint64_t pair = i < 2 ? f->rbx : f->rbp;
    return (handle_t)(pair >> (i % 2 * 32));
}

static int check_handles(struct thread *from, uint32_t count, struct handle_entry entries[IPC_HANDLES])
{
    FAIL_IF(count > IPC_HANDLES, E_INVAL);
    for (uint32_t i = 0; i < count; i++)
        TRY(handle_copyable(from->task, sent_handle(&from->frame, i), &entries[i]));
    return 0;
}

/* All or none. The receiver's slots were set aside when it began to wait. */
static int transfer(struct thread *from, struct thread *to, uint32_t *count)
{
    *count = from->flags & THREAD_F_FAULT ? 0 : IPC_SENT(from->frame.rax);
    if (*count == 0)
        return 0;
    struct handle_entry entries[IPC_HANDLES];
    TRY(check_handles(from, *count, entries));
    FAIL_IF(*count > to->accept, E_FULL);
    uint64_t got[IPC_HANDLES] = {0};
    for (uint32_t i = 0; i < *count; i++) {
        got[i] = handle_insert_reserved(to->task, entries[i].object, entries[i].rights);
        to->accept--;
    }
    to->frame.rbx = got[0] | got[1] << 32;
    to->frame.rbp = got[2] | got[3] << 32;
    return 0;
}

static int reserve(struct thread *t)
{
    uint32_t accept = IPC_ACCEPTED(t->frame.rax);
    FAIL_IF(accept > IPC_HANDLES, E_INVAL);
    if (accept == 0)
        return 0;
    TRY(handle_reserve(t->task, accept));
    t->accept = (uint8_t)accept;
    t->flags |= THREAD_F_ACCEPTS;
    return 0;
}

/* ---- receiving ---- */

/* The receiver's registers are complete: let it run, if it was waiting. */
static void finish_receive(struct thread *receiver, uint32_t handles)
{
    if (receiver->state == THREAD_RECEIVING) {
        list_remove(&receiver->run);
        thread_wake(receiver, 0);
    } else {
        thread_unreserve(receiver);
    }
    receiver->frame.rax = (uint64_t)handles << 32;
}

static void put_kernel_message(struct thread *to, uint32_t label, uint64_t badge,
                               const uint64_t word[IPC_WORDS])
{
    struct trap_frame *f = &to->frame;
    f->rdi = badge;
    f->rsi = label;
    __builtin_memcpy(f->word, word, sizeof f->word);
    f->r14 = f->r15 = 0;
}

static const struct notice *notice_next(const struct port *port)
{
    const struct list *l = port->notices.next;
    for (int given = 0; l != &port->notices && given < PORT_GIVEN_MAX; l = l->next, given++) {
        const struct notice *n = container_of(l, const struct notice, link);
        if (n->id > port->given)
            return n;
    }
    return NULL;
}

static __attribute__((noinline)) bool take_notice(struct thread *receiver, struct port *port)
{
    const struct notice *n = notice_next(port);
    if (!n)
        return false;
    port->given = n->id;
    put_kernel_message(receiver, n->label, n->badge,
                       (uint64_t[]){n->word[0], n->word[1], n->word[2], 0, 0, n->id});
    finish_receive(receiver, 0);
    return true;
}

void ipc_put_fault(const struct thread *faulter, struct thread *pager)
{
    put_kernel_message(pager, faulter->fault_label, faulter->task->pager_notice.badge, faulter->fault_word);
    pager->frame.r15 = faulter->id;
}

static void put_message(struct thread *sender, struct thread *receiver)
{
    struct trap_frame *to = &receiver->frame;
    if (sender->flags & THREAD_F_FAULT) {
        ipc_put_fault(sender, receiver);
        return;
    }
    __builtin_memcpy(to->word, sender->frame.word, sizeof to->word);
    to->rdi = sender->badge;
    to->rsi = sender->frame.rsi;
    to->r14 = sender->buffers.in_len | (uint64_t)sender->buffers.out_len << 32;
    to->r15 = sender->id | (uint64_t)sender->call_rights << 32;
}

/* Move a message into a receiver's registers. On error nothing has changed. */
static int deliver(struct thread *sender, struct thread *receiver, struct port *port)
{
    uint32_t handles;
    TRY(transfer(sender, receiver, &handles));
    put_message(sender, receiver);
    message_taken(sender, receiver);
    port->messages++;
    if (!(sender->flags & THREAD_F_ONE_WAY)) {
        sender->server = receiver;
        receiver->caller = sender;
        list_add_tail(&port->received, &sender->received);
        if (sender->priority > receiver->priority)
            sched_set_priority(receiver, sender->priority);
    }
    finish_receive(receiver, handles);
    return 0;
}

/* The most urgent sender whose handles the receiver can take; the others are refused. */
static __attribute__((noinline)) bool take_sender(struct thread *receiver, struct port *port)
{
    for (int tries = 0; tries < TAKE_TRIES && !list_empty(&port->senders); tries++) {
        struct thread *sender = container_of(port->senders.next, struct thread, run);
        int error = deliver(sender, receiver, port);
        if (error || sender->flags & THREAD_F_ONE_WAY) {
            ipc_leave(sender);
            thread_wake(sender, error);
        } else {
            dequeue(sender, port);
            if (sender->state == THREAD_SENDING)
                sender->state = THREAD_CALLING;
        }
        if (!error)
            return true;
    }
    return false;
}

bool ipc_take(struct thread *receiver, struct port *port)
{
    if (!list_empty(&port->notices) && take_notice(receiver, port))
        return true;
    if (port->bits) {
        static const uint64_t none[IPC_WORDS];
        put_kernel_message(receiver, MSG_NOTIFY, 0, none);
        receiver->frame.word[0] = port->bits;
        port->bits = 0;
        finish_receive(receiver, 0);
        return true;
    }
    return take_sender(receiver, port);
}

int ipc_submit(struct thread *sender, struct port *port, uint64_t deadline)
{
    FAIL_IF(port->dead, E_DEAD);
    bool waiting = !list_empty(&port->receivers);
    FAIL_IF(!waiting && deadline != DEADLINE_NEVER && deadline <= time_now(), E_TIMEDOUT);
    enum thread_state state = THREAD_SENDING;
    if (sender->flags & THREAD_F_FAULT)
        state = THREAD_FAULTING;
    if (waiting) {
        struct thread *receiver = container_of(port->receivers.next, struct thread, run);
        int error = deliver(sender, receiver, port);
        if (error || sender->flags & THREAD_F_ONE_WAY)
            return error;
        if (state == THREAD_SENDING)
            state = THREAD_CALLING;
    } else {
        enqueue(sender, port);
    }
    sender->served_by = port;
    sched_block(sender, state);
    deadline_set(sender, deadline);
    return SYS_BLOCKED;
}

/* ---- ends of calls other than by a reply ---- */

/* The call was in the hands of a thread that died with its server. Its repeats have the same number. */
void ipc_blame(struct thread *caller)
{
    uint32_t seq = (uint32_t)(caller->frame.rsi >> 32);
    bool again = seq == caller->kill_seq && caller->badge == caller->kill_badge;
    caller->kills = again ? caller->kills + 1 : 1;
    caller->kill_seq = seq;
    caller->kill_badge = caller->badge;
}

void ipc_fail_caller(struct thread *caller, int error)
{
    bool fault = caller->flags & THREAD_F_FAULT, same = caller->kill_seq == caller->frame.rsi >> 32;
    if (error == E_RESTARTED && same && caller->kills >= KILLS_MAX)
        error = E_IO;
    trace_end(TRACE_FAILED, caller, (uint32_t)error);
    ipc_leave(caller);
    if (fault)
        sched_ready(caller, SCHED_TAIL); /* it faults again, and finds what there is then */
    else
        thread_wake(caller, error);
}

void ipc_abandon(struct thread *caller, enum cancel_why why)
{
    struct notice *notice = &caller->cancel_notice;
    uint64_t badge = caller->flags & THREAD_F_FAULT ? caller->task->pager_notice.badge : caller->badge;
    notice_bind(notice, caller->served_by);
    if (why != CANCEL_ASKED) {
        if (caller->server)
            caller->server->caller_gone = true;
        trace_end(why == CANCEL_TIMEDOUT ? TRACE_FAILED : TRACE_LEFT, caller, E_TIMEDOUT);
        ipc_leave(caller);
    }
    notice_send(notice, MSG_CANCEL, badge, caller->id, caller->frame.rsi >> 32, why);
}

/* ---- system calls ---- */

static uint64_t deadline_of(const struct trap_frame *f)
{
    return f->rax & IPC_DEADLINE ? f->r14 : DEADLINE_NEVER;
}

/* The buffers that the client lends. Their pages are looked at only when the server copies. */
static int take_buffers(struct thread *thread)
{
    thread->buffers = (struct ipc_buffers){0};
    if (!(thread->frame.rax & IPC_BUFFERS))
        return 0;
    struct ipc_buffers b;
    TRY(user_read(&b, thread->frame.r15, sizeof b));
    FAIL_IF(b.in_len > IPC_BUFFER_MAX || b.out_len > IPC_BUFFER_MAX, E_SIZE);
    FAIL_IF(b.in >= USER_END || b.in_len > USER_END - b.in || b.out >= USER_END ||
                b.out_len > USER_END - b.out,
            E_FAULT);
    thread->buffers = b;
    return 0;
}

int sys_call(struct thread *thread, struct syscall *)
{
    bool one_way = (uint8_t)thread->frame.rax == SYS_send;
    struct trap_frame *f = &thread->frame;
    struct handle_entry *entry, sent[IPC_HANDLES];
    TRY(handle_entry(thread->task, f->rdi, &entry));
    FAIL_IF(handle_kind(entry) != OBJ_SESSION, E_TYPE);
    FAIL_IF(!(entry->rights & RIGHT_CALL), E_RIGHTS);
    FAIL_IF(f->rsi & MSG_KERNEL, E_INVAL);
    TRY(check_handles(thread, IPC_SENT(f->rax), sent));
    FAIL_IF(thread->flags & THREAD_F_CANCEL, E_CANCELLED);
    TRY(take_buffers(thread));
    if (!one_way)
        TRY(reserve(thread));
    struct session *session = (struct session *)entry->object;
    thread->call_rights = entry->rights;
    thread->badge = session->badge;
    if (one_way)
        thread->flags |= THREAD_F_ONE_WAY;
    int error = ipc_submit(thread, session->port, deadline_of(f));
    if (error != SYS_BLOCKED) {
        thread_unreserve(thread);
        thread->flags &= ~(uint32_t)THREAD_F_ONE_WAY;
    }
    return error;
}

int sys_send(struct thread *, struct syscall *) __attribute__((alias("sys_call")));

/* Find the caller that a reply handle (0: the slot) names. *out NULL: it is gone. E_HANDLE, E_TYPE, E_INVAL.
 */
static int find_caller(struct thread *server, handle_t reply, struct thread **out)
{
    *out = NULL;
    if (!reply) {
        FAIL_IF(!server->caller && !server->caller_gone, E_INVAL);
        *out = server->caller;
        return 0;
    }
    struct handle_entry *entry;
    TRY(handle_entry(server->task, reply, &entry));
    FAIL_IF(handle_kind(entry) != OBJ_REPLY, E_TYPE);
    struct thread *caller = (struct thread *)entry->object;
    if (caller->serial == entry->rights)
        *out = caller;
    return 0;
}

static int answer(struct thread *server, struct thread *caller)
{
    struct trap_frame *from = &server->frame, *to = &caller->frame;
    if (caller->flags & THREAD_F_FAULT)
        return fault_reply(caller, (uint32_t)from->rsi, from->word);
    uint32_t handles;
    TRY(transfer(server, caller, &handles));
    message_answered(server, caller);
    ipc_leave(caller);
    __builtin_memcpy(to->word, from->word, sizeof to->word);
    to->rdi = 0;
    to->rsi = (uint32_t)from->rsi;
    thread_wake(caller, 0);
    to->rax = (uint64_t)handles << 32;
    return 0;
}

int sys_reply(struct thread *thread, struct syscall *)
{
    handle_t reply = thread->frame.rdi;
    struct thread *caller;
    TRY(find_caller(thread, reply, &caller));
    if (caller)
        TRY(answer(thread, caller));
    if (reply)
        handle_close(thread->task, reply);
    else
        thread->caller_gone = false;
    sched_set_priority(thread, thread->base_priority);
    return 0;
}

static int receive(struct thread *thread)
{
    struct port *port;
    TRY(handle_get(thread->task, thread->frame.rdi, OBJ_PORT, RIGHT_RECV, &port));
    FAIL_IF(port->borrower && port->borrower != thread->task, E_RIGHTS);
    FAIL_IF(port->dead, E_DEAD);
    thread->caller_gone = false;
    sched_set_priority(thread, thread->base_priority);
    TRY(reserve(thread));
    FAIL_IF(ipc_take(thread, port), SYS_BLOCKED); /* the message is in the registers */
    uint64_t deadline = deadline_of(&thread->frame);
    int error = 0;
    if (!list_empty(&port->senders))
        error = SYS_RESTART; /* a run of refused senders */
    else if (thread->flags & THREAD_F_CANCEL)
        error = E_CANCELLED;
    else if (deadline != DEADLINE_NEVER && deadline <= time_now())
        error = E_TIMEDOUT;
    if (error) {
        thread_unreserve(thread);
        return error;
    }
    thread->served_by = port;
    sched_block(thread, THREAD_RECEIVING);
    list_add_head(&port->receivers, &thread->run);
    deadline_set(thread, deadline);
    return SYS_BLOCKED;
}

int sys_recv(struct thread *thread, struct syscall *)
{
    return thread->caller ? E_BUSY : receive(thread);
}

int sys_reply_recv(struct thread *thread, struct syscall *)
{
    if (thread->caller)
        TRY(answer(thread, thread->caller));
    return receive(thread);
}

int sys_reply_defer(struct thread *thread, struct syscall *s)
{
    struct thread *caller = thread->caller;
    FAIL_IF(!caller && !thread->caller_gone, E_INVAL);
    FAIL_IF(!caller, E_DEAD);
    TRY(handle_insert(thread->task, &caller->object, caller->serial, 0, &s->r[0]));
    s->r[1] = caller->task->id;
    thread->caller = NULL;
    caller->server = NULL;
    return 0;
}

/* ---- the client's buffers ---- */

static int copy(struct thread *thread, struct syscall *s, enum vms_direction direction)
{
    struct thread *caller;
    TRY(find_caller(thread, s->a[0], &caller));
    if (!caller || caller->flags & THREAD_F_FAULT)
        return caller ? E_INVAL : E_DEAD;
    const struct ipc_buffers *b = &caller->buffers;
    bool out = direction == VMS_TO_OTHER;
    uint64_t size = out ? b->out_len : b->in_len, offset = s->a[1], length = s->a[3];
    FAIL_IF(offset > size || length > size - offset, E_RANGE);
    return vms_copy(&caller->task->vms, (out ? b->out : b->in) + offset, s->a[2],
                    length < IPC_COPY_MAX ? length : IPC_COPY_MAX, direction, &caller->noted[direction],
                    &s->r[0]);
}

int sys_msg_read(struct thread *thread, struct syscall *s)
{
    return copy(thread, s, VMS_FROM_OTHER);
}

int sys_msg_write(struct thread *thread, struct syscall *s)
{
    return copy(thread, s, VMS_TO_OTHER);
}
