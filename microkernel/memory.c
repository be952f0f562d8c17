/* Kernel memory from nothing: which blocks the kernel keeps at boot, and in which order its parts come to
 * life: blocks, direct map, slabs, table records, which fill a slab page. */
#include <arch/paging.h>
#include <block.h>

#define SMALL_MACHINE 128u /* blocks: with more, the kernel keeps more */

/* The first of n neighbouring RAM blocks that boot's tables show, clear of the boot module. */
static uint32_t pick_blocks(const struct boot_range *module, uint32_t n)
{
    uint32_t run = 0;
    for (uint32_t b = 0; b < block_count && boot_phys((paddr_t)b << HUGE_SHIFT, HUGE_SIZE); b++) {
        bool clear = (b + 1) * HUGE_SIZE <= module->start || b * HUGE_SIZE >= module->end;
        run = blocks[b].kind == BLOCK_RAM && clear ? run + 1 : 0;
        if (run == n)
            return b + 1 - n;
    }
    panic("not enough memory: %u neighbouring blocks of 2 MiB are needed", n);
}

/* Loaders put the module anywhere; the pager reads it as RAM, and its pages become the pager's own. */
static void module_move(struct boot_range *module)
{
    uint64_t length = module->end - module->start;
    const void *from = boot_phys(module->start, length);
    if (module->end <= module->start || !from)
        panic("no boot module within reach");
    paddr_t to = (paddr_t)pick_blocks(module, (uint32_t)((length + HUGE_SIZE - 1) >> HUGE_SHIFT))
                 << HUGE_SHIFT;
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
    uint32_t table_block = pick_blocks(module, 1);
    block_become(table_block, BLOCK_TABLE);
    __builtin_memset(boot_phys((paddr_t)table_block << HUGE_SHIFT, HUGE_SIZE), 0, HUGE_SIZE);
    uint32_t kernel_blocks = block_kinds[BLOCK_RAM] > SMALL_MACHINE ? 2 : 1, kernel_block[2];
    for (uint32_t i = 0; i < kernel_blocks; i++) {
        kernel_block[i] = pick_blocks(module, 1);
        block_become(kernel_block[i], BLOCK_KERNEL);
    }
    paging_direct_init();
    for (uint32_t i = 0; i < kernel_blocks; i++)
        slab_block_add(kernel_block[i]);
    if (table_block_add(table_block))
        panic("no memory for table records");
    log_print(LOG_INFO, "memory: %u MiB in %u blocks, %u for the kernel", block_kinds[BLOCK_RAM] * 2,
              block_kinds[BLOCK_RAM], kernel_blocks + 1);
}
