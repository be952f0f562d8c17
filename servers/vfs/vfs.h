/* The core of vfs: inodes, file systems as tables of functions, mounts, path walking, open files, pipes.
 *
 * Lock: everything here is guarded by the core lock (port.h). A function that can reach a file system on a
 * device may drop it in between; functions that never do are marked [no wait]. References: whoever keeps a
 * struct inode * or struct mount * across such a call holds a reference. Names are counted: (pointer,
 * length), never ended by NUL. */
#ifndef VFS_VFS_H
#define VFS_VFS_H

#include "list.h"
#include "port.h"

#define VFS_NAME_MAX    255u
#define VFS_PATH_MAX    4095u
#define VFS_SYMLINK_MAX 40u
#define VFS_GROUPS_MAX  32u
#define VFS_MOUNTS_MAX  32u

enum {
    MODE_TYPE = 0170000,
    MODE_FIFO = 0010000,
    MODE_CHAR = 0020000,
    MODE_DIR = 0040000,
    MODE_BLOCK = 0060000,
    MODE_FILE = 0100000,
    MODE_LINK = 0120000,
    MODE_SOCKET = 0140000,
    MODE_SUID = 04000,
    MODE_SGID = 02000,
    MODE_STICKY = 01000,
};

enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

struct cred {
    uint32_t uid, gid, ngroups;
    uint32_t groups[VFS_GROUPS_MAX];
};

/* One end of a copy: a client's buffer, or memory. */
struct uio {
    /// Copies the next n bytes: to the client from mem for a read, from the client to mem for a write.
    /// 0, or E_TOUCH, E_FAULT; never waits.
    int (*copy)(struct uio *io, void *mem, size_t n);
};

struct attr {
    uint64_t ino, size, blocks; /* blocks of 512 bytes */
    uint64_t atime, mtime, ctime;
    uint32_t dev, mode, nlink, uid, gid, rdev, block_size;
};

enum { SET_MODE = 1, SET_UID = 2, SET_GID = 4, SET_ATIME = 8, SET_MTIME = 16 };

struct fs_stat {
    uint64_t blocks, blocks_free, files, files_free;
    uint32_t block_size;
};

struct dir_entry {
    uint64_t ino;
    uint64_t next; /* cursor behind this entry */
    const char *name;
    uint32_t name_len;
    uint32_t type; /* MODE_… type bits, 0 when not known */
};

struct dir_sink {
    /// Takes one entry; not 0: there is no room, stop before it.
    int (*entry)(struct dir_sink *sink, const struct dir_entry *entry);
};

struct inode;
struct devnode;

/* What is made by fs_ops.create. */
struct node_spec {
    uint32_t mode; /* with the type */
    uint32_t uid, gid;
    const char *target; /* of a symbolic link */
    size_t target_len;
    struct devnode *dev; /* of a node in devfs */
};

/* A file system. Operations that it lacks are NULL: E_ROFS for those that change something. The callers have
 * checked types, permissions, mounts and the read-only flag; names are 1 to VFS_NAME_MAX bytes without '/'
 * and NUL, and neither
 * "." nor ".." except in lookup. Inodes are given with a reference. */
struct fs_ops {
    const char *name;
    bool names_kept; /* what lookup found may be kept in the cache of names (namecache.c) */
    int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **out);
    /// Entries from *cursor on, which is moved behind the last one that was taken. Any cursor value is safe.
    int (*readdir)(struct inode *dir, uint64_t *cursor, struct dir_sink *sink);
    /// At most cap bytes of the target to buf; E_NAMETOOLONG when it is longer.
    int (*readlink)(struct inode *link, char *buf, size_t cap, size_t *len);
    /// [off, off+len) clipped to the size; *done counts what was copied, also on error.
    int (*read)(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done);
    int (*write)(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done);
    int (*truncate)(struct inode *file, uint64_t size);
    /// The memory of page `index` of the file, where it stays until the file is cut off before it: what is
    /// stored there is in the file. With `make` a hole is filled. NULL: it is a hole, or there is no room.
    /// For file systems in memory.
    void *(*page)(struct inode *file, uint64_t index, bool make);
    /// Pages of the file that were stored to through shared mappings, from off, a multiple of the page size, on;
    /// len ends at the file's end. They are on the device, or in what a sync brings there, on return. NULL: no
    /// shared mapping of such a file may be stored to.
    int (*write_pages)(struct inode *file, uint64_t off, const void *pages, size_t len);
    int (*setattr)(struct inode *ino, uint32_t which, const struct attr *to);
    int (*create)(struct inode *dir, const char *name, size_t len, const struct node_spec *spec,
                  struct inode **out);
    int (*link)(struct inode *dir, const char *name, size_t len, struct inode *target);
    /// Removes a name: of anything but a directory (unlink), of an empty directory (rmdir).
    int (*unlink)(struct inode *dir, const char *name, size_t len);
    int (*rmdir)(struct inode *dir, const char *name, size_t len);
    int (*rename)(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name,
                  size_t new_len);
    int (*stat_fs)(struct inode *root, struct fs_stat *out);
    void (*trim)(struct inode *root); /* NULL, or: give back what is kept only to be faster */
    /// The last reference has gone.
    void (*evict)(struct inode *ino);
    /// Frees the file system; nothing but the mount's root is referenced.
    void (*unmount)(struct inode *root);
};

struct inode {
    const struct fs_ops *ops;
    uint64_t ino, size, blocks;
    uint64_t atime, mtime, ctime;
    uint32_t dev; /* number of the file system, for st_dev */
    uint32_t block_size;
    uint32_t refs;
    uint32_t mode, nlink, uid, gid, rdev;
    uint32_t covered; /* mounts upon this directory */
    bool shown;       /* others map pages of this file: port_file_resized is to be called */
    int write_error;  /* write_pages has failed, and no sync has said so yet */
    struct devnode *devnode;
};

/* A mounted file system. A foreign mount belongs to another server: a walk that enters it ends with the rest
 * of the path, to be taken there. */
struct mount {
    struct list link; /* in the list of mounts, in the order of mounting */
    struct inode *root;
    struct mount *on;       /* what it is mounted upon; NULL for the first */
    struct inode *on_inode; /* the directory that it covers */
    uint32_t refs;          /* places in it, and mounts upon it */
    bool read_only;
    bool foreign;
    uint64_t cookie; /* of the foreign server */
    char source[32], type[16], path[96];
};

/* Where something is: the same inode under two mounts is two places. Both are referenced. */
struct place {
    struct mount *mnt;
    struct inode *ino;
};

/* What a process has with vfs. */
struct context {
    struct place root, cwd;
    struct cred cred;
    uint32_t umask;
};

/* inode.c [no wait, but evict] */
struct inode *inode_get(struct inode *ino);
void inode_put(struct inode *ino);
void inode_attr(const struct inode *ino, struct attr *out);
/// 0 or E_ACCES: may cred do `want` (MAY_…) with it? Root may all but run a file without any x bit.
int inode_permission(const struct inode *ino, const struct cred *cred, uint32_t want);
/// May cred take a name out of dir that stands for ino (write permission, sticky bit)?
int inode_may_remove(const struct inode *dir, const struct inode *ino, const struct cred *cred);
bool cred_in_group(const struct cred *cred, uint32_t gid);

/* mount.c [no wait] */
struct place place_get(struct place p);
void place_put(struct place *p);
/// Mounts `root` (takes over the reference) on a directory, or as the first mount when on is NULL. E_BUSY:
/// the directory is covered; E_FULL; E_NOMEM. Texts are for /proc/mounts.
struct mount_spec {
    struct inode *root;
    const char *source, *type, *path;
    bool read_only, foreign;
    uint64_t cookie;
};
int mount_add(const struct mount_spec *spec, const struct place *on, struct mount **out);
/// E_BUSY while a place in it is referenced, E_INVAL for the first mount.
int mount_remove(struct mount *mnt);
/// From a covered directory to the root of what is mounted there, as often as it takes.
void mount_enter(struct place *p);
/// One step up over the root of a mount: false at the root of the first.
bool mount_leave(struct place *p);
/// The mount whose root stands at p, or NULL; for unmounting.
struct mount *mount_at(const struct place *p);
/// The lines of /proc/mounts; gives the length of the whole text, writes at most cap bytes.
size_t mount_text(char *buf, size_t cap);
/// Has each file system give back what it keeps only to be faster.
void mount_trim_all(void);
struct mount *mount_first(void);

/* namecache.c */
/// As the directory's lookup, which it calls when the name was not looked up lately.
int name_lookup(struct inode *dir, const char *name, size_t len, struct inode **out);
/// Forgets all names, and so gives up the references to their inodes.
void name_cache_drop(void);

/* walk.c */
enum {
    WALK_FOLLOW = 1, /* a symbolic link at the end too */
    WALK_CREATE = 2, /* the last component may be missing */
    WALK_PARENT = 4, /* do not look the last component up */
};

enum last_kind { LAST_NORMAL, LAST_ROOT, LAST_DOT, LAST_DOTDOT };

struct walk {
    struct place at; /* what was found; ino is NULL when missing (WALK_CREATE) or not looked up */
    struct place
        parent; /* directory of the last component when that is LAST_NORMAL and it did not come by a mount */
    const char *last;
    size_t last_len;
    enum last_kind kind;
    bool trailing;         /* slashes behind the last component: it must be a directory */
    struct mount *foreign; /* not NULL: at is the foreign root, [last, last+last_len) the rest of the path */
    char *buf;             /* what last may point into */
};

/// Walks path from ctx's root (absolute) or from `base` (NULL: ctx's cwd). After 0 the caller calls
/// walk_done. E_NOENT, E_NOTDIR, E_ACCES, E_LOOP, E_NAMETOOLONG, E_INVAL (a NUL byte), E_NOMEM, E_IO,
/// E_CORRUPT.
int walk_path(const struct context *ctx, const struct place *base, const char *path, size_t len,
              uint32_t flags, struct walk *out);
void walk_done(struct walk *w);
/// The absolute path of a directory as ctx sees it. E_NOENT: it was removed or is out of the root; E_RANGE:
/// over cap.
int walk_getpath(const struct context *ctx, const struct place *dir, char *buf, size_t cap, size_t *len);

/* names.c: what changes or asks for names; paths are taken from base as in walk_path */
struct elsewhere { /* a path that leads to another server's mount */
    bool set;
    uint64_t cookie;
    size_t consumed; /* bytes of the path that are used up */
};
struct path {
    const struct place *base; /* NULL: the working directory */
    const char *text;
    size_t len;
    struct elsewhere *away; /* may be NULL */
};
/// walk_path, but E_XDEV when it ends elsewhere (*away says where), E_NOTSUP if that cannot be said in bytes
/// of the path: a symbolic link in its last part led there.
int path_walk(const struct context *ctx, struct path path, uint32_t flags, struct walk *w);
int name_mkdir(const struct context *ctx, struct path path, uint32_t mode);
int name_mknod(const struct context *ctx, struct path path, uint32_t mode);
int name_unlink(const struct context *ctx, struct path path);
int name_rmdir(const struct context *ctx, struct path path);
int name_symlink(const struct context *ctx, const char *target, size_t target_len, struct path path);
int name_link(const struct context *ctx, struct path from, struct path to, uint32_t walk_flags);
int name_rename(const struct context *ctx, struct path from, struct path to);
int name_readlink(const struct context *ctx, struct path path, char *buf, size_t cap, size_t *len);
/// Found and referenced; walk_flags is 0 or WALK_FOLLOW. What lies below the root of a foreign mount is
/// answered as by path_walk; the root itself is a place like others.
int name_find(const struct context *ctx, struct path path, uint32_t walk_flags, struct place *out);
int place_setattr(const struct context *ctx, const struct place *p, uint32_t which, const struct attr *to);
int place_truncate(const struct context *ctx, const struct place *p, uint64_t size);
/// 0 or E_ACCES, E_ROFS.
int place_access(const struct cred *cred, const struct place *p, uint32_t want);

/* context.c */
/// A context for root (uid 0) at that place; references it twice.
void context_init(struct context *ctx, const struct place *root);
void context_copy(struct context *to, const struct context *from);
void context_fini(struct context *ctx);
/// E_NOTDIR, E_ACCES; chroot E_PERM for all but root.
int context_chdir(struct context *ctx, const struct place *dir);
int context_chroot(struct context *ctx, const struct place *dir);

#endif
