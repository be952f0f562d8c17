/* Path walking.
 *
 * A walk is at a place `cur` (referenced) and eats the text from `p` to `end`. A symbolic link replaces the
 * text by its target and what is left, in a new buffer; so the work is bounded by VFS_SYMLINK_MAX texts of
 * VFS_PATH_MAX bytes, whatever a disk says. `..` is answered by the file system, except at the process's root
 * and at the root of a mount. */
#include "vfs.h"

struct walker {
    const struct context *ctx;
    struct walk *out;
    struct place cur;
    const char *p, *end;
    uint32_t flags, links;
};

static bool is_dir(const struct inode *ino)
{
    return (ino->mode & MODE_TYPE) == MODE_DIR;
}

static bool at_root(const struct walker *w)
{
    return w->cur.ino == w->ctx->root.ino && w->cur.mnt == w->ctx->root.mnt;
}

static void skip_slashes(struct walker *w)
{
    while (w->p < w->end && *w->p == '/')
        w->p++;
}

static int step_up(struct walker *w)
{
    struct inode *up;
    while (!at_root(w) && mount_leave(&w->cur))
        ;
    if (at_root(w) || w->cur.ino == w->cur.mnt->root)
        return 0;
    int err = w->cur.ino->ops->lookup(w->cur.ino, "..", 2, &up);
    if (err)
        return err;
    if (!is_dir(up)) {
        inode_put(up);
        return E_CORRUPT;
    }
    inode_put(w->cur.ino);
    w->cur.ino = up;
    mount_enter(&w->cur); /* a disk may call any directory the parent, a covered one too */
    return 0;
}

/* The rest of the text becomes the link's target and the rest. */
static int expand(struct walker *w, struct inode *link)
{
    size_t len, rest = w->end - w->p;
    if (++w->links > VFS_SYMLINK_MAX)
        return E_LOOP;
    if (!link->ops->readlink)
        return E_INVAL;
    char *buf = port_alloc(VFS_PATH_MAX + 1);
    if (!buf)
        return E_NOMEM;
    int err = link->ops->readlink(link, buf, VFS_PATH_MAX, &len);
    if (!err && len == 0)
        err = E_NOENT;
    if (!err && rest > VFS_PATH_MAX - len)
        err = E_NAMETOOLONG;
    for (size_t i = 0; !err && i < len; i++)
        if (!buf[i])
            err = E_CORRUPT;
    if (err) {
        port_free(buf);
        return err;
    }
    memcpy(buf + len, w->p, rest);
    port_free(w->out->buf);
    w->out->buf = buf;
    w->p = buf;
    w->end = buf + len + rest;
    if (buf[0] == '/') {
        place_put(&w->cur);
        w->cur = place_get(w->ctx->root);
    }
    return 0;
}

/* The walk ends here: what is held becomes the result. */
static int finish(struct walker *w, enum last_kind kind)
{
    w->out->kind = kind;
    w->out->at = w->cur;
    w->cur = (struct place){0};
    return 0;
}

static int finish_in_parent(struct walker *w, const char *name, size_t n, struct inode *child)
{
    w->out->kind = LAST_NORMAL;
    w->out->last = name;
    w->out->last_len = n;
    w->out->parent = w->cur;
    w->cur = (struct place){0};
    if (child) {
        w->out->at = (struct place){w->out->parent.mnt, child};
        w->out->at.mnt->refs++;
        mount_enter(&w->out->at);
        if (w->out->trailing && !is_dir(w->out->at.ino))
            return E_NOTDIR;
    }
    return 0;
}

static int foreign(struct walker *w)
{
    w->out->foreign = w->cur.mnt;
    w->out->last = w->p;
    w->out->last_len = w->end - w->p;
    return finish(w, LAST_NORMAL);
}

enum { STEP_MORE = -1 }; /* not an error: go on */

static int step_name(struct walker *w, const char *name, size_t n, bool final)
{
    struct inode *child;

    if (final && (w->flags & WALK_PARENT))
        return finish_in_parent(w, name, n, NULL);
    int err = name_lookup(w->cur.ino, name, n, &child);
    if (err == E_NOENT && final && (w->flags & WALK_CREATE))
        return finish_in_parent(w, name, n, NULL);
    if (err)
        return err;
    bool follow = !final || (w->flags & WALK_FOLLOW) || w->out->trailing;
    if ((child->mode & MODE_TYPE) == MODE_LINK && follow) {
        w->p = name + n; /* the slash behind it belongs to the rest */
        err = expand(w, child);
        inode_put(child);
        return err ? err : STEP_MORE;
    }
    if (final)
        return finish_in_parent(w, name, n, child);
    inode_put(w->cur.ino);
    w->cur.ino = child;
    mount_enter(&w->cur);
    return STEP_MORE;
}

/* One component; STEP_MORE, or the end of the walk. */
static int step(struct walker *w, enum last_kind *seen)
{
    skip_slashes(w);
    if (w->p == w->end)
        return finish(w, *seen);
    const char *name = w->p;
    while (w->p < w->end && *w->p != '/')
        w->p++;
    size_t n = w->p - name;
    const char *after = w->p;
    skip_slashes(w);
    bool final = w->p == w->end;
    w->out->trailing = final && w->p != after;
    if (n > VFS_NAME_MAX)
        return E_NAMETOOLONG;
    if (!is_dir(w->cur.ino))
        return E_NOTDIR;
    int err = inode_permission(w->cur.ino, &w->ctx->cred, MAY_EXEC);
    if (err)
        return err;
    if (n == 1 && name[0] == '.') {
        *seen = LAST_DOT;
        return STEP_MORE;
    }
    if (n == 2 && name[0] == '.' && name[1] == '.') {
        *seen = LAST_DOTDOT;
        err = step_up(w);
        return err ? err : STEP_MORE;
    }
    if (w->cur.mnt->foreign) {
        w->p = name;
        return foreign(w);
    }
    *seen = LAST_ROOT; /* if a link's target ends the walk without a name, it was all slashes */
    return step_name(w, name, n, final);
}

int walk_path(const struct context *ctx, const struct place *base, const char *path, size_t len,
              uint32_t flags, struct walk *out)
{
    struct walker w = {.ctx = ctx, .out = out, .p = path, .end = path + len, .flags = flags};
    enum last_kind seen = LAST_ROOT;
    int err;

    *out = (struct walk){0};
    if (len == 0)
        return E_NOENT;
    if (len > VFS_PATH_MAX)
        return E_NAMETOOLONG;
    for (size_t i = 0; i < len; i++)
        if (!path[i])
            return E_INVAL;
    w.cur = place_get(path[0] == '/' ? ctx->root : base ? *base : ctx->cwd);
    if (!is_dir(w.cur.ino))
        err = E_NOTDIR;
    else
        do
            err = step(&w, &seen);
        while (err == STEP_MORE);
    place_put(&w.cur);
    if (err)
        walk_done(out);
    return err;
}

void walk_done(struct walk *w)
{
    place_put(&w->at);
    place_put(&w->parent);
    port_free(w->buf);
    w->buf = NULL;
}

/* Finds under which name `child` stands in a directory. */
struct name_search {
    struct dir_sink sink;
    uint64_t ino;
    char *name;
    size_t len;
    bool found;
};

static int name_match(struct dir_sink *sink, const struct dir_entry *entry)
{
    struct name_search *s = (struct name_search *)sink;
    bool dots =
        entry->name[0] == '.' && (entry->name_len == 1 || (entry->name_len == 2 && entry->name[1] == '.'));
    if (entry->ino != s->ino || dots)
        return 0;
    memcpy(s->name, entry->name, entry->name_len);
    s->len = entry->name_len;
    s->found = true;
    return 1;
}

static int name_of_child(struct inode *dir, uint64_t ino, struct name_search *s)
{
    uint64_t cursor = 0;
    *s = (struct name_search){.sink.entry = name_match, .ino = ino, .name = s->name};
    int err = dir->ops->readdir(dir, &cursor, &s->sink);
    return err ? err : s->found ? 0 : E_NOENT;
}

/* Puts "/name" before what stands at buf[*at]. */
static int prepend(char *buf, size_t *at, const char *name, size_t len)
{
    if (len + 1 > *at)
        return E_RANGE;
    *at -= len + 1;
    buf[*at] = '/';
    memcpy(buf + *at + 1, name, len);
    return 0;
}

int walk_getpath(const struct context *ctx, const struct place *dir, char *buf, size_t cap, size_t *len)
{
    char name[VFS_NAME_MAX];
    struct name_search search = {.name = name};
    struct walker w = {.ctx = ctx, .cur = place_get(*dir)};
    size_t at = cap;
    int err = 0;

    /* Each turn puts at least two bytes or ends, so a cycle on the disk ends with E_RANGE. */
    while (!err && !at_root(&w)) {
        while (!at_root(&w) && mount_leave(&w.cur))
            ;
        if (at_root(&w))
            break;
        uint64_t ino = w.cur.ino->ino;
        struct inode *before = inode_get(w.cur.ino);
        err = step_up(&w);
        if (!err && w.cur.ino == before)
            err = E_NOENT;
        inode_put(before);
        if (!err)
            err = name_of_child(w.cur.ino, ino, &search);
        if (!err)
            err = prepend(buf, &at, name, search.len);
    }
    place_put(&w.cur);
    if (!err && at == cap)
        err = prepend(buf, &at, "", 0);
    if (err)
        return err;
    *len = cap - at;
    memmove(buf, buf + at, *len);
    return 0;
}
