/* ext2, read-only. Offsets and values are from the on-disk format as documented in e2fsprogs' and Linux's
 * public descriptions ("The Second Extended File System", D. Poirier); everything read from the disk is
 * checked where it is read. */
#ifndef VFS_EXT2_H
#define VFS_EXT2_H

#include "bcache.h"
#include "vfs.h"

#define EXT2_ROOT_INO   2u
#define EXT2_DIRECT     12u
#define EXT2_POINTERS   15u
#define EXT2_INODE_KEEP 256u /* unreferenced inodes that stay in memory */
#define EXT2_BUCKETS    256u

struct ext2 {
    struct bcache *bc;
    uint32_t dev; /* for st_dev */
    uint32_t block_size, block_shift;
    uint32_t blocks, free_blocks, inodes, free_inodes;
    uint32_t first_block, blocks_per_group, inodes_per_group, groups, inode_size;
    uint64_t size_max; /* what the geometry of a file can hold */
    bool typed_entries, large_files;
    uint32_t complaints; /* lines written to the log */
    struct ext2_inode *hash[EXT2_BUCKETS];
    struct list idle; /* inodes with no reference, oldest first */
    uint32_t idle_count;
};

struct ext2_inode {
    struct inode i;
    struct ext2 *fs;
    struct ext2_inode *hash_next;
    struct list idle;
    uint32_t block[EXT2_POINTERS]; /* as on the disk; the target's text when fast_link */
    bool fast_link;
};

extern const struct fs_ops ext2_ops;

/// Mounts what is on the cache's device: *root is the root directory, referenced; bc then belongs to the file
/// system (destroyed by unmount). E_INVAL: not ext2; E_NOTSUP: a feature that this driver lacks, or a journal
/// to be replayed; E_CORRUPT; E_IO; E_NOMEM. Says why in the log.
int ext2_mount(struct bcache *bc, uint32_t dev, struct inode **root);

/* between the files of ext2 */
void ext2_complain(struct ext2 *fs, const char *what, uint64_t where);
int ext2_iget(struct ext2 *fs, uint32_t number, struct inode **out);
void ext2_evict(struct inode *ino);
void ext2_drop_idle(struct ext2 *fs, uint32_t keep);
/// The blocks at file block `at`: *run of them lie one after another (or are all holes: *block 0), at most
/// `want`.
int ext2_map(struct ext2_inode *in, uint32_t at, uint32_t want, uint32_t *block, uint32_t *run);
int ext2_read(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done);
int ext2_readlink(struct inode *link, char *buf, size_t cap, size_t *len);
int ext2_lookup(struct inode *dir, const char *name, size_t len, struct inode **out);
int ext2_readdir(struct inode *dir, uint64_t *cursor, struct dir_sink *sink);

static inline uint16_t ext2_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t ext2_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
