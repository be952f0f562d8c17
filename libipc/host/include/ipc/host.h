/* A server on a Linux host: its source as it is, with libipc's, over a small kernel made of threads. For
 * tests under sanitizers and for gdb. One process has one server with one port; its clients are threads of
 * the same process, or other processes over a UNIX socket.
 *
 * What the server asks of the kernel is done by libipc/host; of other servers, by functions of the test, or
 * by those servers in processes of their own behind a socket.
 *
 * What differs: nothing is isolated, memory is never absent unless ipc_host_absent asks for it, and static
 * variables of the server are not set back when its next instance begins. */
#ifndef IPC_HOST_H
#define IPC_HOST_H

#include <ipc/syscall.h>
#include <stddef.h>

/* Run `server_main` in a thread: an instance of the server, on the port in SLOT_PORT. */
void ipc_host_start(int (*server_main)(void));

/* End the instance when it next receives, as a death: callers that it has received get E_RESTARTED, and what
 * it had not acknowledged is told to the next one. An instance also ends by ipc_exit. */
void ipc_host_stop(void);

/* Wait for the instance to be gone. */
void ipc_host_join(void);

/* A session with the server, as init would mint it. */
handle_t ipc_host_session(uint32_t rights);

/* ---- what the server asks others for ---- */

/* Another server, played by a function. It runs in the calling thread and may block: `m` is the call with the
 * caller's own handles, then the reply (label: the status); handles in it become the caller's. What it
 * returns is the call's error. Null: whoever calls finds it dead. */
struct ipc_host_peer {
    int (*call)(struct ipc_host_peer *peer, struct ipc_message *m);
    uint64_t bits; /* notified on its sessions so far */
};
handle_t ipc_host_peer(struct ipc_host_peer *peer, uint32_t rights);

/* Move the handle into a slot with a fixed number (enum startup_slot). In SLOT_PAGER stands a pager, if
 * nothing else is put there, that knows map, unmap and memory_object. */
void ipc_host_place(uint32_t slot, handle_t handle);

/* System calls that this kernel does not know are asked of the test first, and answered by E_NOSYS if it does
 * not know them either. Called without any lock, in the server's threads. */
extern int (*ipc_host_trap)(uint64_t number, const uint64_t arguments[4], uint64_t *value);

/* After n more allocations, handles, sessions, tasks and threads of the server's, there are none: E_QUOTA,
 * E_FULL, null. Negative: there are. */
void ipc_host_fail_after(int64_t n);

/* ---- calls in hand: one thread plays many callers, in an order that is always the same ---- */

struct ipc_host_call {
    struct ipc_message m; /* the request; once answered, the reply */
    uint32_t thread;      /* whose call it is; 0: of a new thread, whose number is put here */
    uint64_t badge;       /* the session's; MSG_FAULT and MSG_EXCEPTION: to be filled in */
    int error;            /* once answered: of the call; the status is m.label */
    bool answered;
    bool deferred; /* the server has put it off, once at least */
    /* May refuse the reply with an error for the server, as the kernel does that of FAULT_MAP. Or null. */
    int (*reply)(struct ipc_host_call *call, const struct ipc_message *reply);
    void *kernel;
};

/* Make the call; return when it has been answered or the server does nothing about it any more. The struct
 * stays in place until it is answered. */
void ipc_host_begin(handle_t session, struct ipc_host_call *call);

/* Tell the server that the caller asks to be let go, or (CANCEL_TIMEDOUT, CANCEL_DIED) is gone. */
void ipc_host_cancel(struct ipc_host_call *call, enum cancel_why why);

/* Wait until the server has done all that it can: nothing queued, no notice unacknowledged, no worker busy.
 */
void ipc_host_settle(void);

/* ---- tasks that the server has made; numbered from 1 ---- */

struct ipc_host_task {
    bool dead, started, suspended;
    char name[16];
};
uint32_t ipc_host_tasks(void);                              /* that live */
uint64_t ipc_host_last_task(void);                          /* the newest one's number */
bool ipc_host_task(uint64_t id, struct ipc_host_task *out); /* false: it does not live */
/* What the task has in this slot, for the test to use: a handle of its own. */
handle_t ipc_host_task_handle(uint64_t id, uint32_t slot);
/* It dies: its handles are closed, and who watches is told. Waits until the server is done with it. */
void ipc_host_task_end(uint64_t id, uint64_t value, enum task_end how);

/* ---- memory ---- */

/* A memory object with a copy of these bytes: for pager_map, which maps it privately. */
handle_t ipc_host_object(const void *bytes, size_t size);

/* Each n-th msg_read or msg_write finds its page absent, so that handlers are tried again. 0: never. */
void ipc_host_absent(uint32_t n);

/* Copies find the page of this byte absent, from the byte on, until somebody touches it. Null: none. */
void ipc_host_absent_at(const void *byte);

/* ---- the rest ---- */

/* Called in the server's thread before each answer goes out: after all that it answers for has become
 * lasting. May ipc_exit. Null: nothing. */
extern void (*ipc_host_before_reply)(void);

/* Open handles, sessions that are open, notices not acknowledged: to compare before and after. */
uint32_t ipc_host_handles(void);
uint32_t ipc_host_sessions(void);

/* Accept clients at this path from now on; each connection is a session of its own. Returns an error. */
int ipc_host_listen(const char *path, uint32_t rights);

/* A session with the server that listens there. It carries words, buffers and sessions received; handles sent
 * along are refused with E_NOTSUP. HANDLE_NONE: nobody listens. */
handle_t ipc_host_connect(const char *path);

#endif
