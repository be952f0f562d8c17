/* A server that counts for its clients and dies where it is told to: exact.c. */
#ifndef COUNTER_H
#define COUNTER_H

#include <ipc/server.h>

struct counter_value {
    uint64_t value;
};
struct counter_plan {
    uint32_t point; /* enum point */
    uint32_t first; /* RUNNING: the next instance dies at this message of its life, each further one later */
    uint64_t seed;  /* RANDOM */
};

#define COUNTER_PROTOCOL(OP)                                                          \
    OP(1, add, struct counter_value, struct counter_value, RIGHT_USE, EFFECT)         \
    OP(2, look, struct ipc_none, struct counter_value, RIGHT_USE, IDEMPOTENT)         \
    OP(3, total, struct ipc_none, struct counter_value, RIGHT_USE, IDEMPOTENT)        \
    OP(4, plan, struct counter_plan, struct ipc_none, RIGHT_USE, EFFECT)              \
    OP(5, open, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | GIVES(1))  \
    OP(6, facts, struct ipc_none, struct counter_facts, RIGHT_USE, IDEMPOTENT)        \
    OP(7, park, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | PARKS)     \
    OP(8, wake, struct counter_value, struct counter_value, RIGHT_USE, EFFECT)        \
    OP(9, halfway, struct ipc_none, struct counter_value, RIGHT_USE, EFFECT | BUF_IN) \
    OP(10, reset, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)

/* Where a planned death comes. In lives that are RUNNING it is each of the first three in turn. */
enum point { NEVER, BEFORE, CHANGED, RETURNED, RUNNING, RANDOM };

struct counter_facts {
    uint64_t lives, closed, strangers, sessions, woken;
};

IPC_PROTOCOL(counter, COUNTER_PROTOCOL)

int counter_serve(void);

#endif
