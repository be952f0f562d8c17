/* virtio-blk over modern PCI: one queue, several requests in flight, completions by MSI-X.
 *
 * Requests live in slots, each with 64 KiB of DMA memory for data; descriptors 3i to 3i+2 belong to slot i
 * for ever, so nothing is allocated while requests run. What the device wrote is believed only where it
 * cannot do harm: a completion that names no request in flight is ignored, and a status byte that it never
 * wrote is an error. */
#include <ipc/format.h>

#include "device.h"
#include "virtio.h"

#define VIRTIO_DISKS   4
#define SLOTS          16
#define SLOT_BYTES     (DISK_MAX_SECTORS * BLK_SECTOR)
#define STATUS_UNKNOWN 0xff
#define PATIENCE_NS    (30 * NS_PER_S)
#define RESET_TRIES    1000

/* One page-aligned piece of DMA memory: rings first, then heads and status bytes, then data. */
struct shared {
    struct virtq_desc desc[VIRTQ_SIZE];
    struct virtq_avail avail;
    struct virtq_used used __attribute__((aligned(4096)));
    struct virtio_blk_head head[SLOTS];
    volatile uint8_t status[SLOTS];
    uint8_t data[SLOTS][SLOT_BYTES] __attribute__((aligned(4096)));
};

static struct virtio_disk {
    struct disk disk;
    volatile struct virtio_common *common;
    volatile uint8_t *notify, *device;
    uint32_t notify_multiplier;
    volatile uint16_t *doorbell;
    volatile struct shared *shared;
    uint64_t physical;
    struct transfer *slot[SLOTS];
    uint64_t began[SLOTS];
    uint16_t used_seen;
    bool can_flush, broken;
} virtio_disks[VIRTIO_DISKS];
static uint32_t virtio_count;

#define PHYSICAL(d, member) ((d)->physical + offsetof(struct shared, member))

static struct virtio_disk *of(struct disk *disk)
{
    return (struct virtio_disk *)disk;
}

/* ---- requests ---- */

static void fill_descriptors(struct virtio_disk *d, uint32_t i, const struct transfer *t)
{
    volatile struct virtq_desc *desc = &d->shared->desc[3 * i];
    uint16_t second = t->op == DISK_FLUSH ? (uint16_t)(3 * i + 2) : (uint16_t)(3 * i + 1);
    uint32_t type = t->op == DISK_READ    ? VIRTIO_BLK_T_IN
                    : t->op == DISK_WRITE ? VIRTIO_BLK_T_OUT
                                          : VIRTIO_BLK_T_FLUSH;
    d->shared->head[i].type = type;
    d->shared->head[i].reserved = 0;
    d->shared->head[i].sector = t->op == DISK_FLUSH ? 0 : t->sector;
    d->shared->status[i] = STATUS_UNKNOWN;
    desc[0].addr = PHYSICAL(d, head) + i * sizeof(struct virtio_blk_head);
    desc[0].len = sizeof(struct virtio_blk_head);
    desc[0].flags = VIRTQ_DESC_NEXT;
    desc[0].next = second;
    desc[1].addr = PHYSICAL(d, data) + (uint64_t)i * SLOT_BYTES;
    desc[1].len = t->count * BLK_SECTOR;
    desc[1].flags = VIRTQ_DESC_NEXT | (t->op == DISK_READ ? VIRTQ_DESC_WRITE : 0);
    desc[1].next = (uint16_t)(3 * i + 2);
    desc[2].addr = PHYSICAL(d, status) + i;
    desc[2].len = 1;
    desc[2].flags = VIRTQ_DESC_WRITE;
    desc[2].next = 0;
}

static int virtio_begin(struct disk *disk, struct transfer *t)
{
    struct virtio_disk *d = of(disk);
    uint32_t i = 0;
    while (i < SLOTS && d->slot[i])
        i++;
    if (i == SLOTS)
        return E_AGAIN;
    int error = d->broken ? E_IO : 0;
    if (!error && t->op == DISK_WRITE)
        error = ipc_read(&t->client, 0, (void *)d->shared->data[i], (uint64_t)t->count * BLK_SECTOR);
    if (error || (t->op == DISK_FLUSH && !d->can_flush)) {
        transfer_done(t, error,
                      NULL); /* without the flush feature every write is on the medium when it is answered */
        return 0;
    }
    d->slot[i] = t;
    d->began[i] = ipc_now();
    fill_descriptors(d, i, t);
    uint16_t idx = d->shared->avail.idx;
    d->shared->avail.ring[idx % VIRTQ_SIZE] = (uint16_t)(3 * i);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* descriptors and ring before the index */
    d->shared->avail.idx = (uint16_t)(idx + 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index before the doorbell */
    *d->doorbell = 0;
    return 0;
}

static void complete(struct virtio_disk *d, uint32_t i)
{
    struct transfer *t = d->slot[i];
    uint8_t status = d->shared->status[i];
    int error = status == VIRTIO_BLK_S_OK ? 0 : E_IO;
    if (status == STATUS_UNKNOWN)
        ipc_error("%s: request finished without a status", d->disk.name);
    else if (error)
        ipc_warning("%s: %s of sector %lu: status %u", d->disk.name,
                    t->op == DISK_READ    ? "read"
                    : t->op == DISK_WRITE ? "write"
                                          : "flush",
                    t->sector, status);
    d->slot[i] = NULL;
    transfer_done(t, error, (const void *)d->shared->data[i]);
}

static void virtio_poll(struct disk *disk)
{
    struct virtio_disk *d = of(disk);
    if (d->broken)
        return;
    while (d->used_seen != d->shared->used.idx) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index before the element */
        uint32_t id = d->shared->used.ring[d->used_seen++ % VIRTQ_SIZE].id;
        if (id % 3 == 0 && id / 3 < SLOTS && d->slot[id / 3])
            complete(d, id / 3);
        else
            ipc_warning("%s: completion of an unknown request %u", d->disk.name, id);
    }
    disk_kick(disk);
}

void virtio_interrupt(uint64_t bits)
{
    for (uint32_t i = 0; i < virtio_count; i++) {
        if (bits >> i & 1)
            virtio_poll(&virtio_disks[i].disk);
    }
}

/* ---- starting the device (3.1.1) ---- */

static int reset(struct virtio_disk *d)
{
    d->common->device_status = 0;
    for (int n = 0; d->common->device_status != 0; n++) {
        if (n == RESET_TRIES)
            return E_TIMEDOUT;
        ipc_sleep_until(IPC_MS(1));
    }
    return 0;
}

static uint64_t device_features(struct virtio_disk *d)
{
    d->common->device_feature_select = 0;
    uint64_t low = d->common->device_feature;
    d->common->device_feature_select = 1;
    return low | (uint64_t)d->common->device_feature << 32;
}

static int negotiate(struct virtio_disk *d)
{
    uint64_t offered = device_features(d);
    uint64_t wanted = offered & (VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_FLUSH);
    if (!(offered & VIRTIO_F_VERSION_1))
        return E_NOTSUP;
    d->common->driver_feature_select = 0;
    d->common->driver_feature = (uint32_t)wanted;
    d->common->driver_feature_select = 1;
    d->common->driver_feature = (uint32_t)(wanted >> 32);
    d->common->device_status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK;
    if (!(d->common->device_status & VIRTIO_FEATURES_OK))
        return E_NOTSUP;
    d->can_flush = wanted & VIRTIO_BLK_F_FLUSH;
    d->disk.flags = wanted & VIRTIO_BLK_F_RO ? BLK_READ_ONLY : 0;
    return 0;
}

static int start_queue(struct virtio_disk *d)
{
    d->common->queue_select = 0;
    if (d->common->queue_size < VIRTQ_SIZE)
        return E_NOTSUP;
    d->common->queue_size = VIRTQ_SIZE;
    d->common->msix_config = VIRTIO_NO_VECTOR;
    d->common->queue_msix_vector = 0;
    if (d->common->queue_msix_vector != 0)
        return E_NOTSUP;
    memset((void *)d->shared, 0, offsetof(struct shared, data));
    d->used_seen = 0;
    d->common->queue_desc = PHYSICAL(d, desc);
    d->common->queue_driver = PHYSICAL(d, avail);
    d->common->queue_device = PHYSICAL(d, used);
    d->doorbell =
        (volatile uint16_t *)(d->notify + (uint64_t)d->common->queue_notify_off * d->notify_multiplier);
    d->common->queue_enable = 1;
    d->common->device_status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK | VIRTIO_DRIVER_OK;
    return 0;
}

static int start(struct virtio_disk *d)
{
    int error = reset(d);
    d->common->device_status = VIRTIO_ACKNOWLEDGE;
    d->common->device_status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER;
    if (!error)
        error = negotiate(d);
    if (!error)
        error = start_queue(d);
    if (error) {
        d->common->device_status = VIRTIO_FAILED;
        return error;
    }
    const volatile uint32_t *capacity = (const volatile uint32_t *)d->device;
    d->disk.sectors = capacity[0] | (uint64_t)capacity[1] << 32;
    return 0;
}

/* ---- patience ---- */

uint64_t virtio_deadline(void)
{
    uint64_t first = DEADLINE_NEVER;
    for (uint32_t n = 0; n < virtio_count; n++) {
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct virtio_disk *d = &virtio_disks[n];
            if (d->slot[i] && d->began[i] + PATIENCE_NS < first)
                first = d->began[i] + PATIENCE_NS;
        }
    }
    return first;
}

/* A device that does not answer is reset before its memory is used again; its requests fail. */
void virtio_timeout(void)
{
    uint64_t now = ipc_now();
    for (uint32_t n = 0; n < virtio_count; n++) {
        struct virtio_disk *d = &virtio_disks[n];
        virtio_poll(&d->disk); /* perhaps only the interrupt was lost */
        bool late = false;
        for (uint32_t i = 0; i < SLOTS; i++)
            late |= d->slot[i] && d->began[i] + PATIENCE_NS <= now;
        if (!late)
            continue;
        ipc_error("%s: no answer for %llu s: resetting the device", d->disk.name, PATIENCE_NS / NS_PER_S);
        d->broken = start(d) != 0;
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct transfer *t = d->slot[i];
            d->slot[i] = NULL;
            if (t)
                transfer_done(t, E_IO, NULL);
        }
        disk_kick(&d->disk);
    }
}

/* ---- finding it ---- */

struct place {
    uint8_t bar;
    uint32_t offset, length, extra;
};

static uint32_t config32(const uint8_t *config, uint32_t at)
{
    uint32_t value;
    memcpy(&value, config + at, sizeof value);
    return value;
}

/* The first capability of each type (4.1.4: the driver should use the first that it can). */
static void find_places(const uint8_t *config, uint32_t length, struct place place[VIRTIO_CAP_DEVICE + 1])
{
    uint32_t at = config[PCI_CAP_POINTER] & 0xfc;
    for (int n = 0; n < 48 && at >= 0x40 && at + 20 <= length; n++) {
        uint8_t type = config[at + 3];
        if (config[at] == PCI_CAP_VENDOR && type >= VIRTIO_CAP_COMMON && type <= VIRTIO_CAP_DEVICE &&
            place[type].length == 0)
            place[type] = (struct place){.bar = config[at + 4],
                                         .offset = config32(config, at + 8),
                                         .length = config32(config, at + 12),
                                         .extra = config32(config, at + 16)};
        at = config[at + 1] & 0xfc;
    }
}

static int map_place(const char *prefix, const struct place *place, uint32_t least, volatile void **out)
{
    char name[STARTUP_NAME];
    ipc_format(name, sizeof name, "%sdevice.bar%u", prefix, place->bar);
    handle_t bar = ipc_handle(name);
    if (!bar || place->length < least)
        return E_NODEV;
    uint64_t inside = place->offset % PAGE_SIZE;
    struct pager_map_device request = {
        .offset = place->offset - inside, .length = inside + place->length, .prot = VMS_READ | VMS_WRITE};
    struct pager_address reply = {0};
    struct ipc_transfer transfer = {.send = {bar}, .send_count = 1};
    int error = pager_map_device_with(HANDLE_FIRST(SLOT_PAGER), &request, &reply, &transfer);
    *out = (volatile char *)reply.address + inside;
    return error;
}

static int attach(struct virtio_disk *d, const char *prefix, const uint8_t *config, uint32_t length)
{
    struct place place[VIRTIO_CAP_DEVICE + 1] = {0};
    volatile void *common = NULL, *notify = NULL, *device = NULL;
    char name[STARTUP_NAME];
    find_places(config, length, place);
    int error = map_place(prefix, &place[VIRTIO_CAP_COMMON], sizeof(struct virtio_common), &common);
    if (!error)
        error = map_place(prefix, &place[VIRTIO_CAP_NOTIFY], 2, &notify);
    if (!error)
        error = map_place(prefix, &place[VIRTIO_CAP_DEVICE], 8, &device);
    if (error)
        return error;
    d->common = common;
    d->notify = notify;
    d->device = device;
    d->notify_multiplier = place[VIRTIO_CAP_NOTIFY].extra;
    struct pager_dma_reply dma = {0};
    error = pager_map_dma(HANDLE_FIRST(SLOT_PAGER), &(struct pager_dma){.length = sizeof(struct shared)},
                          &dma, DEADLINE_NEVER);
    if (error)
        return error;
    d->shared = (volatile struct shared *)dma.address;
    d->physical = dma.physical;
    ipc_format(name, sizeof name, "%sirq.0", prefix);
    error = sys_irq_ctl(ipc_handle(name), IRQ_BIND, HANDLE_FIRST(SLOT_PORT), 1ul << virtio_count);
    return error ? error : start(d);
}

/* init's names: the first function's have no prefix, the next ones' begin with "pci1.", … */
int virtio_probe(void)
{
    for (uint32_t n = 0; n < VIRTIO_DISKS; n++) {
        char prefix[STARTUP_NAME], name[STARTUP_NAME];
        uint32_t length = 0;
        ipc_format(prefix, sizeof prefix, n ? "pci%u." : "", n);
        ipc_format(name, sizeof name, n ? "pci%u.config" : "pci.config", n);
        const uint8_t *config = ipc_blob(name, &length);
        if (!config || length < 0x40)
            continue;
        struct virtio_disk *d = &virtio_disks[virtio_count];
        d->disk = (struct disk){.begin = virtio_begin, .poll = virtio_poll};
        ipc_format(d->disk.name, sizeof d->disk.name, "vd%c", 'a' + (int)virtio_count);
        int error = attach(d, prefix, config, length);
        if (error) {
            ipc_error("%s: %s", name, ipc_error_text(error));
            continue;
        }
        virtio_count++;
        error = disk_add(&d->disk);
        if (error)
            return error;
    }
    return 0;
}
