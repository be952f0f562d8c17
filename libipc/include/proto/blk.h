/* Block devices: whole disks and their partitions, each with an index. Numbers are in sectors of 512 bytes.
 */
#ifndef PROTO_BLK_H
#define PROTO_BLK_H

#include <ipc/protocol.h>

#define BLK_SECTOR 512

enum blk_flag { BLK_READ_ONLY = 1 << 0, BLK_RAM = 1 << 1, BLK_PARTITION = 1 << 2 };

struct blk_index {
    uint32_t index;
};
struct blk_info {
    uint64_t sectors;
    uint32_t flags;
    uint32_t max_sectors; /* most that one request may move */
    char name[16];        /* "vda", "vda1", "ram0": counted by the first NUL or 16 */
};
struct blk_range {
    uint64_t sector;
    uint32_t count; /* sectors */
};

/* `list` and `open` on the server's session; the rest on the session that `open` gives. */
#define BLK_PROTOCOL(OP)                                                                      \
    OP(1, list, struct blk_index, struct blk_info, RIGHT_USE, IDEMPOTENT)                     \
    OP(2, open, struct blk_index, struct blk_info, RIGHT_USE, EFFECT | GIVES(1))              \
    OP(3, read, struct blk_range, struct ipc_none, RIGHT_READ, IDEMPOTENT | BUF_OUT | PARKS)  \
    OP(4, write, struct blk_range, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | BUF_IN | PARKS) \
    OP(5, flush, struct ipc_none, struct ipc_none, RIGHT_WRITE, IDEMPOTENT | PARKS)           \
    OP(6, fence, struct ipc_none, struct ipc_none, RIGHT_READ, IDEMPOTENT | PARKS)

IPC_PROTOCOL(blk, BLK_PROTOCOL)

#endif
