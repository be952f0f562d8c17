/* System calls on a Linux host: functions of libipc/host. See ipc/syscall.h for what they are. */
#ifndef IPC_TRAP_H
#define IPC_TRAP_H

#include <ouros/syscall.h>

int ipc_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
             uint64_t *value, uint64_t *second);

int sys_call_words(handle_t session, uint32_t *label, uint32_t seq, uint64_t w[IPC_WORDS], uint64_t flags,
                   uint64_t until);
int sys_call_lent(handle_t session, uint32_t *label, uint32_t seq, const uint64_t w[IPC_WORDS],
                  uint64_t reply[IPC_WORDS], const struct ipc_buffers *lent);

/* A message in registers, as x86_64/message.S has it in memory: what reply_recv sends and gets. */
struct ipc_registers {
    uint64_t words[IPC_WORDS];
    uint64_t label;   /* in: the status; out: label | seq << 32 */
    uint64_t lengths; /* in: the deadline; out: in_len | out_len << 32 */
    uint64_t status;  /* out: error | handles << 32; without an error the rest, too: */
    uint64_t badge;
    uint64_t caller;     /* thread | rights << 32 */
    uint64_t handles[2]; /* two each, if there are any */
};
void ipc_register_trap(uint64_t number, uint64_t target, struct ipc_registers *r);

struct ipc_op;
int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline);
int ipc_invoke_again(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline,
                     uint32_t seq, int error);
extern uint32_t ipc_last_seq;
static inline uint32_t ipc_take_seq(void)
{
    return __atomic_add_fetch(&ipc_last_seq, 1, __ATOMIC_RELAXED);
}
static inline int ipc_invoke_words(const struct ipc_op *op, uint32_t number, handle_t session,
                                   uint64_t words[IPC_WORDS], uint64_t deadline)
{
    (void)number;
    return ipc_invoke(op, session, words, deadline);
}

#endif
