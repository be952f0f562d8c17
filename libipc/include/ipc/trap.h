/* How a system call is made: the two that are instructions in place. Calls that carry a whole message are in
 * x86_64/message.S. libipc/host has a header of this name, for servers that run on Linux. */
#ifndef IPC_TRAP_H
#define IPC_TRAP_H

#include <ouros/syscall.h>

/* One plain system call: rax and rdi rsi rdx r10 r8 r9 in; rax, rdx and r10 out; rcx and r11 lost. */
static inline int ipc_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                           uint64_t f, uint64_t *value, uint64_t *second)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "+a"(number), "+d"(c), "+r"(r10)
                     : "D"(a), "S"(b), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if (value)
        *value = c;
    if (second)
        *second = r10;
    return (int)number;
}

/* The lean call: up to six words, no handles, no buffers. `flags` is IPC_DEADLINE or 0. On success *label and
 * the words are the reply's; on error they are as they were. */
static inline int sys_call_words(handle_t session, uint32_t *label, uint32_t seq, uint64_t w[IPC_WORDS],
                                 uint64_t flags, uint64_t until)
{
    uint64_t rax = SYS_call | flags, rdi = session, rsi = *label | (uint64_t)seq << 32, rdx = w[0];
    register uint64_t r10 __asm__("r10") = w[1];
    register uint64_t r8 __asm__("r8") = w[2];
    register uint64_t r9 __asm__("r9") = w[3];
    register uint64_t r12 __asm__("r12") = w[4];
    register uint64_t r13 __asm__("r13") = w[5];
    register uint64_t r14 __asm__("r14") = until;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12),
                       "+r"(r13)
                     : "r"(r14)
                     : "rcx", "r11", "memory");
    if ((uint32_t)rax)
        return (int)rax;
    *label = (uint32_t)rsi;
    w[0] = rdx;
    w[1] = r10;
    w[2] = r8;
    w[3] = r9;
    w[4] = r12;
    w[5] = r13;
    return 0;
}

#endif
