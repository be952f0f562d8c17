#include "devfs.h"
#include "file.h"

static uint32_t type_of(const struct inode *ino)
{
    return ino->mode & MODE_TYPE;
}

static struct file *file_new(const struct place *at, uint32_t flags)
{
    struct file *f = port_alloc(sizeof *f);
    if (!f)
        return NULL;
    f->flags = flags & (OPEN_READ | OPEN_WRITE | OPEN_APPEND | OPEN_NONBLOCK);
    if (flags & OPEN_EXEC_READ)
        f->flags |= OPEN_READ;
    if (at)
        f->at = place_get(*at);
    return f;
}

/* Calls that use the shared offset come one after the other, also when the file system waits in between. */
static struct port_event released;

static void hold_offset(struct file *f)
{
    while (f->held)
        port_sleep(&released);
    f->held = true;
}

static void release_offset(struct file *f)
{
    f->held = false;
    port_wake(&released);
}

/* What open asks of something that exists, after its name has been found. */
static int open_check(const struct context *ctx, const struct place *at, uint32_t flags)
{
    uint32_t type = type_of(at->ino);
    uint32_t want = (flags & OPEN_READ ? MAY_READ : 0) | (flags & OPEN_WRITE ? MAY_WRITE : 0) |
                    (flags & OPEN_EXEC ? MAY_EXEC : 0);
    if (type == MODE_LINK)
        return E_LOOP;
    if ((flags & OPEN_DIRECTORY) && type != MODE_DIR)
        return E_NOTDIR;
    if (type == MODE_DIR && (flags & (OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)))
        return E_ISDIR;
    if ((flags & OPEN_EXEC) && type != MODE_FILE)
        return E_ACCES;
    if (flags & OPEN_TRUNCATE)
        want |= MAY_WRITE;
    return place_access(&ctx->cred, at, want);
}

static int open_create(const struct context *ctx, struct walk *w, uint32_t mode)
{
    struct node_spec spec = {.mode = MODE_FILE | (mode & 07777 & ~ctx->umask), .uid = ctx->cred.uid};
    struct inode *dir = w->parent.ino, *made;
    if (w->trailing)
        return E_ISDIR;
    int err = inode_permission(dir, &ctx->cred, MAY_WRITE | MAY_EXEC);
    if (err)
        return err;
    if (w->parent.mnt->read_only || !dir->ops->create)
        return E_ROFS;
    spec.gid = dir->mode & MODE_SGID ? dir->gid : ctx->cred.gid;
    err = dir->ops->create(dir, w->last, w->last_len, &spec, &made);
    if (err)
        return err;
    w->at = place_get((struct place){w->parent.mnt, made});
    inode_put(made);
    return 0;
}

static int open_at(const struct place *at, uint32_t flags, struct opened *out)
{
    uint32_t type = type_of(at->ino);
    struct devnode *node = at->ino->devnode;

    if ((type == MODE_CHAR || type == MODE_BLOCK) ? !node : type != MODE_FILE && type != MODE_DIR)
        return E_NXIO;
    out->mode = at->ino->mode;
    if (at->mnt->foreign || (node && !node->read)) {
        out->node = node;
        out->at = place_get(*at);
        return 0;
    }
    out->file = file_new(at, flags);
    if (!out->file)
        return E_NOMEM;
    if (!(flags & OPEN_TRUNCATE) || type != MODE_FILE || at->ino->size == 0)
        return 0;
    int err = at->ino->ops->truncate ? at->ino->ops->truncate(at->ino, 0) : E_ROFS;
    if (err)
        file_close(out->file);
    return err;
}

int file_open(const struct context *ctx, struct path path, uint32_t flags, uint32_t mode, struct opened *out)
{
    bool exclusive = (flags & OPEN_CREATE) && (flags & OPEN_EXCLUSIVE);
    uint32_t walk =
        (flags & OPEN_CREATE ? WALK_CREATE : 0) | (exclusive || (flags & OPEN_NO_FOLLOW) ? 0 : WALK_FOLLOW);
    struct walk w;

    *out = (struct opened){0};
    int err = path_walk(ctx, path, walk, &w);
    if (err)
        return err;
    if (!w.at.ino)
        err = flags & OPEN_DIRECTORY ? E_INVAL : open_create(ctx, &w, mode);
    else if (exclusive)
        err = E_EXISTS;
    else
        err = open_check(ctx, &w.at, flags);
    if (!err)
        err = open_at(&w.at, flags, out);
    walk_done(&w);
    return err;
}

int file_pipe(uint32_t flags, struct file **reader, struct file **writer)
{
    struct pipe *p = pipe_create();
    *reader = file_new(NULL, OPEN_READ | (flags & OPEN_NONBLOCK));
    *writer = file_new(NULL, OPEN_WRITE | (flags & OPEN_NONBLOCK));
    if (!p || !*reader || !*writer) {
        port_free(*reader);
        port_free(*writer);
        port_free(p);
        return E_NOMEM;
    }
    (*reader)->pipe = (*writer)->pipe = p;
    return 0;
}

void file_close(struct file *f)
{
    if (f->pipe && (f->flags & OPEN_READ))
        pipe_close_reader(f->pipe);
    else if (f->pipe)
        pipe_close_writer(f->pipe);
    place_put(&f->at);
    port_free(f);
}

int file_read(struct file *f, uint64_t off, size_t len, struct uio *io, size_t *done)
{
    *done = 0;
    if (!(f->flags & OPEN_READ))
        return E_BADF;
    if (f->pipe)
        return off == FILE_AT_CURSOR ? pipe_read(f->pipe, len, io, done) : E_SPIPE;
    if (type_of(f->at.ino) == MODE_DIR)
        return E_ISDIR;
    if (f->at.ino->devnode) {
        uint64_t place = f->offset; /* moves on only when the whole call succeeds */
        int err = f->at.ino->devnode->read(&place, len, io, done);
        f->offset = err ? f->offset : place;
        return err;
    }
    bool cursor = off == FILE_AT_CURSOR;
    if (cursor)
        hold_offset(f);
    int err = f->at.ino->ops->read(f->at.ino, cursor ? f->offset : off, len, io, done);
    if (*done && (err == E_IO || err == E_CORRUPT))
        err = 0; /* what comes before the damage; the next call meets it */
    if (cursor) {
        f->offset += err ? 0 : *done;
        release_offset(f);
    }
    return err;
}

int file_write(struct file *f, uint64_t off, size_t len, struct uio *io, size_t *done)
{
    *done = 0;
    if (!(f->flags & OPEN_WRITE))
        return E_BADF;
    if (f->pipe)
        return off == FILE_AT_CURSOR ? pipe_write(f->pipe, len, io, done) : E_SPIPE;
    struct inode *ino = f->at.ino;
    if (ino->devnode)
        return ino->devnode->write(len, io, done);
    if (!ino->ops->write)
        return E_ROFS;
    bool cursor = off == FILE_AT_CURSOR;
    if (cursor) {
        hold_offset(f);
        off = f->flags & OPEN_APPEND ? ino->size : f->offset;
    }
    int err = off > INT64_MAX ? E_INVAL : ino->ops->write(ino, off, len, io, done);
    if (cursor) {
        f->offset = err ? f->offset : off + *done;
        release_offset(f);
    }
    return err;
}

int file_seek(struct file *f, int64_t off, uint32_t whence, uint64_t *now)
{
    if (f->pipe)
        return E_SPIPE;
    if (whence > 2)
        return E_INVAL;
    uint64_t base = whence == 0 ? 0 : whence == 1 ? f->offset : f->at.ino->size;
    if (off < 0 ? (uint64_t) - (off + 1) + 1 > base : (uint64_t)off > INT64_MAX - min_u64(base, INT64_MAX))
        return E_INVAL;
    f->offset = base + (uint64_t)off;
    *now = f->offset;
    return 0;
}

int file_truncate(struct file *f, uint64_t size)
{
    if (f->pipe || type_of(f->at.ino) != MODE_FILE || size > INT64_MAX)
        return E_INVAL;
    if (!(f->flags & OPEN_WRITE))
        return E_BADF;
    return f->at.ino->ops->truncate ? f->at.ino->ops->truncate(f->at.ino, size) : E_ROFS;
}

int file_readdir(struct file *f, uint64_t cursor, struct dir_sink *sink)
{
    if (f->pipe || type_of(f->at.ino) != MODE_DIR)
        return E_NOTDIR;
    if (!(f->flags & OPEN_READ))
        return E_BADF;
    if (cursor != FILE_AT_CURSOR)
        return f->at.ino->ops->readdir(f->at.ino, &cursor, sink);
    hold_offset(f);
    int err = f->at.ino->ops->readdir(f->at.ino, &f->offset, sink);
    release_offset(f);
    return err;
}

void file_attr(const struct file *f, struct attr *out)
{
    if (!f->pipe) {
        inode_attr(f->at.ino, out);
        return;
    }
    uint64_t when = f->pipe->created;
    *out = (struct attr){
        .ino = f->pipe->ino,
        .size = f->pipe->count,
        .atime = when,
        .mtime = when,
        .ctime = when,
        .mode = MODE_FIFO | 0600,
        .nlink = 1,
        .block_size = PIPE_ATOMIC,
    };
}

uint32_t file_events(const struct file *f)
{
    const struct pipe *p = f->pipe;
    if (!p)
        return EVENT_IN | EVENT_OUT;
    if (f->flags & OPEN_READ)
        return (p->count ? EVENT_IN : 0) | (p->writers ? 0 : EVENT_HUP);
    return p->readers ? (PIPE_SIZE - p->count >= PIPE_ATOMIC ? EVENT_OUT : 0) : EVENT_OUT | EVENT_ERR;
}

bool file_wait(struct file *f, uint32_t events, struct waiter *w)
{
    (void)events; /* an end has one queue, woken by all that can change its events */
    if (!f->pipe)
        return false;
    list_append(f->flags & OPEN_READ ? &f->pipe->wait_read : &f->pipe->wait_write, &w->link);
    return true;
}
