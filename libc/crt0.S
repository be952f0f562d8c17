/* Where a program begins: the kernel enters with rdi = its startup block (ipc/startup.h), rsp = the top of the
 * first stack. */
    .text
    .globl _start
    .type _start, @function
_start:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call __ouros_start
    ud2
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
