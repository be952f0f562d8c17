/* Where things lie in a virtual address space. Slots are entries of the top-level table (L0), 512 GiB each.
 */
#ifndef OUROS_LAYOUT_H
#define OUROS_LAYOUT_H

#include <ouros/types.h>

#define LAYOUT_SLOT_SIZE (1ul << 39)

/* User half. The last page below the hole is never mapped (SYSRET, see docs/memory.md). */
#define USER_BASE      0x0000000000400000ul /* programs are linked here; nothing is ever mapped below 64 KiB */
#define USER_MIN       0x0000000000010000ul
#define USER_END       0x00007ffffffff000ul /* first address that user mappings may not reach */
#define USER_MMAP_BASE 0x0000100000000000ul /* the pager places regions from here upwards ... */
#define USER_MMAP_END  0x00007f0000000000ul
/* The first stack grows down from here, the page above stays empty. Its pages are among the first of their tables, at
 * each level: who looks for entries (a fork, the end of a space) passes few that are empty. */
#define USER_STACK_TOP 0x00007f8040820000ul

/* The pager's own space. All RAM blocks appear at PAGER_RAM + physical address, in huge pages. */
#define PAGER_RAM        (1 * LAYOUT_SLOT_SIZE)
#define PAGER_VIEW_FIRST 64 /* L0 slots 64 to 191: leaf views, one mounted space each */
#define PAGER_VIEW_SLOTS 128
#define PAGER_UPPER_SLOT 192 /* L0 slot of V, the table that shows the upper three levels of 511 spaces */
#define PAGER_UPPER_MAX  511
#define PAGER_NO_INDEX   0xffff /* vms_mount: not in V */
#define PAGER_TAKE_APART \
    0xffff /* vms_mount, as slot: a space that no thread has leaves the views and goes, tables and all */

/* Kernel half, the same in every space but for PEER and SELF. */
#define KERNEL_FIRST_SLOT  256
#define KERNEL_DIRECT_SLOT 256 /* RAM but no TABLE blocks, huge pages, supervisor, NX */
#define KERNEL_LOCAL_SLOT  507 /* device registers, page slots */
#define KERNEL_TIME_SLOT   508 /* one page that every space may read: struct time_page */
#define KERNEL_PEER_SLOT   509
#define KERNEL_SELF_SLOT   510
#define KERNEL_IMAGE_SLOT  511

#define TIME_PAGE_ADDRESS 0xfffffe0000000000ul /* KERNEL_TIME_SLOT << 39, sign-extended */

/* Slots of handles that the kernel gives the pager, its first task. */
enum pager_handle {
    PAGER_HANDLE_TASK = 1,
    PAGER_HANDLE_MEMORY = 2,
    PAGER_HANDLE_HARDWARE = 3,
    PAGER_HANDLE_TASK_MAKER = 4,
};

#endif
