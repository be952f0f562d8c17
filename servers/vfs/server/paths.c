/* proto/vfs.h: operations on names. */
#include "session.h"

/* A request with one or two paths, and all that it refers to, held. */
struct names {
    struct session *process, *base[2];
    const struct context *ctx;
    struct path path[2];
    struct elsewhere away;
    char text[2 * IO_PATH_MAX];
};

static int hold_base(const struct ipc_request *r, uint32_t i, struct names *n, uint32_t slot)
{
    struct handle_info info = {0};
    if (sys_handle_info(r->got[i], &info) || info.kind != OBJ_SESSION || !info.id)
        return E_BADF;
    n->base[slot] = session_hold(info.id, SESSION_FILE);
    if (!n->base[slot])
        return E_BADF;
    if (n->base[slot]->file->pipe)
        return E_NOTDIR;
    n->path[slot].base = &n->base[slot]->file->at;
    return 0;
}

static int leave(struct names *n, int err)
{
    session_drop(n->base[0]);
    session_drop(n->base[1]);
    session_drop(n->process);
    core_leave();
    return err;
}

/* Reads the paths, enters the core and holds the caller's context and the directories that came along: one
 * for the first path and one for the second, or one for both. On error the core has been left. */
static int enter(struct ipc_request *r, struct names *n, uint32_t paths, uint32_t first_length)
{
    int err = r->in_len > paths * IO_PATH_MAX ? E_NAMETOOLONG : 0;
    uint32_t split = paths == 2 ? first_length : r->in_len;

    __builtin_memset(n, 0, offsetof(struct names, text));
    if (!err && split > r->in_len)
        err = E_INVAL;
    if (!err && r->in_len)
        err = ipc_read(r, 0, n->text, r->in_len);
    if (err)
        return err;
    n->path[0] = (struct path){.text = n->text, .len = split, .away = &n->away};
    n->path[1] = (struct path){.text = n->text + split, .len = r->in_len - split};
    core_enter();
    n->ctx = session_context(r, &n->process);
    err = n->ctx ? 0 : E_BADF;
    for (uint32_t i = 0; !err && i < paths && r->got_count; i++)
        err = hold_base(r, i < r->got_count ? i : 0, n, i);
    return err ? leave(n, err) : 0;
}

/* A path that leads elsewhere is no error: the reply says where to go on. */
static int away(struct ipc_request *r, const struct names *n, int err, uint32_t *is, uint32_t *consumed)
{
    if (err != E_XDEV || !n->away.set)
        return err;
    *is = 1;
    *consumed = (uint32_t)n->away.consumed;
    return elsewhere_give(r, n->away.cookie);
}

/* Finds path 0; E_XDEV with n->away set when it is another server's, the root of its mount too. */
static int find(struct names *n, uint32_t io_flags, struct place *out)
{
    int err = name_find(n->ctx, n->path[0], io_flags & VFS_NO_FOLLOW ? 0 : WALK_FOLLOW, out);
    if (!err && out->mnt->foreign) {
        n->away = (struct elsewhere){true, out->mnt->cookie, n->path[0].len};
        place_put(out);
        err = E_XDEV;
    }
    return err;
}

static int open_in(struct ipc_request *r, struct names *n, uint32_t io_flags, uint32_t mode, uint64_t pid,
                   uint32_t flags, struct vfs_open_reply *out)
{
    struct opened o;
    int err = file_open(n->ctx, n->path[0], flags, mode, &o);
    if (err)
        return away(r, n, err, &out->elsewhere, &out->consumed);
    out->mode = o.mode;
    if (o.file) {
        o.file->cred = n->ctx->cred;
        return session_give_file(r, o.file);
    }
    if (o.at.mnt->foreign) {
        n->away = (struct elsewhere){true, o.at.mnt->cookie, n->path[0].len};
        err = away(r, n, E_XDEV, &out->elsewhere, &out->consumed);
    } else {
        err = node_open(r, &o, io_flags, pid);
    }
    place_put(&o.at);
    return err;
}

static int op_open(struct ipc_request *r, const struct vfs_open *in, struct vfs_open_reply *out)
{
    struct names n;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    uint64_t pid = n.process ? n.process->pid : 0;
    return leave(&n, open_in(r, &n, in->flags, in->mode, pid, open_flags(in->flags), out));
}

/* proc opens for a process; what it opens for execution it may read, whoever owns it. */
static int op_open_as(struct ipc_request *r, const struct vfs_open_as *in, struct vfs_open_reply *out)
{
    struct names n;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    struct session *as = process_find(in->pid);
    if (!as)
        return leave(&n, E_SRCH);
    as->refs++;
    n.ctx = &as->ctx;
    uint32_t flags = open_flags(in->flags);
    err = open_in(r, &n, in->flags, in->mode, in->pid, flags | (flags & OPEN_EXEC ? OPEN_EXEC_READ : 0), out);
    session_drop(as);
    return leave(&n, err);
}

static int op_stat(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct names n;
    struct place p;
    struct attr a;
    struct io_stat st;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    err = find(&n, in->flags, &p);
    if (err)
        return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
    inode_attr(p.ino, &a);
    place_put(&p);
    attr_to_stat(&a, &st);
    return leave(&n, ipc_write(r, 0, &st, sizeof st));
}

static int op_mkdir(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct names n;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    err = name_mkdir(n.ctx, n.path[0], in->mode);
    return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
}

static int op_unlink(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct names n;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    err = in->flags & VFS_DIRECTORY ? name_rmdir(n.ctx, n.path[0]) : name_unlink(n.ctx, n.path[0]);
    return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
}

static int op_rename(struct ipc_request *r, const struct vfs_two_paths *in, struct ipc_none *out)
{
    struct names n;
    int err = enter(r, &n, 2, in->first_length);
    (void)out;
    return err ? err : leave(&n, name_rename(n.ctx, n.path[0], n.path[1]));
}

static int op_link(struct ipc_request *r, const struct vfs_two_paths *in, struct ipc_none *out)
{
    struct names n;
    int err = enter(r, &n, 2, in->first_length);
    uint32_t follow = in->flags & VFS_NO_FOLLOW ? 0 : WALK_FOLLOW;
    (void)out;
    return err ? err : leave(&n, name_link(n.ctx, n.path[0], n.path[1], follow));
}

/* The first text is the link's target, the second its path. */
static int op_symlink(struct ipc_request *r, const struct vfs_two_paths *in, struct ipc_none *out)
{
    struct names n;
    int err = enter(r, &n, 2, in->first_length);
    (void)out;
    return err ? err : leave(&n, name_symlink(n.ctx, n.path[0].text, n.path[0].len, n.path[1]));
}

static int op_readlink(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct names n;
    char target[VFS_PATH_MAX];
    size_t len;
    int err = enter(r, &n, 1, 0);
    (void)in;
    if (err)
        return err;
    err = name_readlink(n.ctx, n.path[0], target, sizeof target, &len);
    if (err)
        return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
    out->value = min_u64(len, r->out_len); /* cut, as readlink does */
    return leave(&n, out->value ? ipc_write(r, 0, target, out->value) : 0);
}

static int op_chdir(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct names n;
    struct place p;
    int err = enter(r, &n, 1, 0);
    (void)in;
    if (err)
        return err;
    if (!n.process)
        return leave(&n, E_PERM);
    if (n.path[0].len == 0 && n.path[0].base) { /* fchdir */
        p = place_get(*n.path[0].base);
    } else {
        err = name_find(n.ctx, n.path[0], WALK_FOLLOW, &p);
        if (err)
            return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
    }
    err = context_chdir(&n.process->ctx, &p);
    place_put(&p);
    return leave(&n, err);
}

static int op_getcwd(struct ipc_request *r, const struct ipc_none *in, struct vfs_length *out)
{
    char path[IO_PATH_MAX];
    size_t len = 0;
    struct session *held;
    (void)in;
    core_enter();
    const struct context *ctx = session_context(r, &held);
    int err = ctx ? walk_getpath(ctx, &ctx->cwd, path, sizeof path, &len) : E_BADF;
    session_drop(held);
    core_leave();
    if (!err && len > r->out_len)
        err = E_RANGE;
    out->length = len;
    return err ? err : ipc_write(r, 0, path, len);
}

static int op_chattr(struct ipc_request *r, const struct vfs_chattr *in, struct ipc_none *out)
{
    struct io_chattr io = {in->what, in->mode, in->uid, in->gid, in->atime_ns, in->mtime_ns};
    struct attr to;
    struct names n;
    struct place p;
    int err = enter(r, &n, 1, 0);
    (void)out;
    if (err)
        return err;
    err = find(&n, in->flags, &p);
    if (!err) {
        uint32_t which = chattr_which(in->what, &io, &to);
        err = place_setattr(n.ctx, &p, which, &to);
        place_put(&p);
    }
    return leave(&n, err);
}

static int op_access(struct ipc_request *r, const struct vfs_access *in, struct vfs_path_reply *out)
{
    struct names n;
    struct place p;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    err = find(&n, in->flags, &p);
    if (err)
        return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
    err = place_access(&n.ctx->cred, &p, in->mode & (MAY_READ | MAY_WRITE | MAY_EXEC));
    place_put(&p);
    return leave(&n, err);
}

static int op_pipe(struct ipc_request *r, const struct vfs_pipe *in, struct ipc_none *out)
{
    struct file *reader, *writer;
    (void)out;
    core_enter();
    int err = file_pipe(open_flags(in->flags) & OPEN_NONBLOCK, &reader, &writer);
    if (!err) {
        err = session_give_file(r, reader);
        if (err)
            file_close(writer);
        else
            err = session_give_file(r, writer);
    }
    core_leave();
    return err;
}

static void fill_text(char *to, size_t cap, const char *from)
{
    for (size_t i = 0; i < cap && from[i]; i++)
        to[i] = from[i];
}

static int op_statfs(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    struct vfs_statfs st = {.name_max = VFS_NAME_MAX};
    struct fs_stat fs = {0};
    struct names n;
    struct place p;
    int err = enter(r, &n, 1, 0);
    if (err)
        return err;
    err = find(&n, in->flags, &p);
    if (err)
        return leave(&n, away(r, &n, err, &out->elsewhere, &out->consumed));
    err = p.mnt->root->ops->stat_fs(p.mnt->root, &fs);
    st.block_size = fs.block_size;
    st.blocks = fs.blocks;
    st.blocks_free = fs.blocks_free;
    st.files = fs.files;
    st.files_free = fs.files_free;
    st.read_only = p.mnt->read_only;
    fill_text(st.type, sizeof st.type, p.mnt->type);
    fill_text(st.source, sizeof st.source, p.mnt->source);
    fill_text(st.target, sizeof st.target, p.mnt->path);
    place_put(&p);
    return leave(&n, err ? err : ipc_write(r, 0, &st, sizeof st));
}

static int op_umask(struct ipc_request *r, const struct vfs_umask *in, struct vfs_umask *out)
{
    core_enter();
    struct session *s = session_hold(r->badge, SESSION_PROCESS);
    if (s) {
        out->mask = s->ctx.umask;
        s->ctx.umask = in->mask & 0777;
    }
    session_drop(s);
    core_leave();
    return s ? 0 : E_BADF;
}

static int op_sync(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r, (void)in, (void)out;
    return 0;
}

static int op_mounts(struct ipc_request *r, const struct ipc_none *in, struct vfs_length *out)
{
    size_t cap = min_u64(r->out_len, 16384);
    char *text = port_alloc(cap);
    (void)in;
    if (!text)
        return E_NOMEM;
    core_enter();
    out->length = mount_text(text, cap);
    core_leave();
    int err = ipc_write(r, 0, text, min_u64(out->length, cap));
    port_free(text);
    return err;
}

const struct vfs_ops vfs_handlers = {
    .open = op_open,
    .stat = op_stat,
    .mkdir = op_mkdir,
    .unlink = op_unlink,
    .rename = op_rename,
    .link = op_link,
    .symlink = op_symlink,
    .readlink = op_readlink,
    .chdir = op_chdir,
    .getcwd = op_getcwd,
    .chattr = op_chattr,
    .access = op_access,
    .pipe = op_pipe,
    .statfs = op_statfs,
    .umask = op_umask,
    .sync = op_sync,
    .process_create = handle_process_create,
    .open_as = op_open_as,
    .mounts = op_mounts,
    .node_register = handle_node_register,
    .node_remove = handle_node_remove,
    .trim = handle_trim,
};
