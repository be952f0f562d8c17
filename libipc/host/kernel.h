/* The kernel of the host: one lock, one task, one handle table. What the names mean is in microkernel/. */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include <ipc/host.h>
#include <pthread.h>
#include <stdbool.h>

enum { HOST_HANDLES = 4096, HOST_KEPT = 64 };

struct host_session {
    uint64_t badge; /* minted here */
    uint32_t handles;
    int socket; /* or at the other end of this socket, as number `remote` there; -1 */
    uint32_t remote;
    struct host_session *next; /* of the port's */
};

struct host_notice {
    uint32_t label;
    uint64_t badge, words[3], id;
    bool delivered;
    struct host_notice *next;
};

/* A call from its beginning to its end; lies on the caller's stack. */
struct host_call {
    enum { CALL_QUEUED, CALL_RECEIVED, CALL_DONE } state;
    int error; /* when done */
    struct ipc_message *message;
    uint64_t badge, serial;
    uint32_t rights, thread;
    bool one_way;
    pthread_cond_t done;
    struct host_call *next; /* in the port's queue, or of those received */
};

struct host_object { /* of memory */
    char *bytes;
    size_t size;
    uint32_t handles;
};

struct host_entry {
    enum object_kind kind; /* OBJ_MEMORY stands for a memory object */
    uint32_t rights, generation;
    uint64_t serial; /* OBJ_REPLY: of the call */
    void *object;
};

struct host_thread {
    uint32_t id;
    uint64_t caller;     /* serial of the call in the reply slot, 0: empty */
    uint64_t generation; /* of the port's instance that it receives for; 0: none yet */
    uint64_t kills_badge;
    uint32_t kills_seq, kills;
    bool cancelled;
};

extern pthread_mutex_t host_lock; /* guards all of this */
extern _Thread_local struct host_thread host_self;
extern struct host_port {
    struct host_call *queue, *received;
    struct host_notice *notices;
    struct host_session *sessions, *cursor;
    uint64_t next_serial, next_notice, next_call, generation, bits, messages;
    struct {
        uint32_t key;
        handle_t handle;
    } kept[HOST_KEPT];
    pthread_cond_t arrived;
} host_port;

uint32_t host_thread_id(void);

/* handles.c; host_lock is held */
struct host_entry *host_entry(handle_t handle); /* null: none */
handle_t host_handle(enum object_kind kind, void *object, uint32_t rights);
int host_close(handle_t handle);
int host_copy(handle_t handle, uint32_t rights, handle_t *copy);
void host_close_replies(void); /* of an instance that is gone */
int host_copy_info(handle_t handle, struct handle_info *info);

/* port.c; host_lock is held */
int host_port_ctl(enum port_op op, uint64_t a, uint64_t b, uint64_t *value, uint64_t *second);
void host_notice(uint32_t label, uint64_t badge, uint64_t w0, uint64_t w1, uint64_t w2);
void host_instance_end(void);

/* message.c */
int host_call(handle_t session, struct ipc_message *m, bool one_way);
int host_recv(struct ipc_message *m);
int host_reply(handle_t reply, struct ipc_message *m);
int host_defer(handle_t *reply);
int host_message_copy(handle_t reply, uint64_t offset, void *here, uint64_t length, bool to_client,
                      uint64_t *count);
void host_call_end(struct host_call *call, int error); /* host_lock is held */

/* pager.c: calls on SLOT_PAGER are answered here */
int host_pager_call(struct ipc_message *m);

/* socket.c */
int host_remote_call(struct host_session *session, struct ipc_message *m);
void host_remote_close(struct host_session *session);

/* Wait on a condition until a deadline of the monotonic clock (DEADLINE_NEVER). False: it has passed. */
bool host_wait(pthread_cond_t *condition, uint64_t deadline);
void host_condition(pthread_cond_t *condition);

#endif
