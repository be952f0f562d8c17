/* The longest stretch with interrupts off, for the operations that could make it long. A nanosecond is an
 * instruction. What the whole run's longest was is for the harness to compare. */
// config: memory=1024 words=log=error icount=1 limit=300
#include "first.h"
#include <ipc/time.h>

#define IRQOFF_MOST 20000
#define CODE_VA     0x50000000ul
#define AREA        0x60000000ul
#define THREADS     1000
#define SESSIONS    8000
#define HANDLES     20000

extern uint64_t ipc_first_argument;

static uint64_t longest_before;

static void bounded_begin(const char *name)
{
    struct kernel_stats stats = {0};
    CHECK_EQ(sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL), 0);
    longest_before = stats.longest_irqoff_ns;
    begin(name);
}

/* Not longer than allowed, unless something before was longer still. Release builds do not know: 0. */
static void bounded_end(void)
{
    struct kernel_stats stats = {0};
    CHECK_EQ(sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL), 0);
    if (stats.longest_irqoff_ns > IRQOFF_MOST && stats.longest_irqoff_ns > longest_before)
        check_failed(__LINE__, "interrupts were off for too long", stats.longest_irqoff_ns, longest_before);
    end();
}

/* ---- entries ---- */

/* op, prot and flags on a whole leaf table. */
static int whole(handle_t task, enum vms_opcode code, paddr_t pa, uint32_t prot, uint32_t flags)
{
    struct vms_op op = {.op = (uint8_t)code,
                        .level = 3,
                        .prot = (uint8_t)prot,
                        .flags = (uint8_t)flags,
                        .count = PTEP_ENTRIES,
                        .va = AREA,
                        .pa = pa};
    return batch(task, &op);
}

static void entries(void)
{
    static const paddr_t shifts[] = {0, 7 * PAGE_SIZE};
    handle_t task = child_new();
    paddr_t block = block_take(), other = block_take();
    bounded_begin("whole-table");
    CHECK_EQ(map(task, 3, AREA, block, RW, 1), 0);
    CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(whole(task, VMS_SET, block + shifts[i] * (other == block + HUGE_SIZE), RW, 0), 0);
        CHECK_EQ(block_info(block) >> 32,
                 1 + PTEP_ENTRIES - shifts[i] / PAGE_SIZE * (other == block + HUGE_SIZE));
        CHECK_EQ(whole(task, VMS_SET, block, RW, 0), E_EXISTS);
        CHECK_EQ(whole(task, VMS_SET, other, VMS_READ, VMS_REPLACE), 0);
        CHECK_EQ(block_info(block) >> 32, 1);
        CHECK_EQ(block_info(other) >> 32, 1 + PTEP_ENTRIES);
        CHECK_EQ(whole(task, VMS_PROTECT, 0, RW, 0), 0);
        CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
        CHECK_EQ(block_info(other) >> 32, 1);
        CHECK_EQ(whole(task, VMS_GUARD, 0, 0, 0), 0);
        CHECK_EQ(whole(task, VMS_SET, block, RW, 0), E_EXISTS);
        CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
    }
    bounded_end();
    child_end(task);
}

/* ---- many threads at one word ---- */

/* Wait on the word rdi as long as it is 0, then be gone; on another page, spin. */
extern char wait_code[], wait_code_end[], exit_code[], exit_code_end[], spin_code[];
__asm__(".pushsection .rodata\n"
        "wait_code:\n"
        "  mov %rdi, %rsi\n"
        "  mov $0x101, %edi\n" /* FUTEX_WAIT | FUTEX_SHARED */
        "  xor %edx, %edx\n"
        "  mov $-1, %r10\n"
        "  mov $24, %eax\n" /* futex */
        "  syscall\n"
        "  xor %edi, %edi\n" /* no word */
        "exit_code:\n"
        "  mov %rdi, %rdx\n"
        "  xor %edi, %edi\n"
        "  mov $4, %esi\n" /* THREAD_EXIT */
        "  xor %r10d, %r10d\n"
        "  mov $17, %eax\n" /* thread_ctl */
        "  syscall\n"
        "spin_code:\n"
        "  jmp spin_code\n"
        "wait_code_end:\n"
        ".popsection");
_Static_assert(SYS_futex == 24 && SYS_thread_ctl == 17 && FUTEX_WAIT == 1 && FUTEX_SHARED == 0x100,
               "wait_code knows them");

#define WORD   0x800 /* in the page of the code */
#define WORD_2 0x900

static handle_t threads_task(paddr_t *code)
{
    handle_t task = child_new();
    *code = frame_take();
    memcpy(ram(*code), wait_code, (size_t)(wait_code_end - wait_code));
    CHECK_EQ(map(task, 3, CODE_VA, *code, VMS_READ | VMS_WRITE, 1), 0);
    CHECK_EQ(vms(task, VMS_PROTECT, 3, CODE_VA, 0, VMS_READ | VMS_WRITE | VMS_EXEC, 1), 0);
    return task;
}

static void threads_make(handle_t task, const char *code, uint64_t argument, uint32_t count)
{
    for (uint32_t i = 0; i < count && !case_failed(); i++) {
        handle_t thread = 0;
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(sys_thread_create(task, CODE_VA + (uint64_t)(code - wait_code), 0, argument, 20, &thread),
                 0);
        CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
        CHECK_EQ(sys_handle_close(thread), 0);
    }
}

/* Let others run. */
static void let_run(uint64_t milliseconds)
{
    static handle_t port;
    if (!port)
        CHECK_EQ(sys_port_create(&port), 0);
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(milliseconds)};
    CHECK_EQ(sys_recv_message(port, &m), E_TIMEDOUT);
}

static uint64_t threads_of(handle_t task)
{
    struct task_info state = {0};
    CHECK_EQ(sys_task_ctl(task, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    return state.threads;
}

static void futexes(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    uint64_t woken = 0;
    bounded_begin("futex-waiters");
    threads_make(task, wait_code, CODE_VA + WORD, THREADS);
    let_run(100);
    CHECK_EQ(threads_of(task), THREADS);
    const uint32_t op = FUTEX_REQUEUE | FUTEX_SHARED;
    CHECK_EQ(sys_futex(op, ram(code + WORD), 10, 0, ram(code + WORD_2), THREADS / 2, &woken), 0);
    CHECK_EQ(woken, 10 + THREADS / 2);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD_2), ~0u, DEADLINE_NEVER, 0, 0, &woken), 0);
    CHECK_EQ(woken, THREADS / 2);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD), 3, DEADLINE_NEVER, 0, 0, &woken), 0);
    CHECK_EQ(woken, 3);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD), ~0u, 0, 0, 0, &woken), 0);
    CHECK_EQ(woken, THREADS - 13 - THREADS / 2);
    let_run(100);
    CHECK_EQ(threads_of(task), 0);
    bounded_end();
    child_end(task);
}

/* The last word of a thread wakes as many. */
static void exit_word(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    bounded_begin("exit-word-waiters");
    threads_make(task, wait_code, CODE_VA + WORD, THREADS);
    let_run(100);
    CHECK_EQ(threads_of(task), THREADS);
    threads_make(task, exit_code, CODE_VA + WORD, 1);
    let_run(100);
    CHECK_EQ(threads_of(task), 0);
    bounded_end();
    child_end(task);
}

/* A task with many threads that would run is stopped, and goes on. */
static void suspension(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    bounded_begin("suspended-threads");
    threads_make(task, spin_code, 0, THREADS);
    CHECK_EQ(sys_task_ctl(task, TASK_SUSPEND, 0, 0, 0, NULL), 0);
    let_run(20);
    CHECK_EQ(sys_task_ctl(task, TASK_RESUME, 0, 0, 0, NULL), 0);
    let_run(20);
    bounded_end();
    child_end(task);
}

/* ---- sessions and handles ---- */

static void sessions(void)
{
    static handle_t session[SESSIONS];
    handle_t port = 0, copy = 0;
    uint64_t value = 0, badge = 0, open = 0;
    bounded_begin("closed-sessions");
    CHECK_EQ(sys_port_create(&port), 0);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(sys_port_ctl(port, PORT_MINT, i, RIGHT_ALL, 0, &value, &badge), 0);
        session[i] = (handle_t)value;
    }
    for (uint32_t i = 0; i < SESSIONS - 1; i++)
        CHECK_EQ(sys_handle_close(session[i]), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_SESSIONS, 0, 0, 0, &open, NULL), 0);
    CHECK_EQ(open, badge);
    CHECK_EQ(sys_port_ctl(port, PORT_SESSIONS, 1, 0, 0, &open, NULL), E_NOENT);
    CHECK_EQ(sys_handle_copy(session[SESSIONS - 1], RIGHT_ALL, 0, 0, &copy), 0);
    CHECK_EQ(sys_handle_close(copy), 0);
    CHECK_EQ(sys_handle_close(session[SESSIONS - 1]), 0);
    CHECK_EQ(sys_handle_close(port), 0);
    bounded_end();
}

static void handles(void)
{
    static handle_t mine[HANDLES];
    handle_t from = child_new(), to = child_new(), there = 0, port = 0;
    struct task_info state = {0};
    bounded_begin("copied-handles");
    CHECK_EQ(sys_port_create(&port), 0);
    for (uint32_t i = 0; i < HANDLES; i++) {
        if (i % 64 == 0)
            books_feed();
        CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, from, 0, &there), 0);
    }
    books_feed();
    CHECK_EQ(sys_task_ctl(to, TASK_COPY_HANDLES, from, 0, 0, NULL), 0);
    CHECK_EQ(sys_task_ctl(to, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    CHECK_EQ(state.handles, HANDLES);
    child_end(from);
    child_end(to);
    bounded_end();

    bounded_begin("slot-by-index");
    for (uint32_t i = 0; i < HANDLES; i++) {
        if (i % 64 == 0)
            books_feed();
        CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, 0, &mine[i]), 0);
    }
    uint32_t named = 0; /* the one that ends far down the list of free ones */
    while (HANDLE_INDEX(mine[named]) >= 256)
        named++;
    uint32_t index = HANDLE_INDEX(mine[named]);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &there), E_BUSY);
    CHECK_EQ(sys_handle_close(mine[named]), 0);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &mine[named]), 0);
    CHECK_EQ(HANDLE_INDEX(mine[named]), index);
    CHECK_EQ(sys_handle_close(mine[named]), 0);
    for (uint32_t i = 0; i < HANDLES; i++)
        if (i != named)
            CHECK_EQ(sys_handle_close(mine[i]), 0);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &there), E_BUSY); /* too far to look for it */
    CHECK_EQ(sys_handle_close(port), 0);
    bounded_end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    books_take_spare();
    entries();
    futexes();
    exit_word();
    suspension();
    sessions();
    handles();
    finish();
}
