/* What the kernel refuses: messages in its own name, ports of others, a second answer, and ports or tables of
 * handles that would hold themselves alive. Where each kind is tried:
 *
 * forge a fault, a notice             forge-fault, forge-notice
 * reply twice                         reply-twice, reply-deferred-twice
 * receive on a port lent to another   receive-on-lent, receive-after-loan, lent-port-dies
 * map frames without the authority    map-without-authority
 * guess a handle                      guess-free-slots
 * map a kernel's or table's frame     tests/system/first/memory.c, refusals: each block that is not RAM
 * link a table twice, unlink one that is in use   the same, primitives; of several spaces: share.c, share_refused
 * chains of handles 100,000 deep      tests/system/first/mass.c, deep: destroyed without recursion */
#include "lib/ktest.h"

#define SLOT 8

static struct kport port;
static struct kthread one;
static volatile uint32_t result; /* of the client thread, plus 1 */

static void client(void *unused)
{
    struct ipc_message m = ktest_message(1, 0);
    (void)unused;
    result = 1 + (uint32_t)sys_call_message(port.session, &m);
}

static void client_start(void)
{
    result = 0;
    kthread_start(&one, client, NULL, ipc_thread_priority());
}

static struct ipc_message receive(void)
{
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(2000)};
    CHECK_IS(sys_recv_message(port.port, &m), 0);
    return m;
}

static int forge(uint32_t label)
{
    struct ipc_message m = ktest_message(label, 0);
    int error = sys_call_message(port.session, &m);
    m = ktest_message(label, 0);
    CHECK_IS(sys_send_message(port.session, &m), error);
    m = (struct ipc_message){.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    CHECK_IS(sys_recv_message(port.port, &m), E_TIMEDOUT); /* nothing has come */
    return error;
}

static void forge_fault(void)
{
    kport_create(&port);
    CHECK_IS(forge(MSG_FAULT), E_INVAL);
    CHECK_IS(forge(MSG_EXCEPTION), E_INVAL);
    kport_close(&port);
}

static void forge_notice(void)
{
    static const uint32_t labels[] = {MSG_NOTIFY,    MSG_CLOSED, MSG_CANCEL,
                                      MSG_TASK_DEAD, MSG_KERNEL, UINT32_MAX};
    kport_create(&port);
    for (unsigned i = 0; i < sizeof labels / sizeof *labels; i++)
        CHECK_IS(forge(labels[i]), E_INVAL);
    kport_close(&port);
}

static void reply_twice(void)
{
    struct ipc_message answer = ktest_message(2, 0);
    kport_create(&port);
    client_start();
    receive();
    CHECK_IS(sys_reply_message(0, &answer), 0);
    CHECK_IS(sys_reply_message(0, &answer), E_INVAL);
    kthread_join(&one);
    CHECK_IS(result, 1);
    kport_close(&port);
}

/* Deferred, answered, and its caller calling again: the old right does not answer the new call. */
static void reply_deferred_twice(void)
{
    struct ipc_message answer = ktest_message(2, 0);
    handle_t reply = 0;
    kport_create(&port);
    client_start();
    receive();
    CHECK_IS(sys_reply_defer(&reply, 0), 0);
    CHECK_IS(sys_handle_copy(reply, RIGHT_ALL, 0, 0, NULL), E_TYPE);
    CHECK_IS(sys_reply_message(reply, &answer), 0);
    CHECK_IS(sys_reply_message(reply, &answer), E_HANDLE);
    kthread_join(&one);
    client_start();
    receive();
    CHECK_IS(sys_reply_message(reply, &answer), E_HANDLE);
    CHECK_IS(result, 0);
    CHECK_IS(sys_reply_message(0, &answer), 0);
    kthread_join(&one);
    kport_close(&port);
}

/* ---- ports of others ---- */

/* Try to receive when told, and say by the exit value how that ended. */
static void receive_once(void *unused)
{
    struct ipc_message m = {0};
    (void)unused;
    sys_recv_message(HANDLE_FIRST(SLOT + 1), &m); /* until the parent says go */
    m = (struct ipc_message){.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    int error = sys_recv_message(HANDLE_FIRST(SLOT), &m);
    int ack = sys_port_ctl(HANDLE_FIRST(SLOT), PORT_ACK, 1, 0, 0, NULL, NULL);
    sys_task_ctl(0, TASK_KILL, (uint64_t)(error | ack << 8), 0, 0, NULL);
}

static uint64_t lend(struct ktask *task, handle_t what, uint32_t slot)
{
    uint64_t there = 0;
    CHECK_IS(sys_port_ctl(what, PORT_LEND, task->task, slot, 0, &there, NULL), 0);
    return there;
}

static void receive_on_lent(void)
{
    static struct ktask borrower;
    struct kport go;
    kport_create(&port);
    kport_create(&go);
    ktask_create(&borrower);
    lend(&borrower, port.port, SLOT);
    lend(&borrower, go.port, SLOT + 1);
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    CHECK_IS(sys_recv_message(port.port, &m), E_RIGHTS); /* the owner, while the loan lasts */
    CHECK_IS(sys_port_ctl(port.port, PORT_LEND, borrower.task, 0, 0, NULL, NULL), E_BUSY);
    handle_t copy = 0;
    CHECK_IS(sys_handle_copy(port.port, RIGHT_RECV, 0, 0, &copy), E_RIGHTS);
    CHECK_IS(sys_handle_copy(port.port, RIGHT_ALL, 0, 0, &copy), 0); /* without the right to receive */
    CHECK_IS(sys_recv_message(copy, &m), E_RIGHTS);
    CHECK_IS(sys_handle_close(copy), 0);
    ktask_kill(&borrower);
    kport_close(&go);
    kport_close(&port);
}

/* A loan that was taken back leaves the borrower with nothing that receives. */
static void receive_after_loan(void)
{
    static struct ktask borrower;
    struct kport go;
    uint64_t value = 0;
    kport_create(&port);
    kport_create(&go);
    ktask_create(&borrower);
    lend(&borrower, port.port, SLOT);
    lend(&borrower, go.port, SLOT + 1);
    CHECK_IS(sys_port_ctl(port.port, PORT_TAKE_BACK, 0, 0, 0, NULL, NULL), 0);
    ktask_start(&borrower, receive_once, NULL);
    CHECK_IS(sys_notify(go.session, 1), 0);
    CHECK_IS(ktask_wait(&borrower, &value), TASK_KILLED);
    CHECK_IS(value, E_RIGHTS | E_RIGHTS << 8);
    kport_close(&go);
    kport_close(&port);
}

/* The borrower gives its handle up, then the owner: the port goes, and the borrower's death finds it gone. */
static void lent_port_dies(void)
{
    static struct ktask borrower;
    kport_create(&port);
    ktask_create(&borrower);
    uint64_t there = lend(&borrower, port.port, SLOT);
    handle_t other = 0;
    CHECK_IS(sys_port_create(&other), 0);
    CHECK_IS(sys_port_ctl(other, PORT_LEND, borrower.task, SLOT + 2, 0, NULL, NULL), 0);
    CHECK_IS(there, HANDLE_FIRST(SLOT));
    kport_close(&port);
    CHECK_IS(sys_handle_close(other), 0);
    struct task_info state = {0};
    CHECK_IS(sys_task_ctl(borrower.task, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    CHECK_IS(state.handles, 2);
    ktask_kill(&borrower);
}

/* ---- what would hold itself alive: each case is a leak, if it does ---- */

static void kept_in_itself(void)
{
    kport_create(&port);
    CHECK_IS(sys_port_ctl(port.port, PORT_KEEP, 1, port.session, 0, NULL, NULL), 0);
    port.session = 0;
    kport_close(&port);
}

static void kept_in_each_other(void)
{
    struct kport a, b;
    kport_create(&a);
    kport_create(&b);
    CHECK_IS(sys_port_ctl(a.port, PORT_KEEP, 1, b.session, 0, NULL, NULL), 0);
    CHECK_IS(sys_port_ctl(b.port, PORT_KEEP, 1, a.session, 0, NULL, NULL), 0);
    a.session = b.session = 0;
    kport_close(&a);
    kport_close(&b);
}

static void keeps_no_ownership(void)
{
    uint64_t value = 0;
    handle_t copy = 0;
    kport_create(&port);
    CHECK_IS(sys_handle_copy(port.port, RIGHT_ALL, 0, 0, &copy), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_KEEP, 1, copy, 0, NULL, NULL), 0);
    CHECK_IS(sys_port_ctl(port.port, PORT_KEPT, 1, 0, 0, &value, NULL), 0);
    struct handle_info info = {0};
    CHECK_IS(sys_handle_info((handle_t)value, &info), 0);
    CHECK_IS(info.kind, OBJ_PORT);
    CHECK_IS(info.rights & (RIGHT_MANAGE | RIGHT_RECV), 0);
    CHECK_IS(sys_handle_close((handle_t)value), 0);
    kport_close(&port);
}

/* A table that is being filled by TASK_COPY_HANDLES takes nothing else: one that waits with room set aside is
 * no empty one. */
static void accepting(void *unused)
{
    struct ipc_message m = {.accept = 4};
    (void)unused;
    sys_recv_message(HANDLE_FIRST(SLOT), &m);
    for (;;)
        sys_yield();
}

static void copy_handles_to_busy(void)
{
    static struct ktask task;
    ktask_create(&task);
    kport_create(&port);
    uint64_t there = lend(&task, port.port, SLOT);
    CHECK_IS(there, HANDLE_FIRST(SLOT));
    CHECK_IS(sys_task_ctl(task.task, TASK_COPY_HANDLES, HANDLE_FIRST(SLOT_TASK), 0, 0, NULL), E_BUSY);
    ktask_start(&task, accepting, NULL);
    for (int i = 0; i < 100; i++)
        sys_yield();
    CHECK_IS(sys_task_ctl(task.task, TASK_COPY_HANDLES, HANDLE_FIRST(SLOT_TASK), 0, 0, NULL), E_BUSY);
    ktask_kill(&task);
    kport_close(&port);
}

/* A table of handles that may not grow any more: the next handle is refused, again and again, and the task
 * ends like any other. */
static void handles_beyond_quota(void)
{
    handle_t task = 0;
    handle_t copy;
    int error = 0, count = 0;
    kport_create(&port);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 64 << 10, &task), 0);
    for (; !error && count < 10000; count++)
        error = sys_handle_copy(port.session, RIGHT_ALL, task, 0, &copy);
    CHECK_IS(error, E_QUOTA);
    CHECK(count > 100);
    for (int i = 0; i < 3; i++)
        CHECK_IS(sys_handle_copy(port.session, RIGHT_ALL, task, 0, &copy), E_QUOTA);
    CHECK_IS(sys_task_ctl(task, TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_IS(sys_handle_close(task), 0);
    for (int i = 0; i < 100; i++)
        sys_yield();
    kport_close(&port);
}

/* What is in a free slot is no handle, whoever guesses it: indexes that no slot has, and the last slot of the
 * first page, freed so that its link to the next free one looks like rights. */
static void guess_free_slots(void)
{
    static handle_t copies[400];
    handle_t last = 0, link = 0;
    uint32_t n = 0;
    kport_create(&port);
    for (; n < 400 && !last; n++) {
        CHECK_IS(sys_handle_copy(port.session, RIGHT_ALL, 0, 0, &copies[n]), 0);
        last = HANDLE_INDEX(copies[n]) == 255 ? copies[n] : 0;
        if (!last && (HANDLE_INDEX(copies[n]) & RIGHT_CALL) && HANDLE_INDEX(copies[n]) < 255)
            link = copies[n];
    }
    CHECK(last && link);
    CHECK_IS(sys_handle_close(link), 0);
    CHECK_IS(sys_handle_close(last), 0);
    for (uint32_t index = 0xfe00; index <= 0xffff; index++)
        for (uint32_t generation = 0; generation < 4; generation++) {
            handle_t guess = HANDLE_MAKE(index, generation);
            struct ipc_message m = ktest_message(1, 0);
            CHECK_IS(sys_call_message(guess, &m), E_HANDLE);
            CHECK_IS(sys_notify(guess, 1), E_HANDLE);
            CHECK_IS(sys_handle_close(guess), E_HANDLE);
        }
    CHECK_IS(sys_notify(0, 1), E_HANDLE);
    while (n-- > 0)
        if (copies[n] != link && copies[n] != last)
            CHECK_IS(sys_handle_close(copies[n]), 0);
    kport_close(&port);
}

/* Whoever serves the faults of a task has no say over frames: that is the first task's. */
static void map_without_authority(void)
{
    handle_t task = 0, thread = 0;
    kport_create(&port);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 1 << 20, &task), 0);
    CHECK_IS(sys_task_ctl(task, TASK_SET_PAGER, port.port, 77, 0, NULL), 0);
    CHECK_IS(sys_thread_create(task, USER_BASE, 0, 0, ipc_thread_priority(), &thread), 0);
    CHECK_IS(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    struct ipc_message m = receive();
    CHECK_IS(m.label, MSG_FAULT);
    CHECK_IS(m.badge, 77);
    struct ipc_message reply = {.label = FAULT_MAP,
                                .words = {USER_BASE, HUGE_SIZE, VMS_READ | VMS_EXEC | 3 << 8}};
    CHECK_IS(sys_reply_message(0, &reply), E_RIGHTS);
    reply.words[2] = VMS_READ | VMS_WRITE | 2 << 8;
    CHECK_IS(sys_reply_message(0, &reply), E_RIGHTS);
    reply.label = FAULT_REFUSE;
    CHECK_IS(sys_reply_message(0, &reply), 0);
    m = receive();
    CHECK_IS(m.label, MSG_TASK_DEAD);
    CHECK_IS(m.words[1], TASK_UNHANDLED_FAULT);
    CHECK_IS(sys_handle_close(thread), 0);
    CHECK_IS(sys_handle_close(task), 0);
    kport_close(&port);
}

/* A thread's registers go to whoever answers it and has its task, and to nobody else. */
static void copy_of_caller(void)
{
    handle_t task = 0, other = 0, thread = 0, copy = 0;
    struct thread_regs regs;
    kport_create(&port);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 1 << 20, &task), 0);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 1 << 20, &other), 0);
    CHECK_IS(sys_task_ctl(task, TASK_SET_PAGER, port.port, 77, 0, NULL), 0);
    CHECK_IS(sys_thread_create(task, USER_BASE, USER_BASE + 64, 5, ipc_thread_priority(), &thread), 0);
    CHECK_IS(sys_thread_create(other, USER_MIN, 0, 6, ipc_thread_priority(), &copy), 0);
    CHECK_IS(sys_thread_ctl(copy, THREAD_COPY, task, 0, NULL), E_NOENT);
    CHECK_IS(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    struct ipc_message m = receive();
    CHECK_IS(m.label, MSG_FAULT);
    CHECK_IS(sys_thread_ctl(copy, THREAD_COPY, other, 0, NULL), E_NOENT);
    CHECK_IS(sys_thread_ctl(copy, THREAD_COPY, thread, 0, NULL), E_TYPE);
    CHECK_IS(sys_thread_ctl(copy, THREAD_COPY, 0, 0, NULL), E_HANDLE);
    CHECK_IS(sys_thread_ctl(thread, THREAD_COPY, task, 0, NULL), E_BUSY);
    CHECK_IS(sys_thread_ctl(copy, THREAD_GET_REGS, (uint64_t)&regs, 0, NULL), 0);
    CHECK_IS(regs.rip, USER_MIN);
    CHECK_IS(sys_thread_ctl(copy, THREAD_COPY, task, 0, NULL), 0);
    CHECK_IS(sys_thread_ctl(copy, THREAD_GET_REGS, (uint64_t)&regs, 0, NULL), 0);
    CHECK_IS(regs.rip, USER_BASE);
    CHECK_IS(regs.rsp, USER_BASE + 64);
    CHECK_IS(regs.rdi | regs.rax | regs.rsi | regs.rdx, 0);
    struct ipc_message reply = {.label = FAULT_REFUSE};
    CHECK_IS(sys_reply_message(0, &reply), 0);
    m = receive();
    CHECK_IS(m.label, MSG_TASK_DEAD);
    CHECK_IS(sys_task_ctl(other, TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_IS(sys_handle_close(copy), 0);
    CHECK_IS(sys_handle_close(other), 0);
    CHECK_IS(sys_handle_close(thread), 0);
    CHECK_IS(sys_handle_close(task), 0);
    for (int i = 0; i < 100; i++)
        sys_yield();
    kport_close(&port);
}

int main(void)
{
    static const struct ktest tests[] = {{"forge-fault", forge_fault},
                                         {"forge-notice", forge_notice},
                                         {"reply-twice", reply_twice},
                                         {"reply-deferred-twice", reply_deferred_twice},
                                         {"receive-on-lent", receive_on_lent},
                                         {"receive-after-loan", receive_after_loan},
                                         {"lent-port-dies", lent_port_dies},
                                         {"kept-in-itself", kept_in_itself},
                                         {"kept-in-each-other", kept_in_each_other},
                                         {"keeps-no-ownership", keeps_no_ownership},
                                         {"copy-handles-to-busy", copy_handles_to_busy},
                                         {"copy-of-caller", copy_of_caller},
                                         {"handles-beyond-quota", handles_beyond_quota},
                                         {"guess-free-slots", guess_free_slots},
                                         {"map-without-authority", map_without_authority}};
    ktest_main(tests, KTEST_COUNT(tests));
}
