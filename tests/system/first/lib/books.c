/* Memory for the kernel: blocks are given to it when it has too little, and taken back before counts are compared. */
#include "../first.h"
#include <ipc/time.h>

void books_take_spare(void)
{
    uint64_t spare;
    while (sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &spare) == 0)
        CHECK_EQ(ram_map(spare), 0);
}

void books_feed(void)
{
    uint64_t need = 0;
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_NEED, 0, 0, &need), 0);
    for (int table = 0; table < 2; table++) {
        if ((need >> 32 * table & 0xffffffff) >= 16)
            continue;
        paddr_t block = block_take();
        CHECK_EQ(ram_unmap(block), 0);
        CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, table ? BLOCK_TABLE : BLOCK_KERNEL, NULL), 0);
    }
}

static void take_back(void)
{
    uint64_t block;
    while (sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &block) == 0) {
        CHECK_EQ(ram_map(block), 0);
        block_back(block);
    }
}

void books_settle(struct kernel_stats *now)
{
    for (uint64_t end = IPC_MS(100); ipc_now() < end;)
        sys_yield();
    take_back();
    audit(now);
}

void books_compare(const struct kernel_stats *before)
{
    struct kernel_stats after = {0};
    for (int tries = 0; tries < 400; tries++) {
        take_back();
        audit(&after);
        if (books_equal(before, &after))
            break;
        for (uint64_t end = IPC_MS(5); ipc_now() < end;)
            sys_yield();
    }
    books_check(before, &after);
}
