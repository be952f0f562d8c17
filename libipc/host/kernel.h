/* The kernel of the host: one lock, one task, one handle table. What the names mean is in microkernel/. */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include <ipc/host.h>
#include <pthread.h>
#include <stdbool.h>

enum { HOST_HANDLES = 8192, HOST_KEPT = 64, HOST_SLOTS = 64 };

struct host_session {
    uint64_t badge; /* minted here */
    uint32_t handles;
    struct ipc_host_peer *peer; /* or answered by this function */
    int socket;                 /* or at the other end of this socket, as number `remote` there; -1 */
    uint32_t remote;
    struct host_session *next; /* of the port's */
};

struct host_notice {
    uint32_t label;
    uint64_t badge, words[3], id;
    bool delivered;
    struct host_notice *next;
};

/* A call from its beginning to its end; lies on the caller's stack, unless it is held. */
struct host_call {
    enum { CALL_QUEUED, CALL_RECEIVED, CALL_DONE } state;
    int error; /* when done */
    struct ipc_message *message;
    uint64_t badge, serial;
    uint32_t rights, thread;
    bool one_way;
    struct ipc_host_call
        *held; /* a test holds it in hand: nobody waits on `done`, and this goes with its end */
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

/* A thread of a task below: it runs nothing. */
struct host_program {
    struct host_task *task;
    uint32_t handles;
    bool started;
    struct thread_regs regs;
    struct host_program *next; /* of the task's */
};

/* A task that was made here. It lives until it is killed, or until nobody has a handle and no thread began.
 */
struct host_task {
    uint64_t id;
    uint32_t handles; /* that refer to it */
    bool dead, suspended, watched, paged;
    uint64_t watch_cookie, pager_cookie;
    char name[16];
    struct host_entry slots[HOST_SLOTS]; /* its own handles, each of generation 1 */
    struct host_program *threads;
    struct host_task *next;
};

struct host_thread {
    uint32_t id;
    bool busy;           /* has something in hand that it received */
    uint64_t caller;     /* serial of the call in the reply slot, 0: empty */
    uint64_t generation; /* of the port's instance that it receives for; 0: none yet */
    uint64_t kills_badge;
    uint32_t kills_seq, kills;
};

extern pthread_mutex_t host_lock; /* guards all of this */
extern _Thread_local struct host_thread host_self;
extern struct host_port {
    struct host_call *queue, *received;
    struct host_notice *notices;
    struct host_session *sessions, *cursor;
    uint64_t next_serial, next_notice, next_call, generation, bits;
    uint32_t busy;          /* workers with something in hand */
    pthread_cond_t settled; /* one of them has finished */
    struct {
        uint32_t key;
        handle_t handle;
    } kept[HOST_KEPT];
    pthread_cond_t arrived;
} host_port;

uint32_t host_thread_id(void);
bool host_no_more(void); /* what ipc_host_fail_after asked for: this creation has to fail */

/* handles.c; host_lock is held */
struct host_entry *host_entry(handle_t handle); /* null: none */
handle_t host_handle(enum object_kind kind, void *object, uint32_t rights);
int host_close(handle_t handle);
int host_copy(handle_t handle, uint32_t rights, handle_t *copy);
int host_entry_copy(const struct host_entry *from, uint32_t rights, struct host_entry *to);
void host_entry_close(struct host_entry *entry);
void host_close_replies(void);         /* of an instance that is gone */
bool host_is_object(uint64_t address); /* of the bytes of a memory object */
int host_copy_info(handle_t handle, struct handle_info *info);

/* port.c; host_lock is held */
int host_port_ctl(enum port_op op, uint64_t a, uint64_t b, uint64_t *value, uint64_t *second);
void host_notice(uint32_t label, uint64_t badge, uint64_t w0, uint64_t w1, uint64_t w2);
void host_instance_end(void);

/* task.c; host_lock is held */
int host_task_create(uint64_t *handle);
int host_task_ctl(handle_t task, enum task_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t *value);
int host_thread_create(handle_t task, uint64_t *handle);
int host_thread_ctl(handle_t thread, enum thread_op op, uint64_t a);
int host_copy_into(handle_t handle, uint32_t rights, handle_t task, uint32_t index, handle_t *copy);
void host_task_put(struct host_task *task); /* one handle less */
void host_program_put(struct host_program *thread);

/* message.c */
int host_call(handle_t session, struct ipc_message *m, bool one_way);
int host_recv(struct ipc_message *m);
int host_reply(handle_t reply, struct ipc_message *m);
int host_defer(handle_t *reply, uint64_t *task);
uint64_t
host_caller(void); /* whose call is in the reply slot: a session stands for a task; host_lock is held */
int host_touch(uint64_t address);
int host_message_copy(handle_t reply, uint64_t offset, void *here, uint64_t length, bool to_client,
                      uint64_t *count);
/* May the call be made, and on what? host_lock is held. */
int host_check(handle_t handle, const struct ipc_message *m, struct host_session **session);
void host_call_queue(struct host_call *call);          /* host_lock is held */
void host_call_end(struct host_call *call, int error); /* host_lock is held */
void host_idle(void); /* the calling worker has finished what it had in hand; host_lock is held */

/* calls.c; host_lock is held */
void host_held_end(struct host_call *call);

/* pager.c: calls on SLOT_PAGER are answered here */
int host_pager_call(struct ipc_message *m);

/* socket.c */
int host_remote_call(struct host_session *session, struct ipc_message *m);
void host_remote_close(struct host_session *session);

/* Wait on a condition until a deadline of the monotonic clock (DEADLINE_NEVER). False: it has passed. */
bool host_wait(pthread_cond_t *condition, uint64_t deadline);
void host_condition(pthread_cond_t *condition);

#endif
