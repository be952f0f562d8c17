/* POSIX processes. A *process* session (RIGHT_USE) is one process; an *admin* session (RIGHT_ADMIN: init)
 * starts the first ones. The /proc tree is served on sessions that speak proto/vfs.h (open, stat, …) and
 * proto/io.h. */
#ifndef PROTO_PROC_H
#define PROTO_PROC_H

#include <ipc/protocol.h>

struct proc_pid {
    int64_t pid;
};

/* exec and spawn: the in-buffer holds, one behind the other and counted in the request: the path; argc
 * strings and envc strings, each ended by NUL, `strings` bytes together; then fd_count struct proc_fd. proc
 * copies the named handles from the caller's task into the new one and lists them in its startup block. */
struct proc_image {
    uint32_t path_length, strings;
    uint32_t argc, envc;
    uint32_t fd_count;
    uint32_t flags;      /* enum proc_image_flag */
    int64_t pgid;        /* with PROC_SETPGROUP */
    uint64_t sigdefault; /* bit n-1: signal n gets its default action (spawn); ignored ones are inherited */
};
enum proc_image_flag { PROC_SETPGROUP = 1 << 0, PROC_SETSID = 1 << 1 };
struct proc_fd {
    int32_t fd;
    uint32_t flags;  /* status and descriptor flags, as in struct startup_fd */
    uint32_t handle; /* in the caller's task */
};
#define PROC_IMAGE_MAX (192u << 10)

struct proc_wait {
    int64_t pid;      /* as waitpid's */
    uint32_t options; /* 1 WNOHANG, 2 WUNTRACED, 4 WCONTINUED */
};
struct proc_waited {
    int64_t pid;     /* 0: none yet (WNOHANG) */
    uint32_t status; /* as waitpid's status word: exit << 8, or signal */
    uint64_t cpu_ns;
};
struct proc_exit {
    uint32_t status; /* 0 to 255 */
};
struct proc_kill {
    int64_t pid; /* as kill's */
    uint32_t signal;
};
/* /proc/PID/pagetable: one of these for each page of the space, in order of address. */
struct proc_entries {
    uint64_t entry[4]; /* of each level from the top down; 0 below one that leads to no table */
};
struct proc_ids {
    int64_t pid, ppid, pgid, sid;
    uint32_t uid, euid, gid, egid;
};
struct proc_setpgid {
    int64_t pid, pgid;
};
struct proc_setids {
    uint32_t which; /* 1 uid, 2 gid */
    uint32_t id;
};
struct proc_sigaction {
    uint32_t signal;
    uint32_t action; /* enum proc_action; PROC_ASK changes nothing */
};
struct proc_sigaction_reply {
    uint32_t old;
};
enum proc_action { PROC_DEFAULT = 0, PROC_IGNORE = 1, PROC_ASK = 2 };
struct proc_usage {
    uint64_t cpu_ns, children_cpu_ns;
};
struct proc_foreground {
    int64_t pgid; /* 0: only ask */
};

/* setrlimit and getrlimit. Bytes, or processes; UINT64_MAX: no limit. The reply is what was. */
enum proc_limit_resource {
    PROC_LIMIT_SIZE,   /* all of the address space that is in use */
    PROC_LIMIT_DATA,   /* private memory that may be written, and shared memory that it made */
    PROC_LIMIT_STACK,  /* of the first thread */
    PROC_LIMIT_LOCKED, /* by mlock */
    PROC_LIMIT_KERNEL, /* page tables and kernel objects */
    PROC_LIMIT_PROCESSES,
};
enum proc_limit_flag { PROC_LIMIT_SET = 1 << 0 };
struct proc_limit {
    uint32_t resource; /* enum proc_limit_resource */
    uint32_t flags;    /* enum proc_limit_flag; none: only ask */
    uint64_t soft, hard;
};
struct proc_limit_reply {
    uint64_t soft, hard;
};

#define PROC_PROTOCOL(OP)                                                                               \
    OP(1, fork, struct ipc_none, struct proc_pid, RIGHT_USE, EFFECT)                                    \
    OP(2, exec, struct proc_image, struct ipc_none, RIGHT_USE, EFFECT | BUF_IN | PARKS)                 \
    OP(3, spawn, struct proc_image, struct proc_pid, RIGHT_USE, EFFECT | BUF_IN | PARKS)                \
    OP(4, wait, struct proc_wait, struct proc_waited, RIGHT_USE, EFFECT | PARKS)                        \
    OP(5, exit, struct proc_exit, struct ipc_none, RIGHT_USE, EFFECT)                                   \
    OP(6, kill, struct proc_kill, struct ipc_none, RIGHT_USE, EFFECT)                                   \
    OP(7, ids, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | BUF_OUT) /* struct proc_ids */ \
    OP(8, setpgid, struct proc_setpgid, struct ipc_none, RIGHT_USE, EFFECT)                             \
    OP(9, setsid, struct ipc_none, struct proc_pid, RIGHT_USE, EFFECT)                                  \
    OP(10, sigaction, struct proc_sigaction, struct proc_sigaction_reply, RIGHT_USE, EFFECT)            \
    OP(11, setids, struct proc_setids, struct ipc_none, RIGHT_USE, EFFECT)                              \
    OP(12, usage, struct ipc_none, struct proc_usage, RIGHT_USE, IDEMPOTENT)                            \
    OP(13, foreground, struct proc_foreground, struct proc_foreground, RIGHT_USE, EFFECT)               \
    OP(14, limit, struct proc_limit, struct proc_limit_reply, RIGHT_USE, IDEMPOTENT)                    \
    OP(32, start, struct proc_image, struct proc_pid, RIGHT_ADMIN, EFFECT | BUF_IN | PARKS)             \
    OP(33, started_wait, struct proc_pid, struct proc_waited, RIGHT_ADMIN, EFFECT | PARKS)

/* `start` runs a first process, uid 0, with descriptors 0, 1 and 2 open on /dev/console (fd_count is 0) in a
 * session and group of its own that is the console's foreground. `started_wait` waits for its end. A
 * terminal's ^C reaches proc through its parked tty next_event. */
IPC_PROTOCOL(proc, PROC_PROTOCOL)

#endif
