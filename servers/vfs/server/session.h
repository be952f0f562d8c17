/* What sessions stand for, and how handlers come to it.
 *
 * S1  A session's state is found and held under the core lock, and freed by the last drop after its close.
 * S2  A handler that has called core_enter leaves by core_leave, which finishes the parked calls that became
 * ready. */
#ifndef VFS_SESSION_H
#define VFS_SESSION_H

#include <ipc/server.h>
#include <proto/io.h>
#include <proto/vfs.h>
#include "../file.h"
#include "../vfs.h"

/* Also the tags that sessions are minted with: one whose state is gone is not taken for another server's. */
enum session_kind { SESSION_PROCESS = 0x766601, SESSION_FILE };

/* Files that a process has opened and that are open, whoever has them now. Outlives the process as long as
 * they do. */
struct opened_files {
    uint32_t files;
    bool process; /* it is still there */
};
#define FILES_MOST 1024u

struct session {
    enum session_kind kind;
    struct opened_files *opened; /* its own, or (a file's) that of the process that opened it; or NULL */
    uint32_t refs;               /* of handlers and parked calls, and one of the open session */
    union {
        struct {
            struct context ctx;
            uint64_t pid;
            struct session *hash_next; /* in the table of pids */
        };
        struct {
            struct file *file;
            struct list arms; /* struct arm: who wants to hear of events */
        };
    };
};

void core_enter(void);
void core_leave(void);

/// The state of the request's session, held; NULL if it is none of that kind. Core lock held.
struct session *session_hold(uint64_t badge, enum session_kind kind);
void session_drop(struct session *s);
/// Makes the reply give a session with the file; on error the file is closed. Core lock held.
int session_give_file(struct ipc_request *r, struct file *f);
void session_closed(uint64_t badge, void *state);

/// The context of the caller: of its process session, or root's of "/" for other servers. *held is to be
/// dropped.
const struct context *session_context(const struct ipc_request *r, struct session **held);
struct context *system_context(void);

/* process.c */
struct session *process_find(uint64_t pid);
void process_forget(struct session *s);

/* A client's buffer as one end of a copy. */
struct client_io {
    struct uio io;
    struct ipc_request *r;
    uint64_t at;
};
struct client_io client_reader(struct ipc_request *r, uint64_t at); ///< the client reads: its out-buffer
struct client_io client_writer(struct ipc_request *r, uint64_t at);

/* park.c: calls that wait in a pipe */
/// Reads or writes; a call that must wait is parked and answered later.
int park_read(struct ipc_request *r, struct session *s, uint64_t offset, struct io_count *out);
int park_write(struct ipc_request *r, struct session *s, uint64_t offset, struct io_count *out);
void park_cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why);
/// Does what became possible. Called by core_leave.
void park_run(void);

/* poll.c */
int poll_arm(struct ipc_request *r, struct session *s, const struct io_poll_arm *in, struct io_poll *out);
/// Forgets all arms of a session that closes.
void poll_forget(struct session *s);

/* objects.c: files as memory objects of the pager */
int object_of_file(struct ipc_request *r, struct file *f, uint64_t *size);
int objects_start(void);
/// Writes what was stored to mappings of the file, which the caller references; says what failed since the last
/// time. The core lock is not held.
int objects_sync(struct inode *file);
void objects_limit(uint64_t bytes);
/// Gives up the sessions with objects that are kept for who maps next; the objects go once nobody maps them.
void objects_trim(void);

/* pages.c */
void port_page_trim(void); ///< gives back the pages that are kept for the next who asks
/// Pages handed out, and taken from the pager.
void port_page_usage(uint64_t *used, uint64_t *taken);

/* nodes.c: nodes and mounts of other servers */
int nodes_start(struct inode *dev_root);
int node_open(struct ipc_request *r, const struct opened *o, uint32_t flags, uint64_t pid);
int elsewhere_give(struct ipc_request *r, uint64_t cookie);

/* disk.c */
struct blkdev;
/// Mounts the root: the first disk that holds a file system, else the RAM disk, else an empty tmpfs; /dev and
/// /tmp on it.
int disk_mount_all(char *said, size_t cap);

uint32_t open_flags(uint32_t io_flags);
void attr_to_stat(const struct attr *a, struct io_stat *out);
uint32_t chattr_which(uint32_t what, const struct io_chattr *in, struct attr *to);

extern const struct vfs_ops vfs_handlers;
extern const struct io_ops io_handlers;
int handle_process_create(struct ipc_request *r, const struct vfs_process *in, struct ipc_none *out);
int handle_node_register(struct ipc_request *r, const struct vfs_node *in, struct ipc_none *out);
int handle_trim(struct ipc_request *r, const struct ipc_none *in, struct vfs_usage *out);
int handle_node_remove(struct ipc_request *r, const struct vfs_node *in, struct ipc_none *out);

#endif
