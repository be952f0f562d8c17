/* The direct map, and the kernel half of every L0. */
#include <arch/paging.h>
#include <block.h>

#define DIRECT_ENTRY (PTE_P | PTE_W | PTE_PS | PTE_NX)

/* The slots of the kernel half that every L0 has in common: their L1 tables are there from boot on. */
static const uint16_t common_slots[] = {KERNEL_DIRECT_SLOT, KERNEL_LOCAL_SLOT, KERNEL_TIME_SLOT,
                                        KERNEL_IMAGE_SLOT};
#define COMMON_SLOTS (sizeof common_slots / sizeof *common_slots)

void paging_direct_init(paddr_t (*take)(void))
{
    paddr_t l1 = take();
    pte_t *top = boot_phys(l1, PAGE_SIZE);
    for (uint32_t b = 0; b < block_count; b++) {
        paddr_t pa = (paddr_t)b << HUGE_SHIFT;
        enum block_kind kind = (enum block_kind)blocks[b].kind;
        if (kind != BLOCK_RAM && kind != BLOCK_KERNEL && kind != BLOCK_TABLE)
            continue;
        pte_t *entry = &top[ptep_va_index(pa, 1)];
        if (!*entry)
            *entry = take() | PTE_P | PTE_W;
        pte_t *l2 = boot_phys(pte_frame(*entry, 1), PAGE_SIZE);
        if (kind != BLOCK_TABLE)
            l2[ptep_va_index(pa, 2)] = pa | DIRECT_ENTRY;
    }
    kernel_l0[KERNEL_DIRECT_SLOT] = l1 | PTE_P | PTE_W;
    paging_load(paging_kernel_root());
}

void paging_direct_add(paddr_t block)
{
    pte_store(ptep_at(VMS_SELF, PTEP_LEAF - 1, (vaddr_t)direct(block)), block | DIRECT_ENTRY);
}

void paging_direct_remove(paddr_t block)
{
    pte_store(ptep_at(VMS_SELF, PTEP_LEAF - 1, (vaddr_t)direct(block)), 0);
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
