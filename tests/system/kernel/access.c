/* What user code may not touch: each kind of forbidden address, instruction and call, tried by a task that
 * then has to be dead, while the system goes on. */
#include "lib/ktest.h"

#include <proto/pager.h>

#define CAUGHT   99 /* exit value: the pager reported the exception, and it was the end */
#define SURVIVED 77

static volatile uint64_t target;

static void read_it(void *address)
{
    target = *(volatile uint8_t *)address;
    sys_task_ctl(0, TASK_KILL, SURVIVED, 0, 0, NULL);
}

static void write_it(void *address)
{
    *(volatile uint8_t *)address = 1;
    sys_task_ctl(0, TASK_KILL, SURVIVED, 0, 0, NULL);
}

static void jump_to(void *address)
{
    ((void (*)(void))address)();
    sys_task_ctl(0, TASK_KILL, SURVIVED, 0, 0, NULL);
}

static struct ktask task;
static struct kthread
    judging; /* parked in the pager while nothing is judged: counts of handles depend on it */

/* The pager reports what the tasks made through this admin handle do wrong to whoever waits on it. */
static void judge(void *unused)
{
    (void)unused;
    for (;;) {
        struct pager_exception e = {0};
        if (pager_next_exception(ipc_handle("pager-admin"), &(struct ipc_none){}, &e, DEADLINE_NEVER))
            return;
        sys_task_ctl(task.task, TASK_KILL, CAUGHT, 0, 0, NULL);
        pager_exception_done(ipc_handle("pager-admin"), &(struct pager_exception_done){.cookie = e.cookie},
                             NULL, DEADLINE_NEVER);
    }
}

static uint64_t outcome(void (*function)(void *), uint64_t address)
{
    uint64_t value = 0;
    ktask_create(&task);
    ktask_start(&task, function, (void *)address);
    ktask_wait(&task, &value);
    kthread_await(&judging, THREAD_CALLING);
    if (value != CAUGHT)
        ipc_info("# address or try %lx", address);
    return value;
}

static const uint64_t forbidden[] = {
    0,
    8,
    USER_MIN,
    USER_END - 1,         /* the page before the last */
    USER_END,             /* the last page below the hole */
    0x0000800000000000ul, /* not canonical */
    0x7fffffffffffffff,
    0xffff7fffffffffff,
    0xffff800000000000ul, /* the map of RAM */
    0xffff800000100000ul,
    0xfffffd8000000000ul, /* the kernel's view of devices */
    TIME_PAGE_ADDRESS + PAGE_SIZE,
    TIME_PAGE_ADDRESS + 2 * PAGE_SIZE,
    TIME_PAGE_ADDRESS + 511 * PAGE_SIZE,
    0xfffffe8000000000ul, /* the peer window */
    0xffffff0000000000ul, /* the tables, through themselves */
    0xffffff7fbfdfe000ul,
    0xffffffff80000000ul, /* the kernel */
    0xffffffff80200000ul,
    0xffffffffffffffff,
};

static void forbidden_reads(void)
{
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        CHECK_IS(outcome(read_it, forbidden[i]), CAUGHT);
}

static void forbidden_writes(void)
{
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        CHECK_IS(outcome(write_it, forbidden[i]), CAUGHT);
    CHECK_IS(outcome(write_it, TIME_PAGE_ADDRESS), CAUGHT);  /* readable, no more */
    CHECK_IS(outcome(write_it, (uint64_t)write_it), CAUGHT); /* own code */
}

static void forbidden_jumps(void)
{
    static const uint8_t data[] = {0xc3}; /* ret */
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        CHECK_IS(outcome(jump_to, forbidden[i]), CAUGHT);
    CHECK_IS(outcome(jump_to, (uint64_t)data), CAUGHT);
    CHECK_IS(outcome(jump_to, TIME_PAGE_ADDRESS), CAUGHT);
}

#define INSTRUCTION(name, text)                                   \
    static void name(void *unused)                                \
    {                                                             \
        (void)unused;                                             \
        __asm__ volatile(text ::: "memory", "rax", "rcx", "rdx"); \
        sys_task_ctl(0, TASK_KILL, SURVIVED, 0, 0, NULL);         \
    }
INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_in, "in $0x60, %%al")
INSTRUCTION(do_out, "out %%al, $0xf4")
INSTRUCTION(do_cr3, "mov %%cr3, %%rax")
INSTRUCTION(do_wrmsr, "mov $0xc0000080, %%ecx\n wrmsr")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_int, "int $0x20")
INSTRUCTION(do_int80, "int $0x80")
INSTRUCTION(do_ud2, "ud2")
INSTRUCTION(do_divide, "xor %%ecx, %%ecx\n div %%ecx")
INSTRUCTION(do_noncanonical, "mov $0x800000000000, %%rax\n mov (%%rax), %%al")
INSTRUCTION(do_sgdt, "sub $64, %%rsp\n sgdt (%%rsp)\n add $64, %%rsp")
INSTRUCTION(do_gs, "mov %%gs:0, %%rax")
INSTRUCTION(do_wrgsbase, "mov $0x1000, %%eax\n wrgsbase %%rax")
INSTRUCTION(do_invlpg, "invlpg (%%rsp)")
INSTRUCTION(do_ltr, "xor %%eax, %%eax\n ltr %%ax")

static void privileged(void)
{
    static void (*const tries[])(void *) = {
        do_cli, do_hlt,    do_in, do_out,  do_cr3,          do_wrmsr,  do_swapgs, do_int,     do_int80,
        do_ud2, do_divide, do_gs, do_sgdt, do_noncanonical, do_invlpg, do_ltr,    do_wrgsbase};
    for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        CHECK_IS(outcome(tries[i], i), CAUGHT);
    }
}

/* System calls with addresses of all those kinds: an error, and nothing else. */
static void bad_addresses(void)
{
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        uint64_t at = forbidden[i];
        CHECK_IS(sys_kernel_info(KINFO_STATS, (void *)at, sizeof(struct kernel_stats), NULL), E_FAULT);
        CHECK_IS(sys_log_write((const char *)at, 16), E_FAULT);
        CHECK_IS(sys_task_ctl(0, TASK_INFO, at, 0, 0, NULL), E_FAULT);
        CHECK_IS(sys_task_ctl(0, TASK_NAME, at, 4, 0, NULL), E_FAULT);
        CHECK_IS(sys_touch(at, 0), E_FAULT);
        int error = sys_futex(FUTEX_WAIT, (const uint32_t *)(at & ~3ul), 0, DEADLINE_POLL, NULL, 0, NULL);
        CHECK(error == E_FAULT || error == E_INVAL);
    }
    CHECK_IS(sys_log_write((const char *)USER_MIN, UINT64_MAX), E_FAULT);
}

/* Authorities that a task does not hold. */
static void no_authority(void)
{
    struct vms_op op = {.op = VMS_SET, .level = 3, .va = USER_BASE, .prot = VMS_READ | VMS_WRITE};
    handle_t handle = 0;
    CHECK_IS(sys_vms_batch(0, 0, &op, 1, NULL), E_HANDLE);
    CHECK_IS(sys_vms_batch(ipc_handle("task-maker"), HANDLE_FIRST(SLOT_TASK), &op, 1, NULL), E_TYPE);
    CHECK_IS(sys_block_ctl(ipc_handle("hardware"), BLOCK_TAKE, 0, 0, NULL), E_TYPE);
    CHECK_IS(sys_task_create(ipc_handle("hardware"), 4096, &handle), E_TYPE);
    CHECK_IS(sys_clock_set(ipc_handle("task-maker"), 0), E_TYPE);
    CHECK_IS(sys_clock_set(0, 0), E_HANDLE);
    CHECK_IS(sys_hw_create(ipc_handle("task-maker"), HW_IO, 0x3f8, 8, 0, &handle, NULL), E_TYPE);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_DEVICE, 0xfee00000, 4096, 0, &handle, NULL), E_RIGHTS);
    CHECK(sys_hw_create(ipc_handle("hardware"), HW_DEVICE, 0x200000, 4096, 0, &handle, NULL) != 0);
    CHECK(sys_hw_create(ipc_handle("hardware"), HW_DEVICE, UINT64_MAX - 4095, 8192, 0, &handle, NULL) != 0);
    CHECK(sys_hw_create(ipc_handle("hardware"), HW_IO, 0xfffe, 8, 0, &handle, NULL) != 0);
}

static int message_create(handle_t *handle, uint64_t *message)
{
    return sys_hw_create(ipc_handle("hardware"), HW_IRQ_MSI, 0, 0, 0, handle, message);
}

/* Interrupts by message: each has a vector of its own, which is free again when it is closed, and they end.
 */
static void messages(void)
{
    static handle_t held[256];
    static uint64_t message[256];
    unsigned most = 0;
    for (unsigned round = 0; round < 3; round++) {
        unsigned n = 0;
        int error = 0;
        while (n < 256 && !(error = message_create(&held[n], &message[n]))) {
            CHECK_IS(message[n] >> 32 & 0xfff00fff, 0xfee00000); /* to a local APIC, no redirection */
            CHECK((uint32_t)message[n] >= 32 && (uint32_t)message[n] < 256); /* fixed, edge */
            for (unsigned i = 0; i < n; i++)
                CHECK(message[i] != message[n]);
            n++;
        }
        CHECK_IS(error, E_FULL);
        CHECK(n > 100 && (n == most || round == 0));
        most = n;
        while (n > 0)
            sys_handle_close(held[--n]);
    }
    CHECK_IS(sys_hw_create(ipc_handle("task-maker"), HW_IRQ_MSI, 0, 0, 0, &held[0], &message[0]), E_TYPE);
}

/* A line is one driver's; there are only so many. */
static void lines(void)
{
    handle_t line = 0, other = 0;
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 23, IRQ_LEVEL, 0, &line, NULL), 0);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 23, 0, 0, &other, NULL), E_BUSY);
    sys_handle_close(line);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 23, 0, 0, &line, NULL), 0);
    sys_handle_close(line);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 4000, 0, 0, &line, NULL), E_RANGE);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, UINT32_MAX, 0, 0, &line, NULL), E_RANGE);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 1ul << 32, 0, 0, &line, NULL), E_RANGE);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IRQ_LINE, 23, 4, 0, &line, NULL), E_RANGE);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_ISA_IRQ, 16, 0, 0, &line, NULL), E_RANGE);
}

/* Interrupt controllers, where messages are written, RAM; ranges that wrap. */
static void forbidden_ranges(void)
{
    static const struct {
        enum hw_kind kind;
        uint64_t start, size;
        int error;
    } tries[] = {
        {HW_IO, 0x20, 1, E_RIGHTS},
        {HW_IO, 0x1f, 2, E_RIGHTS},
        {HW_IO, 0xa1, 4, E_RIGHTS},
        {HW_IO, 0, 0x10000, E_RIGHTS},
        {HW_IO, 0x4d1, 1, E_RIGHTS},
        {HW_IO, 0x80, 0, E_RANGE},
        {HW_IO, 0x10000, 1, E_RANGE},
        {HW_IO, 0xffff, UINT64_MAX, E_RANGE},
        {HW_DEVICE, 0xfee00000, 4096, E_RIGHTS},
        {HW_DEVICE, 0xfeeff000, 4096, E_RIGHTS},
        {HW_DEVICE, 0xfec00000, 4096, E_RIGHTS},
        {HW_DEVICE, 0xfebff000, 0x2000, E_RIGHTS},
        {HW_DEVICE, 0, 4096, E_RIGHTS},
        {HW_DEVICE, 0x9f000, 0x2000, E_RIGHTS},
        {HW_DEVICE, 0xff000, 0x2000, E_RIGHTS},
        {HW_DEVICE, 0xe0000, 0, E_RANGE},
        {HW_DEVICE, 0xe0001, 4096, E_INVAL},
        {HW_DEVICE, 0xe0000, 4095, E_INVAL},
        {HW_DEVICE, 0xf00000000, 1ul << 33, E_RANGE},
        {HW_DEVICE, 1ul << 52, 4096, E_RANGE},
        {HW_DEVICE, -4096ul, 8192, E_RANGE},
    };
    for (unsigned i = 0; i < sizeof tries / sizeof *tries; i++) {
        handle_t handle;
        int error = sys_hw_create(ipc_handle("hardware"), tries[i].kind, tries[i].start, tries[i].size, 0,
                                  &handle, NULL);
        if (error != tries[i].error)
            ipc_info("# try %u", i);
        CHECK_IS(error, tries[i].error);
    }
}

int main(void)
{
    static const struct ktest tests[] = {
        {"forbidden-reads", forbidden_reads},
        {"forbidden-writes", forbidden_writes},
        {"forbidden-jumps", forbidden_jumps},
        {"privileged", privileged},
        {"bad-addresses", bad_addresses},
        {"no-authority", no_authority},
        {"messages", messages},
        {"lines", lines},
        {"forbidden-ranges", forbidden_ranges},
    };
    kthread_start(&judging, judge, NULL, ipc_thread_priority());
    kthread_await(&judging, THREAD_CALLING);
    ktest_main(tests, KTEST_COUNT(tests));
}
