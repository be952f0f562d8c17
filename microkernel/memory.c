/* Kernel memory from nothing: which blocks the kernel keeps at boot, and in which order its parts come to
 * life.
 *
 * Blocks first; then the direct map, with tables from the first TABLE block while boot's own direct map still
 * shows it; then slabs; then the table records, which fill a slab page. */
#include <arch/paging.h>
#include <block.h>

#define SMALL_MACHINE 128u /* blocks: with more, the kernel keeps more */

static uint32_t table_block; /* the first one */
static uint32_t tables_used; /* its frames that are taken: 0 is never a table */

/* A frame for a table of the direct map, zeroed. */
static paddr_t take_table(void)
{
    if (tables_used == HUGE_SIZE / PAGE_SIZE)
        panic("too much memory for the first table block");
    return ((paddr_t)table_block << HUGE_SHIFT) + tables_used++ * PAGE_SIZE;
}

static void mark_modules(const struct boot_params *params)
{
    for (uint32_t b = 0; b < block_count; b++)
        blocks[b].boot = 0;
    for (uint32_t m = 0; m < params->module_count; m++)
        for (paddr_t pa = params->module[m].start & ~(HUGE_SIZE - 1); pa < params->module[m].end;
             pa += HUGE_SIZE)
            if (block_number(pa) < block_count)
                blocks[block_number(pa)].boot = 1;
}

/* The first of n neighbouring RAM blocks without module that boot's tables show. */
static uint32_t pick_blocks(uint32_t n)
{
    uint32_t run = 0;
    for (uint32_t b = 0; b < block_count && boot_phys((paddr_t)b << HUGE_SHIFT, HUGE_SIZE); b++) {
        run = blocks[b].kind == BLOCK_RAM && !blocks[b].boot ? run + 1 : 0;
        if (run == n)
            return b + 1 - n;
    }
    panic("not enough memory: %u neighbouring blocks of 2 MiB are needed", n);
}

/* The pager reads modules as RAM: move those that the loader put into a block which is not. */
static void settle_module(struct boot_module *module)
{
    bool settled = true;
    if (module->end <= module->start)
        return;
    for (paddr_t pa = module->start & ~(HUGE_SIZE - 1); pa < module->end; pa += HUGE_SIZE)
        settled = settled && block_kind_of(pa) == BLOCK_RAM;
    if (settled && module->start % PAGE_SIZE == 0)
        return;
    uint64_t length = module->end - module->start;
    const void *from = boot_phys(module->start, length);
    if (!from)
        panic("boot module at %lx: out of reach", module->start);
    paddr_t to = (paddr_t)pick_blocks((uint32_t)((length + HUGE_SIZE - 1) >> HUGE_SHIFT)) << HUGE_SHIFT;
    __builtin_memcpy(boot_phys(to, length), from, length);
    module->start = to;
    module->end = to + length;
}

void memory_init(struct boot_params *params)
{
    block_init(params);
    mark_modules(params);
    for (uint64_t b = option_memory_limit >> HUGE_SHIFT; b < block_count; b++)
        if (blocks[b].kind == BLOCK_RAM && !blocks[b].boot)
            block_become((uint32_t)b, BLOCK_RESERVED);
    for (uint32_t m = 0; m < params->module_count; m++) {
        settle_module(&params->module[m]);
        mark_modules(params);
    }
    table_block = pick_blocks(1);
    block_become(table_block, BLOCK_TABLE);
    __builtin_memset(boot_phys((paddr_t)table_block << HUGE_SHIFT, HUGE_SIZE), 0, HUGE_SIZE);
    tables_used = 1;
    uint32_t kernel_blocks = block_kinds[BLOCK_RAM] > SMALL_MACHINE ? 2 : 1, kernel_block[2];
    for (uint32_t i = 0; i < kernel_blocks; i++) {
        kernel_block[i] = pick_blocks(1);
        block_become(kernel_block[i], BLOCK_KERNEL);
    }
    paging_direct_init(take_table);
    for (uint32_t i = 0; i < kernel_blocks; i++)
        slab_block_add(kernel_block[i]);
    if (table_block_add(table_block, tables_used))
        panic("no memory for table records");
    log_print(LOG_INFO, "memory: %u MiB in %u blocks, %u for the kernel", block_kinds[BLOCK_RAM] * 2,
              block_kinds[BLOCK_RAM], kernel_blocks + 1);
}
