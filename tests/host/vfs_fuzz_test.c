// sources: tests/host/vfs_port.c servers/vfs/*.c
/* Scribbled ext2 images: metadata is changed at random places, then everything that can be reached is walked.
 * Whatever the image says, each call ends, nothing is read out of bounds (ASan), nothing is lost. The seed is
 * fixed. */
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "vfs_host.h"
#include "servers/vfs/ext2.h"

#define ROUNDS 3000
#define STEPS  400 /* calls per image */

static char image[96];

static int make_image(unsigned block)
{
    const char *dir = host_scratch();
    snprintf(image, sizeof image, "%s/image", dir);
    return host_shell(
        "cd %s && rm -rf t image && mkdir -p t/a/b/c t/many && for i in $(seq 120); do echo $i > "
        "t/many/file-number-$i; done && ln -s ../many t/a/up && ln -s loop t/loop && "
        "ln -s /%0150d t/slow && dd if=/dev/urandom of=t/big bs=1k count=700 && "
        "truncate -s 200M t/sparse && echo x >> t/sparse && mke2fs -q -t ext2 -b %u -N 256 -d t image 2M",
        dir, 1, block);
}

struct crawl {
    struct dir_sink sink;
    char name[VFS_NAME_MAX];
    uint32_t len, skip;
    bool found;
};

static int pick(struct dir_sink *sink, const struct dir_entry *e)
{
    struct crawl *c = (struct crawl *)sink;
    if (e->name_len == 0 || e->name_len > VFS_NAME_MAX)
        abort();
    memcpy(c->name, e->name, e->name_len);
    c->len = e->name_len;
    c->found = true;
    return c->skip-- == 0;
}

/* Reads a little at the start, the end and somewhere. */
static void read_some(struct inode *ino)
{
    static uint8_t buf[40000];
    uint64_t at[] = {0, ino->size > 1000 ? ino->size - 1000 : 0, ino->size ? host_random() % ino->size : 0};
    for (int i = 0; i < 3; i++) {
        struct host_io h = host_reader(buf, sizeof buf);
        size_t done, len = host_random() % sizeof buf;
        (void)ino->ops->read(ino, at[i], len, &h.io, &done);
        if (done > len)
            abort();
    }
}

static void visit(struct context *ctx, struct place *at)
{
    uint32_t type = at->ino->mode & MODE_TYPE;
    char buf[VFS_PATH_MAX + 1];
    size_t len;

    if (type == MODE_FILE)
        read_some(at->ino);
    if (type == MODE_LINK)
        (void)at->ino->ops->readlink(at->ino, buf, sizeof buf, &len);
    if (type == MODE_DIR && host_random() % 16 == 0)
        (void)walk_getpath(ctx, at, buf, sizeof buf, &len);
    if (type != MODE_DIR || host_random() % 8 == 0)
        (void)context_chdir(ctx, &ctx->root);
    else
        (void)context_chdir(ctx, at);
}

/* A random walk by names that directories give. */
static void crawl(struct context *ctx)
{
    for (int step = 0; step < STEPS; step++) {
        struct crawl c = {.sink.entry = pick, .skip = host_random() % 12};
        struct place cwd = ctx->cwd, found;
        uint64_t cursor = host_random() % 4 ? 0 : host_random() % 4096;
        (void)cwd.ino->ops->readdir(cwd.ino, &cursor, &c.sink);
        if (!c.found && context_chdir(ctx, &ctx->root))
            return;
        struct path path = {.text = c.name, .len = c.len};
        if (c.found && !name_find(ctx, path, host_random() % 2 ? WALK_FOLLOW : 0, &found)) {
            visit(ctx, &found);
            place_put(&found);
        }
    }
}

/* Changes a few bytes; mostly where metadata lies, which is the beginning of the image and what 4-byte
 * aligned words of other blocks hold. */
static void scribble(struct host_disk *d, unsigned block)
{
    uint32_t hits = 1 + host_random() % 12;
    for (uint32_t i = 0; i < hits; i++) {
        uint64_t zone = host_random() % 3 ? 80 * 1024 : d->dev.size;
        uint64_t off = host_random() % zone & ~3ull;
        static const uint32_t odd[] = {0, 1, 2, 0xffffffff, 0x80000000, 0x7fffffff, 0xffff, 12, 11};
        uint32_t value =
            host_random() % 3 ? odd[host_random() % 9] : host_random() % (uint32_t)(d->dev.size / block);
        if (host_random() % 2)
            memcpy(d->data + off, &value, 4);
        else
            d->data[off + host_random() % 4] ^= (uint8_t)(1 << host_random() % 8);
    }
}

static unsigned mounted, refused;

static const char *round_of(struct host_disk *d, unsigned block)
{
    struct bcache *bc;
    struct inode *root;
    struct mount *mnt;
    struct context ctx;

    scribble(d, block);
    EXPECT(!bcache_create(&d->dev, 256 << 10, &bc));
    if (ext2_mount(bc, 1, &root)) {
        bcache_destroy(bc);
        refused++;
        return NULL;
    }
    mounted++;
    struct mount_spec spec = {
        .root = root, .source = "image", .type = "ext2", .path = "/", .read_only = true};
    EXPECT(!mount_add(&spec, NULL, &mnt));
    context_init(&ctx, &(struct place){mnt, root});
    crawl(&ctx);
    context_fini(&ctx);
    EXPECT(!mount_remove(mnt));
    return NULL;
}

static const char *fuzz(unsigned block, uint64_t seed)
{
    struct host_disk d;
    const char *why = NULL;
    EXPECT(!make_image(block) && !host_disk_load(&d, image));
    uint8_t *clean = malloc(d.dev.size);
    memcpy(clean, d.data, d.dev.size);
    host_seed(seed);
    mounted = refused = 0;
    for (int i = 0; i < ROUNDS / 3 && !why; i++) {
        alarm(20); /* a call that does not end kills the test */
        why = round_of(&d, block);
        memcpy(d.data, clean, d.dev.size);
    }
    alarm(0);
    free(clean);
    host_disk_free(&d);
    EXPECT(why || mounted > ROUNDS / 6);
    return why;
}

static const char *fuzz_1k(void)
{
    return fuzz(1024, 11);
}

static const char *fuzz_2k(void)
{
    return fuzz(2048, 12);
}

static const char *fuzz_4k(void)
{
    return fuzz(4096, 13);
}

int main(void)
{
    host_case("blocks_1k", fuzz_1k);
    host_case("blocks_2k", fuzz_2k);
    host_case("blocks_4k", fuzz_4k);
    return host_failures != 0;
}
