/* Every way into the kernel, and the one way out.
 *
 * A thread's registers go straight into its frame: the CPU pushes there because tss.rsp[0] is the frame's end, and the
 * system call entry does the same by hand, as far as it must. C code runs on the CPU's stack, from its top. The way out
 * asks sched_leave whom to run and loads that frame; the kernel's stack is empty then. Interrupts are off throughout.
 *
 * A message that takes the short way is fastpath.S's. A plain system call keeps its arguments on the stack and the
 * other registers where they are, since C preserves them; the frame is completed only if there is more to do than to
 * return.
 *
 * From kernel mode only three things are legal: an interrupt while idle, a page fault in a read or write of user
 * memory, and what the IST stacks are for. */
#include <arch/entry.h>

    .section .text.entry, "ax"

    .globl entry_syscall, fastpath_full, fastpath_fault_reply
    .balign 64
entry_syscall:
    swapgs
    mov %rsp, %gs:CPU_user_rsp
    mov %gs:CPU_current, %rsp
    mov %rcx, T_rip(%rsp)
    mov %r11, T_rflags(%rsp)
    mov %gs:CPU_user_rsp, %rcx
    mov %rcx, T_rsp(%rsp)
    mov %rax, T_rax(%rsp)
    cmp $SYS_call, %rax; je fastpath_call
    cmp $SYS_reply_recv, %rax; je fastpath_reply_recv
    lea -SYS_notify(%rax), %rcx
    cmp $SYS_COUNT - SYS_notify, %rcx; jb plain
    cmp $SYS_call, %al; je fastpath_flags
    cmp $SYS_reply_recv, %al; je fastpath_flags
fastpath_full:
    SAVE %rsp, rbx, rbp, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9
    movq $FRAME_SYSCALL, T_vector(%rsp)
    mov %rsp, %rdi
    mov %gs:CPU_stack_top, %rsp
general:
    xor %ebp, %ebp
    call syscall_enter
    jmp entry_leave

/* %rsp answers the fault of %rbp by reply_recv on the port %r11; its %rbx and %rbp are saved. */
fastpath_fault_reply:
    SAVE %rsp, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9
    movq $FRAME_SYSCALL, T_vector(%rsp)
    mov %rsp, %rbx
    mov %rsp, %rdi
    mov %rbp, %rsi
    mov %r11, %rdx
    mov %gs:CPU_stack_top, %rsp
    xor %ebp, %ebp
    call fault_reply_recv
    mov %rbx, %rdi
    test %al, %al; jz general
    jmp entry_leave

plain:
    mov %rsp, %rcx
    mov %gs:CPU_stack_top, %rsp
    push $0; push $0; push %r9; push %r8; push %r10; push %rdx; push %rsi; push %rdi /* struct syscall */
    mov %rcx, %rdi
    mov %rsp, %rsi
    call *syscall_table(, %rax, 8)
    test %eax, %eax; js 1f  /* blocked, restart, touch */
    cmpl $0, sched_work(%rip); jne 1f
    mov %gs:CPU_current, %rcx
    btl $47 - 32, T_rip + 4(%rcx); jc 1f
    mov %eax, %eax
    pop %rdi; pop %rsi; add $16, %rsp; pop %r8; pop %r9; pop %rdx; pop %r10
    mov T_rflags(%rcx), %r11
    mov T_rsp(%rcx), %rsp
    mov T_rip(%rcx), %rcx
    swapgs; sysretq

1:  mov %gs:CPU_current, %rdi
    mov %rsp, %rsi
    SAVE %rdi, rbx, rbp, r12, r13, r14, r15
    movq $FRAME_SYSCALL, T_vector(%rdi)
    xor %ebp, %ebp
    mov %eax, %edx
    call syscall_finish

/* From C as void arch_enter_first(void): leave the boot stack for good. */
    .globl entry_leave, arch_enter_first
arch_enter_first:
entry_leave:
    mov %gs:CPU_stack_top, %rsp
    mov %gs:CPU_current, %rax
    cmpl $0, sched_work(%rip); jne 1f
    test %rax, %rax; jnz 2f
1:  call sched_leave
    test %rax, %rax; jz idle
2:  lea T_frame(%rax), %rsp
    cmpl $FRAME_SYSCALL, FRAME_VECTOR(%rsp); jne 1f
    btl $47 - 32, RIP + 4(%rsp); jc 1f  /* SYSRET to such an address would fault in kernel mode */
    POP_REGISTERS
    mov RIP - FRAME_VECTOR(%rsp), %rcx
    mov RFLAGS - FRAME_VECTOR(%rsp), %r11
    mov RSP - FRAME_VECTOR(%rsp), %rsp
    swapgs; sysretq

1:  POP_REGISTERS
    add $16, %rsp
    swapgs; iretq

/* Nobody to run: wait for an interrupt, which returns to behind hlt. */
idle:
    sti; hlt; cli
    jmp entry_leave

/* 256 stubs, 16 bytes apart: boot.S computes their addresses. */
    .globl trap_stubs
    .balign 16
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
    push $0
    .endif
    push $vector
    .if vector == 1 || vector == 2 || vector == 8 || vector == 18
    jmp trap_ist_common
    .else
    jmp trap
    .endif
    .set vector, vector + 1
    .endr

trap:
    testb $3, 24(%rsp)
    jz trap_in_kernel
    PUSH_REGISTERS
    swapgs
    cld
    SMAP CLAC
trap_on_frame:                  /* %rsp: the current thread's */
    mov %rsp, %rdi
    mov %gs:CPU_stack_top, %rsp
    xor %ebp, %ebp; call trap_user
    jmp entry_leave

trap_in_kernel:
    PUSH_REGISTERS
    cld
    mov %rsp, %rdi
    call trap_kernel
trap_return:
    POP_REGISTERS
    add $16, %rsp
    iretq

/* NMI, #DB, #MC, #DF: on stacks of their own, at whose top lies the CPU's pointer. They may have come at any
 * instruction, so GS is set from there and put back as it was. trap_ist says whether this is a debug
 * exception of user code: then it goes on as if it had come without an IST. */
trap_ist_common:
    PUSH_REGISTERS
    cld
    SMAP CLAC
    mov $MSR_GS_BASE, %ecx
    rdmsr; mov %eax, %r12d; mov %edx, %r13d
    mov FRAME_SIZE(%rsp), %rax
    mov %rax, %rdx; shr $32, %rdx; wrmsr
    mov %rsp, %rdi
    call trap_ist
    mov %eax, %ebx
    mov $MSR_GS_BASE, %ecx
    mov %r12d, %eax; mov %r13d, %edx; wrmsr
    test %ebx, %ebx; jz trap_return
    swapgs                      /* it was user code, so GS was the user's */
    mov %rsp, %rsi
    mov %gs:CPU_entry_rsp, %rsp
    sub $FRAME_SIZE, %rsp
    mov %rsp, %rdi
    mov $FRAME_SIZE / 8, %ecx
    rep movsq
    jmp trap_on_frame

/* int user_copy(void *to, const void *from, size_t length): one side is user memory, whose range the caller has
 * checked. 0, or 1 if a page fault ended it; trap_kernel sends it to user_copy_failed then. */
    .globl user_copy, user_copy_end, user_copy_failed
user_copy:
    mov %rdx, %rcx
    SMAP STAC
    shr $3, %rcx; rep movsq
    mov %edx, %ecx
    and $7, %ecx; rep movsb
user_copy_end:
    SMAP CLAC
    xor %eax, %eax; ret
user_copy_failed:
    SMAP CLAC
    mov $1, %eax; ret

    .section .note.GNU-stack, "", @progbits
