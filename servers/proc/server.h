/* What the parts of the proc server share. */
#ifndef PROC_SERVER_H
#define PROC_SERVER_H

#include <ipc/heap.h>
#include <ipc/lock.h>
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/string.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <ouros/layout.h>
#include <proto/pager.h>
#include <proto/proc.h>
#include <proto/tty.h>
#include <proto/vfs.h>

#include "process.h"

/* Guards the process table and the waiters. Never held across a call that can wait for a device. */
extern struct ipc_lock proc_lock;

/* Sessions with the servers below and the authority to make tasks; set at start, never changed. */
extern struct proc_below {
    handle_t task_maker, pager, vfs, tty;
} below;

/* The process that a request comes from, or NULL (a session of another kind, or of an image that is gone). */
struct process *proc_caller(const struct ipc_request *r);

/* ---- image.c: a task in the making ---- */
struct image {
    handle_t task, thread;
    uint64_t space, badge, cookie;
    char name[PROCESS_NAME];
};
/* What a new image is made from: the request's parts, checked and copied. */
struct image_plan {
    char *data; /* the whole buffer, heap */
    const char *path;
    uint32_t path_length;
    const char *strings; /* argc then envc strings, each ended by NUL */
    uint32_t strings_length;
    uint32_t argc, envc;
    const struct proc_fd *fds;
    uint32_t fd_count;
};
/* Read and check the buffer of exec, spawn and start. E_INVAL, E_2BIG, E_SIZE, E_TOUCH, E_NOMEM. */
int plan_read(struct ipc_request *r, const struct proc_image *in, struct image_plan *plan);
void plan_free(struct image_plan *plan);

/* Make a task for the process (entry `p`, next image number) with its three process sessions. */
int image_task(struct process *p, struct image *image);
/* The same as a copy of the parent's: space by copy on write, handles in the same slots. */
int image_fork(struct process *parent, struct process *child, struct image *image);
/* Fill it from the file that the plan names: segments, stack, startup block, descriptors. `donor`: the task
 * whose handles the plan's descriptors name, 0: this server's own. */
int image_load(struct process *p, const struct image_plan *plan, handle_t donor, struct image *image);
/* Give an unfinished image up. */
void image_discard(struct image *image);
/* It becomes the process's present one. The caller holds proc_lock. */
void image_adopt(struct process *p, struct image *image);

/* ---- limit.c ---- */
int limit_op(struct ipc_request *r, const struct proc_limit *in, struct proc_limit_reply *out);
/* What the process may have holds for this space of its own, which is a new one. */
int limit_space(const struct process *p, uint64_t space);

/* ---- life.c ---- */
int life_fork(struct ipc_request *r, const struct ipc_none *in, struct proc_pid *out);
int life_exec(struct ipc_request *r, const struct proc_image *in, struct ipc_none *out);
int life_spawn(struct ipc_request *r, const struct proc_image *in, struct proc_pid *out);
int life_start(struct ipc_request *r, const struct proc_image *in, struct proc_pid *out);
int life_exit(struct ipc_request *r, const struct proc_exit *in, struct ipc_none *out);
/* A watched task is dead. */
void life_dead(uint64_t cookie, uint64_t value, enum task_end end);
/* Decide the end of a process. The caller holds proc_lock. */
void life_end(struct process *p, uint32_t wait_status);

/* ---- signal.c ---- */
int signal_kill(struct ipc_request *r, const struct proc_kill *in, struct ipc_none *out);
int signal_action_op(struct ipc_request *r, const struct proc_sigaction *in,
                     struct proc_sigaction_reply *out);
/* Threads that wait below for what must go up. */
void signal_tty_thread(void *unused);
void signal_exception_thread(void *unused);

/* ---- wait.c ---- */
int wait_op(struct ipc_request *r, const struct proc_wait *in, struct proc_waited *out);
int wait_started(struct ipc_request *r, const struct proc_pid *in, struct proc_waited *out);
/* Something about a child of `parent` changed (NULL: about a process that init started). Holding proc_lock.
 */
void wait_changed(struct process *parent);
/* The end of a process that init started: answered before it is forgotten. Holding proc_lock. */
void wait_cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why);

/* Callers that wait. Holding proc_lock. */
uint32_t wait_count(void);

/* ---- procfs.c ---- */
#define PROCFS_TAG_MOUNT 0xffffffu
#define PROCFS_TAG_FILE  0xfffffeu
extern const struct vfs_ops procfs_vfs_ops;
extern const struct io_ops procfs_io_ops;
int procfs_register(void);
void procfs_close(uint64_t badge, void *state);
/* Add formatted text at `at`; what does not fit into `size` bytes is cut. Returns where it ends. */
size_t text_append(char *to, size_t size, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- memory.c: texts of /proc; E_SIZE: they need more room ---- */
int memory_fill_meminfo(int32_t pid, char *to, size_t size, size_t *length);
int memory_fill_vmstat(int32_t pid, char *to, size_t size, size_t *length);
int memory_fill_blocks(int32_t pid, char *to, size_t size, size_t *length);
int memory_fill_maps(int32_t pid, char *to, size_t size, size_t *length);
/* Write what struct proc_entries says of the pages from `offset` on into the caller's buffer. *count: bytes.
 */
int memory_read_entries(struct ipc_request *r, int32_t pid, uint64_t offset, uint64_t *count);

/* ---- audit.c ---- */

/* What /proc/audit says. */
int audit_fill(char *to, size_t size, size_t *length);

#endif
