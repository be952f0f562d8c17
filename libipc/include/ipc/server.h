/* The frame a server is written in: it names its tables of handlers, and ipc_serve receives, checks, calls
 * them and answers in one place.
 *
 *   static int add(struct ipc_request *r, const struct calc_add *in, struct calc_sum *out);
 *   int main(void) { return ipc_serve(&(struct ipc_server){ .name = "calc", .ops = &(struct calc_ops){ .add =
 * add } }); }
 *
 * A handler finds its request checked for length, rights and number of handles, fills *out and returns a
 * status: 0 or an error. *out starts as zeros and is delivered with an error too. An operation without a
 * handler answers E_NOSYS. */
#ifndef IPC_SERVER_H
#define IPC_SERVER_H

#include <ipc/protocol.h>
#include <ipc/syscall.h>

struct ipc_server;

/* One call. The members above the line may be read by handlers, the others belong to the functions below. */
struct ipc_request {
    uint64_t badge;            /* the session */
    uint32_t tag;              /* that it was minted with: the badge's low 24 bits */
    uint32_t rights;           /* of the session (enum right) */
    uint32_t thread, seq;      /* the caller's thread id and its number of this call */
    uint32_t in_len, out_len;  /* bytes of the lent buffers */
    handle_t got[IPC_HANDLES]; /* received; closed after the handler unless taken by ipc_take */
    uint32_t got_count;
    const struct ipc_op *op;
    uint64_t client; /* whom to charge what is deferred or given; 0, as it comes: the task that calls.
                        Handlers of calls for somebody else say for whom: IPC_CLIENT(kind, id) */
    /* ---- */
    handle_t give[IPC_HANDLES];
    handle_t reply; /* deferred: the right to answer; 0: the thread's reply slot */
    uint32_t give_count;
    uint32_t give_close;         /* bit i: give[i] is closed once it is sent */
    uint16_t deferred, replayed; /* or not; replayed: the answer is one that was kept */
    uint64_t touch;              /* the page that was absent: offset, IPC_TOUCH_OUT of the out-buffer */
};

#define IPC_TOUCH_OUT (1ull << 63)

/* A client that is no task: the server's own numbering (kind 1 to 7, id below 2^60) of whom it serves. */
#define IPC_CLIENT(kind, id) ((uint64_t)(kind) << 60 | (uint64_t)(id))

/* Copy out of the client's in-buffer, or into its out-buffer. E_SIZE beyond what it lent. E_TOUCH: a page is
 * absent; return it from the handler having changed nothing, and the client's stub will call again. */
int ipc_read(struct ipc_request *r, uint64_t offset, void *to, uint64_t length);
int ipc_write(struct ipc_request *r, uint64_t offset, const void *from, uint64_t length);

/* Keep received handle i: it becomes the server's. HANDLE_NONE if there is none. */
handle_t ipc_take(struct ipc_request *r, uint32_t i);

/* Put a handle into the reply. ipc_give moves it: the server's own is closed once the reply is out (also when
 * the handler fails). ipc_give_copy leaves it. E_FULL beyond four. */
int ipc_give(struct ipc_request *r, handle_t handle);
int ipc_give_copy(struct ipc_request *r, handle_t handle);

/* Answer later: *kept becomes the request, with its right to answer and its received handles; what the
 * handler returns is then ignored. ipc_read, ipc_write, ipc_give and ipc_take work on *kept, from any thread,
 * until ipc_answer. E_INVAL for a one-way message; E_QUOTA: the client has deferred_most of them. */
int ipc_defer(struct ipc_request *r, struct ipc_request *kept);

/* Answer a deferred request; `reply` (may be null) has `size` bytes. A caller that is gone by now is no
 * error; answering twice is the end of the server. A server with kept state calls it in the loop's thread
 * only: the answer goes out with the commit. */
void ipc_answer(struct ipc_request *kept, int status, const void *reply, size_t size);

/* Sessions with this server, on the port it serves. `rights`: protocol rights (RIGHT_USE …); call and copy
 * are implied. */
int ipc_mint(uint32_t tag, uint32_t rights, handle_t *session, uint64_t *badge);

/* Mint a session, remember `state` for it and give it in the reply. On error the state is still the caller's.
 * E_QUOTA: the client (r->client) has been given sessions_most that are open. */
int ipc_give_session(struct ipc_request *r, uint32_t tag, uint32_t rights, void *state);

/* The state remembered for a session; null if none. It is forgotten when the session is closed, after
 * client_close. A session may be closed while another worker is still handling a call on it: count what is
 * shared. */
void *ipc_client(uint64_t badge);
int ipc_client_set(uint64_t badge, void *state); /* E_NOMEM; null forgets */
/* Bytes of the heap that this table takes: it stays as large as it ever had to be. */
size_t ipc_client_bytes(void);

/* Tell init that this server is up, with a line of text for the boot. ipc_serve does it after `start` if the
 * server has not. No-op for who was not started by init. */
void ipc_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define IPC_PROTOCOLS_MAX 4
#define IPC_IRQS_MAX      4
#define IPC_KEPT_MAX      (64u << 10) /* bytes of a kept state: each commit copies it */
#define IPC_KEEP_KEYS     0xff000000u /* keys of the port's keep table from here on are libipc's */
#define IPC_LATER         (-1)        /* from `fault`: no answer now */

struct ipc_service {
    const struct ipc_protocol *protocol;
    const void *ops; /* its struct NAME_ops */
};

/* An interrupt: the handle that init gave by this name, and who looks after the device. */
struct ipc_irq {
    const char *name;
    void (*handle)(void);
};

struct ipc_server {
    const char
        *name; /* of the protocol that `ops` is for, found among the headers that the server includes */
    const void *ops;
    struct ipc_service
        protocols[IPC_PROTOCOLS_MAX]; /* for who speaks several: { { &io_protocol, &io_ops }, … } */
    handle_t port;                    /* 0: the one that init lent (SLOT_PORT) */
    uint32_t workers;                 /* threads that serve; 0 means 1 */

    /* What one client may have at a time; 0: as said here; UINT32_MAX: any number. */
    uint32_t deferred_most; /* deferred calls: 256 */
    uint32_t sessions_most; /* sessions by ipc_give_session, those that it has passed on included: 1024. A
                               former instance's are not counted */

    /* State that outlives an instance: a variable of the server's, which the next instance finds as the last
     * answered message left it. It and the results of operations marked EFFECT become lasting together,
     * before the answer goes out; a repeated call gets its result from there. So each EFFECT is done exactly
     * once, whenever the server dies, if all that it changes lies in `kept`. One worker only. No pointers but
     * to the server's own static memory; ipc_client states inside it are found again. docs/ipc.md says more. */
    void *kept;
    size_t kept_size; /* bytes, at most IPC_KEPT_MAX */

    /* `handle` is called, by a worker, when the interrupt has come, and once behind `start` without one: a
     * former instance may have taken it with it. The frame binds and acknowledges them. Who has no handle of
     * that name has no such device. */
    struct ipc_irq irqs[IPC_IRQS_MAX];

    /* All hooks may be null. */
    int (*start)(void); /* once, before anything is received; an error ends ipc_serve */
    void (*session)(
        uint64_t badge);           /* after start, for each session that clients of a former instance hold */
    void (*notify)(uint64_t bits); /* notification bits were raised, of those below 2^56 */
    void (*client_close)(uint64_t badge,
                         void *state); /* a session's last handle is gone; state may be null */
    void (*cancel)(uint64_t badge, uint32_t thread, uint32_t seq,
                   enum cancel_why why);                              /* answer that call early */
    void (*dead)(uint64_t cookie, uint64_t value, enum task_end end); /* a watched task is dead */
    uint64_t (*deadline)(
        void);             /* asked by the first worker before it waits; DEADLINE_NEVER if there is none */
    void (*timeout)(void); /* the deadline has passed */

    /* For the pager: MSG_FAULT and MSG_EXCEPTION. Fills label and words of *reply and returns 0, or defers by
     * sys_reply_defer and returns IPC_LATER. Called again with the error when the kernel refused the reply. */
    int (*fault)(const struct ipc_message *fault, int error, struct ipc_message *reply);
};

/* Serve until the port is gone (never, normally). Returns an error. */
int ipc_serve(const struct ipc_server *server);

#endif
