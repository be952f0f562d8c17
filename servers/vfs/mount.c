/* The mounts: a short list, searched only where an inode says that it is covered. */
#include "vfs.h"

static struct list mounts = {&mounts, &mounts};
static uint32_t mounts_count;

struct place place_get(struct place p)
{
    p.mnt->refs++;
    inode_get(p.ino);
    return p;
}

void place_put(struct place *p)
{
    if (!p->ino)
        return;
    inode_put(p->ino);
    p->mnt->refs--;
    *p = (struct place){0};
}

static void text_set(char *to, size_t cap, const char *from)
{
    size_t n = 0;
    for (; from && from[n] && n < cap - 1; n++)
        to[n] = from[n];
    to[n] = 0;
}

struct mount *mount_first(void)
{
    return list_empty(&mounts) ? NULL : list_entry(mounts.next, struct mount, link);
}

int mount_add(const struct mount_spec *spec, const struct place *on, struct mount **out)
{
    if ((on == NULL) != (mount_first() == NULL))
        return E_INVAL;
    if (mounts_count >= VFS_MOUNTS_MAX)
        return E_FULL;
    if (on && (on->ino->mode & MODE_TYPE) != MODE_DIR)
        return E_NOTDIR;
    struct mount *mnt = port_alloc(sizeof *mnt);
    if (!mnt)
        return E_NOMEM;
    mnt->root = spec->root;
    mnt->read_only = spec->read_only;
    mnt->foreign = spec->foreign;
    mnt->cookie = spec->cookie;
    text_set(mnt->source, sizeof mnt->source, spec->source);
    text_set(mnt->type, sizeof mnt->type, spec->type);
    text_set(mnt->path, sizeof mnt->path, spec->path);
    if (on) {
        struct place top = place_get(*on); /* the references become the mount's */
        mount_enter(&top);
        mnt->on = top.mnt;
        mnt->on_inode = top.ino;
        top.ino->covered++;
    }
    list_append(&mounts, &mnt->link);
    mounts_count++;
    if (out)
        *out = mnt;
    return 0;
}

int mount_remove(struct mount *mnt)
{
    if (!mnt->on && mounts_count > 1)
        return E_INVAL;
    name_cache_drop();
    if (mnt->refs || mnt->root->refs > 1)
        return E_BUSY;
    list_remove(&mnt->link);
    mounts_count--;
    if (mnt->on) {
        struct place under = {mnt->on, mnt->on_inode};
        under.ino->covered--;
        place_put(&under);
    }
    mnt->root->ops->unmount(mnt->root);
    port_free(mnt);
    return 0;
}

static struct mount *mount_upon(const struct place *p)
{
    if (!p->ino->covered)
        return NULL;
    list_each(it, &mounts)
    {
        struct mount *mnt = list_entry(it, struct mount, link);
        if (mnt->on == p->mnt && mnt->on_inode == p->ino)
            return mnt;
    }
    return NULL;
}

void mount_enter(struct place *p)
{
    struct mount *mnt;
    while ((mnt = mount_upon(p)) != NULL) {
        struct place root = place_get((struct place){mnt, mnt->root});
        place_put(p);
        *p = root;
    }
}

bool mount_leave(struct place *p)
{
    if (p->ino != p->mnt->root || !p->mnt->on)
        return false;
    struct place under = place_get((struct place){p->mnt->on, p->mnt->on_inode});
    place_put(p);
    *p = under;
    return true;
}

struct mount *mount_at(const struct place *p)
{
    return p->ino == p->mnt->root ? p->mnt : NULL;
}

void mount_trim_all(void)
{
    name_cache_drop();
    list_each(it, &mounts)
    {
        struct inode *root = list_entry(it, struct mount, link)->root;
        if (root && root->ops->trim)
            root->ops->trim(root);
    }
}

/* Spaces would break the line into other fields: written as \040, as in fstab. */
static size_t put_field(char *buf, size_t cap, size_t at, const char *text, char end)
{
    for (; *text; text++) {
        char one[2] = {*text, 0};
        const char *out = *text == ' ' ? "\\040" : *text == '\n' ? "\\012" : one;
        for (; *out; out++, at++)
            if (at < cap)
                buf[at] = *out;
    }
    if (at < cap)
        buf[at] = end;
    return at + 1;
}

size_t mount_text(char *buf, size_t cap)
{
    size_t at = 0;
    list_each(it, &mounts)
    {
        const struct mount *mnt = list_entry(it, struct mount, link);
        at = put_field(buf, cap, at, mnt->source, ' ');
        at = put_field(buf, cap, at, mnt->path, ' ');
        at = put_field(buf, cap, at, mnt->type, ' ');
        at = put_field(buf, cap, at, mnt->read_only ? "ro" : "rw", '\n');
    }
    return at;
}
