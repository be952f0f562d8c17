/* The direct map, and the kernel half of every L0. */
#include <arch/paging.h>
#include <block.h>

#define DIRECT_ENTRY (PTE_P | PTE_W | PTE_PS | PTE_NX)

/* The slots of the kernel half that every L0 has in common: their L1 tables are there from boot on. */
static const uint16_t common_slots[] = {KERNEL_DIRECT_SLOT, KERNEL_LOCAL_SLOT, KERNEL_TIME_SLOT,
                                        KERNEL_IMAGE_SLOT};
#define COMMON_SLOTS (sizeof common_slots / sizeof *common_slots)

/* The direct map, one entry for each block: boot.S has filled in the first 4 GiB. */
pte_t direct_l2[BOOT_BLOCKS_MAX] __attribute__((aligned(PAGE_SIZE)));
_Static_assert(BOOT_BLOCKS_MAX == DIRECT_TABLES * PTEP_ENTRIES, "boot.S");

void paging_direct_init(void)
{
    for (uint32_t b = 0; b < BOOT_BLOCKS_MAX; b++) {
        paddr_t pa = (paddr_t)b << HUGE_SHIFT;
        enum block_kind kind = block_kind_of(pa);
        direct_l2[b] = kind == BLOCK_RAM || kind == BLOCK_KERNEL ? pa | DIRECT_ENTRY : 0;
    }
    paging_load(paging_kernel_root());
}

void paging_direct_add(paddr_t block)
{
    pte_store(&direct_l2[block_number(block)], block | DIRECT_ENTRY);
}

void paging_direct_remove(paddr_t block)
{
    pte_store(&direct_l2[block_number(block)], 0);
    paging_flush((vaddr_t)direct(block));
}

bool paging_image_overlaps(paddr_t start, paddr_t end)
{
    return start < image_paddr(image_end) && end > image_paddr(image_start);
}

void paging_root_set(pte_t *l0, paddr_t root)
{
    for (uint32_t i = 0; i < COMMON_SLOTS; i++)
        l0[common_slots[i]] = root ? kernel_l0[common_slots[i]] : 0;
    l0[KERNEL_SELF_SLOT] = root ? pte_mkwindow(root) : 0;
}
