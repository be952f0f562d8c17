/* How a system call is made: the two that are instructions in place. Calls that carry a whole message are in
 * x86_64/message.S. libipc/host has a header of this name, for servers that run on Linux. */
#ifndef IPC_TRAP_H
#define IPC_TRAP_H

#include <ipc/registers.h>

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

/* reply_recv without handles to send, in place: rbp is the compiler's, so the asm puts it aside below the red
 * zone. */
static inline __attribute__((always_inline)) void ipc_register_trap(uint64_t number, uint64_t target,
                                                                    struct ipc_registers *r)
{
    uint64_t rax = number, rdi = target, rsi = r->label, rdx = r->words[0], rbx, rcx;
    register uint64_t r10 __asm__("r10") = r->words[1];
    register uint64_t r8 __asm__("r8") = r->words[2];
    register uint64_t r9 __asm__("r9") = r->words[3];
    register uint64_t r12 __asm__("r12") = r->words[4];
    register uint64_t r13 __asm__("r13") = r->words[5];
    register uint64_t r14 __asm__("r14") = r->lengths;
    register uint64_t r15 __asm__("r15");

    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "push %%rbp\n\t"
                     "syscall\n\t"
                     "mov %%rbp, %%rcx\n\t"
                     "pop %%rbp\n\t"
                     "lea 128(%%rsp), %%rsp"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "=b"(rbx), "=c"(rcx), "+r"(r10), "+r"(r8),
                       "+r"(r9), "+r"(r12), "+r"(r13), "+r"(r14), "=r"(r15)
                     :
                     : "r11", "memory");
    *r = (struct ipc_registers){{rdx, r10, r8, r9, r12, r13}, rsi, r14, rax, rdi, r15, {rbx, rcx}};
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

/* The same with buffers lent: no handles, no deadline. On success *label and `reply` are the reply's. */
static inline __attribute__((always_inline)) int sys_call_lent(handle_t session, uint32_t *label,
                                                               uint32_t seq, const uint64_t w[IPC_WORDS],
                                                               uint64_t reply[IPC_WORDS],
                                                               const struct ipc_buffers *lent)
{
    uint64_t rax = SYS_call | IPC_BUFFERS, rdi = session, rsi = *label | (uint64_t)seq << 32, rdx = w[0];
    register uint64_t r10 __asm__("r10") = w[1];
    register uint64_t r8 __asm__("r8") = w[2];
    register uint64_t r9 __asm__("r9") = w[3];
    register uint64_t r12 __asm__("r12") = w[4];
    register uint64_t r13 __asm__("r13") = w[5];
    register const struct ipc_buffers *r15 __asm__("r15") = lent;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12),
                       "+r"(r13)
                     : "r"(r15)
                     : "rcx", "r11", "memory");
    if ((uint32_t)rax)
        return (int)rax;
    *label = (uint32_t)rsi;
    reply[0] = rdx;
    reply[1] = r10;
    reply[2] = r8;
    reply[3] = r9;
    reply[4] = r12;
    reply[5] = r13;
    return 0;
}

/* What generated client functions do: ipc_invoke, in place as long as there is neither a deadline nor an
 * error. */
static inline int ipc_invoke_words(const struct ipc_op *op, uint32_t number, handle_t session,
                                   uint64_t words[IPC_WORDS], uint64_t deadline)
{
    uint64_t copy[IPC_WORDS]; /* so that the words can stay in registers */
    uint32_t seq = 0, label = number;
    bool timed = deadline != 0 && deadline != DEADLINE_NEVER;
    int error = 0;

    if (!timed) {
        seq = ipc_take_seq();
        error = sys_call_words(session, &label, seq, words, 0, 0);
        if (__builtin_expect(!error, 1))
            return (int)(label & INT32_MAX);
    }
    __builtin_memcpy(copy, words, sizeof copy);
    error = timed ? ipc_invoke(op, session, copy, deadline)
                  : ipc_invoke_again(op, session, copy, deadline, seq, error);
    __builtin_memcpy(words, copy, sizeof copy);
    return error;
}

#endif
