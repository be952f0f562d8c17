/* Protocols: one X-macro list per protocol, and everything else is made from it.
 *
 *   #define CALC_PROTOCOL(OP) \
 *       OP(1, add, struct calc_add, struct calc_sum, RIGHT_USE, IDEMPOTENT)
 *   IPC_PROTOCOL(calc, CALC_PROTOCOL)
 *
 * OP(number, name, request, reply, rights, flags). A request of up to 48 bytes travels in the six words; a
 * larger one is the in-buffer itself (then BUF_IN fails a static assertion). A reply is at most 48 bytes;
 * more goes to the out-buffer. `struct ipc_none` is the empty request or reply.
 *
 * Made from it, for a protocol `calc` with an operation `add`:
 *   enum { calc_label_add = 1 }                             the label
 *   int calc_add(session, &request, &reply, deadline)       the client's call
 *   int calc_add_with(session, &request, &reply, &transfer) the same with buffers and handles
 *   struct calc_ops { int (*add)(struct ipc_request *, const struct calc_add *, struct calc_sum *); … }
 *   const struct ipc_protocol calc_protocol                 names, lengths, rights, flags: for the server
 *                                                           loop, traces and the fuzzer
 *
 * A client function returns the server's status, or the error of the call itself. The reply is stored
 * whenever the server answered, with an error too. `deadline` is absolute, 0 means never. The empty request
 * and any reply may be null. The client functions repeat the call by themselves on E_TOUCH, E_KMEM and
 * E_RESTARTED. */
#ifndef IPC_PROTOCOL_H
#define IPC_PROTOCOL_H

#include <ouros/syscall.h>

struct ipc_none {
};

enum ipc_op_flag {
    IDEMPOTENT = 1 << 0, /* may be done twice with the same effect */
    EFFECT = 1 << 1,     /* must not: its result is kept under (session, thread, number) */
    BUF_IN = 1 << 2,     /* the client may lend a buffer to read */
    BUF_OUT = 1 << 3,    /* the client may lend a buffer to write */
    PARKS = 1 << 4,      /* may be answered much later (deferred): never counted as a hang */
};
#define TAKES(n)         ((n) << 8)  /* the request may carry up to n handles */
#define GIVES(n)         ((n) << 12) /* the reply may carry up to n handles */
#define IPC_TAKES(flags) ((flags) >> 8 & 7)
#define IPC_GIVES(flags) ((flags) >> 12 & 7)

/* Everything of a call but the words. Unused members are zero. */
struct ipc_transfer {
    const void *in;
    void *out;
    uint32_t in_len, out_len;   /* bytes */
    handle_t send[IPC_HANDLES]; /* given along: copies; the sender keeps its own */
    uint32_t send_count;
    handle_t got[IPC_HANDLES]; /* set on return: received handles, to be closed by the caller one day */
    uint32_t got_count;
    uint64_t deadline; /* absolute, ns of the monotonic clock; 0 means DEADLINE_NEVER */
};

/* One operation as its protocol's list has it. */
struct ipc_op {
    const char *name;
    uint32_t number; /* the label */
    uint32_t flags;  /* enum ipc_op_flag, TAKES, GIVES */
    uint32_t rights; /* that the session must have, all of them */
    uint16_t request_size, reply_size;
};

struct ipc_protocol {
    const char *name;
    const struct ipc_op *ops; /* in the list's order, which is also that of the members of struct NAME_ops */
    uint32_t count;
};

struct ipc_request; /* ipc/server.h */

#define IPC_WORD_BYTES  (IPC_WORDS * 8)
#define IPC_REQUEST_MAX 512 /* bytes of a request that is the in-buffer */

/* What the client functions are made of: send the words as the operation `op`, repeat where that is right,
 * and put the reply's words in their place. Returns the status (0 or more); or minus the error when no reply
 * came, and the words are as they were. Thread-safe. */
int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline);
int ipc_invoke_with(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS],
                    struct ipc_transfer *transfer);

#include <ipc/trap.h>
#include <ipc/protocol_macros.h>

#endif
