/* Time without a system call: one page, published by the kernel at TIME_PAGE_ADDRESS, readable in every
 * space. */
#ifndef OUROS_TIME_H
#define OUROS_TIME_H

#include <ouros/layout.h>
#include <ouros/types.h>

/* monotonic ns = base_ns + ((tsc - base_tsc) * mult >> 32), in 128 bits; realtime = monotonic + wall_ns.
 * version is odd while the kernel writes: read it, the fields, and it again. */
struct time_page {
    uint32_t version;
    uint32_t reserved;
    uint64_t base_tsc;
    uint64_t base_ns;
    uint64_t mult;    /* nanoseconds per tick, 32.32 fixed point */
    uint64_t wall_ns; /* nanoseconds since 1970 at monotonic 0; 0 until clock_set */
};

#endif
