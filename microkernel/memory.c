/* Kernel memory from nothing: which blocks the kernel keeps at boot, and in which order its parts come to
 * life: blocks, direct map, slabs, table records, which fill a slab page. */
#include <arch/paging.h>
#include <block.h>

#define SMALL_MACHINE 128u /* blocks: with more, the kernel keeps more */

/* Where the first of n neighbouring RAM blocks begins that boot's tables show, clear of the boot module. */
static paddr_t pick_blocks(const struct boot_range *module, uint64_t n)
{
    uint64_t run = 0;
    for (paddr_t at = 0; boot_phys(at, HUGE_SIZE); at += HUGE_SIZE) {
        bool clear = at + HUGE_SIZE <= module->start || at >= module->end;
        run = block_kind_of(at) == BLOCK_RAM && clear ? run + 1 : 0;
        if (run == n)
            return at + HUGE_SIZE - n * HUGE_SIZE;
    }
    panic("not enough memory: %lu neighbouring blocks of 2 MiB are needed", n);
}

/* Loaders put the module anywhere; the pager reads it as RAM, and its pages become the pager's own. */
static void module_move(struct boot_range *module)
{
    uint64_t length = module->end - module->start;
    const void *from = boot_phys(module->start, length);
    if (module->end <= module->start || !from)
        panic("no boot module within reach");
    paddr_t to = pick_blocks(module, (length + HUGE_SIZE - 1) >> HUGE_SHIFT);
    __builtin_memcpy(direct(to), from, length);
    *module = (struct boot_range){to, to + length};
}

void memory_init(struct boot_params *params)
{
    struct boot_range *module = &params->module;
    block_init(params);
    for (uint64_t b = option_memory_limit >> HUGE_SHIFT; b < block_count; b++)
        if (blocks[b].kind == BLOCK_RAM)
            block_become((uint32_t)b, BLOCK_RESERVED);
    module_move(module);
    paging_direct_init();
    uint32_t kernel_blocks = stats.blocks[BLOCK_RAM] > SMALL_MACHINE ? 2 : 1;
    for (uint32_t i = 0; i <= kernel_blocks; i++) { /* the last one: its records are in slabs */
        paddr_t block = pick_blocks(module, 1);
        int error;
        do
            error = block_give(block, i < kernel_blocks ? BLOCK_KERNEL : BLOCK_TABLE);
        while (error == SYS_RESTART);
        ASSERT(!error);
    }
    log_print(LOG_INFO, "memory: %lu MiB in %lu blocks, %u for the kernel", stats.blocks[BLOCK_RAM] * 2,
              stats.blocks[BLOCK_RAM], kernel_blocks + 1);
}
