/* tmpfs: files in memory, limited in pages and inodes. devfs is one of it with device nodes inside. */
#ifndef VFS_TMPFS_H
#define VFS_TMPFS_H

#include "vfs.h"

#define TMPFS_FILE_MAX (1ull << 43) /* bytes */
#define TMPFS_LINK_MAX 32000u
#define TMPFS_FAN_BITS 9u /* a node of a file's tree is one page of pointers */
#define TMPFS_BUCKETS  512u

struct tm_entry { /* a name in a directory */
    struct tm_entry *hash_next;
    struct list link; /* in the directory, in the order of `cookie` */
    struct tm_inode *dir, *node;
    uint64_t cookie; /* grows with every name made in the directory: the cursor of readdir */
    uint32_t hash, len;
    char name[];
};

struct tmpfs {
    uint64_t pages, pages_max; /* data and tree nodes; small objects count by their bytes, see `bytes` */
    uint64_t inodes, inodes_max;
    uint64_t next_ino;
    uint64_t bytes; /* of names, targets and inodes; a page is charged for each 4096 */
    uint32_t dev;
    const char *type;
    struct tm_inode *root;
    struct list all; /* every inode, for unmounting */
    struct tm_entry *hash[TMPFS_BUCKETS];
};

struct tm_inode {
    struct inode i;
    struct tmpfs *fs;
    struct list all;
    union {
        struct {             /* a file */
            void *tree;      /* height 0: the page itself, or NULL */
            uint32_t height; /* levels of nodes above the pages */
        };
        struct { /* a directory */
            struct list entries;
            struct tm_inode *parent; /* itself for the root; NULL once removed */
            uint64_t next_cookie;
        };
        char *target; /* a symbolic link, i.size bytes */
    };
};

extern const struct fs_ops tmpfs_ops;

struct tmpfs_limits {
    uint64_t pages, inodes;
};
/// A fresh file system: *root is its root directory (referenced), of this mode, owned by root.
int tmpfs_create(uint32_t dev, const struct tmpfs_limits *limits, uint32_t mode, struct inode **root);
/// Pages in use, for tests and statistics.
uint64_t tmpfs_pages(const struct inode *root);

/* between the files of tmpfs */
int tm_charge(struct tmpfs *fs, uint64_t bytes);
void tm_uncharge(struct tmpfs *fs, uint64_t bytes);
int tm_read(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done);
int tm_write(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done);
int tm_truncate(struct inode *file, uint64_t size);
void *tm_page(struct inode *file, uint64_t index, bool make);
void tm_data_free(struct tm_inode *in);

#endif
