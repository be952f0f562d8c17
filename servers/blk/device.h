/* What the parts of the blk server share. One thread serves, so nothing here needs a lock. */
#ifndef BLK_DEVICE_H
#define BLK_DEVICE_H

#include <ipc/heap.h>
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/string.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/blk.h>
#include <proto/pager.h>

#include "partition.h"

#define DISK_MAX_SECTORS 128 /* of one request: 64 KiB */

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH };

/* One request under way. `done` is called exactly once, with 0 or an error. */
struct transfer {
    struct disk *disk;
    enum disk_op op;
    uint64_t sector;
    uint32_t count;            /* sectors */
    uint64_t order;            /* requests are numbered as they come: a fence waits for all before it */
    struct ipc_request client; /* deferred */
    bool internal; /* the server's own read: `buffer` instead of a client, `finished` set at the end */
    void *buffer;
    bool finished;
    int error;
    struct transfer *next;     /* in the disk's queue of those that wait for a place */
    struct transfer *all_next; /* all client transfers under way */
};

/* A disk driver's side. */
struct disk {
    char name[8];
    uint64_t sectors;
    uint32_t flags; /* enum blk_flag */
    /* Begin a transfer: 0, or E_AGAIN when the device has no place now; then it is offered again later. */
    int (*begin)(struct disk *disk, struct transfer *transfer);
    /* Look for completions (also without an interrupt). */
    void (*poll)(struct disk *disk);
    struct transfer *waiting, **waiting_end;
};

#define DISKS_MAX 8
extern struct disk *disks[DISKS_MAX];
extern uint32_t disk_count;

/* Add a disk; partitions are found later. E_FULL. */
int disk_add(struct disk *disk);
/* A driver says that a transfer is over: data of a read lies at `data`. */
void transfer_done(struct transfer *transfer, int error, const void *data);
/* A driver has places free again. */
void disk_kick(struct disk *disk);

/* Drivers: look for their device among the startup handles. 0 also when there is none. */
int virtio_probe(void);
void virtio_interrupt(uint64_t bits);
/* Absolute time at which a request has taken too long, DEADLINE_NEVER; and what to do then. */
uint64_t virtio_deadline(void);
void virtio_timeout(void);
int ram_probe(void);

#endif
