#include "ktest.h"

#include <proto/pager.h>

#define STACKS     24
#define STACK_SIZE 16384

static char stacks[STACKS][STACK_SIZE] __attribute__((aligned(16)));
static bool stack_used[STACKS];
static char task_stack[STACK_SIZE] __attribute__((aligned(16)));
static bool failed;

void ktest_fail(const char *file, int line, const char *what, uint64_t got, uint64_t want)
{
    failed = true;
    const char *name = strrchr(file, '/');
    ipc_log(IPC_INFO, "# %s:%d: %s is %lx, not %lx", name ? name + 1 : file, line, what, got, want);
}

/* ---- leaks ---- */

static struct kernel_stats stats_now(void)
{
    struct kernel_stats stats;
    sys_kernel_info(KINFO_AUDIT, &stats, sizeof stats, NULL);
    return stats;
}

static bool leaked(const struct kernel_stats *before, const struct kernel_stats *after)
{
    for (unsigned i = 0; i < OBJ_KINDS; i++) {
        if (after->objects[i] > before->objects[i])
            return true;
    }
    return after->handles > before->handles;
}

/* Destruction goes on in steps after the call that began it: give it time before calling it a leak. */
static void check_leaks(const struct kernel_stats *before)
{
    struct kernel_stats after = stats_now();
    for (int n = 0; n < 200 && leaked(before, &after); n++) {
        ipc_sleep_until(IPC_MS(5));
        after = stats_now();
    }
    if (!leaked(before, &after))
        return;
    failed = true;
    for (unsigned i = 0; i < OBJ_KINDS; i++) {
        if (after.objects[i] != before->objects[i])
            ipc_log(IPC_INFO, "# objects of kind %u: %lu before, %lu after", i, before->objects[i],
                    after.objects[i]);
    }
    ipc_log(IPC_INFO, "# handles: %lu before, %lu after", before->handles, after.handles);
}

_Noreturn void ktest_main(const struct ktest *tests, unsigned count)
{
    unsigned failures = 0;
    for (unsigned i = 0; i < count; i++) {
        struct kernel_stats before = stats_now();
        failed = false;
        tests[i].run();
        check_leaks(&before);
        if (failed)
            ipc_log(IPC_INFO, "not ok %s: see the lines above", tests[i].name);
        else
            ipc_log(IPC_INFO, "ok %s", tests[i].name);
        failures += failed;
    }
    ipc_exit(failures ? 1 : 0);
}

/* ---- threads ---- */

static void thread_main(struct kthread *thread)
{
    thread->function(thread->argument);
    sys_thread_ctl(0, THREAD_EXIT, (uint64_t)&thread->running, 0, NULL);
    __builtin_trap();
}

void kthread_start(struct kthread *thread, void (*function)(void *), void *argument, uint32_t priority)
{
    unsigned i = 0;
    while (i < STACKS - 1 && stack_used[i])
        i++;
    stack_used[i] = true;
    *thread = (struct kthread){.running = 1, .stack = i, .function = function, .argument = argument};
    CHECK_IS(sys_thread_create(0, (vaddr_t)thread_main, (vaddr_t)&stacks[i][STACK_SIZE - 8], (uint64_t)thread,
                               priority, &thread->handle),
             0);
    CHECK_IS(sys_thread_ctl(thread->handle, THREAD_START, 0, 0, NULL), 0);
}

void kthread_join(struct kthread *thread)
{
    uint64_t deadline = IPC_MS(10000);
    while (thread->running && ipc_now() < deadline)
        sys_futex(FUTEX_WAIT, &thread->running, 1, deadline, NULL, 0, NULL);
    CHECK_IS(thread->running, 0);
    stack_used[thread->stack] = false;
    sys_handle_close(thread->handle);
}

void kthread_await(struct kthread *thread, enum thread_state state)
{
    struct thread_info info = {0};
    for (uint64_t end = IPC_MS(2000); ipc_now() < end; ipc_sleep_until(IPC_US(300))) {
        if (sys_thread_ctl(thread->handle, THREAD_INFO, (uint64_t)&info, 0, NULL) == 0 && info.state == state)
            return;
    }
    CHECK_IS(info.state, state);
}

/* ---- tasks ---- */

struct elf_header { /* what is needed of an ELF64 header */
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum;
};
struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
extern const struct elf_header __ehdr_start;

static void copy_segment(uint64_t space, const struct program_header *segment)
{
    uint64_t start = segment->vaddr & ~(PAGE_SIZE - 1);
    uint64_t end = (segment->vaddr + segment->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    uint32_t prot = VMS_READ | (segment->flags & 2 ? VMS_WRITE : 0) | (segment->flags & 1 ? VMS_EXEC : 0);
    struct pager_space_map map = {
        .space = space, .address = start, .length = end - start, .prot = prot, .flags = PAGER_FIXED};
    CHECK_IS(pager_space_map(ipc_handle("pager-admin"), &map, NULL, DEADLINE_NEVER), 0);
    for (uint64_t at = segment->vaddr, stop = segment->vaddr + segment->memsz; at < stop;) {
        struct pager_count count = {0};
        struct ipc_transfer transfer = {.in = (void *)at, .in_len = (uint32_t)(stop - at)};
        int error = pager_space_write_with(
            ipc_handle("pager-admin"), &(struct pager_space_range){space, at, stop - at}, &count, &transfer);
        CHECK_IS(error, 0);
        if (error || count.count == 0)
            return;
        at += count.count;
    }
}

void ktask_create(struct ktask *task)
{
    handle_t session = HANDLE_NONE;
    ktask_create_with(task, &session);
    if (session)
        sys_handle_close(session);
}

void ktask_create_with(struct ktask *task, handle_t *session)
{
    struct pager_space space = {0};
    *task = (struct ktask){0};
    CHECK_IS(sys_port_create(&task->port), 0);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 4 << 20, &task->task), 0);
    CHECK_IS(sys_task_ctl(task->task, TASK_WATCH, task->port, 1, 0, NULL), 0);
    struct ipc_transfer transfer = {.send = {task->task}, .send_count = 1};
    CHECK_IS(pager_space_create_with(ipc_handle("pager-admin"), &(struct ipc_none){}, &space, &transfer), 0);
    task->space = space.space;
    *session = transfer.got_count ? transfer.got[0] : HANDLE_NONE;
    const struct program_header *segments = (const void *)((uint64_t)&__ehdr_start + __ehdr_start.phoff);
    for (unsigned i = 0; i < __ehdr_start.phnum; i++) {
        if (segments[i].type == 1 && segments[i].memsz)
            copy_segment(space.space, &segments[i]);
    }
}

handle_t ktask_give(struct ktask *task, handle_t handle, uint32_t rights, uint32_t slot)
{
    handle_t there = 0;
    CHECK_IS(sys_handle_copy(handle, rights, task->task, slot, &there), 0);
    return there;
}

void ktask_start(struct ktask *task, void (*function)(void *), void *argument)
{
    CHECK_IS(sys_thread_create(task->task, (vaddr_t)function, (vaddr_t)&task_stack[STACK_SIZE - 8],
                               (uint64_t)argument, ipc_thread_priority(), &task->thread),
             0);
    CHECK_IS(sys_thread_ctl(task->thread, THREAD_START, 0, 0, NULL), 0);
}

enum task_end ktask_wait(struct ktask *task, uint64_t *value)
{
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(10000)};
    int error = sys_recv_message(task->port, &m);
    CHECK_IS(error, 0);
    CHECK_IS(m.label, MSG_TASK_DEAD);
    CHECK_IS(m.badge, 1);
    if (!error)
        CHECK_IS(sys_port_ctl(task->port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), 0);
    if (value)
        *value = m.words[0];
    if (task->thread)
        sys_handle_close(task->thread);
    sys_handle_close(task->task);
    sys_handle_close(task->port);
    return error ? 0 : (enum task_end)m.words[1];
}

void ktask_kill(struct ktask *task)
{
    CHECK_IS(sys_task_ctl(task->task, TASK_KILL, 0, 0, 0, NULL), 0);
    ktask_wait(task, NULL);
}

/* ---- ports ---- */

void kport_create(struct kport *port)
{
    uint64_t session = 0;
    *port = (struct kport){0};
    CHECK_IS(sys_port_create(&port->port), 0);
    CHECK_IS(sys_port_ctl(port->port, PORT_MINT, 7, RIGHT_CALL | RIGHT_COPY | RIGHT_NOTIFY | RIGHT_USE, 0,
                          &session, &port->badge),
             0);
    port->session = (handle_t)session;
}

void kport_close(struct kport *port)
{
    if (port->session)
        CHECK_IS(sys_handle_close(port->session), 0);
    if (port->port)
        CHECK_IS(sys_handle_close(port->port), 0);
}

struct ipc_message ktest_message(uint32_t label, uint64_t first_word)
{
    struct ipc_message m = {.label = label};
    for (unsigned i = 0; i < IPC_WORDS; i++)
        m.words[i] = first_word + i;
    return m;
}
