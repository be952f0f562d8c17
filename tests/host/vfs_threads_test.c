// sources: tests/host/vfs_port.c servers/vfs/*.c
/* Several threads at once over one slow disk: the block cache and the inodes while the core lock is given up.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "vfs_host.h"
#include "servers/vfs/ext2.h"
#include "servers/vfs/file.h"

#define THREADS 6
#define ROUNDS  3000
#define SIZE    (3u << 20)

static struct host_disk disk;
static int (*fast_read)(struct blkdev *, uint64_t, void *, size_t);
static uint8_t *content;
static struct context root_context;
static struct file *shared;
static uint64_t shared_sum;

static int slow_read(struct blkdev *dev, uint64_t off, void *buf, size_t len)
{
    usleep(off / 1024 % 7 * 20);
    return fast_read(dev, off, buf, len);
}

static const char *one_read(uint32_t *seed)
{
    uint8_t buf[20000];
    struct opened o;
    size_t done;
    char name[32];
    *seed = *seed * 1664525 + 1013904223;
    int n = snprintf(name, sizeof name, "/dir/f%u", *seed >> 8 & 63);
    EXPECT(!file_open(&root_context, (struct path){.text = name, .len = (size_t)n}, OPEN_READ, 0, &o));
    file_close(o.file);
    EXPECT(!file_open(&root_context, (struct path){.text = "/big", .len = 4}, OPEN_READ, 0, &o));
    uint32_t off = (*seed >> 4) % SIZE;
    struct host_io io = host_reader(buf, sizeof buf);
    EXPECT(!file_read(o.file, off, sizeof buf, &io.io, &done) && done == min_u64(sizeof buf, SIZE - off));
    EXPECT(!memcmp(buf, content + off, done));
    file_close(o.file);
    io = host_reader(buf, 700); /* who shares an offset takes turns: nothing twice, nothing left out */
    EXPECT(!file_read(shared, FILE_AT_CURSOR, 700, &io.io, &done));
    for (size_t i = 0; i < done; i++)
        shared_sum += buf[i];
    return NULL;
}

static void *run(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg;
    const char *why = NULL;
    for (int i = 0; i < ROUNDS && !why; i++) {
        port_lock();
        why = one_read(&seed);
        port_unlock();
    }
    return (void *)why;
}

static const char *readers(void)
{
    const char *dir = host_scratch(), *why = NULL;
    char image[96];
    struct bcache *bc;
    struct mount *mnt;
    struct opened o;
    pthread_t thread[THREADS];
    struct mount_spec spec = {.source = "image", .type = "ext2", .path = "/", .read_only = true};
    EXPECT(!host_shell(
        "cd %s && mkdir -p t/dir && dd if=/dev/urandom of=t/big bs=1k count=%u && for i in $(seq 0 63); do "
        "echo $i > t/dir/f$i; done && mke2fs -q -t ext2 -b 1024 -d t image 8M",
        dir, SIZE / 1024));
    snprintf(image, sizeof image, "%s/t/big", dir);
    EXPECT(!host_disk_load(&disk, image));
    content = disk.data;
    snprintf(image, sizeof image, "%s/image", dir);
    EXPECT(!host_disk_load(&disk, image));
    fast_read = disk.dev.read;
    disk.dev.read = slow_read;
    EXPECT(!bcache_create(&disk.dev, 1, &bc) && !ext2_mount(bc, 1, &spec.root) &&
           !mount_add(&spec, NULL, &mnt));
    context_init(&root_context, &(struct place){mnt, mnt->root});
    EXPECT(!file_open(&root_context, (struct path){.text = "/big", .len = 4}, OPEN_READ, 0, &o));
    shared = o.file;
    port_unlock();
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) {
        void *said;
        pthread_join(thread[i], &said);
        why = why ? why : said;
    }
    port_lock();
    uint64_t sum = 0;
    EXPECT(why || shared->offset == min_u64((uint64_t)THREADS * ROUNDS * 700, SIZE));
    for (uint64_t i = 0; i < shared->offset; i++)
        sum += content[i];
    EXPECT(why || sum == shared_sum);
    file_close(shared);
    context_fini(&root_context);
    EXPECT(why || !mount_remove(mnt));
    free(content);
    host_disk_free(&disk);
    return why;
}

int main(void)
{
    host_case("readers", readers);
    return host_failures != 0;
}
