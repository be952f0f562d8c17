// sources: tests/host/vfs_port.c servers/vfs/*.c
/* ext2 against images that mke2fs makes from a directory, and against damaged ones. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vfs_host.h"
#include "servers/vfs/ext2.h"

#define BIG     (20u << 20)
#define ENTRIES 3000
#define DEPTH   60

static char tree[80], image[96];

static void put_file(const char *name, const void *data, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", tree, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f))
        abort();
}

static uint8_t big_byte(uint32_t i)
{
    return (uint8_t)((i * 2654435761u) >> 24 ^ i >> 12);
}

static void make_tree(void)
{
    snprintf(tree, sizeof tree, "%s/tree", host_scratch());
    snprintf(image, sizeof image, "%s/image", host_scratch());
    host_shell("mkdir -p %s/sub %s/many", tree, tree);
    uint8_t *big = malloc(BIG);
    for (uint32_t i = 0; i < BIG; i++)
        big[i] = big_byte(i);
    put_file("big", big, BIG);
    put_file("empty", "", 0);
    put_file("sub/hello", "hello, world\n", 13);
    free(big);
    host_shell(
        "cd %s && truncate -s 3G sparse && printf end | dd of=sparse bs=1 seek=3221225469 conv=notrunc && "
        "printf mid | dd of=sparse bs=1 seek=70000000 conv=notrunc",
        tree);
    host_shell("cd %s && ln -s sub/hello fast && ln -s /%0200d slow && ln sub/hello sub/hard", tree, 7);
    char deep[8 * DEPTH + 8] = "";
    for (int i = 0; i < DEPTH; i++)
        sprintf(deep + strlen(deep), "d%02d/", i);
    host_shell("cd %s && mkdir -p %s && echo bottom > %sfile", tree, deep, deep);
    for (int i = 0; i < ENTRIES; i++) {
        char name[64];
        snprintf(name, sizeof name, "many/entry-with-a-name-%05d", i);
        put_file(name, name, strlen(name));
    }
}

static int make_image(unsigned block, const char *features)
{
    unlink(image);
    return host_shell("mke2fs -q -t ext2 -b %u -O %s -N 6000 -d %s %s 64M", block, features, tree, image);
}

struct mounted {
    struct host_disk disk;
    struct inode *root;
};

static int mount_image(struct mounted *m)
{
    struct bcache *bc;
    if (!m->disk.data && host_disk_load(&m->disk, image))
        return E_IO;
    int err = bcache_create(&m->disk.dev, 1 << 20, &bc);
    if (!err && (err = ext2_mount(bc, 1, &m->root)))
        bcache_destroy(bc);
    return err;
}

static void unmount(struct mounted *m)
{
    m->root->ops->unmount(m->root);
}

/* A path of plain names, from the root. */
static int find(struct mounted *m, const char *path, struct inode **out)
{
    struct inode *at = inode_get(m->root), *next;
    while (*path) {
        size_t n = strcspn(path, "/");
        int err = at->ops->lookup(at, path, n, &next);
        inode_put(at);
        if (err)
            return err;
        at = next;
        path += n + (path[n] == '/');
    }
    *out = at;
    return 0;
}

static int read_at(struct inode *ino, uint64_t off, void *buf, size_t len, size_t *done)
{
    struct host_io h = host_reader(buf, len);
    return ino->ops->read(ino, off, len, &h.io, done);
}

static const char *check_big(struct mounted *m)
{
    struct inode *ino;
    static uint8_t buf[100000];
    size_t done;
    EXPECT(!find(m, "big", &ino));
    EXPECT(ino->size == BIG);
    for (uint32_t off = 0; off < BIG; off += done) {
        EXPECT(!read_at(ino, off, buf, sizeof buf, &done));
        EXPECT(done == min_u64(sizeof buf, BIG - off));
        for (uint32_t i = 0; i < done; i++)
            EXPECT(buf[i] == big_byte(off + i));
    }
    EXPECT(!read_at(ino, BIG, buf, 10, &done) && done == 0);
    EXPECT(!read_at(ino, UINT64_MAX - 5, buf, 10, &done) && done == 0);
    inode_put(ino);
    return NULL;
}

static const char *check_sparse(struct mounted *m)
{
    struct inode *ino;
    uint8_t buf[8192];
    size_t done;
    EXPECT(!find(m, "sparse", &ino));
    EXPECT(ino->size == 3221225472u);
    EXPECT(!read_at(ino, 3221225472u - 6, buf, 100, &done) && done == 6);
    EXPECT(!memcmp(buf, "\0\0\0end", 6));
    EXPECT(!read_at(ino, 70000000 - 2, buf, 7, &done) && done == 7);
    EXPECT(!memcmp(buf, "\0\0mid\0\0", 7));
    EXPECT(!read_at(ino, 1u << 30, buf, sizeof buf, &done) && done == sizeof buf);
    for (size_t i = 0; i < sizeof buf; i++)
        EXPECT(!buf[i]);
    inode_put(ino);
    return NULL;
}

static const char *check_links(struct mounted *m)
{
    struct inode *ino;
    char buf[4096];
    size_t len;
    EXPECT(!find(m, "fast", &ino));
    EXPECT(!ino->ops->readlink(ino, buf, sizeof buf, &len) && len == 9 && !memcmp(buf, "sub/hello", 9));
    EXPECT(ino->ops->readlink(ino, buf, 8, &len) == E_NAMETOOLONG);
    inode_put(ino);
    EXPECT(!find(m, "slow", &ino));
    EXPECT(!ino->ops->readlink(ino, buf, sizeof buf, &len) && len == 201 && buf[0] == '/' && buf[200] == '7');
    inode_put(ino);
    EXPECT(!find(m, "sub/hard", &ino));
    EXPECT(ino->nlink == 2 && ino->size == 13);
    inode_put(ino);
    return NULL;
}

struct listing {
    struct dir_sink sink;
    unsigned count, room;
    uint64_t sum;
};

static int list_one(struct dir_sink *sink, const struct dir_entry *e)
{
    struct listing *l = (struct listing *)sink;
    if (!l->room)
        return 1;
    l->room--;
    l->count++;
    for (uint32_t i = 0; i < e->name_len; i++)
        l->sum += (uint8_t)e->name[i] * (e->name_len + i);
    return 0;
}

static const char *check_dirs(struct mounted *m)
{
    struct inode *dir, *ino;
    char name[64];
    EXPECT(!find(m, "many", &dir));
    struct listing whole = {.sink.entry = list_one, .room = 1u << 30}, parts = {.sink.entry = list_one};
    uint64_t cursor = 0, before = 1;
    EXPECT(!dir->ops->readdir(dir, &cursor, &whole.sink));
    EXPECT(whole.count == ENTRIES + 2);
    for (cursor = 0; cursor != before;) {
        before = cursor;
        parts.room = 1 + parts.count % 7;
        EXPECT(!dir->ops->readdir(dir, &cursor, &parts.sink));
    }
    EXPECT(parts.count == whole.count && parts.sum == whole.sum);
    for (cursor = 0; cursor < 20000; cursor += 37) { /* any cursor is safe */
        uint64_t at = cursor;
        parts.room = 3;
        EXPECT(!dir->ops->readdir(dir, &at, &parts.sink));
    }
    for (int i = 0; i < ENTRIES; i += 7) {
        int n = snprintf(name, sizeof name, "entry-with-a-name-%05d", i);
        EXPECT(!dir->ops->lookup(dir, name, (size_t)n, &ino));
        EXPECT(ino->size == (uint64_t)n + 5);
        inode_put(ino);
    }
    EXPECT(dir->ops->lookup(dir, "entry-with", 10, &ino) == E_NOENT);
    inode_put(dir);
    char deep[8 * DEPTH + 8] = "";
    for (int i = 0; i < DEPTH; i++)
        sprintf(deep + strlen(deep), "d%02d/", i);
    EXPECT(!find(m, strcat(deep, "file"), &ino));
    EXPECT(ino->size == 7);
    inode_put(ino);
    return NULL;
}

/* What is kept only to be faster goes, and is read again when it is wanted. */
static const char *check_trim(struct mounted *m)
{
    struct inode *open;
    uint8_t buf[13];
    size_t done;
    EXPECT(!find(m, "sub/hello", &open));
    m->root->ops->trim(m->root);
    long kept = host_allocations;
    EXPECT(!check_dirs(m) && !check_sparse(m) && host_allocations > kept);
    m->root->ops->trim(m->root);
    EXPECT(host_allocations == kept);
    EXPECT(!read_at(open, 0, buf, sizeof buf, &done) && done == 13 && !memcmp(buf, "hello, world\n", 13));
    inode_put(open);
    return NULL;
}

static const char *check_all(unsigned block, const char *features)
{
    struct mounted m = {0};
    EXPECT(!make_image(block, features));
    EXPECT(!mount_image(&m));
    const char *why = check_big(&m);
    why = why ? why : check_sparse(&m);
    why = why ? why : check_links(&m);
    why = why ? why : check_dirs(&m);
    why = why ? why : check_trim(&m);
    unmount(&m);
    host_disk_free(&m.disk);
    return why;
}

static const char *blocks_1k(void)
{
    return check_all(1024, "dir_index");
}

static const char *blocks_2k(void)
{
    return check_all(2048, "dir_index");
}

static const char *blocks_4k(void)
{
    return check_all(4096, "dir_index");
}

static const char *no_filetype(void)
{
    return check_all(1024, "^filetype,^dir_index,^sparse_super,^resize_inode,large_file");
}

static const char *hashed(void) /* e2fsck -D builds the index that mke2fs leaves out */
{
    struct mounted m = {0};
    EXPECT(!make_image(1024, "dir_index"));
    host_shell("e2fsck -fyD %s", image);
    EXPECT(!host_shell("debugfs -R 'htree_dump many' %s | grep -q 'Root node'", image));
    EXPECT(!mount_image(&m));
    const char *why = check_dirs(&m);
    unmount(&m);
    host_disk_free(&m.disk);
    return why;
}

static void poke(struct mounted *m, uint64_t off, uint32_t value, int bytes)
{
    memcpy(m->disk.data + off, &value, (size_t)bytes);
}

static int try_mount(struct mounted *m)
{
    int err = mount_image(m);
    if (!err)
        unmount(m);
    return err;
}

static const char *features(void)
{
    struct mounted m = {0};
    uint32_t was;
    EXPECT(!make_image(1024, "dir_index") && !try_mount(&m));
    memcpy(&was, m.disk.data + 1024 + 96, 4);
    static const uint32_t refused[] = {0x1, 0x4, 0x8, 0x10, 0x40, 0x80, 0x200, 0x8000, 0x80000000u};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        host_logged = 0;
        poke(&m, 1024 + 96, was | refused[i], 4);
        EXPECT(try_mount(&m) == E_NOTSUP);
        EXPECT(host_logged == 1);
    }
    poke(&m, 1024 + 96, was, 4);
    poke(&m, 1024 + 100, 0xffffffff, 4); /* RO_COMPAT: no matter when reading */
    EXPECT(!try_mount(&m));
    poke(&m, 1024 + 56, 0xef54, 2);
    EXPECT(try_mount(&m) == E_INVAL);
    host_disk_free(&m.disk);
    return NULL;
}

static const char *geometry(void)
{
    static const struct {
        uint32_t off, value, bytes;
    } bad[] = {
        {24, 3, 4},          {24, 40, 4}, {4, 0x7fffffff, 4},  {4, 1, 4},     {32, 0, 4},
        {32, 0xffffffff, 4}, {40, 0, 4},  {40, 0x10000000, 4}, {0, 0, 4},     {0, 0xffffffff, 4},
        {20, 0, 4},          {20, 77, 4}, {88, 64, 2},         {88, 3000, 2}, {88, 2048, 2},
        {76, 9, 4},          {88, 0, 2},
    };
    struct mounted m = {0};
    EXPECT(!make_image(1024, "dir_index") && !try_mount(&m));
    uint8_t saved[1024];
    memcpy(saved, m.disk.data + 1024, 1024);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        poke(&m, 1024 + bad[i].off, bad[i].value, (int)bad[i].bytes);
        host_logged = 0;
        EXPECT(try_mount(&m) != 0);
        EXPECT(host_logged == 1);
        memcpy(m.disk.data + 1024, saved, 1024);
    }
    host_disk_free(&m.disk);
    return NULL;
}

static const char *truncated(void)
{
    struct mounted m = {0};
    static const uint64_t sizes[] = {0, 512, 1024, 1536, 2048, 4096, 1 << 20, (64 << 20) - 1024};
    EXPECT(!make_image(1024, "dir_index") && !try_mount(&m));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        m.disk.dev.size = sizes[i];
        int err = try_mount(&m);
        EXPECT(err == E_IO || err == E_CORRUPT);
    }
    host_disk_free(&m.disk);
    return NULL;
}

static const char *bad_sectors(void)
{
    struct mounted m = {0};
    struct inode *ino;
    struct ext2_inode *in;
    uint8_t buf[4096];
    uint32_t block, run;
    size_t done;
    EXPECT(!make_image(1024, "dir_index") && !mount_image(&m));
    EXPECT(!find(&m, "big", &ino));
    in = (struct ext2_inode *)ino;
    EXPECT(!ext2_map(in, 5000, 1, &block, &run) && block);
    m.disk.bad_from = (uint64_t)block * 1024;
    m.disk.bad_to = m.disk.bad_from + 1024;
    EXPECT(read_at(ino, 5000 * 1024, buf, 1024, &done) == E_IO && done == 0);
    EXPECT(!read_at(ino, 4999 * 1024, buf, 1024, &done) &&
           buf[9] == big_byte(4999 * 1024 + 9)); /* its neighbour */
    EXPECT(read_at(ino, 4998 * 1024, buf, 4096, &done) == E_IO && done == 2048);
    m.disk.bad_to = 0;
    EXPECT(!read_at(ino, 5000 * 1024, buf, 1024, &done) && buf[9] == big_byte(5000 * 1024 + 9));
    inode_put(ino);
    unmount(&m);
    host_disk_free(&m.disk);
    return NULL;
}

/* A name that was looked up is found without the disk; others, and after a drop it too, are not. */
static const char *names_kept(void)
{
    struct mounted m = {0};
    struct inode *first, *again, *other;
    EXPECT(!make_image(1024, "dir_index") && !mount_image(&m));
    EXPECT(!name_lookup(m.root, "big", 3, &first));
    m.root->ops->trim(m.root); /* of the disk's blocks */
    m.disk.bad_to = 64u << 20;
    EXPECT(!name_lookup(m.root, "big", 3, &again) && again == first);
    EXPECT(name_lookup(m.root, "bi", 2, &other) == E_IO && name_lookup(first, "big", 3, &other) != 0);
    EXPECT(name_lookup(m.root, "empty", 5, &other) == E_IO);
    EXPECT(first->refs == 3);
    name_cache_drop();
    EXPECT(first->refs == 2 && m.root->refs == 1);
    EXPECT(name_lookup(m.root, "big", 3, &other) == E_IO);
    m.disk.bad_to = 0;
    EXPECT(name_lookup(m.root, "bigger", 6, &other) == E_NOENT);
    inode_put(first);
    inode_put(again);
    char name[64]; /* more names than there are slots, and each is the right one */
    for (int turn = 0; turn < 2; turn++) {
        EXPECT(!name_lookup(m.root, "many", 4, &first));
        for (int i = 0; i < ENTRIES; i += 3) {
            snprintf(name, sizeof name, "entry-with-a-name-%05d", i);
            EXPECT(!name_lookup(first, name, strlen(name), &again) && !find(&m, "many", &other));
            inode_put(other);
            EXPECT(!other->ops->lookup(other, name, strlen(name), &other) && other == again);
            inode_put(other);
            inode_put(again);
        }
        inode_put(first);
    }
    name_cache_drop();
    unmount(&m);
    host_disk_free(&m.disk);
    return NULL;
}

static const char *no_memory(void)
{
    struct mounted m = {0};
    struct inode *ino;
    EXPECT(!make_image(1024, "dir_index") && !try_mount(&m));
    for (int i = 0; i < 12; i++) {
        host_fail_after = i;
        int err = mount_image(&m);
        if (!err) {
            err = find(&m, "sub/hello", &ino);
            if (!err)
                inode_put(ino);
            unmount(&m);
        }
        bool failed = host_fail_after == 0;
        host_fail_after = -1;
        EXPECT(err == (failed ? E_NOMEM : 0) || !err);
    }
    host_disk_free(&m.disk);
    return NULL;
}

int main(void)
{
    make_tree();
    host_case("blocks_1k", blocks_1k);
    host_case("blocks_2k", blocks_2k);
    host_case("blocks_4k", blocks_4k);
    host_case("no_filetype", no_filetype);
    host_case("hashed_directory", hashed);
    host_case("features", features);
    host_case("geometry", geometry);
    host_case("truncated", truncated);
    host_case("bad_sectors", bad_sectors);
    host_case("names_kept", names_kept);
    host_case("no_memory", no_memory);
    return host_failures != 0;
}
