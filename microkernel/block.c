/* The array of blocks, and the system call that moves blocks between the pager and the kernel. */
#include <arch/paging.h>
#include <hooks.h>
#include <block.h>

#define GIVE_STEP (32ul << 10) /* bytes zeroed before other events get their turn */

struct block blocks[BOOT_BLOCKS_MAX];
uint32_t block_count;
struct kernel_stats stats;

void block_become(uint32_t number, enum block_kind kind)
{
    stats.blocks[blocks[number].kind]--;
    stats.blocks[kind]++;
    blocks[number].kind = (uint8_t)kind;
}

/* The kind of [start, end) by the memory map: RAM if usable ranges fill it and no other touches it. */
static enum block_kind kind_at_boot(const struct boot_params *params, paddr_t start, paddr_t end)
{
    uint64_t usable = 0;
    enum block_kind other = BLOCK_DEVICE; /* nobody describes it */
    for (uint32_t i = 0; i < params->memory_count; i++) {
        paddr_t low = params->memory[i].start > start ? params->memory[i].start : start;
        paddr_t high = params->memory[i].end < end ? params->memory[i].end : end;
        if (low >= high)
            continue;
        other = BLOCK_RESERVED;
        if (!params->memory[i].usable)
            return BLOCK_RESERVED;
        usable += high - low;
    }
    return usable == end - start && start && !paging_image_overlaps(start, end) ? BLOCK_RAM : other;
}

void block_init(const struct boot_params *params)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < params->memory_count; i++)
        if (params->memory[i].usable && params->memory[i].end >> HUGE_SHIFT > count)
            count = params->memory[i].end >> HUGE_SHIFT;
    block_count = count < BOOT_BLOCKS_MAX ? (uint32_t)count : BOOT_BLOCKS_MAX;
    stats.blocks[BLOCK_RESERVED] = block_count;
    for (uint32_t b = 0; b < block_count; b++)
        block_become(b, kind_at_boot(params, (paddr_t)b << HUGE_SHIFT, ((paddr_t)b + 1) << HUGE_SHIFT));
}

/* Hand a block that is all zero to its new use. */
static int give_finish(uint32_t number, uint64_t kind)
{
    paddr_t pa = (paddr_t)number << HUGE_SHIFT;
    if (kind == BLOCK_KERNEL) {
        block_become(number, BLOCK_KERNEL);
        slab_block_add(number);
        return 0;
    }
    paging_direct_remove(pa);
    block_become(number, BLOCK_TABLE);
    int error = table_block_add(number);
    if (error) {
        block_become(number, BLOCK_RAM);
        blocks[number].mappings = 0;
        paging_direct_add(pa);
    }
    return error;
}

/* While it is being zeroed a block is RESERVED, so that nobody maps it, its `mappings` is the kind that it
 * is to become, and its `free` counts the steps. */
int block_give(paddr_t address, uint64_t kind)
{
    uint64_t number = address >> HUGE_SHIFT;
    FAIL_IF((kind != BLOCK_KERNEL && kind != BLOCK_TABLE) || address & (HUGE_SIZE - 1) ||
                number >= block_count,
            E_INVAL);
    struct block *block = &blocks[number];
    if (block->kind != BLOCK_RESERVED) {
        FAIL_IF(block->kind != BLOCK_RAM, E_INVAL);
        FAIL_IF(block->mappings, E_BUSY);
        block_become((uint32_t)number, BLOCK_RESERVED);
        block->mappings = (uint32_t)kind;
        block->free = 0;
    }
    FAIL_IF(block->mappings != kind, E_INVAL);
    __builtin_memset((char *)direct(address) + block->free * GIVE_STEP, 0, GIVE_STEP);
    return ++block->free < HUGE_SIZE / GIVE_STEP ? SYS_RESTART : give_finish((uint32_t)number, kind);
}

/* *number: where to go on looking, at first 0. */
static int block_take(uint64_t *number, paddr_t *out)
{
    int error = slab_block_take(number);
    FAIL_IF(error && (error == SYS_RESTART || !table_block_take(number)), error);
    block_become((uint32_t)*number, BLOCK_RAM);
    blocks[*number].mappings = 0;
    blocks[*number].free = 0;
    *out = *number << HUGE_SHIFT;
    if (error)
        paging_direct_add(*out);
    return 0;
}

int sys_block_ctl(struct thread *thread, struct syscall *s)
{
    TRY(handle_get(thread->task, s->a[0], OBJ_MEMORY, RIGHT_MANAGE, NULL));
    paddr_t address = s->a[2];
    switch (s->a[1]) {
    case BLOCK_GIVE: return block_give(address, s->a[3]);
    case BLOCK_TAKE: return block_take(&s->a[2], &s->r[0]);
    case BLOCK_INFO: {
        enum block_kind kind = block_kind_of(address);
        s->r[0] = kind | (kind == BLOCK_RAM ? (uint64_t)blocks[block_number(address)].mappings << 32 : 0);
        return 0;
    }
    case BLOCK_NEED: s->r[0] = stats.slab_pages_free | (uint64_t)stats.tables_free << 32; return 0;
    default: return E_INVAL;
    }
}
