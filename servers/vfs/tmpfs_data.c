/* tmpfs: the pages of a file, in a tree of pages of pointers that is as high as the file needs.
 * Invariant: every byte of a page behind the file's size is zero; a missing page is a hole. */
#include "tmpfs.h"

#define FAN (1u << TMPFS_FAN_BITS)

static const uint8_t zeros[PAGE_SIZE_VFS];

static void *page_new(struct tmpfs *fs)
{
    if (fs->pages >= fs->pages_max)
        return NULL;
    void *page = port_page_alloc();
    if (page)
        fs->pages++;
    return page;
}

static void page_drop(struct tmpfs *fs, void *page)
{
    port_page_free(page);
    fs->pages--;
}

static uint64_t tree_span(uint32_t height)
{
    return 1ull << (TMPFS_FAN_BITS * height);
}

static void *page_find(const struct tm_inode *in, uint64_t index)
{
    void *at = in->tree;
    if (index >= tree_span(in->height))
        return NULL;
    for (uint32_t h = in->height; at && h > 0; h--)
        at = ((void **)at)[index >> (TMPFS_FAN_BITS * (h - 1)) & (FAN - 1)];
    return at;
}

/* The page, made with all nodes above it; NULL without memory (nodes made on the way stay, for later or
 * truncate). */
static void *page_make(struct tm_inode *in, uint64_t index)
{
    while (index >= tree_span(in->height)) {
        if (in->tree) {
            void **node = page_new(in->fs);
            if (!node)
                return NULL;
            node[0] = in->tree;
            in->tree = node;
        }
        in->height++;
    }
    void **slot = &in->tree;
    for (uint32_t h = in->height;; h--) {
        if (!*slot) {
            *slot = page_new(in->fs);
            in->i.blocks += *slot && h == 0 ? PAGE_SIZE_VFS / 512 : 0;
        }
        if (!*slot || h == 0)
            return *slot;
        slot = &((void **)*slot)[index >> (TMPFS_FAN_BITS * (h - 1)) & (FAN - 1)];
    }
}

/* Frees the pages of a subtree from `from` (relative to it) on, and the subtree itself if nothing is kept.
 * Recursion is as deep as the tree: TMPFS_FILE_MAX makes that four. */
static void prune(struct tm_inode *in, void **slot, uint32_t height, uint64_t from)
{
    if (!*slot)
        return;
    if (height > 0) {
        uint64_t span = tree_span(height - 1);
        for (uint64_t i = from / span; i < FAN; i++)
            prune(in, &((void **)*slot)[i], height - 1, i == from / span ? from % span : 0);
    }
    if (from == 0) {
        page_drop(in->fs, *slot);
        in->i.blocks -= height ? 0 : PAGE_SIZE_VFS / 512;
        *slot = NULL;
    }
}

void tm_data_free(struct tm_inode *in)
{
    prune(in, &in->tree, in->height, 0);
    in->height = 0;
}

/* Makes the size `size`, which is not larger than it was: pages go, the rest of the last one is cleared. */
static void shrink(struct tm_inode *in, uint64_t size)
{
    uint64_t first = (size + PAGE_SIZE_VFS - 1) / PAGE_SIZE_VFS;
    if (in->i.shown)
        port_file_resized(&in->i, size);
    if (first < tree_span(in->height))
        prune(in, &in->tree, in->height, first);
    uint32_t tail = size % PAGE_SIZE_VFS;
    uint8_t *last = tail ? page_find(in, size / PAGE_SIZE_VFS) : NULL;
    if (last)
        memset(last + tail, 0, PAGE_SIZE_VFS - tail);
    in->i.size = size;
}

int tm_truncate(struct inode *file, uint64_t size)
{
    if (size > TMPFS_FILE_MAX)
        return E_FBIG;
    if (size < file->size)
        shrink((struct tm_inode *)file, size);
    else if (file->shown)
        port_file_resized(file, size);
    file->size = size;
    file->mtime = file->ctime = port_now();
    return 0;
}

void *tm_page(struct inode *file, uint64_t index, bool make)
{
    struct tm_inode *in = (struct tm_inode *)file;
    return make ? page_make(in, index) : page_find(in, index);
}

int tm_read(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done)
{
    const struct tm_inode *in = (struct tm_inode *)file;

    *done = 0;
    if (off >= file->size)
        return 0;
    len = min_u64(len, file->size - off);
    while (*done < len) {
        uint32_t in_page = (off + *done) % PAGE_SIZE_VFS;
        size_t n = min_u64(len - *done, PAGE_SIZE_VFS - in_page);
        const uint8_t *page = page_find(in, (off + *done) / PAGE_SIZE_VFS);
        int err = io->copy(io, (void *)((page ? page : zeros) + in_page), n);
        if (err)
            return err;
        *done += n;
    }
    return 0;
}

/* An error of the copy undoes what was added behind the end, so that the call can be made again; without
 * memory what was written stays and is counted. */
int tm_write(struct inode *file, uint64_t off, size_t len, struct uio *io, size_t *done)
{
    struct tm_inode *in = (struct tm_inode *)file;
    uint64_t old_size = file->size;
    int err = 0;

    *done = 0;
    if (off >= TMPFS_FILE_MAX && len)
        return E_FBIG;
    len = min_u64(len, TMPFS_FILE_MAX - min_u64(off, TMPFS_FILE_MAX));
    while (*done < len) {
        uint64_t at = off + *done;
        uint32_t in_page = at % PAGE_SIZE_VFS;
        size_t n = min_u64(len - *done, PAGE_SIZE_VFS - in_page);
        uint8_t *page = page_make(in, at / PAGE_SIZE_VFS);
        err = page ? io->copy(io, page + in_page, n) : E_NOSPC;
        if (err)
            break;
        *done += n;
        if (at + n > file->size)
            file->size = at + n;
    }
    if (err && err != E_NOSPC) {
        if (old_size < off + len)
            shrink(in, old_size);
        *done = 0;
        return err;
    }
    if (err)
        shrink(in, file->size); /* nodes and pages made ahead of the failure */
    if (*done)
        file->mtime = file->ctime = port_now();
    if (file->shown && file->size > old_size)
        port_file_resized(file, file->size);
    return *done ? 0 : err;
}
