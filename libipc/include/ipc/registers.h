/* A message in registers, and the calls that generated client functions make: what is alike for both headers
 * ipc/trap.h, this system's and that of a Linux host. */
#ifndef IPC_REGISTERS_H
#define IPC_REGISTERS_H

#include <ouros/syscall.h>

/* As x86_64/message.S has it in memory: what reply_recv sends and gets. */
struct ipc_registers {
    uint64_t words[IPC_WORDS];
    uint64_t label;   /* in: the status; out: label | seq << 32 */
    uint64_t lengths; /* in: the deadline; out: in_len | out_len << 32 */
    uint64_t status;  /* out: error | handles << 32; without an error the rest, too: */
    uint64_t badge;
    uint64_t caller;     /* thread | rights << 32 */
    uint64_t handles[2]; /* two each, if there are any */
};

/* One call with its repeats; deadline: absolute ns, 0 or DEADLINE_NEVER: none. Gives the answer's status,
 * with the answer's words, or minus an error. */
struct ipc_op;
int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline);
/* After an error: the call is repeated with its number as long as that is right. */
int ipc_invoke_again(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline,
                     uint32_t seq, int error);

/* invoke.c: the number of the last call. The next one is unique and increasing for each thread and session,
 * since it is so for the whole task. */
extern uint32_t ipc_last_seq;
static inline uint32_t ipc_take_seq(void)
{
    uint32_t seq = __atomic_add_fetch(&ipc_last_seq, 1, __ATOMIC_RELAXED);

    return seq ? seq : __atomic_add_fetch(&ipc_last_seq, 1, __ATOMIC_RELAXED);
}

#endif
