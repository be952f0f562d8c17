/* Operations on names. Each walks to the parent, checks (kind of the last component, mount, permission), then
 * calls the file system, which looks the name up again under the lock: nothing found here is trusted there.
 */
#include "vfs.h"

static bool is_dir(const struct inode *ino)
{
    return (ino->mode & MODE_TYPE) == MODE_DIR;
}

int path_walk(const struct context *ctx, struct path path, uint32_t flags, struct walk *w)
{
    int err = walk_path(ctx, path.base, path.text, path.len, flags, w);
    if (err || !w->foreign)
        return err;
    bool suffix =
        w->last_len <= path.len && !memcmp(path.text + path.len - w->last_len, w->last, w->last_len);
    if (path.away && suffix)
        *path.away = (struct elsewhere){true, w->foreign->cookie, path.len - w->last_len};
    walk_done(w);
    return path.away && suffix ? E_XDEV : E_NOTSUP;
}

static int walk_to_parent(const struct context *ctx, struct path path, struct walk *w)
{
    return path_walk(ctx, path, WALK_PARENT, w);
}

static int may_write_dir(const struct context *ctx, const struct place *dir)
{
    int err = inode_permission(dir->ino, &ctx->cred, MAY_WRITE | MAY_EXEC);
    if (err)
        return err;
    return dir->mnt->read_only || !dir->ino->ops->create ? E_ROFS : 0;
}

/* The inode that a name stands for; for checks before it is removed. */
static int child_of(const struct walk *w, struct inode **out)
{
    return w->parent.ino->ops->lookup(w->parent.ino, w->last, w->last_len, out);
}

/* Makes a node at path. E_EXISTS wins over E_ROFS and E_ACCES, as mkdir -p and its like expect. */
static int create(const struct context *ctx, struct path path, struct node_spec *spec)
{
    struct walk w;
    struct inode *made;
    int err = walk_to_parent(ctx, path, &w);
    if (err)
        return err;
    if (w.kind != LAST_NORMAL) {
        err = E_EXISTS;
    } else if (!(err = child_of(&w, &made))) {
        inode_put(made);
        err = E_EXISTS;
    } else if (err == E_NOENT) {
        err = w.trailing && (spec->mode & MODE_TYPE) != MODE_DIR ? E_NOENT : may_write_dir(ctx, &w.parent);
    }
    if (!err) {
        spec->uid = ctx->cred.uid;
        spec->gid = ctx->cred.gid;
        if (w.parent.ino->mode & MODE_SGID) {
            spec->gid = w.parent.ino->gid;
            spec->mode |= (spec->mode & MODE_TYPE) == MODE_DIR ? MODE_SGID : 0;
        }
        err = w.parent.ino->ops->create(w.parent.ino, w.last, w.last_len, spec, &made);
        if (!err)
            inode_put(made);
    }
    walk_done(&w);
    return err;
}

int name_mkdir(const struct context *ctx, struct path path, uint32_t mode)
{
    struct node_spec spec = {.mode = MODE_DIR | (mode & 01777 & ~ctx->umask)};
    return create(ctx, path, &spec);
}

int name_mknod(const struct context *ctx, struct path path, uint32_t mode)
{
    struct node_spec spec = {.mode = MODE_FILE | (mode & 07777 & ~ctx->umask)};
    if ((mode & MODE_TYPE) && (mode & MODE_TYPE) != MODE_FILE)
        return E_NOTSUP;
    return create(ctx, path, &spec);
}

int name_symlink(const struct context *ctx, const char *target, size_t target_len, struct path path)
{
    struct node_spec spec = {.mode = MODE_LINK | 0777, .target = target, .target_len = target_len};
    if (target_len == 0)
        return E_NOENT;
    if (target_len > VFS_PATH_MAX)
        return E_NAMETOOLONG;
    for (size_t i = 0; i < target_len; i++)
        if (!target[i])
            return E_INVAL;
    return create(ctx, path, &spec);
}

/* What unlink and rmdir check alike. */
static int removable(const struct context *ctx, const struct walk *w, struct inode **child)
{
    int err = child_of(w, child);
    if (err)
        return err;
    err = inode_may_remove(w->parent.ino, *child, &ctx->cred);
    if (!err && (*child)->covered)
        err = E_BUSY;
    if (!err && (*child)->devnode)
        err = E_PERM; /* devfs_remove is its server's */
    if (!err && (w->parent.mnt->read_only || !w->parent.ino->ops->unlink))
        err = E_ROFS;
    if (err)
        inode_put(*child);
    return err;
}

int name_unlink(const struct context *ctx, struct path path)
{
    struct walk w;
    struct inode *child;
    int err = walk_to_parent(ctx, path, &w);
    if (err)
        return err;
    err = w.kind == LAST_NORMAL ? removable(ctx, &w, &child) : E_ISDIR;
    if (!err) {
        if (is_dir(child))
            err = E_ISDIR;
        else if (w.trailing)
            err = E_NOTDIR;
        else
            err = w.parent.ino->ops->unlink(w.parent.ino, w.last, w.last_len);
        inode_put(child);
    }
    walk_done(&w);
    return err;
}

int name_rmdir(const struct context *ctx, struct path path)
{
    static const int odd[] = {[LAST_ROOT] = E_BUSY, [LAST_DOT] = E_INVAL, [LAST_DOTDOT] = E_NOTEMPTY};
    struct walk w;
    struct inode *child;
    int err = walk_to_parent(ctx, path, &w);
    if (err)
        return err;
    err = w.kind == LAST_NORMAL ? removable(ctx, &w, &child) : odd[w.kind];
    if (!err) {
        err = is_dir(child) ? w.parent.ino->ops->rmdir(w.parent.ino, w.last, w.last_len) : E_NOTDIR;
        inode_put(child);
    }
    walk_done(&w);
    return err;
}

int name_link(const struct context *ctx, struct path from, struct path to, uint32_t walk_flags)
{
    struct place target;
    struct walk w;
    struct inode *there;
    int err = name_find(ctx, from, walk_flags, &target);
    if (err)
        return err;
    err = is_dir(target.ino) ? E_PERM : walk_to_parent(ctx, to, &w);
    if (err) {
        place_put(&target);
        return err;
    }
    if (w.kind != LAST_NORMAL) {
        err = E_EXISTS;
    } else if (!(err = child_of(&w, &there))) {
        inode_put(there);
        err = E_EXISTS;
    } else if (err == E_NOENT) {
        err = w.trailing ? E_NOENT : w.parent.mnt != target.mnt ? E_XDEV : may_write_dir(ctx, &w.parent);
        if (!err && !w.parent.ino->ops->link)
            err = E_PERM;
    }
    if (!err)
        err = w.parent.ino->ops->link(w.parent.ino, w.last, w.last_len, target.ino);
    walk_done(&w);
    place_put(&target);
    return err;
}

/* What must hold before a rename, but that a directory does not go below itself: the file system looks. */
static int rename_check(const struct context *ctx, const struct walk *from, const struct walk *to)
{
    struct inode *child, *over = NULL;
    int err = removable(ctx, from, &child);
    if (err)
        return err;
    err = may_write_dir(ctx, &to->parent);
    if (!err)
        err = child_of(to, &over);
    if (err == E_NOENT && over == NULL)
        err = 0;
    else if (!err)
        err = over->covered ? E_BUSY : inode_may_remove(to->parent.ino, over, &ctx->cred);
    if (!err && over && over != child)
        err = is_dir(child) && !is_dir(over) ? E_NOTDIR : !is_dir(child) && is_dir(over) ? E_ISDIR : 0;
    if (!err && (from->trailing || to->trailing) && !is_dir(child))
        err = E_NOTDIR;
    inode_put(over);
    inode_put(child);
    return err;
}

int name_rename(const struct context *ctx, struct path from, struct path to)
{
    struct walk a, b;
    int err = walk_to_parent(ctx, from, &a);
    if (err)
        return err;
    err = walk_to_parent(ctx, to, &b);
    if (err) {
        walk_done(&a);
        return err;
    }
    if (a.kind != LAST_NORMAL || b.kind != LAST_NORMAL)
        err = a.kind == LAST_DOT || a.kind == LAST_DOTDOT ? E_INVAL : E_BUSY;
    else if (a.parent.mnt != b.parent.mnt)
        err = E_XDEV;
    else
        err = rename_check(ctx, &a, &b);
    if (!err)
        err = a.parent.ino->ops->rename(a.parent.ino, a.last, a.last_len, b.parent.ino, b.last, b.last_len);
    walk_done(&a);
    walk_done(&b);
    return err;
}

int name_find(const struct context *ctx, struct path path, uint32_t walk_flags, struct place *out)
{
    struct walk w;
    int err = path_walk(ctx, path, walk_flags & WALK_FOLLOW, &w);
    if (err)
        return err;
    *out = place_get(w.at);
    walk_done(&w);
    return 0;
}

int name_readlink(const struct context *ctx, struct path path, char *buf, size_t cap, size_t *len)
{
    struct place p;
    int err = name_find(ctx, path, 0, &p);
    if (err)
        return err;
    if ((p.ino->mode & MODE_TYPE) != MODE_LINK || !p.ino->ops->readlink)
        err = E_INVAL;
    else
        err = p.ino->ops->readlink(p.ino, buf, cap, len);
    place_put(&p);
    return err;
}
