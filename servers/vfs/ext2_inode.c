/* ext2: inodes from the disk, checked, and the table of those in memory.
 * Invariants: every inode in memory is in the hash; it is in `idle` if and only if it has no reference. */
#include "ext2.h"

enum {
    I_MODE = 0,
    I_UID = 2,
    I_SIZE = 4,
    I_ATIME = 8,
    I_CTIME = 12,
    I_MTIME = 16,
    I_GID = 24,
    I_LINKS = 26,
    I_SECTORS = 28,
    I_FLAGS = 32,
    I_BLOCK = 40,
    I_FILE_ACL = 104,
    I_SIZE_HIGH = 108,
    I_UID_HIGH = 120,
    I_GID_HIGH = 122,
    I_READ = 128, /* bytes of it that are read here */
};

enum {
    FLAG_COMPRESSED = 0x4 | 0x200 | 0x400 | 0x800, /* never implemented by anyone's ext2 that is left */
    FLAG_EXTENTS = 0x80000,
    FLAG_INLINE_DATA = 0x10000000,
    GROUP_SIZE = 32,
    GROUP_INODE_TABLE = 8,
};

#define SECOND 1000000000ull

static struct ext2_inode **bucket_of(struct ext2 *fs, uint32_t number)
{
    return &fs->hash[number % EXT2_BUCKETS];
}

static struct ext2_inode *find(struct ext2 *fs, uint32_t number)
{
    struct ext2_inode *in = *bucket_of(fs, number);
    while (in && in->i.ino != number)
        in = in->hash_next;
    return in;
}

static struct inode *take(struct ext2 *fs, struct ext2_inode *in)
{
    if (in->i.refs++ == 0) {
        list_remove(&in->idle);
        fs->idle_count--;
    }
    return &in->i;
}

void ext2_drop_idle(struct ext2 *fs, uint32_t keep)
{
    while (fs->idle_count > keep) {
        struct ext2_inode *in = list_entry(fs->idle.next, struct ext2_inode, idle);
        struct ext2_inode **at = bucket_of(fs, (uint32_t)in->i.ino);
        while (*at != in)
            at = &(*at)->hash_next;
        *at = in->hash_next;
        list_remove(&in->idle);
        fs->idle_count--;
        port_free(in);
    }
}

void ext2_evict(struct inode *ino)
{
    struct ext2_inode *in = (struct ext2_inode *)ino;
    list_append(&in->fs->idle, &in->idle);
    in->fs->idle_count++;
    ext2_drop_idle(in->fs, EXT2_INODE_KEEP);
}

/* Where on the device the inode stands. */
static int locate(struct ext2 *fs, uint32_t number, uint64_t *off)
{
    uint8_t group[GROUP_SIZE];
    uint32_t index = (number - 1) % fs->inodes_per_group;
    uint64_t table = (uint64_t)(fs->first_block + 1) << fs->block_shift;
    uint64_t at = table + (uint64_t)((number - 1) / fs->inodes_per_group) * GROUP_SIZE;
    int err = bcache_read(fs->bc, at, group, sizeof group);
    if (err)
        return err;
    uint64_t first = ext2_u32(group + GROUP_INODE_TABLE);
    uint64_t last = first + (((uint64_t)index * fs->inode_size) >> fs->block_shift);
    if (first <= fs->first_block || last >= fs->blocks) {
        ext2_complain(fs, "inode table out of range for inode", number);
        return E_CORRUPT;
    }
    *off = (first << fs->block_shift) + (uint64_t)index * fs->inode_size;
    return 0;
}

static const char *size_fault(const struct ext2 *fs, const struct ext2_inode *in)
{
    switch (in->i.mode & MODE_TYPE) {
    case MODE_FILE: return in->i.size > fs->size_max ? "file larger than its blocks can be, inode" : NULL;
    case MODE_DIR: /* directories have no holes, so none is larger than the device */
        if (in->i.size == 0 || in->i.size % fs->block_size || in->i.size >> fs->block_shift > fs->blocks)
            return "size of directory, inode";
        return NULL;
    case MODE_LINK:
        return in->i.size == 0 || in->i.size >= fs->block_size || in->i.size > VFS_PATH_MAX
                   ? "length of symbolic link, inode"
                   : NULL;
    case MODE_CHAR:
    case MODE_BLOCK:
    case MODE_FIFO:
    case MODE_SOCKET: return NULL;
    }
    return "type of inode";
}

static int decode(struct ext2 *fs, const uint8_t *raw, uint32_t number, struct ext2_inode *in)
{
    uint32_t flags = ext2_u32(raw + I_FLAGS);
    struct inode *i = &in->i;

    in->fs = fs;
    list_init(&in->idle);
    *i = (struct inode){
        .ops = &ext2_ops,
        .ino = number,
        .dev = fs->dev,
        .block_size = fs->block_size,
        .mode = ext2_u16(raw + I_MODE),
        .uid = ext2_u16(raw + I_UID) | (uint32_t)ext2_u16(raw + I_UID_HIGH) << 16,
        .gid = ext2_u16(raw + I_GID) | (uint32_t)ext2_u16(raw + I_GID_HIGH) << 16,
        .nlink = ext2_u16(raw + I_LINKS),
        .size = ext2_u32(raw + I_SIZE),
        .blocks = ext2_u32(raw + I_SECTORS),
        .atime = ext2_u32(raw + I_ATIME) * SECOND,
        .mtime = ext2_u32(raw + I_MTIME) * SECOND,
        .ctime = ext2_u32(raw + I_CTIME) * SECOND,
    };
    if ((i->mode & MODE_TYPE) == MODE_FILE && fs->large_files)
        i->size |= (uint64_t)ext2_u32(raw + I_SIZE_HIGH) << 32;
    for (uint32_t k = 0; k < EXT2_POINTERS; k++)
        in->block[k] = ext2_u32(raw + I_BLOCK + 4 * k);
    if ((i->mode & MODE_TYPE) == MODE_CHAR || (i->mode & MODE_TYPE) == MODE_BLOCK)
        i->rdev = in->block[0] ? in->block[0] : in->block[1];
    uint64_t attributes = ext2_u32(raw + I_FILE_ACL) ? fs->block_size / 512 : 0; /* counted as blocks too */
    in->fast_link = i->size < sizeof in->block && i->blocks <= attributes;
    const char *fault = size_fault(fs, in);
    if (i->nlink == 0)
        fault = "a name for a free inode";
    if (flags & (FLAG_COMPRESSED | FLAG_EXTENTS | FLAG_INLINE_DATA))
        fault = "flags of inode that ext2 has not";
    if (fault) {
        ext2_complain(fs, fault, number);
        return E_CORRUPT;
    }
    return 0;
}

int ext2_iget(struct ext2 *fs, uint32_t number, struct inode **out)
{
    uint8_t raw[I_READ];
    uint64_t off;

    if (number == 0 || number > fs->inodes) {
        ext2_complain(fs, "number of inode", number);
        return E_CORRUPT;
    }
    struct ext2_inode *in = find(fs, number);
    if (!in) {
        int err = locate(fs, number, &off);
        if (!err)
            err = bcache_read(fs->bc, off, raw, sizeof raw);
        if (err)
            return err;
        in = find(fs, number); /* another thread may have been faster */
    }
    if (!in) {
        in = port_alloc(sizeof *in);
        if (!in)
            return E_NOMEM;
        int err = decode(fs, raw, number, in);
        if (err) {
            port_free(in);
            return err;
        }
        struct ext2_inode **bucket = bucket_of(fs, number);
        in->hash_next = *bucket;
        *bucket = in;
        list_append(&fs->idle, &in->idle);
        fs->idle_count++;
    }
    *out = take(fs, in);
    return 0;
}
