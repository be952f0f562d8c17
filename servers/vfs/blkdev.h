/* A device of blocks, as file systems see it. In the guest it is a session with blk, on the host an image
 * file. */
#ifndef VFS_BLKDEV_H
#define VFS_BLKDEV_H

#include <stddef.h>
#include <stdint.h>

struct blkdev {
    /// Reads [off, off+len) into buf. off and len are multiples of 1024. May wait: it is called without the
    /// core lock. 0, or E_IO and nothing said about buf.
    int (*read)(struct blkdev *dev, uint64_t off, void *buf, size_t len);
    uint64_t size;    ///< in bytes
    const char *name; ///< for the log and /proc/mounts
};

#endif
