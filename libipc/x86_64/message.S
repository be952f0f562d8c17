/*
 * int ipc_message_trap(uint64_t number, uint64_t target, struct ipc_message *m)
 *
 * The one place that loads and stores all registers of ouros/message.h. Offsets are those of struct ipc_message
 * (ipc/syscall.h), asserted in message.c. On error nothing is stored, so that the caller can repeat the call.
 */
#define WORDS    0
#define LABEL    48
#define BADGE    56
#define LENGTHS  64
#define CALLER   72
#define HANDLES  80
#define COUNT    96
#define DEADLINE 112
#define BUFFERS  120

    .text
    .globl ipc_message_trap
    .type ipc_message_trap, @function
ipc_message_trap:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx

    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rcx
    mov LABEL(%rcx), %rsi
    mov WORDS(%rcx), %rdx
    mov WORDS+8(%rcx), %r10
    mov WORDS+16(%rcx), %r8
    mov WORDS+24(%rcx), %r9
    mov WORDS+32(%rcx), %r12
    mov WORDS+40(%rcx), %r13
    mov DEADLINE(%rcx), %r14
    lea BUFFERS(%rcx), %r15
    mov HANDLES(%rcx), %rbx
    mov HANDLES+8(%rcx), %rbp
    syscall

    pop %rcx
    test %eax, %eax
    jnz 1f
    mov %rsi, LABEL(%rcx)
    mov %rdx, WORDS(%rcx)
    mov %r10, WORDS+8(%rcx)
    mov %r8, WORDS+16(%rcx)
    mov %r9, WORDS+24(%rcx)
    mov %r12, WORDS+32(%rcx)
    mov %r13, WORDS+40(%rcx)
    mov %rdi, BADGE(%rcx)
    mov %r14, LENGTHS(%rcx)
    mov %r15, CALLER(%rcx)
    mov %rbx, HANDLES(%rcx)
    mov %rbp, HANDLES+8(%rcx)
    shr $32, %rax
    mov %eax, COUNT(%rcx)
    xor %eax, %eax
1:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size ipc_message_trap, . - ipc_message_trap

    .section .note.GNU-stack, "", @progbits
