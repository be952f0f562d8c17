#include "session.h"

void core_enter(void)
{
    port_lock();
}

void core_leave(void)
{
    park_run();
    port_unlock();
}

struct session *session_hold(uint64_t badge, enum session_kind kind)
{
    struct session *s = ipc_client(badge);
    if (!s || s->kind != kind)
        return NULL;
    s->refs++;
    return s;
}

void session_drop(struct session *s)
{
    if (!s || --s->refs)
        return;
    struct opened_files *opened = s->opened;
    if (s->kind == SESSION_FILE) {
        file_close(s->file);
        if (opened)
            opened->files--;
    } else {
        process_forget(s);
        context_fini(&s->ctx);
        if (opened)
            opened->process = false;
    }
    if (opened && !opened->files && !opened->process)
        port_free(opened);
    port_free(s);
}

/* What counts the files of who asks: other servers' are not counted. E_MFILE: it has as many as it may. */
static int opened_files(const struct ipc_request *r, struct opened_files **out)
{
    struct session *asks = ipc_client(r->badge);
    if (!asks || (asks->kind == SESSION_FILE && !asks->opened))
        return 0;
    if (!asks->opened) {
        asks->opened = port_alloc(sizeof *asks->opened);
        if (!asks->opened)
            return E_NOMEM;
        asks->opened->process = true;
    }
    *out = asks->opened;
    return (*out)->files < FILES_MOST ? 0 : E_MFILE;
}

int session_give_file(struct ipc_request *r, struct file *f)
{
    struct opened_files *opened = NULL;
    int err = opened_files(r, &opened);
    struct session *s = err ? NULL : port_alloc(sizeof *s);
    if (!s) {
        file_close(f);
        return err ? err : E_NOMEM;
    }
    s->kind = SESSION_FILE;
    s->opened = opened;
    if (opened)
        opened->files++;
    s->refs = 1;
    s->file = f;
    list_init(&s->arms);
    err = ipc_give_session(r, SESSION_FILE, RIGHT_USE | RIGHT_READ | RIGHT_WRITE, s);
    if (err)
        session_drop(s);
    return err;
}

void session_closed(uint64_t badge, void *state)
{
    struct session *s = state;
    if (!s)
        return;
    core_enter();
    ipc_client_set(badge, NULL); /* nobody finds it from here on (S1) */
    if (s->kind == SESSION_FILE)
        poll_forget(s);
    session_drop(s);
    core_leave();
}

struct context *system_context(void)
{
    static struct context ctx;
    if (!ctx.root.ino) {
        struct mount *first = mount_first();
        context_init(&ctx, &(struct place){first, first->root});
    }
    return &ctx;
}

const struct context *session_context(const struct ipc_request *r, struct session **held)
{
    *held = session_hold(r->badge, SESSION_PROCESS);
    if (*held)
        return &(*held)->ctx;
    return r->tag == SESSION_PROCESS || r->tag == SESSION_FILE ? NULL : system_context();
}

static int copy_out(struct uio *io, void *mem, size_t n)
{
    struct client_io *c = (struct client_io *)io;
    int err = ipc_write(c->r, c->at, mem, n);
    c->at += n;
    return err;
}

static int copy_in(struct uio *io, void *mem, size_t n)
{
    struct client_io *c = (struct client_io *)io;
    int err = ipc_read(c->r, c->at, mem, n);
    c->at += n;
    return err;
}

struct client_io client_reader(struct ipc_request *r, uint64_t at)
{
    return (struct client_io){{copy_out}, r, at};
}

struct client_io client_writer(struct ipc_request *r, uint64_t at)
{
    return (struct client_io){{copy_in}, r, at};
}

uint32_t open_flags(uint32_t io)
{
    uint32_t mode = io & IO_O_ACCMODE;
    return (mode == IO_O_RDONLY && !(io & IO_O_EXEC) ? OPEN_READ : 0) |
           (mode == IO_O_WRONLY ? OPEN_WRITE : 0) | (mode == IO_O_RDWR ? OPEN_READ | OPEN_WRITE : 0) |
           (io & IO_O_APPEND ? OPEN_APPEND : 0) | (io & IO_O_CREAT ? OPEN_CREATE : 0) |
           (io & IO_O_TRUNC ? OPEN_TRUNCATE : 0) | (io & IO_O_EXCL ? OPEN_EXCLUSIVE : 0) |
           (io & IO_O_NOFOLLOW ? OPEN_NO_FOLLOW : 0) | (io & IO_O_DIRECTORY ? OPEN_DIRECTORY : 0) |
           (io & IO_O_NONBLOCK ? OPEN_NONBLOCK : 0) | (io & IO_O_EXEC ? OPEN_EXEC : 0);
}

void attr_to_stat(const struct attr *a, struct io_stat *out)
{
    *out = (struct io_stat){
        .device = a->dev,
        .inode = a->ino,
        .size = a->size,
        .blocks = a->blocks,
        .atime_ns = (int64_t)a->atime,
        .mtime_ns = (int64_t)a->mtime,
        .ctime_ns = (int64_t)a->ctime,
        .mode = a->mode,
        .links = a->nlink,
        .uid = a->uid,
        .gid = a->gid,
        .block_size = a->block_size,
        .rdev = a->rdev,
    };
}

/* An owner of UINT32_MAX stays as it is, as chown's -1. */
uint32_t chattr_which(uint32_t what, const struct io_chattr *in, struct attr *to)
{
    *to = (struct attr){
        .mode = in->mode,
        .uid = in->uid,
        .gid = in->gid,
        .atime = (uint64_t)in->atime_ns,
        .mtime = (uint64_t)in->mtime_ns,
    };
    return (what & IO_SET_MODE ? SET_MODE : 0) |
           (what & IO_SET_OWNER && in->uid != UINT32_MAX ? SET_UID : 0) |
           (what & IO_SET_OWNER && in->gid != UINT32_MAX ? SET_GID : 0) |
           (what & IO_SET_ATIME ? SET_ATIME : 0) | (what & IO_SET_MTIME ? SET_MTIME : 0);
}
