/* Ports: creation, loans, keep tables, sessions, and the death of all of them in steps. */
#include <port.h>

#define STEP          16  /* callers or records moved in one step */
#define SESSIONS_STEP 512 /* sessions passed over in one step */
#define KEEP_SIZE     (PORT_KEEP_MAX * sizeof(struct handle_entry))

bool port_destroy(struct object *object)
{
    struct port *port = (struct port *)object;
    list_remove(&port->lent); /* a borrower that gave its handle up */
    if (port->keep)
        kmem_free(object->account, port->keep, KEEP_SIZE);
    return true;
}

void port_closed(struct port *port, uint32_t rights)
{
    port->owners -= (rights & RIGHT_MANAGE) != 0;
    port->takers -= (rights & RIGHT_RECV) != 0;
    if (port->owners == 0 && port->takers == 0 && !port->dead) {
        port->dead = true;
        object_end(&port->object);
    }
}

/* Let go of up to STEP waiters and records: of a dead port all, at the end of a loan what the borrower had.
 * True when nothing is left. */
static bool release_step(struct port *port)
{
    for (int n = 0; n < STEP; n++) {
        if (!list_empty(&port->received)) {
            ipc_fail_caller(container_of(port->received.next, struct thread, received),
                            port->dead ? E_DEAD : E_RESTARTED);
        } else if (!list_empty(&port->receivers)) {
            struct thread *t = container_of(port->receivers.next, struct thread, run);
            thread_unqueue(t, CANCEL_DIED);
            thread_wake(t, E_DEAD);
        } else if (port->dead && !list_empty(&port->senders)) {
            ipc_fail_caller(container_of(port->senders.next, struct thread, run), E_DEAD);
        } else if (port->dead && !list_empty(&port->notices)) {
            notice_drop(container_of(port->notices.next, struct notice, link));
        } else {
            return true;
        }
    }
    return false;
}

/* What a dead port keeps goes with it: it may be what keeps the port itself from going. */
bool port_end_step(struct object *object)
{
    struct port *port = (struct port *)object;
    if (!release_step(port))
        return false;
    for (uint32_t i = 0, closed = 0; port->keep && i < PORT_KEEP_MAX; i++) {
        if (!port->keep[i].id)
            continue;
        if (closed++ == STEP)
            return false;
        port->keep[i].id = 0;
        object_close(port->keep[i].object, port->keep[i].rights);
    }
    return true;
}

bool port_loan_end(struct port *port)
{
    struct handle_entry *entry;
    if (!release_step(port))
        return false;
    if (!handle_entry(port->borrower, port->lent_as, &entry) && entry->object == &port->object) {
        entry->rights &= ~(uint32_t)RIGHT_RECV;
        port_closed(port, RIGHT_RECV);
    }
    list_remove(&port->lent);
    port->borrower = NULL;
    port->cursor = NULL;
    port->given = 0; /* what was not acknowledged awaits the next borrower */
    return true;
}

/* ---- sessions ---- */

bool session_destroy(struct object *object)
{
    struct session *session = (struct session *)object;
    struct port *port = session->port;
    if (port->cursor == &session->in_port)
        port->cursor = session->in_port.next;
    list_remove(&session->in_port);
    port->session_count--;
    notice_drop(&session->closed);
    object_put(&port->object);
    return true;
}

void session_closed(struct session *session)
{
    if (session->object.refs > 1 || session->port->dead)
        return; /* nothing else refers to a session before this is known */
    notice_bind(&session->closed, session->port);
    notice_send(&session->closed, MSG_CLOSED, session->badge, 0, 0, 0);
}

static int mint(struct thread *thread, struct port *port, struct syscall *s)
{
    FAIL_IF(s->a[2] >= 1u << 24, E_RANGE);
    FAIL_IF(port->dead, E_DEAD);
    struct session *session;
    TRY(object_create(thread->task->account, OBJ_SESSION, sizeof(struct session), &session));
    session->port = port;
    object_get(&port->object);
    session->badge = ++port->next_serial << 24 | s->a[2];
    notice_init(&session->closed, &session->object);
    list_add_tail(&port->sessions, &session->in_port);
    port->session_count++;
    uint32_t rights = (uint32_t)s->a[3] & (RIGHT_COPY | RIGHT_CALL | RIGHT_NOTIFY | RIGHT_PROTOCOL);
    TRY(handle_insert_new(thread->task, &session->object, rights, &s->r[0]));
    s->r[1] = session->badge;
    return 0;
}

/* ---- loans, kept handles ---- */

static int lend(struct thread *thread, struct port *port, struct syscall *s)
{
    struct task *task;
    TRY(handle_get(thread->task, s->a[2], OBJ_TASK, RIGHT_MANAGE, &task));
    FAIL_IF(port->borrower, E_BUSY);
    FAIL_IF(task->dying, E_DEAD);
    uint32_t rights = RIGHT_RECV | RIGHT_NOTIFY | RIGHT_INFO | RIGHT_COPY;
    TRY(handle_insert(task, &port->object, rights, s->a[3], &s->r[0]));
    port->lent_as = (handle_t)s->r[0];
    port->borrower = task;
    list_add_tail(&task->ports_lent, &port->lent);
    return 0;
}

static struct handle_entry *keep_find(struct port *port, uint64_t key)
{
    for (uint32_t i = 0; port->keep && i < PORT_KEEP_MAX; i++)
        if (port->keep[i].id == key)
            return &port->keep[i];
    return NULL;
}

static int keep_put(struct thread *thread, struct port *port, uint64_t key, handle_t handle)
{
    struct handle_entry copy;
    TRY(handle_copyable(thread->task, handle, &copy));
    FAIL_IF(key == 0 || key > UINT32_MAX, E_RANGE);
    FAIL_IF(keep_find(port, key), E_EXISTS);
    if (!port->keep)
        TRY(kmem_alloc(port->object.account, KEEP_SIZE, &port->keep));
    struct handle_entry *free = keep_find(port, 0);
    FAIL_IF(!free, E_FULL);
    if (copy.object->kind == OBJ_PORT)
        copy.rights &= ~(uint32_t)RIGHT_MANAGE; /* ports that own each other would never die */
    copy.id = (uint32_t)key;
    *free = copy;
    object_open(copy.object, copy.rights);
    return handle_close(thread->task, handle);
}

/* PORT_KEPT, PORT_DROP. */
static int kept_use(struct thread *thread, struct port *port, struct syscall *s)
{
    struct handle_entry *kept = s->a[2] ? keep_find(port, s->a[2]) : NULL;
    FAIL_IF(!kept, E_NOENT);
    if (s->a[1] == PORT_KEPT)
        return handle_insert(thread->task, kept->object, kept->rights, 0, &s->r[0]);
    kept->id = 0;
    object_close(kept->object, kept->rights);
    return 0;
}

static int kept_next(struct port *port, uint64_t above, struct syscall *s)
{
    for (uint32_t i = 0; port->keep && i < PORT_KEEP_MAX; i++) {
        uint64_t key = port->keep[i].id;
        if (key > above && (!s->r[0] || key < s->r[0]))
            s->r[0] = key;
    }
    return s->r[0] ? 0 : E_NOENT;
}

static int next_session(struct port *port, struct syscall *s)
{
    if (!s->a[2])
        port->cursor = port->sessions.next;
    s->a[2] = true; /* go on */
    for (uint32_t n = 0; port->cursor && port->cursor != &port->sessions; n++) {
        FAIL_IF(n == SESSIONS_STEP, SYS_RESTART);
        struct session *session = container_of(port->cursor, struct session, in_port);
        port->cursor = port->cursor->next;
        if (!session->closed.port && !session->object.doomed) {
            s->r[0] = session->badge;
            return 0;
        }
    }
    return E_NOENT;
}

static int acknowledge(struct port *port, uint64_t id)
{
    for (struct list *l = port->notices.next; id <= port->given && l != &port->notices; l = l->next) {
        struct notice *notice = container_of(l, struct notice, link);
        FAIL_IF(notice->id > id, E_NOENT);
        if (notice->id == id) {
            notice_drop(notice);
            port_wake(port); /* there were PORT_GIVEN_MAX, perhaps */
            return 0;
        }
    }
    return E_NOENT;
}

static int port_info(struct port *port, vaddr_t to)
{
    struct port_info info = {
        .sessions = port->session_count, .queued = port->queued, .messages = port->messages};
    for (struct list *l = port->notices.next; l != &port->notices && info.notices < 1024; l = l->next)
        info.notices++;
    return user_write(to, &info, sizeof info);
}

/* ---- system calls ---- */

int sys_port_create(struct thread *thread, struct syscall *s)
{
    struct port *port;
    TRY(object_create(thread->task->account, OBJ_PORT, sizeof *port, &port));
    list_init(&port->receivers);
    list_init(&port->senders);
    list_init(&port->received);
    list_init(&port->notices);
    list_init(&port->sessions);
    list_init(&port->lent);
    uint32_t rights = RIGHT_COPY | RIGHT_NOTIFY | RIGHT_RECV | RIGHT_MANAGE | RIGHT_INFO;
    return handle_insert_new(thread->task, &port->object, rights, &s->r[0]);
}

int sys_port_ctl(struct thread *thread, struct syscall *s)
{
    struct port *port;
    uint32_t need = RIGHT_RECV | RIGHT_MANAGE; /* any of these */
    if (s->a[1] == PORT_LEND || s->a[1] == PORT_TAKE_BACK)
        need = RIGHT_MANAGE;
    else if (s->a[1] == PORT_INFO)
        need |= RIGHT_INFO;
    else if (s->a[1] == PORT_ACK)
        need = RIGHT_RECV;
    TRY(handle_get(thread->task, s->a[0], OBJ_PORT, need, &port));
    switch (s->a[1]) {
    case PORT_MINT: return mint(thread, port, s);
    case PORT_LEND: return lend(thread, port, s);
    case PORT_TAKE_BACK: return !port->borrower || port_loan_end(port) ? 0 : SYS_RESTART;
    case PORT_KEEP: return keep_put(thread, port, s->a[2], s->a[3]);
    case PORT_KEPT:
    case PORT_DROP: return kept_use(thread, port, s);
    case PORT_NEXT_KEPT: return kept_next(port, s->a[2], s);
    case PORT_SESSIONS: return next_session(port, s);
    case PORT_ACK: return acknowledge(port, s->a[2]);
    case PORT_INFO: return port_info(port, s->a[2]);
    default: return E_INVAL;
    }
}
