/* tmpfs: names and inodes.
 * Invariants: an inode lives while it has a name or a reference (nlink or refs); an entry is in its
 * directory's list and in the hash; a directory has nlink 2 + its subdirectories, and 0 once removed, with no
 * entries. */
#include "tmpfs.h"

static uint32_t hash_name(const struct tm_inode *dir, const char *name, size_t len)
{
    uint32_t h = 2166136261u ^ (uint32_t)dir->i.ino;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)name[i]) * 16777619u;
    return h ^ h >> 15;
}

int tm_charge(struct tmpfs *fs, uint64_t bytes)
{
    uint64_t before = (fs->bytes + PAGE_SIZE_VFS - 1) / PAGE_SIZE_VFS;
    uint64_t after = (fs->bytes + bytes + PAGE_SIZE_VFS - 1) / PAGE_SIZE_VFS;
    if (after - before > fs->pages_max - min_u64(fs->pages, fs->pages_max))
        return E_NOSPC;
    fs->pages += after - before;
    fs->bytes += bytes;
    return 0;
}

void tm_uncharge(struct tmpfs *fs, uint64_t bytes)
{
    uint64_t before = (fs->bytes + PAGE_SIZE_VFS - 1) / PAGE_SIZE_VFS;
    fs->bytes -= bytes;
    fs->pages -= before - (fs->bytes + PAGE_SIZE_VFS - 1) / PAGE_SIZE_VFS;
}

static void *charged_alloc(struct tmpfs *fs, uint64_t bytes)
{
    if (tm_charge(fs, bytes))
        return NULL;
    void *p = port_alloc(bytes);
    if (!p)
        tm_uncharge(fs, bytes);
    return p;
}

static void charged_free(struct tmpfs *fs, void *p, uint64_t bytes)
{
    port_free(p);
    tm_uncharge(fs, bytes);
}

static bool is_dir(const struct tm_inode *in)
{
    return (in->i.mode & MODE_TYPE) == MODE_DIR;
}

static void free_inode(struct tm_inode *in)
{
    struct tmpfs *fs = in->fs;
    if ((in->i.mode & MODE_TYPE) == MODE_FILE)
        tm_data_free(in);
    else if ((in->i.mode & MODE_TYPE) == MODE_LINK)
        charged_free(fs, in->target, in->i.size);
    list_remove(&in->all);
    fs->inodes--;
    charged_free(fs, in, sizeof *in);
}

static struct tm_inode *new_inode(struct tmpfs *fs, const struct node_spec *spec)
{
    struct tm_inode *in = fs->inodes < fs->inodes_max ? charged_alloc(fs, sizeof *in) : NULL;
    if (!in)
        return NULL;
    uint64_t now = port_now();
    in->fs = fs;
    in->i = (struct inode){
        .ops = &tmpfs_ops,
        .ino = fs->next_ino++,
        .dev = fs->dev,
        .block_size = PAGE_SIZE_VFS,
        .mode = spec->mode,
        .uid = spec->uid,
        .gid = spec->gid,
        .atime = now,
        .mtime = now,
        .ctime = now,
        .refs = 1,
        .devnode = spec->dev,
    };
    if (is_dir(in))
        list_init(&in->entries);
    if ((spec->mode & MODE_TYPE) == MODE_LINK) {
        in->target = charged_alloc(fs, spec->target_len);
        if (!in->target) {
            charged_free(fs, in, sizeof *in);
            return NULL;
        }
        memcpy(in->target, spec->target, spec->target_len);
        in->i.size = spec->target_len;
    }
    list_append(&fs->all, &in->all);
    fs->inodes++;
    return in;
}

static struct tm_entry *find(const struct tm_inode *dir, const char *name, size_t len)
{
    uint32_t hash = hash_name(dir, name, len);
    struct tm_entry *e = dir->fs->hash[hash % TMPFS_BUCKETS];
    while (e && !(e->hash == hash && e->dir == dir && e->len == len && !memcmp(e->name, name, len)))
        e = e->hash_next;
    return e;
}

static struct tm_entry *new_entry(struct tm_inode *dir, const char *name, size_t len)
{
    struct tm_entry *e = charged_alloc(dir->fs, sizeof *e + len);
    if (!e)
        return NULL;
    e->len = (uint32_t)len;
    memcpy(e->name, name, len);
    return e;
}

/* Puts an entry into a directory; cannot fail. */
static void insert(struct tm_inode *dir, struct tm_entry *e, struct tm_inode *node)
{
    e->dir = dir;
    e->node = node;
    e->hash = hash_name(dir, e->name, e->len);
    e->cookie = ++dir->next_cookie + 2; /* 0, 1 and 2: the beginning, behind "." and behind ".." */
    list_append(&dir->entries, &e->link);
    struct tm_entry **bucket = &dir->fs->hash[e->hash % TMPFS_BUCKETS];
    e->hash_next = *bucket;
    *bucket = e;
    node->i.nlink++;
    if (is_dir(node)) {
        node->parent = dir;
        dir->i.nlink++;
    }
    dir->i.size++;
    dir->i.mtime = dir->i.ctime = node->i.ctime = port_now();
}

static void remove_entry(struct tm_entry *e)
{
    struct tm_inode *dir = e->dir, *node = e->node;
    struct tm_entry **at = &dir->fs->hash[e->hash % TMPFS_BUCKETS];
    while (*at != e)
        at = &(*at)->hash_next;
    *at = e->hash_next;
    list_remove(&e->link);
    node->i.nlink--;
    if (is_dir(node))
        dir->i.nlink--;
    dir->i.size--;
    dir->i.mtime = dir->i.ctime = node->i.ctime = port_now();
}

static void free_entry(struct tm_entry *e, struct tmpfs *fs)
{
    charged_free(fs, e, sizeof *e + e->len);
}

/* After its last name has gone: the inode goes too unless someone refers to it. */
static void unlinked(struct tm_inode *node)
{
    if (is_dir(node)) {
        node->i.nlink = 0;
        node->parent = NULL;
    }
    if (node->i.nlink == 0 && node->i.refs == 0)
        free_inode(node);
}

static int tm_lookup(struct inode *ino, const char *name, size_t len, struct inode **out)
{
    struct tm_inode *dir = (struct tm_inode *)ino, *found;
    if (len == 1 && name[0] == '.') {
        found = dir;
    } else if (len == 2 && name[0] == '.' && name[1] == '.') {
        found = dir->parent;
    } else {
        struct tm_entry *e = find(dir, name, len);
        found = e ? e->node : NULL;
    }
    if (!found)
        return E_NOENT;
    *out = inode_get(&found->i);
    return 0;
}

static int give(struct dir_sink *sink, const char *name, size_t len, const struct tm_inode *node,
                uint64_t next)
{
    struct dir_entry out = {node->i.ino, next, name, (uint32_t)len, node->i.mode & MODE_TYPE};
    return sink->entry(sink, &out);
}

static int tm_readdir(struct inode *ino, uint64_t *cursor, struct dir_sink *sink)
{
    struct tm_inode *dir = (struct tm_inode *)ino;
    if (!dir->parent)
        return 0; /* removed */
    for (; *cursor < 2; ++*cursor)
        if (give(sink, "..", *cursor + 1, *cursor ? dir->parent : dir, *cursor + 1))
            return 0;
    list_each(it, &dir->entries)
    {
        struct tm_entry *e = list_entry(it, struct tm_entry, link);
        if (e->cookie <= *cursor)
            continue;
        if (give(sink, e->name, e->len, e->node, e->cookie))
            return 0;
        *cursor = e->cookie;
    }
    return 0;
}

static int tm_readlink(struct inode *link, char *buf, size_t cap, size_t *len)
{
    if (link->size > cap)
        return E_NAMETOOLONG;
    memcpy(buf, ((struct tm_inode *)link)->target, link->size);
    *len = link->size;
    return 0;
}

static int tm_setattr(struct inode *ino, uint32_t which, const struct attr *to)
{
    if (which & SET_MODE)
        ino->mode = (ino->mode & MODE_TYPE) | (to->mode & 07777);
    if (which & SET_UID)
        ino->uid = to->uid;
    if (which & SET_GID)
        ino->gid = to->gid;
    if (which & SET_ATIME)
        ino->atime = to->atime;
    if (which & SET_MTIME)
        ino->mtime = to->mtime;
    ino->ctime = port_now();
    return 0;
}

static int tm_create(struct inode *ino, const char *name, size_t len, const struct node_spec *spec,
                     struct inode **out)
{
    struct tm_inode *dir = (struct tm_inode *)ino;
    if (!dir->parent)
        return E_NOENT;
    if (find(dir, name, len))
        return E_EXISTS;
    struct tm_inode *node = new_inode(dir->fs, spec);
    struct tm_entry *e = node ? new_entry(dir, name, len) : NULL;
    if (!e) {
        if (node)
            free_inode(node);
        return E_NOSPC;
    }
    insert(dir, e, node);
    if (is_dir(node))
        node->i.nlink++; /* its own "." */
    *out = &node->i;
    return 0;
}

static int tm_link(struct inode *ino, const char *name, size_t len, struct inode *target)
{
    struct tm_inode *dir = (struct tm_inode *)ino, *node = (struct tm_inode *)target;
    if (!dir->parent || target->nlink == 0)
        return E_NOENT;
    if (find(dir, name, len))
        return E_EXISTS;
    if (target->nlink >= TMPFS_LINK_MAX)
        return E_MLINK;
    struct tm_entry *e = new_entry(dir, name, len);
    if (!e)
        return E_NOSPC;
    insert(dir, e, node);
    return 0;
}

static int tm_remove(struct inode *ino, const char *name, size_t len, bool dir_wanted)
{
    struct tm_inode *dir = (struct tm_inode *)ino;
    struct tm_entry *e = find(dir, name, len);
    if (!e)
        return E_NOENT;
    struct tm_inode *node = e->node;
    if (is_dir(node) != dir_wanted)
        return dir_wanted ? E_NOTDIR : E_ISDIR;
    if (dir_wanted && !list_empty(&node->entries))
        return E_NOTEMPTY;
    remove_entry(e);
    free_entry(e, dir->fs);
    unlinked(node);
    return 0;
}

static int tm_unlink(struct inode *dir, const char *name, size_t len)
{
    return tm_remove(dir, name, len, false);
}

static int tm_rmdir(struct inode *dir, const char *name, size_t len)
{
    return tm_remove(dir, name, len, true);
}

/* The new entry is made first, so that nothing fails once something has changed. */
static int tm_rename(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name,
                     size_t new_len)
{
    struct tm_inode *a = (struct tm_inode *)from, *b = (struct tm_inode *)to;
    struct tm_entry *old = find(a, name, len), *over = find(b, new_name, new_len);
    if (!old || !b->parent)
        return E_NOENT;
    struct tm_inode *node = old->node;
    if (over && over->node == node)
        return 0; /* two names of one file: both stay */
    for (struct tm_inode *up = b; is_dir(node); up = up->parent) {
        if (up == node)
            return E_INVAL;
        if (up->parent == up)
            break;
    }
    if (over && is_dir(over->node) != is_dir(node))
        return is_dir(node) ? E_NOTDIR : E_ISDIR;
    if (over && is_dir(node) && !list_empty(&over->node->entries))
        return E_NOTEMPTY;
    struct tm_entry *e = new_entry(b, new_name, new_len);
    if (!e)
        return E_NOSPC;
    if (over) {
        struct tm_inode *gone = over->node;
        remove_entry(over);
        free_entry(over, b->fs);
        unlinked(gone);
    }
    remove_entry(old);
    free_entry(old, a->fs);
    insert(b, e, node);
    return 0;
}

static int tm_stat_fs(struct inode *root, struct fs_stat *out)
{
    const struct tmpfs *fs = ((struct tm_inode *)root)->fs;
    *out = (struct fs_stat){
        .blocks = fs->pages_max,
        .blocks_free = fs->pages_max - min_u64(fs->pages, fs->pages_max),
        .files = fs->inodes_max,
        .files_free = fs->inodes_max - fs->inodes,
        .block_size = PAGE_SIZE_VFS,
    };
    return 0;
}

static void tm_evict(struct inode *ino)
{
    if (ino->nlink == 0)
        free_inode((struct tm_inode *)ino);
}

static void tm_unmount(struct inode *root)
{
    struct tmpfs *fs = ((struct tm_inode *)root)->fs;
    for (uint32_t i = 0; i < TMPFS_BUCKETS; i++)
        while (fs->hash[i]) {
            struct tm_entry *e = fs->hash[i];
            fs->hash[i] = e->hash_next;
            free_entry(e, fs);
        }
    while (!list_empty(&fs->all))
        free_inode(list_entry(fs->all.next, struct tm_inode, all));
    port_free(fs);
}

int tmpfs_create(uint32_t dev, const struct tmpfs_limits *limits, uint32_t mode, struct inode **root)
{
    struct node_spec spec = {.mode = MODE_DIR | (mode & 07777)};
    struct tmpfs *fs = port_alloc(sizeof *fs);
    if (!fs)
        return E_NOMEM;
    fs->pages_max = limits->pages;
    fs->inodes_max = limits->inodes;
    fs->next_ino = 1;
    fs->dev = dev;
    list_init(&fs->all);
    fs->root = new_inode(fs, &spec);
    if (!fs->root) {
        port_free(fs);
        return E_NOMEM;
    }
    fs->root->parent = fs->root;
    fs->root->i.nlink = 2;
    *root = &fs->root->i;
    return 0;
}

uint64_t tmpfs_pages(const struct inode *root)
{
    return ((const struct tm_inode *)root)->fs->pages;
}

const struct fs_ops tmpfs_ops = {
    .name = "tmpfs",
    .lookup = tm_lookup,
    .readdir = tm_readdir,
    .readlink = tm_readlink,
    .read = tm_read,
    .write = tm_write,
    .truncate = tm_truncate,
    .page = tm_page,
    .setattr = tm_setattr,
    .create = tm_create,
    .link = tm_link,
    .unlink = tm_unlink,
    .rmdir = tm_rmdir,
    .rename = tm_rename,
    .stat_fs = tm_stat_fs,
    .evict = tm_evict,
    .unmount = tm_unmount,
};
