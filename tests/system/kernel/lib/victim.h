/* A server that is called in every way, dies, and is attacked: serve.c and boundary.c run as it and as its
 * clients. */
#ifndef VICTIM_H
#define VICTIM_H

#include <ipc/server.h>

struct victim_pair {
    int64_t a, b;
};
struct victim_value {
    uint64_t value;
};
struct victim_six {
    uint64_t words[6];
};
struct victim_large {
    uint64_t words[25];
};

struct victim_handles { /* what the server has, and how far it gets with it (errors) */
    uint16_t all, named;
    uint16_t lookup_self, lookup_other, lookup_nobody, power, spaces, tasks, lend;
};

#define VICTIM_PROTOCOL(OP)                                                            \
    OP(1, add, struct victim_pair, struct victim_value, RIGHT_USE, IDEMPOTENT)         \
    OP(2, large, struct victim_large, struct victim_value, RIGHT_USE, IDEMPOTENT)      \
    OP(3, sum, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT | BUF_IN)   \
    OP(4, fill, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT | BUF_OUT) \
    OP(5, open, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT | GIVES(1))        \
    OP(6, count, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)              \
    OP(7, closed, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT)         \
    OP(8, park, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT | PARKS)       \
    OP(9, wake, struct victim_value, struct ipc_none, RIGHT_USE, EFFECT)               \
    OP(10, cancelled, struct ipc_none, struct victim_value, RIGHT_USE, IDEMPOTENT)     \
    OP(11, only_admin, struct ipc_none, struct ipc_none, RIGHT_ADMIN, EFFECT)          \
    OP(12, missing, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)               \
    OP(13, die_once, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)          \
    OP(14, die_always, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)            \
    OP(15, take, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT | TAKES(2))       \
    OP(16, turn, struct victim_six, struct victim_six, RIGHT_USE, IDEMPOTENT)          \
    OP(17, pile, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT | PARKS)      \
    OP(18, release, struct ipc_none, struct victim_value, RIGHT_USE, EFFECT)           \
    OP(19, twice, struct victim_value, struct victim_value, RIGHT_USE, EFFECT)         \
    OP(20, handles, struct ipc_none, struct victim_handles, RIGHT_USE, IDEMPOTENT)
IPC_PROTOCOL(victim, VICTIM_PROTOCOL)

enum {
    VICTIM_PATTERN = 0x5a,
    VICTIM_PILE = 4,      /* calls that one client may have waiting */
    VICTIM_SESSIONS = 20, /* sessions that one client may be given */
};

int victim_serve(void);

/* ---- the client's side ---- */

extern handle_t victim;
uint64_t victim_deaths(void);       /* as init counts them */
uint64_t victim_closed_count(void); /* sessions with a state whose end it was told */
void victim_words(void);            /* it answers, and rightly */

#endif
