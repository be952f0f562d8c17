/* Partition tables: MBR with its chain of logical partitions, and GPT. Pure: sectors come through a callback,
 * so that it is also built and tested on the host. No number from the disk is trusted. */
#ifndef BLK_PARTITION_H
#define BLK_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#define PARTITIONS_MAX 16

struct partition {
    uint32_t number; /* as Linux counts: 1 to 4 primary, 5 and up logical; GPT: index + 1 */
    uint64_t start, sectors;
};

/* Reads one sector of 512 bytes. 0 or an error. */
typedef int (*partition_read)(void *context, uint64_t sector, void *to);

/* Find the partitions of a disk of `sectors` sectors, in order of the table; at most PARTITIONS_MAX. Entries
 * that lie outside the disk or are empty are left out. *count 0 without an error: the disk has no table that
 * we know. E_CORRUPT: a GPT whose header or entries do not match their checksums (the backup is tried first).
 */
int partition_scan(partition_read read, void *context, uint64_t sectors,
                   struct partition found[PARTITIONS_MAX], uint32_t *count);

#endif
