/* How this processor's tables are loaded, stored to and flushed, and how the kernel reaches physical memory.
 */
#pragma once

#include <arch/boot.h>
#include <arch/cpu.h>
#include <ouros/ptep.h>

/* ---- the direct map: RAM and KERNEL blocks ---- */

static inline void *direct(paddr_t pa)
{
    return (void *)(DIRECT_BASE + pa);
}

static inline paddr_t direct_paddr(const void *pointer)
{
    return (paddr_t)pointer - DIRECT_BASE;
}

/* Boot's direct map becomes one of RAM and KERNEL blocks: boot_phys is over. */
void paging_direct_init(void);
/* Put a block into the direct map, or take it out of it, on every CPU. */
void paging_direct_add(paddr_t block);
void paging_direct_remove(paddr_t block);

/* Any part of the kernel's image in [start, end)? */
bool paging_image_overlaps(paddr_t start, paddr_t end);

/* ---- the page slot: one frame at a time that is linked nowhere ---- */

static inline void *paging_slot(paddr_t frame)
{
    return local_map(LOCAL_SLOT, frame, LOCAL_WRITE);
}

static inline void paging_slot_done(void)
{
    local_unmap(LOCAL_SLOT);
}

/* ---- roots ---- */

/* The L0 that is nobody's: what an idle CPU runs on. */
static inline paddr_t paging_kernel_root(void)
{
    return image_paddr(kernel_l0);
}

/* Write the kernel half and the self entry of an L0, given by the page slot; root 0: clear them again. */
void paging_root_set(pte_t *l0, paddr_t root);

/* Load an L0; flushes everything but global entries, of which there are none. */
static inline void paging_load(paddr_t root)
{
    cr3_write(root);
}

/* What is loaded. */
static inline paddr_t paging_loaded(void)
{
    return cr3_read();
}

/* ---- entries: the only stores to tables ---- */

static inline void pte_store(ptep_t p, pte_t value)
{
    *p = value;
}

/* Store and give what was there, with the bits that hardware set until then. */
static inline pte_t pte_exchange(ptep_t p, pte_t value)
{
    return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

/* Store if it still is *old; otherwise update *old. */
static inline bool pte_replace(ptep_t p, pte_t *old, pte_t value)
{
    return __atomic_compare_exchange_n(p, old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* What hardware would do at a store: for writes by another way. */
static inline void pte_set_dirty(ptep_t p)
{
    __atomic_or_fetch(p, PTE_A | PTE_D, __ATOMIC_SEQ_CST);
}
