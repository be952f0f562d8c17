/* The RAM disk: an image from the boot bundle, mapped privately, so that writes stay in memory. */
#include "device.h"

static struct ram_disk {
    struct disk disk;
    char *image;
} ram;

static int ram_begin(struct disk *disk, struct transfer *t)
{
    char *at = ram.image + t->sector * BLK_SECTOR;
    (void)disk;
    int error = 0;
    if (t->op == DISK_WRITE)
        error = ipc_read(&t->client, 0, at, (uint64_t)t->count * BLK_SECTOR);
    transfer_done(t, error, at);
    return 0;
}

static void ram_poll(struct disk *disk)
{
    (void)disk;
}

int ram_probe(void)
{
    handle_t object = ipc_handle("ramdisk");
    uint32_t length = 0;
    const uint64_t *place = ipc_blob("ramdisk", &length); /* offset and length in the object, bytes */
    if (!object || !place || length != 2 * sizeof *place)
        return 0;
    uint64_t inside = place[0] % PAGE_SIZE;
    struct pager_map request = {
        .length = inside + place[1], .offset = place[0] - inside, .prot = VMS_READ | VMS_WRITE};
    struct pager_address reply = {0};
    struct ipc_transfer transfer = {.send = {object}, .send_count = 1};
    int error = pager_map_with(HANDLE_FIRST(SLOT_PAGER), &request, &reply, &transfer);
    if (error)
        return error;
    ram.image = (char *)reply.address + inside;
    ram.disk = (struct disk){.name = "ram0",
                             .sectors = place[1] / BLK_SECTOR,
                             .flags = BLK_RAM,
                             .begin = ram_begin,
                             .poll = ram_poll};
    return disk_add(&ram.disk);
}
