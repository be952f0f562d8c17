/* How a call of POSIX is traced. Each one in POSIX_CALLS is compiled under the name __untraced_NAME, and NAME is these
 * two instructions (libc/trace_stubs.inc, put behind the code of its file by build/libc.mk):
 *
 *      NAME:   cmpl $0, __trace_on
 *              je __untraced_NAME
 *              ...and else its number in r10d, its function in r11, and here.
 *
 * The libraries' own calls among each other go to __untraced_NAME: what is traced is what the program asked for.
 * Any signature will do that has at most six whole numbers or pointers; al is 0 for those that take more by `...`. */
    .text
    .globl __trace_call
    .type __trace_call, @function
__trace_call:
    push %rbp
    mov %rsp, %rbp
    sub $80, %rsp       /* struct frame, trace.c */
    mov %rdi, (%rsp)
    mov %rsi, 8(%rsp)
    mov %rdx, 16(%rsp)
    mov %rcx, 24(%rsp)
    mov %r8, 32(%rsp)
    mov %r9, 40(%rsp)
    mov %r11, 48(%rsp)
    mov %r10d, 56(%rsp)
    mov %rsp, %rdi
    call __trace_enter
    mov (%rsp), %rdi
    mov 8(%rsp), %rsi
    mov 16(%rsp), %rdx
    mov 24(%rsp), %rcx
    mov 32(%rsp), %r8
    mov 40(%rsp), %r9
    xor %eax, %eax
    call *48(%rsp)
    mov %rax, 64(%rsp)
    mov %rsp, %rdi
    call __trace_leave
    mov 64(%rsp), %rax
    leave
    ret
    .size __trace_call, . - __trace_call

    .section .note.GNU-stack, "", @progbits
