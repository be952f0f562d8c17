/* Open files: what a session of an opener stands for. dup, fork and passing on copy the session's handle, so
 * all who have it share offset and flags; the last close is file_close. */
#ifndef VFS_FILE_H
#define VFS_FILE_H

#include "pipe.h"
#include "vfs.h"

enum {
    OPEN_READ = 1 << 0,
    OPEN_WRITE = 1 << 1,
    OPEN_APPEND = 1 << 2,
    OPEN_CREATE = 1 << 3,
    OPEN_TRUNCATE = 1 << 4,
    OPEN_EXCLUSIVE = 1 << 5,
    OPEN_NO_FOLLOW = 1 << 6,
    OPEN_DIRECTORY = 1 << 7,
    OPEN_NONBLOCK = 1 << 8,
    OPEN_EXEC = 1 << 9,       /* x permission, instead of r */
    OPEN_EXEC_READ = 1 << 10, /* and what is opened so may be read */
};

#define FILE_AT_CURSOR UINT64_MAX

enum { EVENT_IN = 1, EVENT_OUT = 4, EVENT_ERR = 8, EVENT_HUP = 16 };

struct file {
    struct place at;   /* unset for a pipe */
    struct pipe *pipe; /* NULL for anything else */
    uint32_t flags;    /* OPEN_READ, WRITE, APPEND, NONBLOCK */
    uint64_t offset;   /* of a directory: the cursor */
    bool held;         /* a thread moves `offset` and may be waiting for the disk */
    struct cred cred;  /* of the opener */
};

struct opened {
    struct file *file;    /* ours, or … */
    struct devnode *node; /* … a device of another server, which the caller asks */
    struct place at;      /* of the node or of a foreign root, referenced; unset with file */
    uint32_t mode;
};

/// Opens by path. E_EXISTS, E_ISDIR, E_NOTDIR, E_LOOP (NO_FOLLOW met a link), E_ROFS, E_NXIO (a node without
/// a device) and the errors of path_walk. out->at is to be put by the caller.
int file_open(const struct context *ctx, struct path path, uint32_t flags, uint32_t mode, struct opened *out);
void file_close(struct file *f);
int file_pipe(uint32_t flags, struct file **reader, struct file **writer);

/// At `off` or FILE_AT_CURSOR. E_BADF (not open for it), E_ISDIR, E_INVAL, E_SPIPE, E_AGAIN (a pipe: see
/// file_wait).
int file_read(struct file *f, uint64_t off, size_t len, struct uio *io, size_t *done);
int file_write(struct file *f, uint64_t off, size_t len, struct uio *io, size_t *done);
/// whence: 0 from the start, 1 from the offset, 2 from the end.
int file_seek(struct file *f, int64_t off, uint32_t whence, uint64_t *now);
int file_truncate(struct file *f, uint64_t size);
/// Entries from `cursor` or FILE_AT_CURSOR on; E_NOTDIR.
int file_readdir(struct file *f, uint64_t cursor, struct dir_sink *sink);
void file_attr(const struct file *f, struct attr *out);
/// Which EVENT_… are true now.
uint32_t file_events(const struct file *f);
/// Queues w until any of `events` may have come true; false: the file has no queue, all its events are true
/// always.
bool file_wait(struct file *f, uint32_t events, struct waiter *w);

#endif
