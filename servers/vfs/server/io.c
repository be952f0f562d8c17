/* proto/io.h on sessions of open files. */
#include "session.h"

static struct session *enter(struct ipc_request *r)
{
    core_enter();
    return session_hold(r->badge, SESSION_FILE);
}

static int leave(struct session *s, int err)
{
    session_drop(s);
    core_leave();
    return s ? err : E_BADF;
}

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    struct session *s = enter(r);
    return leave(s, s ? park_read(r, s, in->offset, out) : 0);
}

static int op_write(struct ipc_request *r, const struct io_write *in, struct io_count *out)
{
    struct session *s = enter(r);
    return leave(s, s ? park_write(r, s, in->offset, out) : 0);
}

static int op_seek(struct ipc_request *r, const struct io_seek *in, struct io_offset *out)
{
    struct session *s = enter(r);
    return leave(s, s ? file_seek(s->file, in->offset, in->whence, &out->offset) : 0);
}

static int op_stat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct session *s = enter(r);
    struct io_stat st = {0};
    struct attr a;
    (void)in, (void)out;
    if (s) {
        file_attr(s->file, &a);
        attr_to_stat(&a, &st);
    }
    int err = leave(s, 0);
    return err ? err : ipc_write(r, 0, &st, sizeof st);
}

static int op_control(struct ipc_request *r, const struct io_control *in, struct io_value *out)
{
    struct session *s = enter(r);
    (void)in, (void)out;
    return leave(s, E_NOTTY);
}

static int op_truncate(struct ipc_request *r, const struct io_size *in, struct ipc_none *out)
{
    struct session *s = enter(r);
    (void)out;
    return leave(s, s ? file_truncate(s->file, in->size) : 0);
}

static int op_sync(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct session *s = enter(r);
    struct place at = {0};
    int err = 0;
    (void)in, (void)out;
    if (s && !s->file->pipe && s->file->at.ino)
        at = place_get(s->file->at);
    core_leave();
    if (at.ino)
        err = objects_sync(at.ino);
    core_enter();
    place_put(&at);
    return leave(s, err);
}

/* Entries are gathered here, then go to the client in pieces. */
struct gather {
    struct dir_sink sink;
    struct ipc_request *r;
    uint64_t sent;       /* bytes that have reached the client */
    uint64_t next;       /* cursor behind the last entry taken */
    uint32_t used, room; /* of buf; of the client's buffer behind sent + used */
    int err;
    bool short_of_room;
    uint8_t buf[2048];
};

static void gather_flush(struct gather *g)
{
    if (!g->err && g->used)
        g->err = ipc_write(g->r, g->sent, g->buf, g->used);
    g->sent += g->used;
    g->used = 0;
}

static int gather_entry(struct dir_sink *sink, const struct dir_entry *e)
{
    struct gather *g = (struct gather *)sink;
    uint32_t length = (sizeof(struct io_dirent) + e->name_len + 7) & ~7u;
    struct io_dirent d = {e->ino, e->next, (uint16_t)length, (uint16_t)e->name_len, e->type};

    if (length > g->room) {
        g->short_of_room = true;
        return 1;
    }
    if (length > sizeof g->buf - g->used)
        gather_flush(g);
    if (g->err)
        return 1;
    memset(g->buf + g->used, 0, length);
    memcpy(g->buf + g->used, &d, sizeof d);
    memcpy(g->buf + g->used + sizeof d, e->name, e->name_len);
    g->used += length;
    g->room -= length;
    g->next = e->next;
    return 0;
}

static int op_readdir(struct ipc_request *r, const struct io_readdir *in, struct io_count *out)
{
    struct session *s = enter(r);
    struct gather g = {.sink.entry = gather_entry, .r = r, .room = r->out_len};
    if (!s)
        return leave(s, 0);
    uint64_t before = s->file->offset;
    int err = file_readdir(s->file, in->cursor, &g.sink);
    gather_flush(&g);
    if (g.err) {
        err = g.err;
        if (in->cursor == IO_AT_CURSOR)
            s->file->offset = before;
    } else if (err && g.sent) {
        err = 0; /* what comes before the damage is given; the next call meets it */
    } else if (!err && !g.sent && g.short_of_room) {
        err = E_INVAL;
    }
    out->count = err ? 0 : g.sent;
    return leave(s, err);
}

static int op_map(struct ipc_request *r, const struct ipc_none *in, struct io_size *out)
{
    struct session *s = enter(r);
    (void)in;
    return leave(s, s ? object_of_file(r, s->file, &out->size) : 0);
}

static int op_poll(struct ipc_request *r, const struct io_poll *in, struct io_poll *out)
{
    struct session *s = enter(r);
    if (s)
        out->events = file_events(s->file) & (in->events | EVENT_ERR | EVENT_HUP);
    return leave(s, 0);
}

static int op_poll_arm(struct ipc_request *r, const struct io_poll_arm *in, struct io_poll *out)
{
    struct session *s = enter(r);
    return leave(s, s ? poll_arm(r, s, in, out) : 0);
}

static int op_flags(struct ipc_request *r, const struct io_flags *in, struct io_flags *out)
{
    struct session *s = enter(r);
    if (s) {
        uint32_t mask = open_flags(in->mask) & (OPEN_APPEND | OPEN_NONBLOCK), *flags = &s->file->flags;
        *flags = (*flags & ~mask) | (open_flags(in->flags) & mask);
        bool both = (*flags & OPEN_READ) && (*flags & OPEN_WRITE);
        out->flags = (both                  ? IO_O_RDWR
                      : *flags & OPEN_WRITE ? IO_O_WRONLY
                                            : IO_O_RDONLY) |
                     (*flags & OPEN_APPEND ? IO_O_APPEND : 0) | (*flags & OPEN_NONBLOCK ? IO_O_NONBLOCK : 0);
    }
    return leave(s, 0);
}

/* Whoever holds an open file may change its attributes as the one who opened it could. */
static int op_chattr(struct ipc_request *r, const struct io_chattr *in, struct ipc_none *out)
{
    struct session *s = enter(r);
    struct attr to;
    (void)out;
    if (!s || s->file->pipe)
        return leave(s, E_INVAL);
    uint32_t which = chattr_which(in->what, in, &to);
    struct context ctx = {.cred = s->file->cred};
    return leave(s, place_setattr(&ctx, &s->file->at, which, &to));
}

const struct io_ops io_handlers = {
    .read = op_read,
    .write = op_write,
    .seek = op_seek,
    .stat = op_stat,
    .control = op_control,
    .truncate = op_truncate,
    .sync = op_sync,
    .readdir = op_readdir,
    .map = op_map,
    .poll = op_poll,
    .poll_arm = op_poll_arm,
    .flags = op_flags,
    .chattr = op_chattr,
};
