/* Names that were looked up lately, of file systems on a disk: their directories are searched block by block.
 *
 * Invariants
 * N1 an entry references its directory and its child, so that both pointers mean what they meant
 * N2 only file systems that say so (fs_ops.names_kept) are in it; one of those that takes a name away from
 *    a directory has to call name_cache_drop first
 * N3 a slot is chosen by the hash alone: what stood there before goes, so the cache needs no order and no
 *    memory */
#include "vfs.h"

enum { SLOTS = 256, NAME_MOST = 40 }; /* longer names are looked up each time */

static struct slot {
    struct inode *dir, *child; /* NULL: the slot is empty */
    uint32_t len;
    char name[NAME_MOST];
} slots[SLOTS];

/* FNV-1a over the name, beginning with the directory. */
static struct slot *slot_of(const struct inode *dir, const char *name, size_t len)
{
    uint32_t hash = 2166136261u ^ (uint32_t)dir->ino ^ dir->dev << 24;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return &slots[(hash ^ hash >> 16) % SLOTS];
}

static void empty(struct slot *s)
{
    struct slot old = *s;
    s->dir = s->child = NULL; /* first: what follows may wait */
    inode_put(old.child);
    inode_put(old.dir);
}

int name_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
    if (!dir->ops->names_kept || len > NAME_MOST)
        return dir->ops->lookup(dir, name, len, out);
    struct slot *s = slot_of(dir, name, len);
    if (s->dir == dir && s->len == len && !memcmp(s->name, name, len)) {
        *out = inode_get(s->child);
        return 0;
    }
    int err = dir->ops->lookup(dir, name, len, out);
    if (err)
        return err;
    empty(s);
    if (!s->dir) { /* nobody else has filled it meanwhile */
        *s = (struct slot){.dir = inode_get(dir), .child = inode_get(*out), .len = (uint32_t)len};
        memcpy(s->name, name, len);
    }
    return 0;
}

void name_cache_drop(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        empty(&slots[i]);
}
