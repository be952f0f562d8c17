/* The bare handlers: a server's loop as short as it can be. Offsets are those of struct ipc_message (ipc/syscall.h). */
#define SYS_reply_recv 2
#define LABEL  48
#define IN_LEN 64
#define E_SIZE 12

.macro enter
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro leave_with message
    mov \message, %rcx
    mov %rdx, (%rcx)
    mov %r10, 8(%rcx)
    mov %r8, 16(%rcx)
    mov %r9, 24(%rcx)
    mov %r12, 32(%rcx)
    mov %r13, 40(%rcx)
    mov %rsi, LABEL(%rcx)
    mov %r14, IN_LEN(%rcx)
.endm

.macro leave_to_caller
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
.endm

    .text
/* bare_serve(port, label, m): rbx port, rbp label */
    .globl bare_serve
    .type bare_serve, @function
bare_serve:
    enter
    push %rdx
    mov %edi, %ebx
    mov %esi, %ebp
    mov %rdx, %rcx
    mov (%rcx), %rdx
    mov 8(%rcx), %r10
    mov 16(%rcx), %r8
    mov 24(%rcx), %r9
    mov 32(%rcx), %r12
    mov 40(%rcx), %r13
1:  mov %ebx, %edi
    xor %esi, %esi
    mov $SYS_reply_recv, %eax
    syscall
    test %eax, %eax
    jnz 2f
    cmp %ebp, %esi
    je 1b
    leave_with (%rsp)
2:  add $8, %rsp
    leave_to_caller
    .size bare_serve, . - bare_serve

/* bare_serve_buffer(port, label, copy, piece, length, m): kept on the stack but for rbx and rbp */
    .globl bare_serve_buffer
    .type bare_serve_buffer, @function
bare_serve_buffer:
    enter
    push %r9                /* 24(%rsp): m */
    push %r8                /* 16(%rsp): length */
    push %rcx               /* 8(%rsp): piece */
    push %rdx               /* (%rsp): copy */
    mov %edi, %ebx
    mov %esi, %ebp
1:  xor %edi, %edi          /* the reply slot */
    xor %esi, %esi          /* from its beginning */
    mov 8(%rsp), %rdx
    mov 16(%rsp), %r10
    mov (%rsp), %eax
    syscall
    test %eax, %eax
    jnz 2f
    cmp 16(%rsp), %rdx
    jne 3f
    mov %ebx, %edi
    xor %esi, %esi
    mov $SYS_reply_recv, %eax
    syscall
    test %eax, %eax
    jnz 2f
    cmp %ebp, %esi
    je 1b
    leave_with 24(%rsp)
2:  add $32, %rsp
    leave_to_caller
3:  mov $E_SIZE, %eax
    jmp 2b
    .size bare_serve_buffer, . - bare_serve_buffer

    .section .note.GNU-stack, "", @progbits
