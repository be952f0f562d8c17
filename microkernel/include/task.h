/* Tasks: an address space, a handle table, an account. The unit that dies as a whole. */
#pragma once

#include <object.h>
#include <tree.h>
#include <vms.h>

/* A record that waits for a server: linked into a port's list, never allocated. */
struct notice {
    struct list link;     /* port->notices */
    struct port *port;    /* where it is queued or will be; holds a reference while set */
    struct object *owner; /* the object that it is part of; referenced while the notice is on a list */
    uint64_t id;          /* given when queued; what PORT_ACK names */
    uint32_t label;       /* MSG_CLOSED, MSG_CANCEL, MSG_TASK_DEAD */
    uint64_t badge;
    uint64_t word[3];
};

/* One slot of a handle table. Free slots are chained by `next_free`. */
struct handle_entry {
    struct object *object; /* NULL: free */
    uint32_t id;           /* the handle; while free: HANDLE_FREE with the generation of the next one */
    uint32_t rights; /* enum right; of a deferred reply: the caller's serial; free: index of the next one */
};
#define HANDLE_REPLY (1u << 31) /* in every serial, in no rights */
/* No slot has this index, and of the first page only slot 0, which is never used, has its lower byte: all
 * that fastpath.S looks at to find the slot. */
#define HANDLE_FREE(gen) HANDLE_MAKE(0xff00, gen)

#define HANDLES_PER_PAGE 256
#define HANDLE_PAGES     128

struct handle_table {
    struct handle_entry *page[HANDLE_PAGES]; /* the first one lives as long as the task's threads */
    uint32_t first_free;                     /* index, 0: none */
    uint32_t fresh;                          /* slots from here on were never used, and are on no list */
    uint32_t pages, used, free;
    uint32_t reserved; /* of the free slots: set aside by threads that wait with an accept count */
};

struct task {
    struct object object;
    uint64_t id;
    char name[16];
    struct vms vms;
    struct account *account;
    struct handle_table handles;
    struct list threads;
    struct tree_node *by_id; /* the same, by number */
    struct list stopped;     /* threads that would run but for a suspension */
    uint32_t thread_count;
    bool dying;                 /* no new threads, no new handles; being taken apart in steps */
    bool dead;                  /* no thread and no handle left; notices are sent */
    uint32_t suspended;         /* 0 or 1 */
    bool is_pager;              /* the first task */
    struct notice pager_notice; /* .port: where faults go, NULL: nowhere; .badge: its cookie */
    struct notice watch_notice; /* .port set when somebody listens */
    uint64_t exit_value;
    uint32_t exit_how;      /* enum task_end */
    uint32_t reap_handle;   /* next handle index to close while dying */
    uint32_t copy_cursor;   /* slots that an unfinished TASK_COPY_HANDLES has not copied yet */
    struct list ports_lent; /* ports this task receives on as a borrower */
    struct list all;        /* on task_list */
    uint64_t cpu_ticks;     /* as its threads' */
};

extern struct list task_list;

int task_create(struct account *payer, uint64_t limit, struct task **out);
/* Begin the death of a task; it goes on in steps. */
void task_kill(struct task *task, uint64_t value, enum task_end how);
/* One bounded step of its death; true when finished. */
bool task_end_step(struct object *object);
/* Destructor of the object, one step; true when finished. */
bool task_destroy(struct object *object);

/* ---- handles (handle.c) ---- */
/* Look a handle up that must have any of these rights. `out` is the address of a pointer to the kind's type,
 * or NULL; no reference is taken: valid until the kernel is left. E_HANDLE, E_TYPE, E_RIGHTS. */
int handle_get(struct task *task, handle_t handle, enum object_kind kind, uint32_t any, void *out);
/* What a copy of a handle is at most: it needs RIGHT_COPY, a reply has none, and the right to receive is
 * lent, never copied. E_HANDLE, E_TYPE, E_RIGHTS. */
int handle_copyable(struct task *task, handle_t handle, struct handle_entry *out);
/* The same, giving the slot. E_HANDLE. */
int handle_entry(struct task *task, handle_t handle, struct handle_entry **out);
/* The kind a slot shows: a deferred reply is kept as its caller's thread with a serial. */
enum object_kind handle_kind(const struct handle_entry *entry);
/* Put a new reference to object into a free slot (index 0) or a given one; *out is the handle. A deferred
 * reply is its caller's thread, with the caller's serial for rights. E_KMEM,
 * E_QUOTA, E_FULL, E_BUSY, E_RANGE. */
int handle_insert(struct task *task, struct object *object, uint32_t rights, uint64_t index, uint64_t *out);
/* The same for what has just been made: the reference of its maker goes. */
int handle_insert_new(struct task *task, struct object *object, uint32_t rights, uint64_t *out);
/* The same from the slots that handle_reserve set aside: cannot fail. */
uint64_t handle_insert_reserved(struct task *task, struct object *object, uint32_t rights);
int handle_close(struct task *task, handle_t handle);
/* One more page of free slots. E_KMEM, E_QUOTA, E_FULL, E_DEAD. */
int handle_grow(struct task *task);
/* Set n free slots aside. E_KMEM, E_QUOTA, E_FULL. */
int handle_reserve(struct task *task, uint32_t n);
/* Fill an empty table with copies, same slots and generations. SYS_RESTART: not finished. E_BUSY, E_KMEM, …
 */
int handle_copy_table(struct task *to, struct task *from);
/* Close up to `most` handles from task->reap_handle on; true when none is left. The table is freed then. */
bool handle_close_some(struct task *task, uint32_t most);
