/* Ports, sessions and notices.
 *
 * Invariants
 * P1 a thread on port->senders is SENDING or FAULTING-and-queued; one on port->received waits for a reply
 * P2 receivers wait only while there is no notice, no bit and no sender
 * P3 port->notices are in the order of their ids; those up to port->given wait for PORT_ACK, the others for a receiver
 * P4 the borrower's is the only handle with RIGHT_RECV that works while a loan lasts */
#pragma once

#include <hooks.h>

#define PORT_GIVEN_MAX 64 /* notices given and not acknowledged: the others wait, PORT_ACK is bounded */
#define PORT_KEEP_MAX  256

struct port {
    struct object object;
    struct list receivers; /* threads by ->run, last come first served */
    struct list senders; /* by ->run: the first of each priority, most urgent first; equals hang on ->peers */
    struct list received; /* callers that wait for their reply, by ->received */
    struct list notices;
    uint64_t queued; /* senders */
    uint64_t bits;
    uint64_t given; /* id of the last notice that the present borrower has received */
    uint64_t next_notice, next_serial;
    uint64_t messages;
    struct list sessions;
    struct list *cursor; /* of PORT_SESSIONS; NULL: not begun */
    uint64_t session_count;
    struct task *borrower;   /* no reference: the task ends the loan before it goes */
    struct list lent;        /* on borrower->ports_lent */
    handle_t lent_as;        /* the borrower's handle: loses RIGHT_RECV when the loan ends */
    uint32_t owners, takers; /* handles with RIGHT_MANAGE; with RIGHT_RECV */
    bool dead;
    struct handle_entry *keep; /* PORT_KEEP_MAX, once there is one; id: the key, 0: free */
};

struct session {
    struct object object;
    struct port *port; /* holds a reference */
    uint64_t badge;
    struct list in_port;
    struct notice closed;
};

bool port_destroy(struct object *object);
bool session_destroy(struct object *object);
/* Raise bits: a waiting receiver takes them, else they stay. */
void port_notify(struct port *port, uint64_t bits);
/* Hand what waits at the port to a waiting receiver, if there are both. */
void port_wake(struct port *port);
/* Let a notice go to this port, and none before it; it holds a reference. */
void notice_bind(struct notice *notice, struct port *port);
/* Queue or deliver a notice, if it has a port. Already queued: only its words change. */
void notice_send(struct notice *notice, uint32_t label, uint64_t badge, uint64_t w0, uint64_t w1,
                 uint64_t w2);
void notice_init(struct notice *notice, struct object *owner);
/* Forget a notice: the object that carries it goes. */
void notice_drop(struct notice *notice);
/* A handle to the port with these rights went. */
void port_closed(struct port *port, uint32_t rights);
void session_closed(struct session *session);
/* End the loan of one of a dying task's ports, a bounded step; true when the port is free of it. */
bool port_loan_end(struct port *port);
/* One bounded step of emptying a port that died; true when finished. */
bool port_end_step(struct object *object);

/* ---- messages (ipc.c) ---- */
/* Queue the current thread's call, send or fault on a port, or hand it to a waiting receiver. SYS_BLOCKED, or
 * why it could not be (nothing has changed then). */
int ipc_submit(struct thread *sender, struct port *port, uint64_t deadline);
/* A caller, queued or received, has nothing to do with its port and server any more. */
void ipc_leave(struct thread *caller);
/* Its server dies with it in hand: three times, and the call fails for good. Deferred calls are not blamed.
 */
void ipc_blame(struct thread *caller);
/* End a received caller's wait with an error, by force. */
void ipc_fail_caller(struct thread *caller, int error);
/* A caller leaves a call that was received: the server is told (enum cancel_why) and its slot is emptied. */
void ipc_abandon(struct thread *caller, enum cancel_why why);
/* Give the receiver what waits at the port, if anything does. False: nothing. */
bool ipc_take(struct thread *receiver, struct port *port);

/* Put a faulter's message into its pager's registers. */
void ipc_put_fault(const struct thread *faulter, struct thread *pager);

/* ---- faults (fault.c) ---- */
/* The reply to a fault: 0 and the thread runs on, or an error and it keeps waiting. */
int fault_reply(struct thread *faulter, uint32_t label, const uint64_t word[3]);
/* The same by the current thread's reply_recv on the port, for FAULT_MAP in the most frequent case, and the
 * receive as well: the faulter runs. fastpath.S has checked all but what concerns the fault. False: nothing
 * was done. */
bool fault_reply_recv(struct thread *pager, struct thread *faulter, struct port *port);
/* Begin a fault on behalf of a system call that could not reach user memory. */
void fault_touch(struct thread *thread);
