// config:
// config: words=fastpath=off
/* A port outlives the server that reads it: lent to a task, the task killed with callers queued and received,
 * lent again; kept handles and notices wait for the next borrower. */
#include "lib/ktest.h"

#define SLOT 8

static struct kport port;
static struct kthread received, queued;
static volatile uint32_t received_result, queued_result;

/* ---- what runs in the borrower: its only handle is the lent one, and what was given ---- */

/* Take one message, tell the parent by a notification, and never answer. */
static void swallow(void *unused)
{
    (void)unused;
    struct ipc_message m = {0};
    sys_recv_message(HANDLE_FIRST(SLOT), &m);
    sys_notify(HANDLE_FIRST(SLOT + 1), m.label);
    for (;;)
        sys_recv_message(HANDLE_FIRST(SLOT + 2), &m); /* fails for want of the handle, or as busy */
}

/* Answer every message with its label plus one. */
static void echo(void *unused)
{
    (void)unused;
    struct ipc_message m = {0};
    int error = sys_recv_message(HANDLE_FIRST(SLOT), &m);
    while (!error) {
        m.label = m.label & MSG_KERNEL ? 0 : m.label + 1;
        error = sys_reply_recv_message(HANDLE_FIRST(SLOT), &m);
    }
    sys_task_ctl(0, TASK_KILL, (uint64_t)error, 0, 0, NULL);
}

/* Keep a handle in the port, take a notice without acknowledging it, and die. */
static void keep_and_die(void *unused)
{
    (void)unused;
    struct ipc_message m = {0};
    int error = sys_port_ctl(HANDLE_FIRST(SLOT), PORT_KEEP, 42, HANDLE_FIRST(SLOT + 1), 0, NULL, NULL);
    if (!error)
        error = sys_recv_message(HANDLE_FIRST(SLOT), &m);
    sys_task_ctl(0, TASK_KILL, error ? (uint64_t)error + 1000 : m.label, 0, 0, NULL);
}

/* ---- the parent ---- */

static void call_received(void *unused)
{
    (void)unused;
    struct ipc_message m = ktest_message(5, 0);
    m.seq = 3;
    received_result = 1 + (uint32_t)sys_call_message(port.session, &m);
}

static void call_queued(void *unused)
{
    (void)unused;
    struct ipc_message m = ktest_message(50, 0);
    m.seq = 4;
    int error = sys_call_message(port.session, &m);
    queued_result = 1 + (error ? (uint32_t)error : m.label);
}

static void lend_to(struct ktask *task)
{
    uint64_t there = 0;
    CHECK_IS(sys_port_ctl(port.port, PORT_LEND, task->task, SLOT, 0, &there, NULL), 0);
    CHECK_IS(there, HANDLE_FIRST(SLOT));
}

static void lend_again(void)
{
    static struct ktask first, second;
    struct kport told;
    received_result = queued_result = 0;
    kport_create(&port);
    kport_create(&told);
    ktask_create(&first);
    lend_to(&first);
    ktask_give(&first, told.port, RIGHT_NOTIFY, SLOT + 1);
    CHECK_IS(sys_port_ctl(port.port, PORT_LEND, first.task, 0, 0, NULL, NULL), E_BUSY);
    ktask_start(&first, swallow, NULL);
    kthread_start(&received, call_received, NULL, ipc_thread_priority());
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(3000)};
    CHECK_IS(sys_recv_message(told.port, &m), 0);
    CHECK_IS(m.words[0], 5);
    kthread_start(&queued, call_queued, NULL, ipc_thread_priority());
    kthread_await(&queued, THREAD_SENDING);
    kthread_await(&received, THREAD_CALLING);
    /* While it is lent, not even the owner receives. */
    struct ipc_message own = {.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    CHECK_IS(sys_recv_message(port.port, &own), E_RIGHTS);
    ktask_kill(&first);
    kthread_join(&received);
    CHECK_IS(received_result, 1 + E_RESTARTED);
    CHECK_IS(queued_result, 0); /* still there */
    ktask_create(&second);
    lend_to(&second);
    ktask_start(&second, echo, NULL);
    kthread_join(&queued);
    CHECK_IS(queued_result, 1 + 51);
    struct ipc_message again = ktest_message(9, 0);
    CHECK_IS(sys_call_message(port.session, &again), 0); /* the same handle, the next instance */
    CHECK_IS(again.label, 10);
    ktask_kill(&second);
    kport_close(&told);
    kport_close(&port);
}

static void kept(void)
{
    static struct ktask first;
    struct kport gift;
    uint64_t value = 0;
    kport_create(&port);
    kport_create(&gift);
    ktask_create(&first);
    lend_to(&first);
    ktask_give(&first, gift.session, RIGHT_ALL, SLOT + 1);
    CHECK_IS(sys_handle_close(port.session), 0); /* a notice waits */
    port.session = 0;
    ktask_start(&first, keep_and_die, NULL);
    CHECK_IS(ktask_wait(&first, &value), TASK_KILLED);
    CHECK_IS(value, MSG_CLOSED);
    /* It was read and not acknowledged: the next reader has it again. */
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(500)};
    CHECK_IS(sys_recv_message(port.port, &m), 0);
    CHECK_IS(m.label, MSG_CLOSED);
    CHECK_IS(m.badge, port.badge);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_NEXT_KEPT, 0, 0, 0, &value, NULL), 0);
    CHECK_IS(value, 42);
    CHECK_IS(sys_port_ctl(port.port, PORT_KEPT, 42, 0, 0, &value, NULL), 0);
    struct handle_info info = {0};
    CHECK_IS(sys_handle_info((handle_t)value, &info), 0);
    CHECK_IS(info.id, gift.badge);
    CHECK_IS(sys_handle_close((handle_t)value), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_DROP, 42, 0, 0, NULL, NULL), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_DROP, 42, 0, 0, NULL, NULL), E_NOENT);
    kport_close(&gift);
    kport_close(&port);
}

static void sessions_listed(void)
{
    uint64_t session[5], badge[5], value = 0;
    kport_create(&port);
    for (int i = 0; i < 5; i++)
        CHECK_IS(sys_port_ctl(port.port, PORT_MINT, (uint64_t)i, RIGHT_CALL, 0, &session[i], &badge[i]), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_SESSIONS, 0, 0, 0, &value, NULL), 0);
    CHECK_IS(value, port.badge);
    CHECK_IS(sys_handle_close((handle_t)session[0]), 0);
    for (int i = 1; i < 5; i++) {
        CHECK_IS(sys_port_ctl(port.port, PORT_SESSIONS, 1, 0, 0, &value, NULL), 0);
        CHECK_IS(value, badge[i]);
        CHECK(badge[i] >> 24 > badge[i - 1] >> 24); /* never the same twice */
        CHECK_IS(badge[i] & 0xffffff, i);
    }
    CHECK_IS(sys_port_ctl(port.port, PORT_SESSIONS, 1, 0, 0, &value, NULL), E_NOENT);
    CHECK_IS(sys_port_ctl(port.port, PORT_MINT, 1 << 24, RIGHT_CALL, 0, NULL, NULL), E_RANGE);
    for (int i = 1; i < 5; i++)
        CHECK_IS(sys_handle_close((handle_t)session[i]), 0);
    kport_close(&port);
}

static void take_back(void)
{
    static struct ktask first;
    kport_create(&port);
    ktask_create(&first);
    lend_to(&first);
    ktask_start(&first, echo, NULL);
    struct ipc_message m = ktest_message(1, 0);
    CHECK_IS(sys_call_message(port.session, &m), 0);
    CHECK_IS(m.label, 2);
    CHECK_IS(sys_port_ctl(port.port, PORT_TAKE_BACK, 0, 0, 0, NULL, NULL), 0);
    uint64_t value = 0;
    CHECK_IS(ktask_wait(&first, &value), TASK_KILLED); /* its receive failed */
    CHECK_IS(value, E_DEAD);
    m = (struct ipc_message){.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    CHECK_IS(sys_recv_message(port.port, &m), E_TIMEDOUT); /* the owner may again */
    kport_close(&port);
}

int main(void)
{
    static const struct ktest tests[] = {{"lend-again", lend_again},
                                         {"kept", kept},
                                         {"sessions-listed", sessions_listed},
                                         {"take-back", take_back}};
    ktest_main(tests, KTEST_COUNT(tests));
}
