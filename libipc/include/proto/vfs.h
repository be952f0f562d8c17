/* Names to files. Numbers from 0x200 on, so that the server of a mount (proc) may speak it beside its own
 * protocol. Paths are in the in-buffer, counted by its length, never NUL-terminated, at most IO_PATH_MAX
 * bytes; two paths lie one behind the other and the request says how long the first is.
 *
 * Sessions: a *process* session (RIGHT_USE) carries cwd, root, umask and credentials; an *admin* session
 * (RIGHT_ADMIN: proc, init) makes process sessions; any server may register nodes (RIGHT_WRITE). An open file
 * is a session of its own and speaks proto/io.h; dup, fork and passing it on copy the handle; the last close
 * is a notice.
 *
 * A path may lead into a mount that another server serves (/proc): the reply then has `elsewhere` set, one
 * handle (a session with that server, which speaks this protocol) and `consumed`, the number of bytes of the
 * path that are used up: the client repeats the call there with the rest (at least "."). */
#ifndef PROTO_VFS_H
#define PROTO_VFS_H

#include <proto/io.h>

struct vfs_open {
    uint32_t flags; /* enum io_open_flag */
    uint32_t mode;  /* of a new file, before the umask */
};
struct vfs_open_reply {
    uint32_t elsewhere, consumed;
    uint32_t mode; /* type and permission of what was opened */
};
struct vfs_path {   /* an optional handle is the directory where a relative path starts */
    uint32_t flags; /* enum vfs_path_flag */
    uint32_t mode;
};
enum vfs_path_flag { VFS_NO_FOLLOW = 1 << 0, VFS_DIRECTORY = 1 << 1 /* unlink: rmdir */ };
struct vfs_path_reply {
    uint32_t elsewhere, consumed;
    uint64_t value;
};
struct vfs_two_paths {
    uint32_t first_length;
    uint32_t flags;
};
struct vfs_chattr {
    uint32_t flags; /* enum vfs_path_flag */
    uint32_t what;  /* enum io_chattr_what */
    uint32_t mode, uid, gid;
    int64_t atime_ns, mtime_ns;
};
struct vfs_access {
    uint32_t mode; /* 4 read, 2 write, 1 execute, 0 existence */
    uint32_t flags;
};
struct vfs_statfs { /* in the out-buffer */
    uint64_t block_size, blocks, blocks_free, files, files_free;
    uint32_t name_max, read_only;
    char type[16], source[32], target[64]; /* padded with NUL */
};
struct vfs_umask {
    uint32_t mask;
};
struct vfs_length {
    uint64_t length;
};
struct vfs_usage { /* bytes, and pages of tmpfs and pipes */
    uint64_t heap_used, heap_taken, pages_used, pages_taken;
};
struct vfs_pipe {
    uint32_t flags; /* IO_O_NONBLOCK */
};
struct vfs_process { /* pid 0 in `parent`: a fresh one with cwd and root "/" and umask 022 */
    uint64_t parent, pid;
    uint32_t uid, gid;
};
struct vfs_open_as {
    uint64_t pid;
    uint32_t flags, mode;
};
struct vfs_node {
    uint32_t name_length; /* the in-buffer: name below /dev, or the absolute mount point */
    uint32_t mode;        /* type and permission */
    uint32_t node;        /* number, given back in io open_node */
    uint32_t flags;       /* enum vfs_node_flag */
};
enum vfs_node_flag {
    VFS_NODE_STATIC =
        1 << 0, /* openers get a copy of the handle itself; otherwise io open_node is called on it */
    VFS_NODE_MOUNT = 1 << 1, /* the name is a mount point: lookups below it go elsewhere */
};

#define VFS_PROTOCOL(OP)                                                                                    \
    OP(0x201, open, struct vfs_open, struct vfs_open_reply, RIGHT_USE,                                      \
       EFFECT | BUF_IN | TAKES(1) | GIVES(1) | PARKS)                                                       \
    OP(0x202, stat, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                      \
       IDEMPOTENT | BUF_IN | BUF_OUT | TAKES(1) | GIVES(1))                                                 \
    OP(0x203, mkdir, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                     \
       EFFECT | BUF_IN | TAKES(1) | GIVES(1))                                                               \
    OP(0x204, unlink, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                    \
       EFFECT | BUF_IN | TAKES(1) | GIVES(1))                                                               \
    OP(0x205, rename, struct vfs_two_paths, struct ipc_none, RIGHT_USE, EFFECT | BUF_IN | TAKES(2))         \
    OP(0x206, link, struct vfs_two_paths, struct ipc_none, RIGHT_USE, EFFECT | BUF_IN | TAKES(2))           \
    OP(0x207, symlink, struct vfs_two_paths, struct ipc_none, RIGHT_USE, EFFECT | BUF_IN | TAKES(1))        \
    OP(0x208, readlink, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                  \
       IDEMPOTENT | BUF_IN | BUF_OUT | TAKES(1) | GIVES(1))                                                 \
    OP(0x209, chdir, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                     \
       IDEMPOTENT | BUF_IN | TAKES(1) | GIVES(1))                                                           \
    OP(0x20a, getcwd, struct ipc_none, struct vfs_length, RIGHT_USE, IDEMPOTENT | BUF_OUT)                  \
    OP(0x20b, chattr, struct vfs_chattr, struct ipc_none, RIGHT_USE, IDEMPOTENT | BUF_IN | TAKES(1))        \
    OP(0x20c, access, struct vfs_access, struct vfs_path_reply, RIGHT_USE,                                  \
       IDEMPOTENT | BUF_IN | TAKES(1) | GIVES(1))                                                           \
    OP(0x20d, pipe, struct vfs_pipe, struct ipc_none, RIGHT_USE, EFFECT | GIVES(2))                         \
    OP(0x20e, statfs, struct vfs_path, struct vfs_path_reply, RIGHT_USE,                                    \
       IDEMPOTENT | BUF_IN | BUF_OUT | TAKES(1) | GIVES(1))                                                 \
    OP(0x20f, umask, struct vfs_umask, struct vfs_umask, RIGHT_USE, EFFECT)                                 \
    OP(0x210, sync, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | PARKS)                        \
    OP(0x220, process_create, struct vfs_process, struct ipc_none, RIGHT_ADMIN, EFFECT | GIVES(1))          \
    OP(0x221, open_as, struct vfs_open_as, struct vfs_open_reply, RIGHT_ADMIN,                              \
       EFFECT | BUF_IN | GIVES(1) | PARKS)                                                                  \
    OP(0x222, mounts, struct ipc_none, struct vfs_length, RIGHT_USE, IDEMPOTENT | BUF_OUT)                  \
    OP(0x223, node_register, struct vfs_node, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN | TAKES(1)) \
    OP(0x224, node_remove, struct vfs_node, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN)              \
    OP(0x225, trim, struct ipc_none, struct vfs_usage, RIGHT_ADMIN, IDEMPOTENT)

/* process_create: the process session's last close is the process's end: proc holds no copy of it beyond the
 * start. `mounts` writes /proc/mounts text: "source target type options\n" each. `trim` gives
 * up what is kept only to be faster (blocks, inodes and file objects that nobody uses) and says what is left.
 */
IPC_PROTOCOL(vfs, VFS_PROTOCOL)

#endif
