/* blk: disks and their partitions as sessions. Requests are answered when the device has answered. */
#include <ipc/format.h>

#include "device.h"

#define DEVICES_MAX 64
#define FENCES_MAX  64
#define WAITING_MAX 1024 /* client transfers under way: more get E_AGAIN */

/* A whole disk or a partition: what clients list and open. */
static struct device {
    struct disk *disk;
    uint64_t start, sectors;
    struct blk_info info;
} devices[DEVICES_MAX];
static uint32_t device_count;

struct disk *disks[DISKS_MAX];
uint32_t disk_count;

static uint64_t next_order = 1;
static uint32_t under_way; /* client transfers not answered yet */

/* Clients that wait until everything before them is done. */
static struct fence {
    bool used;
    uint64_t order;
    struct ipc_request client;
} fences[FENCES_MAX];
static struct transfer *all; /* under way, by ->all_next */

int disk_add(struct disk *disk)
{
    if (disk_count == DISKS_MAX)
        return E_FULL;
    disk->waiting_end = &disk->waiting;
    disks[disk_count++] = disk;
    return 0;
}

/* ---- transfers ---- */

static bool older_under_way(uint64_t order)
{
    for (struct transfer *t = all; t; t = t->all_next) {
        if (t->order < order)
            return true;
    }
    return false;
}

static void answer_fences(void)
{
    for (uint32_t i = 0; i < FENCES_MAX; i++) {
        if (fences[i].used && !older_under_way(fences[i].order)) {
            fences[i].used = false;
            ipc_answer(&fences[i].client, 0, NULL, 0);
        }
    }
}

static void forget(struct transfer *t)
{
    struct transfer **link = &all;
    while (*link != t)
        link = &(*link)->all_next;
    *link = t->all_next;
    under_way--;
    ipc_free(t);
}

void transfer_done(struct transfer *t, int error, const void *data)
{
    if (t->internal) {
        if (!error)
            memcpy(t->buffer, data, (size_t)t->count * BLK_SECTOR);
        t->error = error;
        t->finished = true;
        return;
    }
    if (!error && t->op == DISK_READ)
        error = ipc_write(&t->client, 0, data, (uint64_t)t->count * BLK_SECTOR);
    ipc_answer(&t->client, error, NULL, 0);
    forget(t);
    answer_fences();
}

static void enqueue(struct disk *disk, struct transfer *t)
{
    t->next = NULL;
    *disk->waiting_end = t;
    disk->waiting_end = &t->next;
}

void disk_kick(struct disk *disk)
{
    while (disk->waiting) {
        struct transfer *t = disk->waiting, *next = t->next;
        if (disk->begin(disk, t) == E_AGAIN)
            return;
        disk->waiting = next;
        if (!next)
            disk->waiting_end = &disk->waiting;
    }
}

/* The server's own reads, before it serves: wait for the device by looking. */
static int read_sector(void *context, uint64_t sector, void *to)
{
    struct disk *disk = context;
    struct transfer t = {
        .disk = disk, .op = DISK_READ, .sector = sector, .count = 1, .internal = true, .buffer = to};
    int error = disk->begin(disk, &t);
    for (uint64_t end = IPC_MS(5000); !error && !t.finished;) {
        disk->poll(disk);
        if (ipc_now() > end)
            return E_TIMEDOUT; /* t is still the driver's: the caller gives the disk up */
        if (!t.finished)
            ipc_sleep_until(IPC_US(200));
    }
    return error ? error : t.error;
}

/* ---- what clients ask ---- */

static struct device *device_of(struct ipc_request *r)
{
    return r->tag && r->tag <= device_count ? &devices[r->tag - 1] : NULL;
}

static int submit(struct ipc_request *r, enum disk_op op, uint64_t sector, uint32_t count)
{
    struct device *d = device_of(r);
    if (!d)
        return E_BADF;
    if (op != DISK_FLUSH) {
        uint64_t length = op == DISK_READ ? r->out_len : r->in_len;
        if (count == 0 || count > DISK_MAX_SECTORS || length != (uint64_t)count * BLK_SECTOR)
            return E_SIZE;
        if (sector > d->sectors || count > d->sectors - sector)
            return E_RANGE;
    }
    if (op == DISK_WRITE && d->info.flags & BLK_READ_ONLY)
        return E_ROFS;
    if (under_way == WAITING_MAX)
        return E_AGAIN;
    struct transfer *t = ipc_zalloc(sizeof *t);
    if (!t)
        return E_NOMEM;
    *t = (struct transfer){
        .disk = d->disk, .op = op, .sector = d->start + sector, .count = count, .order = next_order++};
    int error = ipc_defer(r, &t->client);
    if (error) {
        ipc_free(t);
        return error;
    }
    t->all_next = all;
    all = t;
    under_way++;
    enqueue(d->disk, t);
    disk_kick(d->disk);
    return 0;
}

static int op_list(struct ipc_request *r, const struct blk_index *in, struct blk_info *out)
{
    (void)r;
    if (in->index >= device_count)
        return E_NOENT;
    *out = devices[in->index].info;
    return 0;
}

static int op_open(struct ipc_request *r, const struct blk_index *in, struct blk_info *out)
{
    if (in->index >= device_count)
        return E_NOENT;
    *out = devices[in->index].info;
    uint32_t rights = RIGHT_USE | RIGHT_READ | (out->flags & BLK_READ_ONLY ? 0 : RIGHT_WRITE);
    return ipc_give_session(r, in->index + 1, rights, NULL);
}

static int op_read(struct ipc_request *r, const struct blk_range *in, struct ipc_none *out)
{
    (void)out;
    return submit(r, DISK_READ, in->sector, in->count);
}

static int op_write(struct ipc_request *r, const struct blk_range *in, struct ipc_none *out)
{
    (void)out;
    return submit(r, DISK_WRITE, in->sector, in->count);
}

static int op_flush(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    return submit(r, DISK_FLUSH, 0, 0);
}

static int op_fence(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    if (!older_under_way(next_order))
        return 0;
    for (uint32_t i = 0; i < FENCES_MAX; i++) {
        if (fences[i].used)
            continue;
        int error = ipc_defer(r, &fences[i].client);
        fences[i].used = !error;
        fences[i].order = next_order;
        return error;
    }
    return E_AGAIN;
}

/* ---- start ---- */

static void add_device(struct disk *disk, uint32_t number, uint64_t start, uint64_t sectors)
{
    if (device_count == DEVICES_MAX)
        return;
    struct device *d = &devices[device_count++];
    *d = (struct device){.disk = disk, .start = start, .sectors = sectors};
    d->info = (struct blk_info){.sectors = sectors,
                                .flags = disk->flags | (number ? BLK_PARTITION : 0),
                                .max_sectors = DISK_MAX_SECTORS};
    if (number)
        ipc_format(d->info.name, sizeof d->info.name, "%s%u", disk->name, number);
    else
        ipc_format(d->info.name, sizeof d->info.name, "%s", disk->name);
}

static void add_partitions(struct disk *disk)
{
    struct partition found[PARTITIONS_MAX];
    uint32_t count = 0;
    int error = partition_scan(read_sector, disk, disk->sectors, found, &count);
    if (error)
        ipc_error("%s: partitions: %s", disk->name, ipc_error_text(error));
    add_device(disk, 0, 0, disk->sectors);
    for (uint32_t i = 0; !error && i < count; i++)
        add_device(disk, found[i].number, found[i].start, found[i].sectors);
}

static int start(void)
{
    char text[160];
    int length = 0;
    int error = virtio_probe();
    if (!error)
        error = ram_probe();
    if (error)
        return error;
    for (uint32_t i = 0; i < disk_count; i++)
        add_partitions(disks[i]);
    for (uint32_t i = 0; i < device_count && (size_t)length < sizeof text; i++)
        length += ipc_format(text + length, sizeof text - (size_t)length, "%s%s %lu KiB", i ? ", " : "",
                             devices[i].info.name, devices[i].sectors / 2);
    ipc_ready("%s", device_count ? text : "no disk");
    return 0;
}

int main(void)
{
    static const struct blk_ops ops = {.list = op_list,
                                       .open = op_open,
                                       .read = op_read,
                                       .write = op_write,
                                       .flush = op_flush,
                                       .fence = op_fence};
    return ipc_serve(&(struct ipc_server){.name = "blk",
                                          .ops = &ops,
                                          .start = start,
                                          .notify = virtio_interrupt,
                                          .deadline = virtio_deadline,
                                          .timeout = virtio_timeout});
}
