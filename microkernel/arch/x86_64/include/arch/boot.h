/* The kernel's image, its address arithmetic and its own part of every space. */
#pragma once

#define MULTIBOOT2_MAGIC 0x36d76289

#define DIRECT_TABLES 64 /* of 512 huge pages, for BOOT_BLOCKS_MAX blocks */
#define STACK_SIZE    0x4000
#define STACKS        5 /* without their guards */

#ifdef __ASSEMBLER__
#define KERNEL_VIRTUAL 0xffffffff80000000
#else
#include <hooks.h>

#define KERNEL_VIRTUAL 0xffffffff80000000ul
#define DIRECT_BASE    0xffff800000000000ul /* KERNEL_DIRECT_SLOT */
#define BOOT_DIRECT    (4ul << 30)          /* bytes of physical memory that the boot tables show there */

/* From kernel.ld. The image is image_start to image_end, whole blocks. */
extern char image_start[], image_text[], image_rodata[], image_data[], image_used_end[], image_end[];

/* The physical address of something in the image. */
static inline paddr_t image_paddr(const void *p)
{
    return (paddr_t)p - KERNEL_VIRTUAL;
}

/* Physical memory while the boot tables stand: NULL unless all of it lies in their direct map. */
static inline void *boot_phys(paddr_t p, uint64_t length)
{
    return p < BOOT_DIRECT && length <= BOOT_DIRECT - p ? (void *)(DIRECT_BASE + p) : NULL;
}

/* The L0 that boot leaves loaded: direct map, local, time, self and image slots. The model
 * for the kernel half of every other L0. */
extern uint64_t kernel_l0[512];
/* Load it: the low identity mapping is gone afterwards. */
void map_init(void);

/* The pages of KERNEL_LOCAL_SLOT, all there are: */
enum local_page {
    LOCAL_TIME,
    LOCAL_LAPIC,
    LOCAL_IOAPIC,                  /* IOAPIC_MAX */
    LOCAL_SLOT = LOCAL_IOAPIC + 8, /* page slots of memory code, one per CPU and purpose */
};
#define LOCAL_BASE     0xfffffd8000000000ul /* KERNEL_LOCAL_SLOT */

/* Map the frame of pa at a local page and flush it; entry bits beside present and no-execute. Gives where pa
 * is seen. */
#define LOCAL_WRITE    2ul
#define LOCAL_UNCACHED 0x18ul
void *local_map(uint32_t page, paddr_t pa, uint64_t bits);
void local_unmap(uint32_t page);

/* Stacks grow down to a page that is not mapped once map_init has run. The first is the kernel's, from the
 * first line on; the others are the IST's. */
struct stack {
    char guard[PAGE_SIZE], bytes[STACK_SIZE];
};
extern struct stack stacks[];

/* Is this address in the page below one of the stacks? */
static inline bool stack_guard(vaddr_t address)
{
    uint64_t at = address - (vaddr_t)stacks;
    return at < STACKS * sizeof(struct stack) && at % sizeof(struct stack) < PAGE_SIZE;
}

/* Read what the loader left at `info` (physical) into params; everything is checked against bounds. Panics if
 * it is not a loader that we know. */
void boot_params_read(struct boot_params *params, uint32_t magic, paddr_t info);
#endif
