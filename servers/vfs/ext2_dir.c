/* ext2: directories, read as the linear lists that they always are. In a hashed directory the index stands in
 * blocks that look like one empty entry, so reading linearly passes over it. */
#include "ext2.h"

enum { D_INODE = 0, D_RECORD = 4, D_NAME_LEN = 6, D_TYPE = 7, D_HEAD = 8 };

struct entry {
    uint32_t ino, record, name_len, type;
    const uint8_t *name;
};

static int damaged(struct ext2_inode *dir)
{
    ext2_complain(dir->fs, "damaged entry in directory, inode", dir->i.ino);
    return E_CORRUPT;
}

/* The entry at `at` of a directory block. Its record is at least 8 bytes, so whoever steps by it gets on. */
static int entry_at(struct ext2_inode *dir, const uint8_t *block, uint32_t at, struct entry *e)
{
    static const uint32_t types[] = {0,          MODE_FILE, MODE_DIR,    MODE_CHAR,
                                     MODE_BLOCK, MODE_FIFO, MODE_SOCKET, MODE_LINK};
    struct ext2 *fs = dir->fs;
    uint32_t left = fs->block_size - at;
    if (left < D_HEAD)
        return damaged(dir);
    const uint8_t *p = block + at;
    e->ino = ext2_u32(p + D_INODE);
    e->record = ext2_u16(p + D_RECORD);
    e->name_len = fs->typed_entries ? p[D_NAME_LEN] : ext2_u16(p + D_NAME_LEN);
    e->type = fs->typed_entries && p[D_TYPE] < 8 ? types[p[D_TYPE]] : 0;
    e->name = p + D_HEAD;
    if (e->record < D_HEAD || e->record % 4 || e->record > left)
        return damaged(dir);
    if (e->ino == 0)
        return 0;
    if (e->name_len == 0 || e->name_len > VFS_NAME_MAX || e->name_len > e->record - D_HEAD ||
        e->ino > fs->inodes)
        return damaged(dir);
    return 0;
}

/* A name that no path can hold. Only who gives names away asks: a lookup compares with one that a path held.
 */
static bool impossible_name(const struct entry *e)
{
    for (uint32_t i = 0; i < e->name_len; i++)
        if (e->name[i] == 0 || e->name[i] == '/')
            return true;
    return false;
}

static int block_get(struct ext2_inode *dir, uint32_t index, struct chunk **pin, const uint8_t **p)
{
    struct ext2 *fs = dir->fs;
    uint32_t block, run;
    int err = ext2_map(dir, index, 1, &block, &run);
    if (err)
        return err;
    if (block == 0)
        return damaged(dir);
    return bcache_get(fs->bc, (uint64_t)block << fs->block_shift, fs->block_size, pin, p);
}

static int find_in_block(struct ext2_inode *dir, const uint8_t *block, const char *name, size_t len,
                         uint32_t *ino)
{
    struct entry e;
    for (uint32_t at = 0; at < dir->fs->block_size; at += e.record) {
        int err = entry_at(dir, block, at, &e);
        if (err)
            return err;
        if (e.ino && e.name_len == len && !memcmp(e.name, name, len)) {
            *ino = e.ino;
            return 0;
        }
    }
    return E_NOENT;
}

int ext2_lookup(struct inode *ino, const char *name, size_t len, struct inode **out)
{
    struct ext2_inode *dir = (struct ext2_inode *)ino;
    uint32_t blocks = (uint32_t)(ino->size >> dir->fs->block_shift), found = 0;
    int err = E_NOENT;

    for (uint32_t i = 0; i < blocks && err == E_NOENT; i++) {
        struct chunk *pin;
        const uint8_t *p;
        err = block_get(dir, i, &pin, &p);
        if (err)
            return err;
        err = find_in_block(dir, p, name, len, &found);
        bcache_put(dir->fs->bc, pin);
    }
    return err ? err : ext2_iget(dir->fs, found, out);
}

/* Gives the entries of one block from `from` on; a `from` within an entry begins at the next one. */
static int give_block(struct ext2_inode *dir, const uint8_t *block, uint32_t from, uint64_t start,
                      uint64_t *cursor, struct dir_sink *sink, bool *full)
{
    struct entry e;
    for (uint32_t at = 0; at < dir->fs->block_size; at += e.record) {
        int err = entry_at(dir, block, at, &e);
        if (err)
            return err;
        if (at < from)
            continue;
        struct dir_entry out = {e.ino, start + at + e.record, (const char *)e.name, e.name_len, e.type};
        if (e.ino && impossible_name(&e))
            return damaged(dir);
        if (e.ino && sink->entry(sink, &out)) {
            *full = true;
            return 0;
        }
        *cursor = out.next;
    }
    return 0;
}

int ext2_readdir(struct inode *ino, uint64_t *cursor, struct dir_sink *sink)
{
    struct ext2_inode *dir = (struct ext2_inode *)ino;
    uint32_t size = dir->fs->block_size;
    bool full = false;

    while (!full && *cursor < ino->size) {
        struct chunk *pin;
        const uint8_t *p;
        uint64_t start = *cursor & ~(uint64_t)(size - 1);
        uint32_t from = (uint32_t)(*cursor - start);
        int err = block_get(dir, (uint32_t)(start >> dir->fs->block_shift), &pin, &p);
        if (err)
            return err;
        err = give_block(dir, p, from, start, cursor, sink, &full);
        bcache_put(dir->fs->bc, pin);
        if (err)
            return err;
        if (!full)
            *cursor = start + size;
    }
    return 0;
}
