/* Blocks, page tables and what is refused of them, seen from the pager's place. */
// config: memory=64
// config: memory=512 machine=pc
// config: memory=4096
// config: memory=64 words=fastpath=off
#include "first.h"
#include <ipc/task.h>

extern uint64_t ipc_first_argument;

/* ---- what the kernel handed over ---- */

static void hand_over(void)
{
    begin("hand_over");
    CHECK_EQ(info->magic, BOOT_INFO_MAGIC);
    CHECK(info->pager_ranges >= 1);
    uint64_t count = 0;
    for (uint64_t b = 0; b < info->blocks; b++) {
        uint64_t v = block_info(b << HUGE_SHIFT);
        CHECK_EQ(v & 0xffffffff, info->block_kind[b]);
        if (info->block_kind[b] == BLOCK_RAM) {
            CHECK(v >> 32 >= 1);
            count++;
            volatile uint8_t *p = ram(b << HUGE_SHIFT);
            (void)(p[0] + p[HUGE_SIZE - 1]); /* mapped from end to end */
        }
    }
    CHECK(count >= 20);
    struct kernel_stats stats;
    audit(&stats);
    CHECK_EQ(stats.blocks[BLOCK_RAM], count);
    CHECK_EQ(block_info(1ul << 50) & 0xff, BLOCK_DEVICE);
    uint64_t length = info->bundle.end - info->bundle.start;
    CHECK(length > 6 && memcmp(ram(info->bundle.start), "070701", 6) == 0);
    CHECK(info->cmdline_length == 0 || info->cmdline[0]);
    end();
    say("memory: %lu blocks, %lu RAM", info->blocks, count);
}

/* ---- blocks ---- */

static uint64_t need(void)
{
    uint64_t value = 0;
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_NEED, 0, 0, &value), 0);
    return value;
}

static void give_and_take(enum block_kind kind, uint32_t shift, uint64_t least)
{
    paddr_t block = block_take();
    uint64_t before = need();
    memset(ram(block), 0xa5, HUGE_SIZE);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, kind, NULL), E_BUSY);
    CHECK_EQ(ram_unmap(block), 0);
    CHECK_EQ(block_info(block), BLOCK_RAM);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block + PAGE_SIZE, kind, NULL), E_INVAL);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, BLOCK_RAM, NULL), E_INVAL);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, kind, NULL), 0);
    uint64_t more = (need() >> shift & 0xffffffff) - (before >> shift & 0xffffffff);
    CHECK(more >= least && more < 512);
    CHECK_EQ(block_info(block) & 0xff, kind);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, kind, NULL), E_INVAL);
    CHECK_EQ(ram_map(block), E_INVAL);
    audit(NULL);
    uint64_t back = 0;
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &back), 0);
    CHECK_EQ(back, block);
    CHECK_EQ(block_info(block), BLOCK_RAM);
    CHECK_EQ(ram_map(block), 0);
    memset(ram(block), 0, HUGE_SIZE);
    block_back(block);
    CHECK_EQ(need(), before);
    audit(NULL);
}

static void blocks(void)
{
    uint64_t spare;
    begin("give_kernel");
    while (sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &spare) == 0) /* what a large machine keeps at boot */
        CHECK_EQ(ram_map(spare), 0);
    give_and_take(BLOCK_KERNEL, 0, 500);
    end();
    begin("give_table");
    give_and_take(BLOCK_TABLE, 32, 500);
    end();
    begin("give_refused");
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, 0, BLOCK_KERNEL, NULL), E_INVAL);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, ~0ul << HUGE_SHIFT, BLOCK_KERNEL, NULL), E_INVAL);
    CHECK_EQ(sys_block_ctl(TASK, BLOCK_NEED, 0, 0, NULL), E_TYPE);
    CHECK_EQ(sys_block_ctl(MEMORY, 77, 0, 0, NULL), E_INVAL);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, NULL), E_NOENT);
    end();
}

/* ---- primitives ---- */

static void primitives(void)
{
    begin("primitives");
    struct kernel_stats before, after;
    audit(&before);
    handle_t t = child_new();
    const vaddr_t va = 0x123456789000, base = va & ~(HUGE_SIZE - 1);
    paddr_t frame = frame_take(), block = block_take();
    struct vms_op op = {.op = VMS_SET, .level = 3, .prot = VMS_READ, .va = va, .pa = frame};
    for (uint32_t level = 1; level <= 3; level++) {
        CHECK_EQ(batch(t, &op), E_NOTABLE);
        CHECK_EQ(op.missing, level);
        if (level < 3)
            CHECK_EQ(vms(t, VMS_LINK, level + 1, va, 0, 0, 1), E_NOTABLE);
        CHECK_EQ(vms(t, VMS_LINK, level, va, 0, 0, 1), 0);
        CHECK_EQ(vms(t, VMS_LINK, level, va, 0, 0, 1), E_EXISTS);
    }
    CHECK_EQ(batch(t, &op), 0);
    CHECK_EQ(block_info(frame) >> 32, 2);
    CHECK_EQ(batch(t, &op), E_EXISTS);
    op.flags = VMS_REPLACE;
    op.prot = RW;
    CHECK_EQ(batch(t, &op), 0);
    CHECK_EQ(block_info(frame) >> 32, 2);
    CHECK_EQ(vms(t, VMS_PROTECT, 3, va, 0, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(vms(t, VMS_GUARD, 3, va, 0, 0, 1), E_EXISTS);
    CHECK_EQ(vms(t, VMS_SET, 2, base, block, RW, 1), E_EXISTS);
    CHECK_EQ(vms(t, VMS_CLEAR, 2, base, 0, 0, 1), E_BUSY);
    CHECK_EQ(vms(t, VMS_PROTECT, 2, base, 0, RW, 1), E_BUSY);
    for (uint32_t level = 1; level <= 3; level++)
        CHECK_EQ(vms(t, VMS_UNLINK, level, va, 0, 0, 1), E_BUSY);
    op = (struct vms_op){.op = VMS_CLEAR, .level = 3, .va = va};
    CHECK_EQ(batch(t, &op), 0);
    CHECK_EQ(op.pa, pte_make(frame, VMS_READ | VMS_EXEC));
    CHECK_EQ(block_info(frame) >> 32, 1);
    CHECK_EQ(batch(t, &op), 0);
    CHECK_EQ(op.pa, 0);
    CHECK_EQ(vms(t, VMS_GUARD, 3, va, 0, 0, 3), 0);
    CHECK_EQ(vms(t, VMS_SET, 3, va, frame, RW, 1), E_EXISTS);
    CHECK_EQ(vms(t, VMS_PROTECT, 3, va, 0, RW, 3), 0);
    op = (struct vms_op){.op = VMS_CLEAR, .level = 3, .va = va + PAGE_SIZE};
    CHECK_EQ(batch(t, &op), 0);
    CHECK(pte_guard(op.pa));
    op = (struct vms_op){.op = VMS_UNLINK, .level = 3, .va = va, .flags = VMS_DROP};
    CHECK_EQ(batch(t, &op), 0);

    CHECK_EQ(vms(t, VMS_SET, 2, base, block, RW, 1), 0);
    CHECK_EQ(block_info(block) >> 32, 2);
    CHECK_EQ(vms(t, VMS_SET, 3, va, frame, RW, 1), E_HUGE);
    CHECK_EQ(vms(t, VMS_LINK, 3, va, 0, 0, 1), E_HUGE);
    CHECK_EQ(vms(t, VMS_UNLINK, 3, va, 0, 0, 1), E_HUGE);
    CHECK_EQ(vms(t, VMS_PROTECT, 2, base, 0, VMS_READ, 1), 0);
    op = (struct vms_op){.op = VMS_CLEAR, .level = 2, .va = base};
    CHECK_EQ(batch(t, &op), 0);
    CHECK_EQ(op.pa, pte_mkhuge(pte_make(block, VMS_READ)));
    CHECK_EQ(block_info(block) >> 32, 1);
    CHECK_EQ(vms(t, VMS_UNLINK, 2, va, 0, 0, 1), 0);
    CHECK_EQ(vms(t, VMS_UNLINK, 2, va, 0, 0, 1), E_NOTABLE);
    CHECK_EQ(vms(t, VMS_UNLINK, 1, va, 0, 0, 1), 0);
    block_back(block);
    audit(NULL);
    child_end(t);
    audit(&after);
    CHECK_EQ(before.tables_free, after.tables_free);
    CHECK_EQ(before.slab_pages_free, after.slab_pages_free);
    end();
}

static void refusals(void)
{
    begin("refusals");
    handle_t t = child_new();
    paddr_t f = frame_take();
    const vaddr_t va = 0x40000000;
    CHECK_EQ(map(t, 3, va, f, RW, 1), 0);
    paddr_t kernel = 0;
    for (uint64_t b = 0; b < info->blocks; b++) { /* every block that is not RAM */
        kernel = b << HUGE_SHIFT;
        if ((block_info(kernel) & 0xff) == BLOCK_RAM)
            continue;
        CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, kernel, VMS_READ, 1), E_INVAL);
        CHECK_EQ(vms(t, VMS_SET, 2, va + HUGE_SIZE, kernel, VMS_READ, 1), E_INVAL);
    }
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, 0xfee00000, VMS_READ, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, 1ul << 51, VMS_READ, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, ~0xffful, VMS_READ, 2), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, f + 1, VMS_READ, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + 8, f, VMS_READ, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 2, va + PAGE_SIZE, 0, VMS_READ, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, f, VMS_WRITE, 1), E_INVAL);
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, f, 0xf1, 1), E_INVAL);
    for (uint32_t level = 0; level < 256; level++)
        if (level != 2 && level != 3) {
            CHECK_EQ(vms(t, VMS_SET, level, va, f & ~(HUGE_SIZE - 1), VMS_READ, 1), E_INVAL);
            CHECK_EQ(vms(t, VMS_CLEAR, level, va, 0, 0, 1), E_INVAL);
            CHECK_EQ(vms(t, VMS_PROTECT, level, va, 0, VMS_READ, 1), E_INVAL);
            if (level == 0 || level > 3) {
                CHECK_EQ(vms(t, VMS_LINK, level, va, 0, 0, 1), E_INVAL);
                CHECK_EQ(vms(t, VMS_UNLINK, level, va, 0, 0, 1), E_INVAL);
            }
        }
    const vaddr_t bad[] = {0,
                           0xf000,
                           USER_END,
                           USER_END + PAGE_SIZE,
                           1ul << 47,
                           0xffff800000000000,
                           0xffffff7fbfdfe000,
                           0xffffffff80200000,
                           ~0xffful};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQ(vms(t, VMS_SET, 3, bad[i], f, VMS_READ, 1), E_INVAL);
        CHECK_EQ(vms(t, VMS_CLEAR, 3, bad[i], 0, 0, 1), E_INVAL);
        CHECK_EQ(vms(t, VMS_GUARD, 3, bad[i], 0, 0, 1), E_INVAL);
        if (bad[i] >= USER_END)
            CHECK_EQ(vms(t, VMS_LINK, 1, bad[i], 0, 0, 1), E_INVAL);
    }
    CHECK_EQ(vms(t, VMS_SET, 3, va + 511 * PAGE_SIZE, f, VMS_READ, 2), E_INVAL);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, va, 0, 0, 513), E_INVAL);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, va, 0, 0, ~0u), E_INVAL);
    CHECK_EQ(map(t, 3, USER_END - PAGE_SIZE, f, VMS_READ, 1), 0);
    CHECK_EQ(vms(t, VMS_SET, 3, USER_END - PAGE_SIZE, f, VMS_READ, 2), E_INVAL);
    const vaddr_t good[] = {0x10000,
                            USER_END - 2 * PAGE_SIZE}; /* behind these in one batch as little as alone */
    for (size_t i = 0; i < 2; i++) {
        struct vms_op two[2] = {
            {.op = VMS_SET, .level = 3, .prot = VMS_READ, .count = 1, .va = good[i], .pa = f}};
        uint64_t done = 0;
        two[1] = two[0];
        two[1].va = i ? USER_END : PAGE_SIZE;
        map(t, 3, good[i], f, VMS_READ, 1); /* with its tables */
        CHECK_EQ(vms(t, VMS_CLEAR, 3, good[i], 0, 0, 1), 0);
        CHECK_EQ(sys_vms_batch(MEMORY, t, two, 2, &done), E_INVAL);
        CHECK_EQ(done, 1);
        CHECK_EQ(vms(t, VMS_CLEAR, 3, good[i], 0, 0, 1), 0);
    }
    CHECK_EQ(vms(t, 99, 3, va, 0, 0, 1), E_INVAL);
    CHECK_EQ(vms(0x7777, VMS_CLEAR, 3, va, 0, 0, 1), E_HANDLE);
    CHECK_EQ(vms(MEMORY, VMS_CLEAR, 3, va, 0, 0, 1), E_TYPE);
    CHECK_EQ(sys_vms_batch(TASK, t, NULL, 0, NULL), E_TYPE);
    CHECK_EQ(sys_vms_batch(MEMORY, t, NULL, VMS_BATCH_MAX + 1, NULL), E_INVAL);
    /* an operation that fails in the middle has done nothing */
    CHECK_EQ(vms(t, VMS_SET, 3, va - 0 + 4 * PAGE_SIZE, f, RW, 1), 0);
    uint64_t mappings = block_info(f) >> 32;
    CHECK_EQ(vms(t, VMS_SET, 3, va + PAGE_SIZE, f & ~(HUGE_SIZE - 1), RW, 8), E_EXISTS);
    CHECK_EQ(block_info(f) >> 32, mappings);
    audit(NULL);
    child_end(t);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, va, 0, 0, 1), E_HANDLE);
    end();
}

static void bounded(void)
{
    begin("batch_bounded");
    handle_t t = child_new();
    static struct vms_op ops[VMS_BATCH_MAX];
    uint64_t done = 0;
    paddr_t block = block_take();
    uint32_t total = 0;
    CHECK_EQ(map(t, 3, 0x40000000, block, RW, 1), 0);
    for (uint32_t i = 1; i < 32; i++)
        ops[i - 1] = (struct vms_op){.op = VMS_LINK, .level = 3, .va = 0x40000000 + i * HUGE_SIZE};
    for (; total < 31; total += (uint32_t)done)
        if (sys_vms_batch(MEMORY, t, ops + total, 31 - total, &done) || !done)
            break;
    CHECK_EQ(total, 31);
    total = 0;
    CHECK_EQ(vms(t, VMS_CLEAR, 3, 0x40000000, 0, 0, 1), 0);
    for (uint32_t i = 0; i < 32; i++)
        ops[i] = (struct vms_op){.op = VMS_SET,
                                 .level = 3,
                                 .prot = RW,
                                 .count = 512,
                                 .va = 0x40000000 + i * HUGE_SIZE,
                                 .pa = block};
    while (total < 32) {
        CHECK_EQ(sys_vms_batch(MEMORY, t, ops + total, 32 - total, &done), 0);
        CHECK(done >= 1 && done <= 16);
        if (!done)
            break;
        total += (uint32_t)done;
    }
    CHECK_EQ(block_info(block) >> 32, 32 * 512 + 1);
    audit(NULL);
    struct vms_op *nowhere = (struct vms_op *)0x7000000000; /* nobody pages for us: do not touch */
    (void)nowhere;
    child_end(t);
    CHECK_EQ(block_info(block) >> 32, 1);
    block_back(block);
    audit(NULL);
    end();
}

/* ---- device pages ---- */

static void devices(void)
{
    const paddr_t rom = 0xff000; /* the firmware's last page: a far jump 16 bytes before the end */
    begin("device");
    handle_t device = 0;
    CHECK_EQ(sys_hw_create(HARDWARE, HW_DEVICE, rom, PAGE_SIZE, 0, &device, NULL), 0);
    struct vms_op op = {
        .op = VMS_SET_DEVICE, .level = 3, .prot = RW | VMS_UNCACHED, .va = 0x5000000000, .handle = device};
    for (uint32_t level = 1; level <= 3; level++)
        CHECK(vms(TASK, VMS_LINK, level, op.va, 0, 0, 1) != E_KMEM);
    op.pa = PAGE_SIZE;
    CHECK_EQ(batch(TASK, &op), E_RANGE);
    op.pa = ~0xffful;
    CHECK_EQ(batch(TASK, &op), E_RANGE);
    op.pa = 0;
    op.count = 2;
    CHECK_EQ(batch(TASK, &op), E_RANGE);
    op.count = 1;
    op.handle = MEMORY;
    CHECK_EQ(batch(TASK, &op), E_TYPE);
    op.handle = device;
    CHECK_EQ(batch(TASK, &op), 0);
    CHECK_EQ(*(volatile uint8_t *)(op.va + 0xff0), 0xea);
    CHECK_EQ(vms(TASK, VMS_PROTECT, 3, op.va, 0, VMS_READ, 1), 0);
    CHECK_EQ(*(volatile uint8_t *)(op.va + 0xff0), 0xea);
    audit(NULL);
    struct vms_op clear = {.op = VMS_CLEAR, .level = 3, .va = op.va};
    CHECK_EQ(batch(TASK, &clear), 0);
    CHECK_EQ(clear.pa & ~PTE_A, pte_make(rom, VMS_READ | VMS_UNCACHED));
    CHECK_EQ(sys_handle_close(device), 0);
    audit(NULL);
    end();
}

/* ---- no memory, no quota ---- */

static void limits(void)
{
    begin("quota");
    handle_t t = 0, rich = child_new();
    CHECK_EQ(sys_task_create(MAKER, 64 * 1024, &t), 0);
    int error = 0;
    uint32_t linked = 0;
    for (; linked < 100 && !error; linked++)
        error = vms(t, VMS_LINK, 1, (vaddr_t)linked << 39, 0, 0, 1);
    CHECK_EQ(error, E_QUOTA);
    CHECK(linked > 8 && linked < 17);
    end();
    begin("no_tables");
    CHECK_EQ(vms(rich, VMS_LINK, 1, 0, 0, 0, 1), 0);
    error = 0;
    linked = 0;
    for (uint32_t i = 0; i < 512 && !error; i++) {
        error = vms(rich, VMS_LINK, 2, (vaddr_t)i << 30, 0, 0, 1);
        for (uint32_t k = 0; k < 512 && !error; k++, linked++)
            error = vms(rich, VMS_LINK, 3, (vaddr_t)i << 30 | (vaddr_t)k << 21, 0, 0, 1);
        if (linked > 5000)
            break;
    }
    CHECK_EQ(error, E_KMEM);
    CHECK_EQ(need() >> 32, 0);
    audit(NULL);
    paddr_t block = block_take();
    CHECK_EQ(ram_unmap(block), 0);
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, block, BLOCK_TABLE, NULL), 0);
    CHECK_EQ(vms(rich, VMS_LINK, 1, 5ul << 39, 0, 0, 1), 0);
    child_end(rich);
    child_end(t);
    for (int i = 0; i < 20000 && need() >> 32 < 800; i++)
        sys_yield();
    audit(NULL);
    uint64_t back = 0;
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &back), 0);
    CHECK_EQ(ram_map(back), 0);
    end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    hand_over();
    blocks();
    primitives();
    refusals();
    bounded();
    devices();
    limits();
    finish();
}
