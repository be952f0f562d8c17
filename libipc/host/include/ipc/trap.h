/* System calls on a Linux host: functions of libipc/host. See ipc/syscall.h for what they are. */
#ifndef IPC_TRAP_H
#define IPC_TRAP_H

#include <ipc/registers.h>

int ipc_trap(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
             uint64_t *value, uint64_t *second);

int sys_call_words(handle_t session, uint32_t *label, uint32_t seq, uint64_t w[IPC_WORDS], uint64_t flags,
                   uint64_t until);
int sys_call_lent(handle_t session, uint32_t *label, uint32_t seq, const uint64_t w[IPC_WORDS],
                  uint64_t reply[IPC_WORDS], const struct ipc_buffers *lent);

void ipc_register_trap(uint64_t number, uint64_t target, struct ipc_registers *r);

static inline int ipc_invoke_words(const struct ipc_op *op, uint32_t number, handle_t session,
                                   uint64_t words[IPC_WORDS], uint64_t deadline)
{
    (void)number;
    return ipc_invoke(op, session, words, deadline);
}

#endif
