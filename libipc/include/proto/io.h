/* What any server behind a descriptor speaks: files, directories, pipes, terminals, devices. Numbers from
 * 0x100 on, so that a server may speak it beside its own protocol. Flags and modes have the values of libc's
 * <fcntl.h> and <sys/stat.h> headers, repeated here because libipc does not include libc. */
#ifndef PROTO_IO_H
#define PROTO_IO_H

#include <ipc/protocol.h>

#define IO_NAME_MAX 255
#define IO_PATH_MAX 4096

enum io_open_flag {
    IO_O_RDONLY = 0,
    IO_O_WRONLY = 1,
    IO_O_RDWR = 2,
    IO_O_ACCMODE = 3,
    IO_O_APPEND = 0x8,
    IO_O_CREAT = 0x200,
    IO_O_TRUNC = 0x400,
    IO_O_EXCL = 0x800,
    IO_O_NONBLOCK = 0x4000,
    IO_O_NOCTTY = 0x8000,
    IO_O_NOFOLLOW = 0x100000,
    IO_O_DIRECTORY = 0x200000,
    IO_O_EXEC = 0x400000, /* open for execution: x permission instead of r */
};
enum io_mode {
    IO_S_IFMT = 0170000,
    IO_S_IFSOCK = 0140000,
    IO_S_IFLNK = 0120000,
    IO_S_IFREG = 0100000,
    IO_S_IFBLK = 0060000,
    IO_S_IFDIR = 0040000,
    IO_S_IFCHR = 0020000,
    IO_S_IFIFO = 0010000,
};
struct io_stat {
    uint64_t device, inode;
    uint64_t size, blocks; /* bytes; 512-byte units */
    int64_t atime_ns, mtime_ns, ctime_ns;
    uint32_t mode, links, uid, gid;
    uint32_t block_size, rdev;
};

#define IO_AT_CURSOR UINT64_MAX /* offset: use and advance the open file's own */

struct io_read {
    uint64_t offset; /* or IO_AT_CURSOR; the out-buffer's length says how much */
};
struct io_write {
    uint64_t offset; /* or IO_AT_CURSOR; the in-buffer is the data */
};
struct io_count {
    uint64_t count;
};
struct io_seek {
    int64_t offset;
    uint32_t whence; /* 0 set, 1 current, 2 end */
};
struct io_offset {
    uint64_t offset;
};
struct io_size {
    uint64_t size;
};
struct io_control {
    uint32_t request; /* enum io_control_request */
    uint32_t value;
};
struct io_value {
    uint64_t value;
};
enum io_control_request {
    IO_TTY_GET = 1,    /* out-buffer: struct tty_mode */
    IO_TTY_SET,        /* in-buffer: struct tty_mode; value: 0 now, 1 after output, 2 and drop input */
    IO_TTY_SIZE,       /* value = rows << 16 | columns */
    IO_TTY_FOREGROUND, /* value = foreground process group */
    IO_TTY_FLUSH,      /* value: 1 input, 2 output, 3 both */
};
/* Terminal modes: flag bits have the values of our <termios.h>. */
struct tty_mode {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t cc[20];
    uint32_t speed;
};
enum tty_flag {
    TTY_I_ICRNL = 0x100,
    TTY_I_IXON = 0x400,
    TTY_I_INLCR = 0x40,
    TTY_I_IGNCR = 0x80,
    TTY_I_ISTRIP = 0x20,
    TTY_O_OPOST = 0x1,
    TTY_O_ONLCR = 0x4,
    TTY_L_ISIG = 0x1,
    TTY_L_ICANON = 0x2,
    TTY_L_ECHO = 0x8,
    TTY_L_ECHOE = 0x10,
    TTY_L_ECHOK = 0x20,
    TTY_L_ECHONL = 0x40,
    TTY_L_NOFLSH = 0x80,
    TTY_L_TOSTOP = 0x100,
    TTY_L_IEXTEN = 0x8000,
    TTY_L_ECHOCTL = 0x200,
};
enum tty_cc {
    TTY_VINTR = 0,
    TTY_VQUIT = 1,
    TTY_VERASE = 2,
    TTY_VKILL = 3,
    TTY_VEOF = 4,
    TTY_VTIME = 5,
    TTY_VMIN = 6,
    TTY_VSTART = 8,
    TTY_VSTOP = 9,
    TTY_VSUSP = 10,
    TTY_VEOL = 11,
    TTY_VWERASE = 14,
    TTY_VLNEXT = 15,
};
/* Directory entries in the out-buffer of readdir: struct io_dirent, then name_len bytes, padded to 8. */
struct io_dirent {
    uint64_t inode;
    uint64_t next;   /* cursor of the following entry */
    uint16_t length; /* of this record, padding included */
    uint16_t name_len;
    uint32_t mode; /* type bits (IO_S_IFMT) */
};
struct io_readdir {
    uint64_t cursor; /* 0: the beginning; IO_AT_CURSOR: the open file's own */
};
struct io_poll {
    uint32_t events; /* enum io_event asked for */
};
struct io_poll_arm {
    uint32_t events;
    uint64_t
        bits; /* raised on the port (RIGHT_NOTIFY) that comes along, once, when one of events becomes true */
};
enum io_event { IO_IN = 1, IO_OUT = 4, IO_ERR = 8, IO_HUP = 16 };
struct io_flags {
    uint32_t flags, mask; /* new status flags in mask: APPEND, NONBLOCK; mask 0 only asks */
};
struct io_open_node {
    uint32_t node; /* number given at registration */
    uint32_t flags;
    uint64_t pid; /* of who opens it: charge the session to IPC_CLIENT(1, pid), not to vfs */
};
struct io_chattr { /* of an open file */
    uint32_t what; /* enum io_chattr_what */
    uint32_t mode, uid, gid;
    int64_t atime_ns, mtime_ns;
};
enum io_chattr_what { IO_SET_MODE = 1, IO_SET_OWNER = 2, IO_SET_ATIME = 4, IO_SET_MTIME = 8 };

#define IO_PROTOCOL(OP)                                                                                  \
    OP(0x101, read, struct io_read, struct io_count, RIGHT_READ, EFFECT | BUF_OUT | PARKS)               \
    OP(0x102, write, struct io_write, struct io_count, RIGHT_WRITE, EFFECT | BUF_IN | PARKS)             \
    OP(0x103, seek, struct io_seek, struct io_offset, RIGHT_USE, EFFECT)                                 \
    OP(0x104, stat, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | BUF_OUT)                   \
    OP(0x105, control, struct io_control, struct io_value, RIGHT_USE, EFFECT | BUF_IN | BUF_OUT | PARKS) \
    OP(0x106, truncate, struct io_size, struct ipc_none, RIGHT_WRITE, IDEMPOTENT)                        \
    OP(0x107, sync, struct ipc_none, struct ipc_none, RIGHT_USE, IDEMPOTENT | PARKS)                     \
    OP(0x108, readdir, struct io_readdir, struct io_count, RIGHT_READ, EFFECT | BUF_OUT)                 \
    OP(0x109, map, struct ipc_none, struct io_size, RIGHT_USE, IDEMPOTENT | GIVES(1))                    \
    OP(0x10a, poll, struct io_poll, struct io_poll, RIGHT_USE, IDEMPOTENT)                               \
    OP(0x10b, poll_arm, struct io_poll_arm, struct io_poll, RIGHT_USE, EFFECT | TAKES(1))                \
    OP(0x10c, flags, struct io_flags, struct io_flags, RIGHT_USE, IDEMPOTENT)                            \
    OP(0x10d, open_node, struct io_open_node, struct ipc_none, RIGHT_ADMIN, EFFECT | GIVES(1))           \
    OP(0x10e, chattr, struct io_chattr, struct ipc_none, RIGHT_USE, IDEMPOTENT)

IPC_PROTOCOL(io, IO_PROTOCOL)

#endif
