/* ext2: the superblock, group descriptors' bounds, mounting. */
#include "ext2.h"

#define SUPER_OFFSET 1024u
#define SUPER_SIZE   264u /* up to the fields that are read here */
#define MAGIC        0xef53u

enum {
    S_INODES = 0,
    S_BLOCKS = 4,
    S_FREE_BLOCKS = 12,
    S_FREE_INODES = 16,
    S_FIRST_BLOCK = 20,
    S_LOG_BLOCK = 24,
    S_BLOCKS_PER_GROUP = 32,
    S_INODES_PER_GROUP = 40,
    S_MAGIC = 56,
    S_STATE = 58,
    S_REVISION = 76,
    S_INODE_SIZE = 88,
    S_INCOMPAT = 96,
    S_RO_COMPAT = 100,
};

enum {
    INCOMPAT_FILETYPE = 0x2,
    INCOMPAT_RECOVER = 0x4,
    INCOMPAT_JOURNAL_DEV = 0x8,
    RO_COMPAT_LARGE_FILE = 0x2,
    STATE_CLEAN = 1,
    STATE_ERRORS = 2,
};

void ext2_complain(struct ext2 *fs, const char *what, uint64_t where)
{
    if (fs->complaints >= 32)
        return;
    fs->complaints++;
    port_log("ext2 %s: %s (%lu)%s", fs->bc->dev->name, what, (unsigned long)where,
             fs->complaints == 32 ? "; no more of these" : "");
}

static int features(struct ext2 *fs, const uint8_t *sb)
{
    if (ext2_u32(sb + S_REVISION) == 0) {
        fs->inode_size = 128;
        return 0;
    }
    uint32_t incompat = ext2_u32(sb + S_INCOMPAT);
    if (incompat & INCOMPAT_JOURNAL_DEV) {
        ext2_complain(fs, "is a journal, not a file system", incompat);
        return E_NOTSUP;
    }
    if (incompat & INCOMPAT_RECOVER) {
        ext2_complain(fs, "its journal must be replayed first: run e2fsck on it", incompat);
        return E_NOTSUP;
    }
    if (incompat & ~(uint32_t)INCOMPAT_FILETYPE) {
        ext2_complain(fs, "has features that this driver does not know, INCOMPAT bits", incompat);
        return E_NOTSUP;
    }
    fs->typed_entries = incompat & INCOMPAT_FILETYPE;
    fs->large_files = ext2_u32(sb + S_RO_COMPAT) & RO_COMPAT_LARGE_FILE;
    fs->inode_size = ext2_u16(sb + S_INODE_SIZE);
    return 0;
}

static int geometry_error(struct ext2 *fs, const char *what, uint64_t value)
{
    ext2_complain(fs, what, value);
    return E_CORRUPT;
}

static int geometry(struct ext2 *fs)
{
    uint32_t bits = fs->block_size * 8, pointers = fs->block_size / 4;
    uint64_t device_blocks = fs->bc->dev->size >> fs->block_shift;

    if (fs->inode_size < 128 || fs->inode_size > fs->block_size || (fs->inode_size & (fs->inode_size - 1)))
        return geometry_error(fs, "inode size", fs->inode_size);
    if (fs->first_block != (fs->block_size == 1024 ? 1 : 0))
        return geometry_error(fs, "first block", fs->first_block);
    if (fs->blocks <= fs->first_block + 1 || fs->blocks > device_blocks)
        return geometry_error(fs, "the device is smaller than the file system, which has blocks", fs->blocks);
    if (fs->blocks_per_group < 8 || fs->blocks_per_group > bits)
        return geometry_error(fs, "blocks per group", fs->blocks_per_group);
    if (fs->inodes_per_group == 0 || fs->inodes_per_group > bits)
        return geometry_error(fs, "inodes per group", fs->inodes_per_group);
    fs->groups = (fs->blocks - fs->first_block + fs->blocks_per_group - 1) / fs->blocks_per_group;
    if (fs->inodes < EXT2_ROOT_INO || fs->inodes > (uint64_t)fs->groups * fs->inodes_per_group)
        return geometry_error(fs, "number of inodes", fs->inodes);
    uint64_t table = ((uint64_t)fs->groups * 32 + fs->block_size - 1) >> fs->block_shift;
    if (table >= fs->blocks - fs->first_block)
        return geometry_error(fs, "groups", fs->groups);
    uint64_t n = pointers;
    fs->size_max = (EXT2_DIRECT + n + n * n + n * n * n) << fs->block_shift;
    return 0;
}

static int read_super(struct ext2 *fs)
{
    uint8_t sb[SUPER_SIZE];
    int err = bcache_read(fs->bc, SUPER_OFFSET, sb, sizeof sb);
    if (err)
        return err;
    if (ext2_u16(sb + S_MAGIC) != MAGIC)
        return E_INVAL;
    uint32_t log = ext2_u32(sb + S_LOG_BLOCK);
    if (log > 2) {
        ext2_complain(fs, "block size of 1024 shifted by", log);
        return log > 6 ? E_CORRUPT : E_NOTSUP;
    }
    if (ext2_u32(sb + S_REVISION) > 1) {
        ext2_complain(fs, "unknown revision", ext2_u32(sb + S_REVISION));
        return E_NOTSUP;
    }
    fs->block_shift = 10 + log;
    fs->block_size = 1u << fs->block_shift;
    fs->inodes = ext2_u32(sb + S_INODES);
    fs->blocks = ext2_u32(sb + S_BLOCKS);
    fs->free_blocks = ext2_u32(sb + S_FREE_BLOCKS);
    fs->free_inodes = ext2_u32(sb + S_FREE_INODES);
    fs->first_block = ext2_u32(sb + S_FIRST_BLOCK);
    fs->blocks_per_group = ext2_u32(sb + S_BLOCKS_PER_GROUP);
    fs->inodes_per_group = ext2_u32(sb + S_INODES_PER_GROUP);
    err = features(fs, sb);
    if (!err)
        err = geometry(fs);
    uint32_t state = ext2_u16(sb + S_STATE);
    if (!err && (!(state & STATE_CLEAN) || (state & STATE_ERRORS)))
        ext2_complain(fs, "was not unmounted cleanly, or has errors; reading it all the same, state", state);
    return err;
}

int ext2_mount(struct bcache *bc, uint32_t dev, struct inode **root)
{
    struct ext2 *fs = port_alloc(sizeof *fs);
    if (!fs)
        return E_NOMEM;
    fs->bc = bc;
    fs->dev = dev;
    list_init(&fs->idle);
    int err = read_super(fs);
    if (!err)
        err = ext2_iget(fs, EXT2_ROOT_INO, root);
    if (!err && ((*root)->mode & MODE_TYPE) != MODE_DIR) {
        ext2_complain(fs, "the root is no directory, mode", (*root)->mode);
        inode_put(*root);
        err = E_CORRUPT;
    }
    if (err) {
        ext2_drop_idle(fs, 0);
        port_free(fs);
    }
    return err;
}

static void ext2_unmount(struct inode *root)
{
    struct ext2 *fs = ((struct ext2_inode *)root)->fs;
    inode_put(root);
    ext2_drop_idle(fs, 0);
    bcache_destroy(fs->bc);
    port_free(fs);
}

static void ext2_trim(struct inode *root)
{
    struct ext2 *fs = ((struct ext2_inode *)root)->fs;
    ext2_drop_idle(fs, 0);
    bcache_trim(fs->bc);
}

static int ext2_stat_fs(struct inode *root, struct fs_stat *out)
{
    const struct ext2 *fs = ((struct ext2_inode *)root)->fs;
    *out = (struct fs_stat){
        .blocks = fs->blocks - fs->first_block,
        .blocks_free = min_u64(fs->free_blocks, fs->blocks),
        .files = fs->inodes,
        .files_free = min_u64(fs->free_inodes, fs->inodes),
        .block_size = fs->block_size,
    };
    return 0;
}

const struct fs_ops ext2_ops = {
    .name = "ext2",
    .names_kept = true,
    .lookup = ext2_lookup,
    .readdir = ext2_readdir,
    .readlink = ext2_readlink,
    .read = ext2_read,
    .stat_fs = ext2_stat_fs,
    .trim = ext2_trim,
    .evict = ext2_evict,
    .unmount = ext2_unmount,
};
