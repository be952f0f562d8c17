/* Stands in for the kernel's arch/paging.h on the host: physical memory is one array. */
#ifndef TEST_ARCH_PAGING_H
#define TEST_ARCH_PAGING_H

#include <stdbool.h>
#include <hooks.h>

extern char *host_memory; /* 2 MiB aligned */
extern paddr_t host_image_start, host_image_end;
extern uint64_t host_direct_removed; /* blocks taken out of the direct map less those put back */

static inline void *direct(paddr_t pa)
{
    return host_memory + pa;
}
static inline paddr_t direct_paddr(const void *pointer)
{
    return (paddr_t)((const char *)pointer - host_memory);
}
static inline void paging_direct_add(paddr_t block)
{
    (void)block;
    host_direct_removed--;
}
static inline void paging_direct_remove(paddr_t block)
{
    (void)block;
    host_direct_removed++;
}
static inline bool paging_image_overlaps(paddr_t start, paddr_t end)
{
    return start < host_image_end && end > host_image_start;
}
static inline void *paging_slot(paddr_t frame)
{
    return direct(frame);
}
static inline void paging_slot_done(void) {}

#endif
