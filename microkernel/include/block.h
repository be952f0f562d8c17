/* Physical memory in blocks of 2 MiB: what each is for, and how often user spaces map it.
 *
 * Invariants
 * B1 only RAM blocks are mapped by user spaces as memory; `mappings` counts their entries, 4 KiB and 2 MiB
 *    alike; it cannot overflow, because there are never more than TABLES_MAX tables to hold entries
 * B2 a block leaves the kind RAM only with no mapping left, and is zeroed before the kernel uses it
 * B3 RAM and KERNEL blocks are in the direct map, TABLE blocks never */
#pragma once

#include <object.h>

struct boot_params;
struct vms;

struct block {
    union {
        uint32_t mappings; /* all kinds but TABLE */
        uint32_t records;  /* TABLE: number of the frame that holds its table records (table.c) */
    };
    uint16_t free; /* KERNEL: free slab pages; TABLE: free tables */
    uint8_t kind;  /* enum block_kind */
};

#define TABLES_MAX (UINT32_MAX >> 9)

extern struct block blocks[];
extern uint32_t block_count; /* blocks that the memory map reaches */

static inline uint32_t block_number(paddr_t pa)
{
    return (uint32_t)(pa >> HUGE_SHIFT);
}

/* The kind of the block around pa; beyond the memory map everything is DEVICE. */
static inline enum block_kind block_kind_of(paddr_t pa)
{
    return pa >> HUGE_SHIFT < block_count ? (enum block_kind)blocks[pa >> HUGE_SHIFT].kind : BLOCK_DEVICE;
}

/* Change the kind of a block. */
void block_become(uint32_t number, enum block_kind kind);
/* Kinds from the boot memory map: whole usable blocks are RAM, but not the first one and the kernel's image.
 */
void block_init(const struct boot_params *params);

/* One step of making a RAM block without mappings KERNEL or TABLE; SYS_RESTART: there are more. E_INVAL: not
 * such a block or kind; E_BUSY: it is mapped; E_KMEM, E_FULL: as table_block_add. */
int block_give(paddr_t address, uint64_t kind);

/* Slabs (slab.c): a zeroed KERNEL block comes in; a wholly free one from *number on goes out. E_NOENT: none can
 * be spared; SYS_RESTART: none before *number, ask again. */
void slab_block_add(uint32_t number);
int slab_block_take(uint64_t *number);
/* Tables (table.c): a zeroed block, not in the direct map. E_KMEM: no slab page for its records; E_FULL:
 * there are TABLES_MAX. */
int table_block_add(uint32_t number);
bool table_block_take(uint64_t *number);

/* Debug: check all slabs, all table records; panics. */
void slab_audit(void);
void table_audit(void);
/* Debug: before a walk over all spaces, forget what links were seen; after it, compare. */
void table_audit_links(bool compare);

/* Blocks, direct map, slabs, tables. Moves the boot module into RAM blocks of its own and says so in params.
 * Panics when there is not enough memory, or no module. */
void memory_init(struct boot_params *params);
/* Map the pager that the boot module begins with into an empty space, and all RAM; tell it of the machine.
 * Panics if there is no pager, or not enough memory. */
struct boot_info *boot_pager_load(struct vms *vms, const struct boot_params *params);
