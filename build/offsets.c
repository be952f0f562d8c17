/* Offsets of fields and values for the kernel's assembly. This is compiled to text, from which kernel.mk
 * makes <offsets.h>: the lines with an arrow become definitions. */
#include <arch/cpu.h>
#include <port.h>

#define VALUE(name, value) __asm__ volatile("-> " #name " %0" : : "i"(value));
#define IS(name)           __asm__ volatile("-> " #name " %0" : : "i"(name));
#define CPU(member)        VALUE(CPU_##member, offsetof(struct cpu, member))
#define REGISTER(member)   VALUE(T_##member, offsetof(struct thread, frame.member))
#define THREAD(member)     VALUE(T_##member, offsetof(struct thread, member))
#define TASK(member)       VALUE(TASK_##member, offsetof(struct task, member))
#define TABLE(name, field) VALUE(TASK_##name, offsetof(struct task, handles.field))
#define HANDLE(member)     VALUE(HANDLE_##member, offsetof(struct handle_entry, member))
#define SESSION(member)    VALUE(SESSION_##member, offsetof(struct session, member))
#define PORT(member)       VALUE(PORT_##member, offsetof(struct port, member))

/* clang-format off */
void offsets(void)
{
    CPU(current) CPU(stack_top) CPU(user_rsp) CPU(fpu_trap)
    VALUE(CPU_entry_rsp, offsetof(struct cpu, tss.rsp[0]))
    THREAD(frame) THREAD(task) THREAD(id) THREAD(state) THREAD(priority) THREAD(base_priority) THREAD(flags)
    THREAD(run) THREAD(badge) THREAD(server) THREAD(served_by) THREAD(received) THREAD(buffers) THREAD(caller)
    THREAD(accept) THREAD(deadline) THREAD(due) THREAD(cpu_ticks)
    REGISTER(r15) REGISTER(r14) REGISTER(rdx) REGISTER(r10) REGISTER(r8) REGISTER(r9) REGISTER(r12) REGISTER(r13)
    REGISTER(rbp) REGISTER(rdi) REGISTER(rsi) REGISTER(rbx) REGISTER(rax) REGISTER(vector) REGISTER(rip)
    REGISTER(rflags) REGISTER(rsp)
    VALUE(T_fs_base, offsetof(struct thread, regs.fs_base))
    VALUE(T_lengths, offsetof(struct thread, buffers.in_len))
    VALUE(FRAME_SIZE, sizeof(struct trap_frame))
    VALUE(FRAME_VECTOR, offsetof(struct trap_frame, vector))
    IS(FRAME_SYSCALL)
    TASK(suspended) TASK(cpu_ticks)
    VALUE(TASK_root, offsetof(struct task, vms.root))
    VALUE(STATS_switches, offsetof(struct kernel_stats, switches))
    TABLE(slots, page[0]) TABLE(free, free) TABLE(reserved, reserved)
    HANDLE(id) HANDLE(rights) HANDLE(object) SESSION(port) SESSION(badge)
    PORT(receivers) PORT(received) PORT(notices) PORT(queued) PORT(bits) PORT(messages) PORT(borrower)
    IS(THREAD_RUNNING) IS(THREAD_CALLING) IS(THREAD_RECEIVING) IS(THREAD_F_FPU) IS(THREAD_F_FAULT) IS(THREAD_F_ACCEPTS) IS(THREAD_F_FAST)
    IS(RIGHT_CALL) IS(RIGHT_RECV) IS(SYS_call) IS(SYS_reply_recv) IS(SYS_notify) IS(SYS_COUNT)
    IS(IPC_DEADLINE) IS(IPC_BUFFERS) IS(IPC_HANDLES) IS(IPC_BUFFER_MAX) IS(USER_END)
    VALUE(IPC_DEADLINE_BIT, __builtin_ctz(IPC_DEADLINE))
    VALUE(IPC_BUFFERS_BIT, __builtin_ctz(IPC_BUFFERS))
    VALUE(IPC_ACCEPT_ALL, IPC_ACCEPT(7))
    VALUE(BUFFERS_SIZE, sizeof(struct ipc_buffers))
}
