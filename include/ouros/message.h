/* The layout of a message in registers. Final: the words a client loads are the words its server finds.
 *
 *                 call, send            reply, reply_recv          returned by recv, reply_recv   returned by
 * call rax  in       number | IPC_ flags   number | IPC_ flags out error | handles << 32          error |
 * handles << 32 rdi           session               port (reply_recv),         badge 0 reply handle or 0
 * (reply) rsi           label | seq << 32     label | 0                  label | seq << 32              label
 *   rdx r10 r8 r9 r12 r13               the six words, w0 to w5, in every direction
 *   r14           deadline (IPC_DEADLINE)                          in_len | out_len << 32         kept
 *   r15           struct ipc_buffers * (IPC_BUFFERS)               caller's thread id | rights << 32   kept
 *   rbx rbp       handles sent (h0 | h1 << 32, h2 | h3 << 32)      handles received, if any were accepted;
 * else kept
 *
 * rcx and r11 are always lost. rsp is kept. On error rdi, rsi and the words are undefined.
 *
 * reply_recv answers the caller in the thread's reply slot (or nobody, if the slot is empty), then receives
 * on the port; its deadline and accept count concern the receive. `reply` with handle 0 answers the slot.
 * `recv` finds the reply slot empty or gives E_BUSY: a caller is answered or deferred, never forgotten.
 *
 * Handles are copied all or none. A receiver says how many it accepts (IPC_ACCEPT), by default none; a
 * message with more is refused with E_FULL to its sender (a reply with more: E_FULL to the replier). Slots
 * are set aside when the receiver enters, so nothing is allocated at rendezvous. */
#ifndef OUROS_MESSAGE_H
#define OUROS_MESSAGE_H

#include <ouros/types.h>

#define IPC_WORDS   6
#define IPC_HANDLES 4

/* Flags beside the system call's number in rax. */
#define IPC_DEADLINE      (1ul << 8)            /* r14 holds an absolute deadline; without it: never */
#define IPC_BUFFERS       (1ul << 9)            /* r15 points at struct ipc_buffers (call only) */
#define IPC_SENDING(n)    ((uint64_t)(n) << 12) /* n handles, 0 to 4, in rbx and rbp */
#define IPC_ACCEPT(n)     ((uint64_t)(n) << 16) /* accept up to n handles */
#define IPC_SENT(rax)     ((uint32_t)((rax) >> 12) & 7)
#define IPC_ACCEPTED(rax) ((uint32_t)((rax) >> 16) & 7)

/* What the client lends for one call: the server may read `in` and write `out`, by msg_read and msg_write. */
struct ipc_buffers {
    vaddr_t in;
    vaddr_t out;
    uint32_t in_len;  /* bytes, at most IPC_BUFFER_MAX */
    uint32_t out_len; /* bytes, at most IPC_BUFFER_MAX */
};
#define IPC_BUFFER_MAX (64u << 20)
#define IPC_COPY_MAX \
    (32u << 10) /* bytes that one msg_read or msg_write moves at most: count says; go on from there */

/* Labels with this bit come from the kernel alone: call and send refuse it with E_INVAL. */
#define MSG_KERNEL 0x80000000u

enum kernel_message {
    /* No reply is expected. */
    MSG_NOTIFY = MSG_KERNEL | 1, /* w0 = the bits raised since the last time */
    /* Notices: records, kept until port_ctl(PORT_ACK, id); w5 = id. Given again to the next borrower. */
    MSG_CLOSED = MSG_KERNEL | 2, /* badge = a session whose last handle is gone */
    MSG_CANCEL =
        MSG_KERNEL | 3, /* badge = session, w0 = caller's thread id, w1 = its seq, w2 = enum cancel_why */
    MSG_TASK_DEAD = MSG_KERNEL | 4, /* badge = the watcher's cookie, w0 = exit value, w1 = enum task_end */
    /* Calls: the reply slot holds the faulting thread. badge = the cookie of TASK_SET_PAGER. */
    MSG_FAULT = MSG_KERNEL | 5,     /* w0 = address, w1 = enum fault_access bits, w2 = rip, w3 = rsp */
    MSG_EXCEPTION = MSG_KERNEL | 6, /* w0 = vector, w1 = error code, w2 = rip, w3 = rsp, w4 = cr2 or dr6 */
};

enum cancel_why { CANCEL_ASKED = 1, CANCEL_TIMEDOUT = 2, CANCEL_DIED = 3 };
enum task_end { TASK_KILLED = 1, TASK_LAST_THREAD = 2, TASK_UNHANDLED_FAULT = 3 };

enum fault_access {
    FAULT_WRITE = 1 << 0,
    FAULT_EXEC = 1 << 1,
    FAULT_PRESENT = 1 << 2, /* the page was there: a protection fault */
    FAULT_TOUCH = 1 << 3,   /* the kernel needs the page for a system call: FAULT_REFUSE makes that E_FAULT */
};

/* The label of the reply to MSG_FAULT and MSG_EXCEPTION. */
enum fault_reply {
    FAULT_RESUME = 0, /* the thread runs on, from its registers as they now are */
    FAULT_MAP = 1, /* the first task only: set one entry, then resume: w0 = va, w1 = pa, w2 = enum vms_prot |
                      level << 8 | enum vms_flag << 16. An error (E_NOTABLE, E_SHARED, …) comes back to the
                      replier, and the reply is kept */
    FAULT_REFUSE = 2, /* FAULT_TOUCH: the system call fails with E_FAULT. Otherwise the task is ended */
};

#endif
