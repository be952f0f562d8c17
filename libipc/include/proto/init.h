/* init: what servers and privileged programs say to it. Every server has a session with it in SLOT_INIT. */
#ifndef PROTO_INIT_H
#define PROTO_INIT_H

#include <ipc/protocol.h>

struct init_power {
    uint32_t what;   /* 1 off, 2 restart */
    uint32_t status; /* reported to the emulator's launcher as the exit status */
};
struct init_service { /* element of the out-buffer of `list` */
    char name[24];
    uint32_t state, deaths;
    uint64_t uptime_ns;
    uint64_t memory;         /* bytes, what the kernel spends on it included */
    uint64_t messages, rate; /* received ever, and in a second */
};
struct init_alive {
    uint64_t oldest_ns; /* since when a worker has held the same call; calls that may park do not count */
};
struct init_count {
    uint64_t count;
};

#define INIT_PROTOCOL(OP)                                                                 \
    OP(1, ready, struct ipc_none, struct ipc_none, RIGHT_USE,                             \
       IDEMPOTENT | BUF_IN) /* a line of text for the boot */                             \
    OP(2, lookup, struct ipc_none, struct ipc_none, RIGHT_USE,                            \
       IDEMPOTENT | BUF_IN | GIVES(1)) /* name: a session; E_PERM: not among its needs */ \
    OP(3, power, struct init_power, struct ipc_none, RIGHT_ADMIN, IDEMPOTENT)             \
    OP(4, list, struct ipc_none, struct init_count, RIGHT_USE, IDEMPOTENT | BUF_OUT)      \
    OP(5, alive, struct init_alive, struct ipc_none, RIGHT_USE, IDEMPOTENT) /* the answer to a ping */

/* Raised by init on a server's port: its loop answers by `alive`. Bits below 56 are the
 * server's. */
#define IPC_PING (1ul << 63)

/* /dev/power is a static node of init's: it speaks proto/io.h, and a write of "off STATUS" or "restart" does
 * it. */
IPC_PROTOCOL(init, INIT_PROTOCOL)

#endif
