/* Tasks with many threads, which wait, wake or spin. */
#include "../first.h"
#include <ipc/time.h>

__asm__(".pushsection .rodata\n"
        ".globl crowd_wait, crowd_wait_private, crowd_until, crowd_twice, crowd_wake_private, crowd_exit, "
        "crowd_spin\n"
        "crowd_wait:\n"
        "  mov $0x101, %r15d\n" /* FUTEX_WAIT | FUTEX_SHARED */
        "  jmp 1f\n"
        "crowd_wait_private:\n"
        "  mov $1, %r15d\n" /* FUTEX_WAIT */
        "1: mov %rdi, %rsi\n"
        "  mov %r15, %rdi\n"
        "  xor %edx, %edx\n"
        "  mov $-1, %r10\n"
        "  mov $24, %eax\n" /* futex */
        "  syscall\n"
        "crowd_gone:\n"
        "  xor %edi, %edi\n" /* no word */
        "crowd_exit:\n"
        "  mov %rdi, %rdx\n"
        "  xor %edi, %edi\n"
        "  mov $4, %esi\n" /* THREAD_EXIT */
        "  xor %r10d, %r10d\n"
        "  mov $17, %eax\n" /* thread_ctl */
        "  syscall\n"
        "crowd_wake_private:\n"
        "  mov %rdi, %rsi\n"
        "  mov $2, %edi\n" /* FUTEX_WAKE */
        "  mov $-1, %edx\n"
        "  xor %r10d, %r10d\n"
        "  mov $24, %eax\n"
        "  syscall\n"
        "  jmp crowd_gone\n"
        "crowd_twice:\n" /* until then, and until a second later */
        "  mov $2, %ebx\n"
        "  jmp 2f\n"
        "crowd_until:\n"
        "  mov $1, %ebx\n"
        "2: mov %rdi, %r12\n"
        "3: mov %r12, %rdi\n"
        "  mov %rdi, %r10\n"
        "  lea 0x500007fc(, %rbx, 4), %rsi\n" /* the word after THREADS_WORD, first */
        "  mov $1, %edi\n"
        "  xor %edx, %edx\n"
        "  mov $24, %eax\n"
        "  syscall\n"
        "  add $1000000000, %r12\n"
        "  dec %ebx\n"
        "  jnz 3b\n"
        "  jmp crowd_gone\n"
        "crowd_spin:\n"
        "  jmp crowd_spin\n"
        "crowd_end:\n"
        ".popsection");
_Static_assert(SYS_futex == 24 && SYS_thread_ctl == 17 && FUTEX_WAIT == 1 && FUTEX_WAKE == 2 &&
                   FUTEX_SHARED == 0x100 && THREADS_WORD == 0x50000800,
               "crowd_wait knows them");
extern const char crowd_end[];

handle_t threads_task(paddr_t *code)
{
    handle_t task = child_new();
    *code = frame_take();
    memcpy(ram(*code), crowd_wait, (size_t)(crowd_end - crowd_wait));
    CHECK_EQ(map(task, 3, THREADS_CODE, *code, VMS_READ | VMS_WRITE, 1), 0);
    CHECK_EQ(vms(task, VMS_PROTECT, 3, THREADS_CODE, 0, VMS_READ | VMS_WRITE | VMS_EXEC, 1), 0);
    return task;
}

void threads_make(handle_t task, const char *code, uint64_t argument, uint32_t count)
{
    for (uint32_t i = 0; i < count && !case_failed(); i++) {
        handle_t thread = 0;
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(
            sys_thread_create(task, THREADS_CODE + (uint64_t)(code - crowd_wait), 0, argument, 20, &thread),
            0);
        CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
        CHECK_EQ(sys_handle_close(thread), 0);
    }
}

void let_run(uint64_t milliseconds)
{
    static handle_t port;
    if (!port)
        CHECK_EQ(sys_port_create(&port), 0);
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(milliseconds)};
    CHECK_EQ(sys_recv_message(port, &m), E_TIMEDOUT);
}

uint64_t threads_of(handle_t task)
{
    struct task_info state = {0};
    CHECK_EQ(sys_task_ctl(task, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    return state.threads;
}
