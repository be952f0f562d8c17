/* Every way into the kernel, and the one way out.
 *
 * A thread's registers go straight into its frame: the CPU pushes there because tss.rsp[0] is the frame's end, and the
 * system call entry does the same by hand. C code runs on the CPU's stack, from its top. The way out asks sched_leave
 * whom to run and loads that frame; the kernel's stack is empty then. Interrupts are off throughout.
 *
 * From kernel mode only three things are legal: an interrupt while idle, a page fault in the user copy, and
 * what the IST stacks are for. */
#include <arch/cpu.h>

#define FRAME_SYSCALL 256
#define RIP 136
#define RFLAGS 152
#define RSP 160

    .section .text.entry, "ax"

/* CLAC or STAC where the CPU has them: three bytes of no-op that cpu_init patches. */
#define CLAC 0xca010f
#define STAC 0xcb010f
.macro SMAP instruction
777: .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .quad 777b, \instruction
    .popsection
.endm

.macro PUSH_REGISTERS
    .irp register, rax, rbx, rcx, rsi, rdi, rbp, r11, r13, r12, r9, r8, r10, rdx, r14, r15
    push %\register
    .endr
.endm

.macro POP_REGISTERS
    .irp register, r15, r14, rdx, r10, r8, r9, r12, r13, r11, rbp, rdi, rsi, rcx, rbx, rax
    pop %\register
    .endr
.endm

    .globl entry_syscall
    .balign 64
entry_syscall:
    swapgs
    mov %rsp, %gs:CPU_USER_RSP
    mov %gs:CPU_FRAME_END, %rsp
    push $USER_DATA
    push %gs:CPU_USER_RSP
    push %r11
    push $USER_CODE
    push %rcx
    push $0
    push $FRAME_SYSCALL
    PUSH_REGISTERS
    mov %gs:CPU_STACK_TOP, %rsp
    mov %gs:CPU_CURRENT, %rdi
    xor %ebp, %ebp
    call syscall_enter

    .globl entry_leave
entry_leave:
    call sched_leave
    test %rax, %rax
    jz idle
    mov %gs:CPU_FRAME_END, %rsp
    sub $FRAME_SIZE, %rsp
    cmpl $FRAME_SYSCALL, FRAME_VECTOR(%rsp)
    jne 1f
    mov RIP(%rsp), %rax
    shr $47, %rax
    jnz 1f                      /* SYSRET to such an address would fault in kernel mode */
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

/* void arch_enter_first(void): leave the boot stack for good. */
    .globl arch_enter_first
arch_enter_first:
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp
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
    mov %rsp, %rdi
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp; call trap_user
    jmp entry_leave

trap_in_kernel:
    PUSH_REGISTERS
    cld
    mov %rsp, %rdi
    call trap_kernel
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
    test %ebx, %ebx
    jnz 1f
    POP_REGISTERS
    add $16, %rsp
    iretq
1:  swapgs                      /* it was user code, so GS was the user's */
    mov %rsp, %rsi
    mov %gs:CPU_FRAME_END, %rdi
    sub $FRAME_SIZE, %rdi
    mov $FRAME_SIZE / 8, %ecx
    mov %rdi, %rbx
    rep movsq
    mov %rbx, %rdi
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp; call trap_user
    jmp entry_leave

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
