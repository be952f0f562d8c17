// config:
// config: words=fastpath=off
/* Messages between threads of one task: every size, deadlines, cancellation, handles, the ends of peers. */
#include "lib/ktest.h"

static struct kport port;
static volatile uint32_t result; /* of the client thread, plus 1; 0: not there yet */
static struct ipc_message client_message;

static void client(void *unused)
{
    (void)unused;
    result = 1 + (uint32_t)sys_call_message(port.session, &client_message);
}

/* The thread structure must not move while it runs: keep it here. */
static struct kthread one, two;
#define START_CLIENT(message)                                     \
    do {                                                          \
        result = 0;                                               \
        client_message = (message);                               \
        kthread_start(&one, client, NULL, ipc_thread_priority()); \
    } while (0)

static struct ipc_message receive(uint32_t accept)
{
    struct ipc_message m = {.accept = accept, .flags = IPC_DEADLINE, .deadline = IPC_MS(2000)};
    CHECK_IS(sys_recv_message(port.port, &m), 0);
    return m;
}

static int receive_error(uint64_t deadline)
{
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = deadline};
    return sys_recv_message(port.port, &m);
}

static void words(void)
{
    kport_create(&port);
    for (uint32_t round = 0; round < 20; round++) {
        struct ipc_message m = ktest_message(round, 1000 * round + 1);
        m.seq = round + 5;
        START_CLIENT(m);
        m = receive(0);
        CHECK_IS(m.label, round);
        CHECK_IS(m.seq, round + 5);
        CHECK_IS(m.badge, port.badge);
        CHECK_IS(m.rights & RIGHT_PROTOCOL, RIGHT_USE);
        CHECK_IS(m.in_len | m.out_len, 0);
        for (unsigned i = 0; i < IPC_WORDS; i++)
            CHECK_IS(m.words[i], 1000 * round + 1 + i);
        m = ktest_message(round + 7, 5000 * round);
        CHECK_IS(sys_reply_message(0, &m), 0);
        kthread_join(&one);
        CHECK_IS(result, 1);
        CHECK_IS(client_message.label, round + 7);
        for (unsigned i = 0; i < IPC_WORDS; i++)
            CHECK_IS(client_message.words[i], 5000 * round + i);
    }
    kport_close(&port);
}

static void buffers(void)
{
    static char in[IPC_COPY_MAX * 2 + 100], out[sizeof in], got[sizeof in];
    static const uint32_t sizes[] = {0, 1, 7, 8, 160, 512, 4095, 4096, 4097, 20000, IPC_COPY_MAX, sizeof in};
    kport_create(&port);
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (char)(i * 7 + 3);
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        uint32_t size = sizes[n];
        struct ipc_message m = {.flags = IPC_BUFFERS};
        m.buffers = (struct ipc_buffers){(vaddr_t)in, (vaddr_t)out, size, size};
        memset(out, 0, sizeof out);
        START_CLIENT(m);
        m = receive(0);
        CHECK_IS(m.in_len, size);
        CHECK_IS(m.out_len, size);
        uint64_t count = 0;
        for (uint64_t at = 0; at < size; at += count) {
            CHECK_IS(sys_msg_read(0, at, got + at, size - at, &count), 0);
            CHECK(count > 0);
            if (!count)
                break;
        }
        CHECK_IS(memcmp(got, in, size), 0);
        for (uint64_t at = 0; at < size; at += count) {
            CHECK_IS(sys_msg_write(0, at, got + at, size - at, &count), 0);
            if (!count)
                break;
        }
        CHECK_IS(sys_msg_read(0, size, got, 1, &count), E_RANGE);
        CHECK_IS(sys_msg_write(0, UINT64_MAX, got, 1, &count), E_RANGE);
        CHECK_IS(sys_msg_read(0, 1, got, UINT64_MAX, &count), E_RANGE);
        m = ktest_message(0, 0);
        CHECK_IS(sys_reply_message(0, &m), 0);
        kthread_join(&one);
        CHECK_IS(result, 1);
        CHECK_IS(memcmp(out, in, size), 0);
    }
    kport_close(&port);
}

/* Buffers that cannot be: refused at the call, or when they are used. */
static void bad_buffers(void)
{
    static char got[64];
    uint64_t count;
    kport_create(&port);
    struct ipc_message m = {.flags = IPC_BUFFERS | IPC_DEADLINE, .deadline = IPC_MS(200)};
    m.buffers = (struct ipc_buffers){USER_END - 8, 0, 16, 0};
    CHECK_IS(sys_call_message(port.session, &m), E_FAULT);
    m.buffers = (struct ipc_buffers){0xffff800000000000, 0, 16, 0};
    CHECK_IS(sys_call_message(port.session, &m), E_FAULT);
    m.buffers = (struct ipc_buffers){(vaddr_t)got, (vaddr_t)got, IPC_BUFFER_MAX + 1, 0};
    CHECK_IS(sys_call_message(port.session, &m), E_SIZE);
    m.buffers = (struct ipc_buffers){USER_MIN, USER_MIN, 16, 16}; /* nothing is mapped there */
    START_CLIENT(m);
    receive(0);
    CHECK_IS(sys_msg_read(0, 0, got, 16, &count), E_ABSENT);
    CHECK_IS(count, 0);
    CHECK_IS(sys_msg_write(0, 0, got, 16, &count), E_ABSENT);
    m = ktest_message(0, 0);
    CHECK_IS(sys_reply_message(0, &m), 0);
    kthread_join(&one);
    /* The server's own side: a bad address is its own error. */
    m = (struct ipc_message){.flags = IPC_BUFFERS};
    m.buffers = (struct ipc_buffers){(vaddr_t)got, (vaddr_t)got, 16, 16};
    START_CLIENT(m);
    receive(0);
    CHECK_IS(sys_msg_read(0, 0, (void *)0xffff800000000000, 16, &count), E_FAULT);
    CHECK_IS(sys_msg_read(0, 0, (void *)8, 16, &count), E_FAULT);
    CHECK_IS(sys_msg_write(0, 0, (void *)8, 16, &count), E_FAULT);
    m = ktest_message(0, 0);
    CHECK_IS(sys_reply_message(0, &m), 0);
    kthread_join(&one);
    kport_close(&port);
}

static void deadlines(void)
{
    kport_create(&port);
    CHECK_IS(receive_error(DEADLINE_POLL), E_TIMEDOUT);
    uint64_t before = ipc_now();
    CHECK_IS(receive_error(before + 20 * NS_PER_MS), E_TIMEDOUT);
    CHECK(ipc_now() - before >= 20 * NS_PER_MS);
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    CHECK_IS(sys_call_message(port.session, &m), E_TIMEDOUT);
    m.deadline = IPC_MS(10);
    CHECK_IS(sys_call_message(port.session, &m), E_TIMEDOUT); /* queued */
    m = (struct ipc_message){.flags = IPC_DEADLINE, .deadline = IPC_MS(30), .seq = 9};
    START_CLIENT(m);
    m = receive(0);
    CHECK_IS(sys_handle_close(0x12345), E_HANDLE);
    kthread_join(&one); /* received, but not answered in time */
    CHECK_IS(result, 1 + E_TIMEDOUT);
    struct ipc_message late = ktest_message(0, 0);
    CHECK_IS(sys_reply_message(0, &late), 0); /* to one who is gone: succeeds */
    struct ipc_message notice = receive(0);
    CHECK_IS(notice.label, MSG_CANCEL);
    CHECK_IS(notice.badge, port.badge);
    CHECK_IS(notice.words[0], m.thread);
    CHECK_IS(notice.words[1], 9);
    CHECK_IS(notice.words[2], CANCEL_TIMEDOUT);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, notice.words[5], 0, 0, NULL, NULL), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, notice.words[5], 0, 0, NULL, NULL), E_NOENT);
    kport_close(&port);
}

static void cancel(void)
{
    struct ipc_message m = ktest_message(1, 0);
    kport_create(&port);
    START_CLIENT(m);
    kthread_await(&one, THREAD_SENDING);
    CHECK_IS(sys_thread_ctl(one.handle, THREAD_CANCEL, 0, 0, NULL), 0);
    kthread_join(&one);
    CHECK_IS(result, 1 + E_CANCELLED);
    /* Received: the server is only told. */
    START_CLIENT(m);
    m = receive(0);
    CHECK_IS(sys_thread_ctl(one.handle, THREAD_CANCEL, 0, 0, NULL), 0);
    handle_t reply = 0;
    CHECK_IS(sys_reply_defer(&reply, 0), 0);
    struct ipc_message notice = receive(0);
    CHECK_IS(notice.label, MSG_CANCEL);
    CHECK_IS(notice.words[2], CANCEL_ASKED);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, notice.words[5], 0, 0, NULL, NULL), 0);
    CHECK_IS(result, 0);
    m = ktest_message(3, 0);
    CHECK_IS(sys_reply_message(reply, &m), 0);
    CHECK_IS(sys_reply_message(reply, &m), E_HANDLE); /* once */
    kthread_join(&one);
    CHECK_IS(result, 1);
    CHECK_IS(client_message.label, 3);
    kport_close(&port);
}

static void sticky_client(void *unused)
{
    (void)unused;
    while (!result)
        sys_yield();
    struct ipc_message m = ktest_message(1, 0);
    m.flags = IPC_DEADLINE;
    m.deadline = IPC_MS(500);
    CHECK_IS(sys_call_message(port.session, &m), E_CANCELLED);
    CHECK_IS(sys_recv_message(port.port, &m), E_CANCELLED);
    uint64_t was = 0;
    CHECK_IS(sys_thread_ctl(0, THREAD_UNCANCEL, 0, 0, &was), 0);
    CHECK_IS(was, 1);
    m.deadline = IPC_MS(5);
    CHECK_IS(sys_call_message(port.session, &m), E_TIMEDOUT);
}

static void cancel_is_sticky(void)
{
    kport_create(&port);
    result = 0;
    kthread_start(&one, sticky_client, NULL, ipc_thread_priority());
    CHECK_IS(sys_thread_ctl(one.handle, THREAD_CANCEL, 0, 0, NULL), 0);
    result = 1;
    kthread_join(&one);
    kport_close(&port);
}

static void handles(void)
{
    kport_create(&port);
    struct kport gift[IPC_HANDLES];
    for (unsigned i = 0; i < IPC_HANDLES; i++)
        kport_create(&gift[i]);
    for (uint32_t n = 0; n <= IPC_HANDLES; n++) {
        struct ipc_message m = ktest_message(1, 0);
        m.handle_count = n;
        m.accept = n;
        for (uint32_t i = 0; i < n; i++)
            m.handles[i] = gift[i].session;
        START_CLIENT(m);
        m = receive(IPC_HANDLES);
        CHECK_IS(m.handle_count, n);
        struct handle_info info;
        for (uint32_t i = 0; i < n; i++) {
            CHECK_IS(sys_handle_info(m.handles[i], &info), 0);
            CHECK_IS(info.kind, OBJ_SESSION);
            CHECK_IS(info.id, gift[i].badge);
        }
        CHECK_IS(sys_reply_message(0, &m), 0); /* and back */
        kthread_join(&one);
        CHECK_IS(result, 1);
        CHECK_IS(client_message.handle_count, n);
        for (uint32_t i = 0; i < n; i++) {
            CHECK_IS(sys_handle_close(m.handles[i]), 0);
            CHECK_IS(sys_handle_close(client_message.handles[i]), 0);
        }
    }
    for (unsigned i = 0; i < IPC_HANDLES; i++)
        kport_close(&gift[i]);
    kport_close(&port);
}

static void handles_refused(void)
{
    kport_create(&port);
    struct ipc_message m = ktest_message(1, 0);
    m.handle_count = 1;
    m.handles[0] = port.session;
    m.flags = IPC_DEADLINE;
    m.deadline = IPC_MS(1000);
    START_CLIENT(m); /* nobody said that it accepts any */
    kthread_await(&one, THREAD_SENDING);
    CHECK_IS(receive_error(IPC_MS(20)), E_TIMEDOUT);
    kthread_join(&one);
    CHECK_IS(result, 1 + E_FULL);
    m.handles[0] = 0x77777;
    CHECK_IS(sys_call_message(port.session, &m), E_HANDLE);
    handle_t bare = 0; /* without the right to be copied */
    CHECK_IS(sys_handle_copy(port.session, RIGHT_CALL, 0, 0, &bare), 0);
    m.handles[0] = bare;
    CHECK_IS(sys_call_message(port.session, &m), E_RIGHTS);
    handle_t wider = 0;
    CHECK_IS(sys_handle_copy(bare, RIGHT_CALL | RIGHT_NOTIFY, 0, 0, &wider), E_RIGHTS);
    CHECK_IS(sys_notify(bare, 1), E_RIGHTS);
    CHECK_IS(sys_handle_close(bare), 0);
    /* The right to receive is never copied. */
    CHECK_IS(sys_handle_copy(port.port, RIGHT_RECV, 0, 0, &wider), E_RIGHTS);
    kport_close(&port);
}

static void stale_and_forged(void)
{
    kport_create(&port);
    handle_t old = port.session, copy = 0;
    struct ipc_message m = ktest_message(1, 0);
    CHECK_IS(sys_handle_close(old), 0);
    CHECK_IS(sys_handle_close(old), E_HANDLE);
    CHECK_IS(sys_call_message(old, &m), E_HANDLE);
    CHECK_IS(sys_handle_copy(old, RIGHT_ALL, 0, 0, &copy), E_HANDLE);
    CHECK_IS(sys_call_message(port.port, &m), E_TYPE);
    CHECK_IS(sys_call_message(0, &m), E_HANDLE);
    CHECK_IS(sys_call_message(HANDLE_MAKE(0xffff, 1), &m), E_HANDLE);
    CHECK_IS(sys_call_message(HANDLE_MAKE(HANDLE_INDEX(old), 0), &m), E_HANDLE);
    m.label = MSG_FAULT;
    struct kport other;
    kport_create(&other);
    CHECK_IS(sys_call_message(other.session, &m), E_INVAL); /* the kernel's labels are the kernel's */
    CHECK_IS(sys_send_message(other.session, &m), E_INVAL);
    kport_close(&other);
    struct ipc_message notice = receive(0); /* the last handle of the session went */
    CHECK_IS(notice.label, MSG_CLOSED);
    CHECK_IS(notice.badge, port.badge);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, notice.words[5], 0, 0, NULL, NULL), 0);
    CHECK_IS(ipc_trap(99, 0, 0, 0, 0, 0, 0, NULL, NULL), E_NOSYS);
    CHECK_IS(ipc_trap(0, 0, 0, 0, 0, 0, 0, NULL, NULL), E_NOSYS);
    CHECK_IS(ipc_trap(SYS_notify | 0x10000, 0, 0, 0, 0, 0, 0, NULL, NULL), E_NOSYS);
    port.session = 0;
    kport_close(&port);
}

static void notifications(void)
{
    kport_create(&port);
    CHECK_IS(sys_notify(port.port, 1), 0);
    CHECK_IS(sys_notify(port.session, 4), 0);
    struct ipc_message m = receive(0);
    CHECK_IS(m.label, MSG_NOTIFY);
    CHECK_IS(m.words[0], 5);
    CHECK_IS(receive_error(DEADLINE_POLL), E_TIMEDOUT);
    CHECK_IS(sys_notify(0x5555, 1), E_HANDLE);
    kport_close(&port);
}

static void one_way_sender(void *unused)
{
    (void)unused;
    struct ipc_message m = ktest_message(4, 40);
    result = 1 + (uint32_t)sys_send_message(port.session, &m);
}

static void one_way(void)
{
    kport_create(&port);
    result = 0;
    kthread_start(&one, one_way_sender, NULL, ipc_thread_priority());
    struct ipc_message m = receive(0);
    CHECK_IS(m.label, 4);
    CHECK_IS(m.words[5], 45);
    kthread_join(&one);
    CHECK_IS(result, 1);
    CHECK_IS(sys_reply_message(0, &m), E_INVAL); /* nobody to answer */
    kport_close(&port);
}

static void busy_slot(void)
{
    kport_create(&port);
    START_CLIENT(ktest_message(1, 0));
    struct ipc_message m = receive(0);
    CHECK_IS(receive_error(DEADLINE_POLL), E_BUSY); /* a caller is answered or deferred, never forgotten */
    CHECK_IS(sys_reply_message(0, &m), 0);
    CHECK_IS(sys_reply_message(0, &m), E_INVAL);
    kthread_join(&one);
    kport_close(&port);
}

static void dead_port(void)
{
    kport_create(&port);
    START_CLIENT(ktest_message(1, 0));
    kthread_await(&one, THREAD_SENDING);
    CHECK_IS(sys_handle_close(port.port), 0);
    kthread_join(&one);
    CHECK_IS(result, 1 + E_DEAD);
    struct ipc_message m = ktest_message(1, 0);
    CHECK_IS(sys_call_message(port.session, &m), E_DEAD);
    port.port = 0;
    kport_close(&port);
}

static void reply_given_up(void)
{
    kport_create(&port);
    START_CLIENT(ktest_message(1, 0));
    receive(0);
    handle_t reply = 0, other = 0;
    CHECK_IS(sys_reply_defer(&reply, 0), 0);
    CHECK_IS(sys_reply_defer(&other, 0), E_INVAL);
    CHECK_IS(sys_handle_close(reply), 0);
    kthread_join(&one);
    CHECK_IS(result, 1 + E_DEAD);
    kport_close(&port);
}

static void server_thread(void *unused)
{
    (void)unused;
    receive(0); /* and ends with the caller in its slot */
}

static void server_thread_dies(void)
{
    kport_create(&port);
    kthread_start(&two, server_thread, NULL, ipc_thread_priority());
    START_CLIENT(ktest_message(1, 0));
    kthread_join(&one);
    kthread_join(&two);
    CHECK_IS(result, 1 + E_RESTARTED);
    kport_close(&port);
}

/* The same number each time: the third server that dies of it is the last. */
static void three_lives(void)
{
    kport_create(&port);
    for (int n = 0; n < 3; n++) {
        kthread_start(&two, server_thread, NULL, ipc_thread_priority());
        struct ipc_message m = ktest_message(1, 0);
        m.seq = 77;
        CHECK_IS(sys_call_message(port.session, &m), n < 2 ? E_RESTARTED : E_IO);
        kthread_join(&two);
    }
    kport_close(&port);
}

static void caller_dies(void)
{
    kport_create(&port);
    START_CLIENT(ktest_message(1, 0));
    struct ipc_message m = receive(0);
    CHECK_IS(sys_thread_ctl(one.handle, THREAD_KILL, 0, 0, NULL), 0);
    one.running = 0;
    kthread_join(&one);
    CHECK_IS(sys_reply_message(0, &m), 0);
    struct ipc_message notice = receive(0);
    CHECK_IS(notice.label, MSG_CANCEL);
    CHECK_IS(notice.words[2], CANCEL_DIED);
    CHECK_IS(sys_port_ctl(port.port, PORT_ACK, notice.words[5], 0, 0, NULL, NULL), 0);
    kport_close(&port);
}

static void ordered(void *priority)
{
    struct ipc_message m = ktest_message((uint32_t)(uint64_t)priority, 0);
    sys_call_message(port.session, &m);
}

static void urgent_first(void)
{
    static struct kthread t[3];
    static const uint32_t priority[3] = {10, 30, 20};
    kport_create(&port);
    for (int i = 0; i < 3; i++) {
        kthread_start(&t[i], ordered, (void *)(uint64_t)priority[i], priority[i]);
        kthread_await(&t[i], THREAD_SENDING);
    }
    static const uint32_t expected[3] = {30, 20, 10};
    for (int i = 0; i < 3; i++) {
        struct ipc_message m = receive(0);
        CHECK_IS(m.label, expected[i]);
        CHECK_IS(sys_reply_message(0, &m), 0);
    }
    for (int i = 0; i < 3; i++)
        kthread_join(&t[i]);
    kport_close(&port);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"words", words},
        {"buffers", buffers},
        {"bad-buffers", bad_buffers},
        {"deadlines", deadlines},
        {"cancel", cancel},
        {"cancel-is-sticky", cancel_is_sticky},
        {"handles", handles},
        {"handles-refused", handles_refused},
        {"stale-and-forged", stale_and_forged},
        {"notifications", notifications},
        {"one-way", one_way},
        {"busy-slot", busy_slot},
        {"dead-port", dead_port},
        {"reply-given-up", reply_given_up},
        {"server-thread-dies", server_thread_dies},
        {"three-lives", three_lives},
        {"caller-dies", caller_dies},
        {"urgent-first", urgent_first},
    };
    ktest_main(tests, KTEST_COUNT(tests));
}
