/* Bits of an x86-64 page-table entry (Intel SDM 3A, 4.5). */
#ifndef OUROS_ARCH_X86_64_PTE_H
#define OUROS_ARCH_X86_64_PTE_H

#define PTE_P      ((pte_t)1 << 0) /* present */
#define PTE_W      ((pte_t)1 << 1) /* writable */
#define PTE_US     ((pte_t)1 << 2) /* user */
#define PTE_PWT    ((pte_t)1 << 3)
#define PTE_PCD    ((pte_t)1 << 4) /* PCD and PWT together: uncached */
#define PTE_A      ((pte_t)1 << 5) /* accessed: set by hardware */
#define PTE_D      ((pte_t)1 << 6) /* dirty: set by hardware, in leaves and huge entries */
#define PTE_PS     ((pte_t)1 << 7) /* huge; only above the leaf level, where it is the PAT bit */
#define PTE_GLOBAL ((pte_t)1 << 8) /* only in leaves */
#define PTE_NX     ((pte_t)((uint64_t)1 << 63))
#define PTE_FRAME  ((pte_t)0x000ffffffffff000ul)

/* Entries that are not present, and not zero either: P is clear, and so is bit 1, so that `& ~PTE_W` over a
 * whole table leaves them as they are. */
#define PTE_GUARD ((pte_t)1 << 9)
#define PTE_SWAP  ((pte_t)1 << 10) /* bits 12 to 51 are the owner's */

#endif
