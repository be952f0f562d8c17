/*
 * The first instruction of a server. rdi is the startup block's address (for the pager: the kernel's boot_info), rsp
 * the top of the first stack.
 */
    .text
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    and $-16, %rsp
    call ipc_start
    ud2
    .size _start, . - _start

/*
 * The first instruction of a thread made by ipc_thread_start: rdi is its struct ipc_thread_entry.
 */
    .globl ipc_thread_begin
    .type ipc_thread_begin, @function
ipc_thread_begin:
    xor %ebp, %ebp
    and $-16, %rsp
    call ipc_thread_main
    ud2
    .size ipc_thread_begin, . - ipc_thread_begin

    .section .note.GNU-stack, "", @progbits
