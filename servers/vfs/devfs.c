#include "devfs.h"
#include "tmpfs.h"

static const uint8_t zeros[PAGE_SIZE_VFS];
static uint32_t nodes_count;

static int null_read(uint64_t *offset, size_t len, struct uio *io, size_t *done)
{
    (void)offset;
    (void)len, (void)io;
    *done = 0;
    return 0;
}

static int null_write(size_t len, struct uio *io, size_t *done)
{
    (void)io;
    *done = len;
    return 0;
}

static int full_write(size_t len, struct uio *io, size_t *done)
{
    (void)io;
    *done = 0;
    return len ? E_NOSPC : 0;
}

static int zero_read(uint64_t *offset, size_t len, struct uio *io, size_t *done)
{
    (void)offset;
    for (*done = 0; *done < len;) {
        size_t n = min_u64(len - *done, sizeof zeros);
        int err = io->copy(io, (void *)zeros, n);
        if (err)
            return err;
        *done += n;
    }
    return 0;
}

static int random_read(uint64_t *offset, size_t len, struct uio *io, size_t *done)
{
    (void)offset;
    uint8_t buf[256];
    len = min_u64(len, 1u << 20); /* a bounded piece of work; the rest is asked for again */
    for (*done = 0; *done < len;) {
        size_t n = min_u64(len - *done, sizeof buf);
        port_random(buf, n);
        int err = io->copy(io, buf, n);
        if (err)
            return err;
        *done += n;
    }
    return 0;
}

/* The kernel's log as text. The file's offset is a place in the log, which moves on by whole lines. */
static int kmsg_read(uint64_t *offset, size_t len, struct uio *io, size_t *done)
{
    char text[1024];
    for (*done = 0; *done < len;) {
        uint64_t next = *offset;
        size_t n = 0;
        int err = port_kernel_log(&next, text, min_u64(len - *done, sizeof text), &n);
        if (err == E_SIZE && *done)
            return 0; /* the next line does not fit any more */
        if (!err && n)
            err = io->copy(io, text, n);
        if (err || !n)
            return err == E_SIZE ? E_INVAL : err;
        *offset = next;
        *done += n;
    }
    return 0;
}

static int kmsg_write(size_t len, struct uio *io, size_t *done)
{
    char text[256];
    size_t n = min_u64(len, sizeof text - 1);
    int err = io->copy(io, text, n);
    if (err)
        return err;
    while (n && text[n - 1] == '\n')
        n--;
    text[n] = 0;
    port_log("%s", text);
    *done = len;
    return 0;
}

static struct devnode builtin[] = {
    {.read = null_read, .write = null_write},   {.read = zero_read, .write = null_write},
    {.read = zero_read, .write = full_write},   {.read = random_read, .write = null_write},
    {.read = random_read, .write = null_write}, {.read = kmsg_read, .write = kmsg_write},
};
static const char *const builtin_name[] = {"null", "zero", "full", "random", "urandom", "kmsg"};

/* The directory that a name like "pts/0" lies in, made on the way; *name and *len become the last component.
 */
static int enter_dirs(struct inode *root, const char **name, size_t *len, struct inode **out)
{
    struct node_spec spec = {.mode = MODE_DIR | 0755};
    struct inode *dir = inode_get(root), *next;
    int err = *len ? 0 : E_INVAL;

    while (!err) {
        size_t n = 0;
        while (n < *len && (*name)[n] != '/')
            err = (*name)[n++] ? err : E_INVAL;
        if (err || n == 0 || n > VFS_NAME_MAX || (*name)[0] == '.') {
            err = E_INVAL;
            break;
        }
        if (n == *len)
            break;
        err = tmpfs_ops.lookup(dir, *name, n, &next);
        if (err == E_NOENT)
            err = tmpfs_ops.create(dir, *name, n, &spec, &next);
        if (err)
            break;
        inode_put(dir);
        dir = next;
        *name += n + 1;
        *len -= n + 1;
        if ((dir->mode & MODE_TYPE) != MODE_DIR)
            err = E_NOTDIR;
        else if (*len == 0)
            err = E_INVAL;
    }
    if (err)
        inode_put(dir);
    else
        *out = dir;
    return err;
}

static int make_node(struct inode *dir, const char *name, size_t len, uint32_t mode, struct devnode *node)
{
    struct node_spec spec = {.mode = mode, .dev = node};
    struct inode *made;
    int err = tmpfs_ops.create(dir, name, len, &spec, &made);
    if (!err) {
        made->rdev = (uint32_t)made->ino;
        inode_put(made);
    }
    return err;
}

/* An inode that is already there keeps its place and gets the new server: open nodes of the old one go on
 * with it. */
static int replace(struct inode *old, const struct devnode_spec *spec, uint64_t *old_cookie)
{
    struct devnode *node = old->devnode;
    if (!node || node->read)
        return E_EXISTS;
    *old_cookie = node->cookie;
    node->cookie = spec->cookie;
    node->node = spec->node;
    node->is_static = spec->is_static;
    old->mode = spec->mode;
    return 0;
}

int devfs_register(struct inode *root, const struct devnode_spec *spec, uint64_t *old_cookie)
{
    const char *name = spec->name;
    size_t len = spec->len;
    uint32_t type = spec->mode & MODE_TYPE;
    struct inode *dir, *old;

    *old_cookie = 0;
    if (type != MODE_CHAR && type != MODE_BLOCK)
        return E_INVAL;
    int err = enter_dirs(root, &name, &len, &dir);
    if (err)
        return err;
    if (!tmpfs_ops.lookup(dir, name, len, &old)) {
        err = replace(old, spec, old_cookie);
        inode_put(old);
    } else if (nodes_count >= DEVNODES_MAX) {
        err = E_FULL;
    } else {
        struct devnode *node = port_alloc(sizeof *node);
        if (node)
            *node =
                (struct devnode){.cookie = spec->cookie, .node = spec->node, .is_static = spec->is_static};
        err = node ? make_node(dir, name, len, spec->mode, node) : E_NOMEM;
        if (err)
            port_free(node);
        else
            nodes_count++;
    }
    inode_put(dir);
    return err;
}

int devfs_remove(struct inode *root, const char *name, size_t len, uint64_t *cookie)
{
    struct inode *dir, *ino;
    int err = enter_dirs(root, &name, &len, &dir);
    if (err)
        return err;
    err = tmpfs_ops.lookup(dir, name, len, &ino);
    if (!err) {
        struct devnode *node = ino->devnode;
        err = !node || node->read ? E_NOENT : tmpfs_ops.unlink(dir, name, len);
        if (!err) {
            ino->devnode = NULL; /* who still refers to the inode finds no device */
            *cookie = node->cookie;
            port_free(node);
            nodes_count--;
        }
        inode_put(ino);
    }
    inode_put(dir);
    return err;
}

int devfs_create(uint32_t dev, struct inode **root)
{
    struct tmpfs_limits limits = {.pages = 1024, .inodes = 2 * DEVNODES_MAX};
    int err = tmpfs_create(dev, &limits, 0755, root);
    for (size_t i = 0; !err && i < sizeof builtin / sizeof *builtin; i++)
        err = make_node(*root, builtin_name[i], strlen(builtin_name[i]), MODE_CHAR | 0666, &builtin[i]);
    return err;
}
