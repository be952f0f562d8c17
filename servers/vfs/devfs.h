/* devfs: a tmpfs of nodes; the simple ones are served here, the others belong to servers that registered
 * them. */
#ifndef VFS_DEVFS_H
#define VFS_DEVFS_H

#include "vfs.h"

#define DEVNODES_MAX 256u

struct devnode {
    struct list link;
    /// Of a node that vfs serves itself; NULL in a foreign one.
    int (*read)(uint64_t *offset, size_t len, struct uio *io, size_t *done);
    int (*write)(size_t len, struct uio *io, size_t *done);
    uint64_t cookie; /* the server's */
    uint32_t node;   /* number that the server gave */
    bool is_static;  /* openers get the cookie's session itself */
};

/// Makes the file system with null, zero, full, random, urandom and kmsg.
int devfs_create(uint32_t dev, struct inode **root);
struct devnode_spec {
    const char *name; /* counted; may have directories in it ("pts/0"), which are made */
    size_t len;
    uint32_t mode; /* with the type: MODE_CHAR or MODE_BLOCK */
    uint64_t cookie;
    uint32_t node;
    bool is_static;
};
/// Registers a node, or replaces one of the same name: *old_cookie is then what it had (else 0). E_INVAL,
/// E_FULL.
int devfs_register(struct inode *root, const struct devnode_spec *spec, uint64_t *old_cookie);
/// E_NOENT; gives the cookie back.
int devfs_remove(struct inode *root, const char *name, size_t len, uint64_t *cookie);

#endif
