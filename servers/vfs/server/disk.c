/* Disks through blk, and what is mounted at start. */
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/blk.h>
#include <proto/pager.h>
#include "../devfs.h"
#include "../ext2.h"
#include "session.h"
#include "../tmpfs.h"

#define DISK_PATIENCE IPC_MS(30000)
#define DISKS_MAX     64u

struct disk {
    struct blkdev dev;
    handle_t session;
    uint32_t max_sectors;
    char name[17];
};

static uint32_t next_dev = 1;

static int disk_read(struct blkdev *dev, uint64_t off, void *buf, size_t len)
{
    struct disk *d = (struct disk *)dev;
    uint8_t *to = buf;
    while (len) {
        size_t n = min_u64(len, (uint64_t)d->max_sectors * BLK_SECTOR);
        struct blk_range range = {off / BLK_SECTOR, (uint32_t)(n / BLK_SECTOR)};
        struct ipc_transfer t = {.out = to, .out_len = (uint32_t)n, .deadline = DISK_PATIENCE};
        int err = blk_read_with(d->session, &range, NULL, &t);
        if (err) {
            ipc_warning("%s: reading sector %lu: %s", d->name, (unsigned long)range.sector,
                        ipc_error_text(err));
            return E_IO;
        }
        off += n, to += n, len -= n;
    }
    return 0;
}

static int disk_open(handle_t blk, uint32_t index, struct disk **out)
{
    struct ipc_transfer t = {.deadline = DISK_PATIENCE};
    struct blk_info info;
    int err = blk_open_with(blk, &(struct blk_index){index}, &info, &t);
    if (err)
        return err;
    struct disk *d = t.got_count == 1 ? port_alloc(sizeof *d) : NULL;
    if (!d)
        return E_NOMEM;
    d->dev = (struct blkdev){.read = disk_read, .name = d->name};
    d->dev.size = info.sectors > UINT64_MAX / BLK_SECTOR ? 0 : info.sectors * BLK_SECTOR;
    d->session = t.got[0];
    d->max_sectors = info.max_sectors < 2 ? 2 : info.max_sectors & ~1u;
    memcpy(d->name, info.name, sizeof info.name);
    (void)blk_fence(d->session, NULL, NULL, DISK_PATIENCE); /* what a former instance has under way */
    *out = d;
    return 0;
}

static void disk_close(struct disk *d)
{
    sys_handle_close(d->session);
    port_free(d);
}

/* Pages of RAM, to size caches and limits by. */
static uint64_t memory_pages(void)
{
    struct pager_stats stats = {0};
    struct ipc_transfer t = {.out = &stats, .out_len = sizeof stats};
    int err = pager_stats_with(HANDLE_FIRST(SLOT_PAGER), NULL, NULL, &t);
    return err || !stats.total_pages ? 8192 : stats.total_pages;
}

static int try_root(handle_t blk, uint32_t index, struct mount_spec *spec)
{
    struct bcache *bc;
    struct disk *d;
    uint64_t cache = memory_pages() * PAGE_SIZE / 16;
    int err = disk_open(blk, index, &d);
    if (err)
        return err;
    core_enter();
    err = bcache_create(&d->dev, min_u64(cache, 32u << 20), &bc);
    if (!err) {
        err = ext2_mount(bc, next_dev++, &spec->root);
        if (err)
            bcache_destroy(bc);
    }
    core_leave();
    if (err) {
        disk_close(d);
        return err;
    }
    spec->source = d->name;
    spec->type = "ext2";
    spec->read_only = true;
    return 0;
}

/* The first device of this kind (BLK_RAM or 0) that holds a file system. */
static int find_root(handle_t blk, uint32_t kind, struct mount_spec *spec)
{
    for (uint32_t i = 0; i < DISKS_MAX; i++) {
        struct blk_info info;
        int err = blk_list(blk, &(struct blk_index){i}, &info, DISK_PATIENCE);
        if (err)
            return E_NODEV;
        if ((info.flags & BLK_RAM) != kind)
            continue;
        err = try_root(blk, i, spec);
        if (!err)
            return 0;
        if (err != E_INVAL) /* not just another content */
            ipc_warning("%.16s: no root: %s", info.name, ipc_error_text(err));
    }
    return E_NODEV;
}

static int mount_at_path(const char *path, struct mount_spec *spec)
{
    struct place on;
    spec->path = path;
    int err = name_find(system_context(), (struct path){.text = path, .len = strlen(path)}, WALK_FOLLOW, &on);
    if (!err) {
        err = mount_add(spec, &on, NULL);
        place_put(&on);
    }
    if (err)
        ipc_error("cannot mount %s on %s: %s", spec->type, path, ipc_error_text(err));
    return err;
}

static int mount_rest(void)
{
    uint64_t pages = memory_pages();
    struct tmpfs_limits limits = {.pages = pages / 4, .inodes = pages / 8 + 256};
    struct mount_spec dev = {.source = "devfs", .type = "devfs"}, tmp = {.source = "tmpfs", .type = "tmpfs"},
                      shm = tmp;
    struct node_spec node = {.mode = MODE_DIR | 0755};
    struct inode *made;
    int err = devfs_create(next_dev++, &dev.root);
    if (!err)
        err = tmpfs_ops.create(dev.root, "shm", 3, &node, &made);
    if (!err)
        inode_put(made);
    if (!err)
        err = nodes_start(dev.root);
    if (!err)
        (void)mount_at_path("/dev", &dev);
    if (!err)
        err = tmpfs_create(next_dev++, &limits, 01777, &tmp.root);
    if (!err)
        (void)mount_at_path("/tmp", &tmp);
    if (!err)
        err = tmpfs_create(next_dev++, &limits, 01777, &shm.root);
    if (!err)
        (void)mount_at_path("/dev/shm", &shm);
    return err;
}

/* Without any disk the system still comes up: an empty root in memory. */
static int empty_root(struct mount_spec *spec)
{
    static const char *const dirs[] = {"dev", "tmp", "proc", "bin"};
    struct tmpfs_limits limits = {.pages = memory_pages() / 4, .inodes = 4096};
    struct node_spec node = {.mode = MODE_DIR | 0755};
    int err = tmpfs_create(next_dev++, &limits, 0755, &spec->root);
    for (size_t i = 0; !err && i < sizeof dirs / sizeof *dirs; i++) {
        struct inode *made;
        err = tmpfs_ops.create(spec->root, dirs[i], strlen(dirs[i]), &node, &made);
        if (!err)
            inode_put(made);
    }
    spec->source = spec->type = "tmpfs";
    return err;
}

int disk_mount_all(char *said, size_t cap)
{
    struct mount_spec root = {.path = "/"};
    const char *what = "read-only";
    handle_t blk = ipc_open("blk");
    int err = blk ? find_root(blk, 0, &root) : E_NODEV;
    if (err && blk) {
        err = find_root(blk, BLK_RAM, &root);
        what = "read-only; no disk with a file system: this is the RAM disk";
    }
    core_enter();
    if (err) {
        err = empty_root(&root);
        what = "empty: neither a disk nor a RAM disk with a file system";
    }
    if (!err)
        err = mount_add(&root, NULL, NULL);
    if (!err)
        err = mount_rest();
    core_leave();
    if (!err)
        ipc_format(said, cap, "root: %s on %s (%s)", root.type, root.source, what);
    return err;
}
