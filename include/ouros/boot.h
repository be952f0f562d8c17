/* The pager's image, and what the kernel tells the pager in it: struct boot_info lies, read-only, at the
 * address in the first thread's argument. */
#ifndef OUROS_BOOT_H
#define OUROS_BOOT_H

#include <ouros/types.h>

#define BOOT_INFO_MAGIC  0x4f55524f53424f4ful
#define BOOT_BLOCKS_MAX  32768 /* 64 GiB of 2 MiB blocks */
#define BOOT_CMDLINE_MAX 1024

struct boot_range {
    paddr_t start, end; /* end is exclusive */
};

/* Pages that follow one another in the image and in the pager's space. */
struct boot_segment {
    uint64_t va;
    uint32_t pages; /* 0: no further segment */
    uint32_t prot;  /* VMS_READ and so on */
};

/* The boot module begins with this: build/bundle.py lays the pager out in whole pages, zeroes, stack and this
 * structure included, and fills in the first three fields. The bundle follows. */
struct boot_info {
    uint64_t magic;
    uint64_t entry;
    struct boot_segment segment[8]; /* the first one is this structure */
    uint64_t blocks;                /* number of 2 MiB blocks described by block_kind */
    struct boot_range bundle;       /* the bundle's bytes, in RAM blocks */
    struct boot_range pager[16];    /* frames of RAM blocks that hold the pager itself and this structure */
    uint32_t pager_ranges;
    uint32_t cmdline_length;
    char cmdline[BOOT_CMDLINE_MAX];
    uint8_t block_kind[BOOT_BLOCKS_MAX]; /* enum block_kind at hand-over; RAM blocks are mapped at PAGER_RAM +
                                            address */
};
_Static_assert(sizeof(struct boot_info) <= 9 << 12, "INFO_PAGES in build/bundle.py");

#endif
