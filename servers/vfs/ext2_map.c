/* ext2: from a block of a file to blocks of the device, and reading through that. */
#include "ext2.h"

static const uint8_t zeros[PAGE_SIZE_VFS];

static int check_block(struct ext2 *fs, const struct ext2_inode *in, uint32_t block)
{
    if (block == 0 || (block > fs->first_block && block < fs->blocks))
        return 0;
    ext2_complain(fs, "block out of range in inode", in->i.ino);
    return E_CORRUPT;
}

/* How many of the n pointers from p on continue the run that the first one begins. */
static uint32_t run_of(const uint8_t *p, uint32_t n)
{
    uint32_t first = ext2_u32(p), k = 1;
    while (k < n && ext2_u32(p + 4 * k) == (first ? first + k : 0))
        k++;
    return k;
}

/* Reads pointer number `index` of an indirect block, and how far the run from it goes within the block. */
static int indirect(struct ext2_inode *in, uint32_t table, uint32_t index, uint32_t want, uint32_t *block,
                    uint32_t *run)
{
    struct ext2 *fs = in->fs;
    struct chunk *pin;
    const uint8_t *p;
    int err = bcache_get(fs->bc, (uint64_t)table << fs->block_shift, fs->block_size, &pin, &p);
    if (err)
        return err;
    *block = ext2_u32(p + 4 * index);
    *run = run_of(p + 4 * index, (uint32_t)min_u64(want, fs->block_size / 4 - index));
    bcache_put(fs->bc, pin);
    return check_block(fs, in, *block);
}

static int map_direct(struct ext2_inode *in, uint32_t at, uint32_t want, uint32_t *block, uint32_t *run)
{
    uint32_t n = (uint32_t)min_u64(want, EXT2_DIRECT - at);
    *block = in->block[at];
    for (*run = 1; *run < n && in->block[at + *run] == (*block ? *block + *run : 0); ++*run)
        ;
    return check_block(in->fs, in, *block);
}

static int map_tree(struct ext2_inode *in, uint64_t at, uint32_t want, uint32_t *block, uint32_t *run)
{
    uint32_t bits = in->fs->block_shift - 2; /* of an index into an indirect block */
    uint64_t span = 1ull << bits;            /* file blocks below *block */
    uint32_t depth = 1;

    for (; depth <= 3 && at >= span; depth++, span <<= bits)
        at -= span;
    if (depth > 3)
        return E_FBIG;
    *block = in->block[EXT2_DIRECT + depth - 1];
    int err = check_block(in->fs, in, *block);
    for (; !err && depth > 0 && *block; depth--) {
        span >>= bits;
        err = indirect(in, *block, (uint32_t)(at / span), want, block, run);
        at %= span;
    }
    if (!err && depth > 0) /* a hole as large as the missing table, from `at` on */
        *run = (uint32_t)min_u64(want, span - at);
    return err;
}

int ext2_map(struct ext2_inode *in, uint32_t at, uint32_t want, uint32_t *block, uint32_t *run)
{
    struct ext2 *fs = in->fs;
    int err = at < EXT2_DIRECT ? map_direct(in, at, want, block, run)
                               : map_tree(in, at - EXT2_DIRECT, want, block, run);
    if (!err && *block && *run > fs->blocks - *block)
        *run = fs->blocks - *block; /* what lies beyond is found out when it is asked for */
    return err;
}

/* Blocks of a file that lie one behind the other on the device, or a hole. */
struct run {
    uint64_t at, end; /* bytes of the file; equal: none */
    uint64_t where;   /* of `at` on the device; 0: a hole */
};

static int run_find(struct ext2_inode *in, uint64_t off, size_t len, struct run *run)
{
    uint32_t shift = in->fs->block_shift, first = (uint32_t)(off >> shift), block, count;
    uint64_t want = ((off + len - 1) >> shift) - first + 1;
    int err = ext2_map(in, first, (uint32_t)min_u64(want, 0x10000), &block, &count);
    if (!err)
        *run = (struct run){(uint64_t)first << shift, (uint64_t)(first + count) << shift,
                            (uint64_t)block << shift};
    return err;
}

/* One piece of a read: what lies in one run and one chunk of the cache. */
static int read_piece(struct ext2_inode *in, const struct run *run, uint64_t off, size_t len, struct uio *io,
                      size_t *copied)
{
    struct ext2 *fs = in->fs;
    size_t n = min_u64(len, run->end - off);
    int err;
    if (run->where == 0) {
        n = min_u64(n, sizeof zeros);
        err = io->copy(io, (void *)zeros, n);
    } else {
        struct chunk *pin;
        const uint8_t *p;
        uint64_t where = run->where + (off - run->at);
        uint32_t left = fs->block_size - (where & (fs->block_size - 1)); /* in the block */
        n = min_u64(n, CHUNK_SIZE - (where & (CHUNK_SIZE - 1)));
        err = bcache_get(fs->bc, where, n, &pin, &p);
        if (err && n > left) { /* give what lies before a bad block */
            n = left;
            err = bcache_get(fs->bc, where, n, &pin, &p);
        }
        if (err)
            return err;
        err = io->copy(io, (void *)p, n);
        bcache_put(fs->bc, pin);
    }
    *copied = err ? 0 : n;
    return err;
}

int ext2_read(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done)
{
    struct ext2_inode *in = (struct ext2_inode *)file;
    struct run run = {0};
    size_t n;

    *done = 0;
    if (off >= file->size)
        return 0;
    len = min_u64(len, file->size - off);
    while (*done < len) {
        int err = off + *done < run.end ? 0 : run_find(in, off + *done, len - *done, &run);
        if (!err)
            err = read_piece(in, &run, off + *done, len - *done, io, &n);
        if (err)
            return err;
        *done += n;
    }
    return 0;
}

struct memory_io {
    struct uio io;
    char *at;
};

static int to_memory(struct uio *io, void *mem, size_t n)
{
    struct memory_io *m = (struct memory_io *)io;
    memcpy(m->at, mem, n);
    m->at += n;
    return 0;
}

int ext2_readlink(struct inode *link, char *buf, size_t cap, size_t *len)
{
    struct ext2_inode *in = (struct ext2_inode *)link;
    if (link->size > cap)
        return E_NAMETOOLONG;
    *len = link->size;
    if (in->fast_link) {
        memcpy(buf, in->block, link->size);
        return 0;
    }
    struct memory_io m = {.io.copy = to_memory, .at = buf};
    return ext2_read(link, 0, link->size, &m.io, len);
}
