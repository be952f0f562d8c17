/* Kernel memory: slabs of 4 KiB cut from KERNEL blocks, and page tables from TABLE blocks. */
#ifndef KERNEL_KMEM_H
#define KERNEL_KMEM_H

#include <object.h>

/* Zeroed memory, 16-byte aligned (page aligned for 4096), size 1 to 4096, charged to account (NULL: to
 * nobody). `out` is the address of a pointer. E_QUOTA, E_KMEM. */
int kmem_alloc(struct account *account, size_t size, void *out);
/* Give it back; size as it was asked for. */
void kmem_free(struct account *account, void *memory, size_t size);

/* Free slab pages and free tables: what BLOCK_NEED reports. */
uint32_t kmem_free_pages(void);
uint32_t table_free_count(void);
void kmem_stats(struct kernel_stats *stats);
/* Debug: check slabs, blocks and table records; panics when broken. */
void kmem_audit(void);

#endif
