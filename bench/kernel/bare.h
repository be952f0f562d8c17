/* Bare stubs and bare handlers: the registers of <ouros/message.h>, and nothing between them and the kernel.
 * Each answers 0 when all was as it should be. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <ipc/syscall.h>

/* One tick is one instruction of the guest, under -icount shift=0. */
static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return low | (uint64_t)high << 32;
}

/* A call that loads no word; the answer's label has to be 0. */
static inline uint64_t bare_call(handle_t session, uint32_t label)
{
    uint64_t rax = SYS_call, rdi = session, rsi = label;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi)::"rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
                       "memory");
    return rax | rsi;
}

static inline uint64_t bare_call_until(handle_t session, uint32_t label, uint64_t until)
{
    uint64_t rax = SYS_call | IPC_DEADLINE, rdi = session, rsi = label;
    register uint64_t r14 __asm__("r14") = until;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi)
                     : "r"(r14)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "memory");
    return rax | rsi;
}

/* Six words that differ, from `first` on; each has to come back as it was. */
static inline uint64_t bare_call_words(handle_t session, uint32_t label, uint64_t first)
{
    uint64_t rax = SYS_call, rdi = session, rsi = label, rdx = first;
    register uint64_t r10 __asm__("r10") = first + 1;
    register uint64_t r8 __asm__("r8") = first + 2;
    register uint64_t r9 __asm__("r9") = first + 3;
    register uint64_t r12 __asm__("r12") = first + 4;
    register uint64_t r13 __asm__("r13") = first + 5;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12),
                       "+r"(r13)::"rcx", "r11", "memory");
    /* One sum is enough here: a word that is lost or mixed up changes it. */
    return rax | rsi | ((rdx + r10 + r8 + r9 + r12 + r13) ^ (6 * first + 15));
}

static inline uint64_t bare_call_buffers(handle_t session, uint32_t label, const struct ipc_buffers *lent)
{
    uint64_t rax = SYS_call | IPC_BUFFERS, rdi = session, rsi = label;
    register const struct ipc_buffers *r15 __asm__("r15") = lent;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi)
                     : "r"(r15)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "memory");
    return rax | rsi;
}

static inline uint64_t bare_close(handle_t handle)
{
    uint64_t rax = SYS_handle_close, rdi = handle;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi)::"rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory");
    return rax;
}

static inline uint64_t bare_notify(handle_t port, uint64_t bits)
{
    uint64_t rax = SYS_notify, rdi = port, rsi = bits;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi)::"rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return rax;
}

/* Wait for notification bits; *came is the time right after the return from the kernel. */
static inline uint64_t bare_recv(handle_t port, uint64_t *bits, uint64_t *came)
{
    uint64_t rax = SYS_recv, rdi = port, rsi = 0, rdx = 0, status, word;
    __asm__ volatile("syscall\n mov %%rax, %[status]\n mov %%rdx, %[word]\n"
                     "rdtsc\n shl $32, %%rdx\n or %%rdx, %%rax\n"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), [status] "=m"(status), [word] "=m"(word)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    *came = rax;
    *bits = word;
    return (uint32_t)status | ((uint32_t)rsi ^ MSG_NOTIFY);
}

/* Answer the message in the reply slot with label 0 and its own words, receive, as long as messages bear this
 * label; the first other one is in *m then, words and label. The message to begin with is in *m too.
 * Assembly: see bare.S. */
int bare_serve(handle_t port, uint32_t label, struct ipc_message *m);

/* The same, and before each answer the system call `copy` (msg_read or msg_write) of `length` bytes to or
 * from `piece`. An error or a short count ends it. */
int bare_serve_buffer(handle_t port, uint32_t label, uint64_t copy, void *piece, uint64_t length,
                      struct ipc_message *m);

#endif
