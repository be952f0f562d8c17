/* Terminals: what proc and init say to the tty server. Programs speak proto/io.h to their line's session. */
#ifndef PROTO_TTY_H
#define PROTO_TTY_H

#include <ipc/protocol.h>

struct tty_line {
    uint32_t line; /* 0: the console */
};
struct tty_foreground {
    uint32_t line;
    int64_t pgid; /* 0: only ask */
};
struct tty_event {
    uint32_t line, signal; /* POSIX signal number: 2 for ^C, 3 for ^\, 20 for ^Z, 1 for hang-up */
    int64_t pgid;          /* the foreground group at that moment */
};
struct tty_batch {
    uint32_t
        on; /* the console is fed by a program: no echo, no signal characters, no editing but ^V and ^D */
};

#define TTY_PROTOCOL(OP)                                                                     \
    OP(1, next_event, struct ipc_none, struct tty_event, RIGHT_ADMIN, EFFECT | PARKS)        \
    OP(2, foreground, struct tty_foreground, struct tty_foreground, RIGHT_ADMIN, IDEMPOTENT) \
    OP(3, batch, struct tty_batch, struct ipc_none, RIGHT_ADMIN, IDEMPOTENT)                 \
    OP(4, drain, struct tty_line, struct ipc_none, RIGHT_ADMIN, IDEMPOTENT | PARKS)

/* next_event is proc's; `drain` answers when all output has left (before power-off). */
IPC_PROTOCOL(tty, TTY_PROTOCOL)

#endif
