/* The longest stretch with interrupts off, for the operations that could make it long. A nanosecond is an
 * instruction. What the whole run's longest was is for the harness to compare. */
// config: memory=2048 words=log=error icount=1 limit=300
#include "first.h"

#define AREA     0x60000000ul
#define SESSIONS 8000
#define HANDLES  20000

extern uint64_t ipc_first_argument;

/* ---- entries ---- */

/* op, prot and flags on a whole leaf table. */
static int whole(handle_t task, enum vms_opcode code, paddr_t pa, uint32_t prot, uint32_t flags)
{
    struct vms_op op = {.op = (uint8_t)code,
                        .level = 3,
                        .prot = (uint8_t)prot,
                        .flags = (uint8_t)flags,
                        .count = PTEP_ENTRIES,
                        .va = AREA,
                        .pa = pa};
    return batch(task, &op);
}

static void entries(void)
{
    static const paddr_t shifts[] = {0, 7 * PAGE_SIZE};
    handle_t task = child_new();
    paddr_t block = block_take(), other = block_take();
    bounded_begin("whole-table");
    CHECK_EQ(map(task, 3, AREA, block, RW, 1), 0);
    CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(whole(task, VMS_SET, block + shifts[i] * (other == block + HUGE_SIZE), RW, 0), 0);
        CHECK_EQ(block_info(block) >> 32,
                 1 + PTEP_ENTRIES - shifts[i] / PAGE_SIZE * (other == block + HUGE_SIZE));
        CHECK_EQ(whole(task, VMS_SET, block, RW, 0), E_EXISTS);
        CHECK_EQ(whole(task, VMS_SET, other, VMS_READ, VMS_REPLACE), 0);
        CHECK_EQ(block_info(block) >> 32, 1);
        CHECK_EQ(block_info(other) >> 32, 1 + PTEP_ENTRIES);
        CHECK_EQ(whole(task, VMS_PROTECT, 0, RW, 0), 0);
        CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
        CHECK_EQ(block_info(other) >> 32, 1);
        CHECK_EQ(whole(task, VMS_GUARD, 0, 0, 0), 0);
        CHECK_EQ(whole(task, VMS_SET, block, RW, 0), E_EXISTS);
        CHECK_EQ(whole(task, VMS_CLEAR, 0, 0, 0), 0);
    }
    bounded_end();
    child_end(task);
}

/* ---- the longest of each operation ---- */

/* Where 512 blocks of RAM follow each other; 0: nowhere. */
static paddr_t long_run(void)
{
    for (uint64_t b = 1, run = 0; b < info->blocks; b++) {
        run = info->block_kind[b] == BLOCK_RAM ? run + 1 : 0;
        if (run == PTEP_ENTRIES)
            return (b + 1 - run) << HUGE_SHIFT;
    }
    return 0;
}

/* As many entries of level 2 as one operation may change, in a space that both kinds of views show. */
static void huge_entries(void)
{
    const vaddr_t va = 2ul << ptep_level_shift(1);
    handle_t task = child_new();
    paddr_t run = long_run();
    struct vms_op op = {.op = VMS_SET, .level = 2, .prot = RW, .count = VMS_HUGE_MOST, .va = va, .pa = run};
    bounded_begin("entries-of-level-2");
    CHECK(run != 0);
    op.count++;
    CHECK_EQ(batch(task, &op), E_INVAL);
    op.count--;
    CHECK_EQ(sys_vms_mount(MEMORY, task, 7, PAGER_VIEW_FIRST), 0);
    CHECK_EQ(map(task, 2, va, run, RW, VMS_HUGE_MOST), 0);
    CHECK_EQ(batch(task, &op), E_EXISTS);
    op.flags = VMS_REPLACE, op.prot = VMS_READ;
    CHECK_EQ(batch(task, &op), 0);
    op.flags = 0, op.op = VMS_PROTECT, op.prot = RW;
    CHECK_EQ(batch(task, &op), 0);
    CHECK_EQ(batch(task, &op), 0);
    op.op = VMS_CLEAR, op.prot = 0;
    CHECK_EQ(batch(task, &op), 0);
    CHECK_EQ(map(task, 3, va + (VMS_HUGE_MOST - 1) * HUGE_SIZE, run, RW, 1), 0);
    CHECK_EQ(map(task, 2, va, run, RW, VMS_HUGE_MOST - 1), 0);
    op.op = VMS_PROTECT, op.prot = VMS_READ;
    CHECK_EQ(batch(task, &op), E_BUSY);
    CHECK_EQ(map(task, 3, va + ptep_level_size(1), run, RW, 1), 0);
    child_end(task);
    bounded_end();
}

/* Leaf tables whose neighbouring entries lie in different blocks; without any, with one and with many huge
 * entries around them. */
static void scattered(handle_t task, vaddr_t va, paddr_t run)
{
    for (uint32_t i = 0; i < PTEP_ENTRIES; i++)
        CHECK_EQ(map(task, 3, va + i * PAGE_SIZE, run + i % 64 * HUGE_SIZE + i * PAGE_SIZE, RW, 1), 0);
}

static void tables(void)
{
    handle_t task = child_new(), other = child_new();
    paddr_t run = long_run();
    struct vms_op share = {.op = VMS_SHARE, .level = 3, .count = 1, .va = AREA, .handle = task};
    bounded_begin("scattered-tables");
    for (uint32_t i = 0; i < 4; i++)
        scattered(task, AREA + i * HUGE_SIZE, run);
    CHECK_EQ(vms(other, VMS_LINK, 1, AREA, 0, 0, 1), 0);
    CHECK_EQ(vms(other, VMS_LINK, 2, AREA, 0, 0, 1), 0);
    for (uint32_t i = 0; i < 2; i++, share.va += HUGE_SIZE)
        CHECK_EQ(batch(other, &share), 0);
    CHECK_EQ(vms(other, VMS_UNSHARE, 3, AREA, 0, 0, 1), 0);
    CHECK_EQ(vms(task, VMS_UNSHARE, 3, AREA, 0, 0, 1), 0);
    struct vms_op drop = {.op = VMS_UNLINK, .level = 3, .flags = VMS_DROP, .va = AREA};
    CHECK_EQ(batch(other, &drop), 0);
    for (uint32_t i = 4; i < 200; i++)
        CHECK_EQ(map(task, 2, AREA + i * HUGE_SIZE, run + i * HUGE_SIZE, RW, 1), 0);
    for (uint32_t i = 0; i < 191; i++)
        CHECK_EQ(map(other, 2, i * HUGE_SIZE, run + i * HUGE_SIZE, RW, 1), i ? 0 : E_INVAL);
    scattered(other, 191 * HUGE_SIZE, run);
    for (uint32_t i = 1; i <= 64; i++) { /* nearly empty ones */
        books_feed();
        CHECK_EQ(map(other, 3, 2 * AREA + i * HUGE_SIZE - PAGE_SIZE, run, RW, 1), 0);
    }
    child_end(task);
    child_end(other);
    bounded_end();
}

/* Batches as long as they may be, of one kind of operation each and of all kinds; what they leave is destroyed
 * while others go on. */
static uint64_t all(handle_t task, struct vms_op *op, uint32_t count)
{
    uint64_t calls = 0;
    for (uint64_t done = 0, n = 0; n < count && !case_failed(); n += done, calls++) {
        CHECK_EQ(sys_vms_batch(MEMORY, task, op + n, count - n, &done), 0);
        CHECK(done > 0);
    }
    return calls;
}

static void fill(struct vms_op op[VMS_BATCH_MAX], struct vms_op first, uint64_t step)
{
    for (uint32_t i = 0; i < VMS_BATCH_MAX; i++, first.va += step)
        op[i] = first;
}

static void batches(void)
{
    static struct vms_op op[VMS_BATCH_MAX], mixed[VMS_BATCH_MAX];
    paddr_t block = block_take(), other_block = block_take();
    handle_t task = child_new(), other = child_new();
    const uint32_t big = HUGE_SIZE;
    bounded_begin("batches");
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQ(vms(i ? other : task, VMS_LINK, 1, AREA, 0, 0, 1), 0);
        CHECK_EQ(vms(i ? other : task, VMS_LINK, 2, AREA, 0, 0, 1), 0);
    }
    CHECK_EQ(sys_vms_mount(MEMORY, other, 7, PAGER_VIEW_FIRST), 0);
    fill(op, (struct vms_op){.op = VMS_LINK, .level = 3, .va = AREA}, big);
    books_feed();
    CHECK(all(task, op, VMS_BATCH_MAX) > 1);
    struct vms_op set = {.op = VMS_SET, .level = 3, .prot = RW, .count = 1, .va = AREA, .pa = block};
    fill(op, set, big);
    all(task, op, VMS_BATCH_MAX);
    set.flags = VMS_REPLACE, set.pa = other_block;
    fill(op, set, big);
    all(task, op, VMS_BATCH_MAX);
    fill(op, (struct vms_op){.op = VMS_PROTECT, .level = 3, .prot = VMS_READ, .count = 2, .va = AREA}, big);
    all(task, op, VMS_BATCH_MAX);
    fill(op, (struct vms_op){.op = VMS_SHARE, .level = 3, .count = 1, .va = AREA, .handle = task}, big);
    all(other, op, VMS_BATCH_MAX);
    fill(op, (struct vms_op){.op = VMS_UNSHARE, .level = 3, .count = 1, .va = AREA}, big);
    all(other, op, VMS_BATCH_MAX / 2);
    all(task, op, VMS_BATCH_MAX); /* half of them are alone by now */
    fill(op, (struct vms_op){.op = VMS_CLEAR, .level = 3, .count = 1, .va = AREA}, big);
    all(task, op, VMS_BATCH_MAX);
    fill(op, (struct vms_op){.op = VMS_UNLINK, .level = 3, .flags = VMS_DROP, .va = AREA}, big);
    all(task, op, VMS_BATCH_MAX);
    for (uint32_t i = 0; i < VMS_BATCH_MAX; i++) { /* tables linked, then others shared, as fork does */
        uint8_t what = i < 28 ? VMS_LINK : VMS_SHARE;
        mixed[i] =
            (struct vms_op){.op = what, .level = 3, .count = 1, .va = AREA + i * HUGE_SIZE, .handle = other};
        op[i] = (struct vms_op){.op = VMS_UNLINK, .level = 3, .flags = VMS_DROP, .va = mixed[i].va};
    }
    for (uint32_t i = 0; i < 4; i++) {
        handle_t victim = child_new();
        CHECK_EQ(map(victim, 3, AREA, block, RW, PTEP_ENTRIES), 0);
        CHECK_EQ(map(victim, 3, AREA + HUGE_SIZE, block, RW, PTEP_ENTRIES), 0);
        CHECK_EQ(sys_task_ctl(victim, TASK_KILL, 0, 0, 0, NULL), 0);
        CHECK_EQ(sys_handle_close(victim), 0);
        all(task, mixed, VMS_BATCH_MAX);
        all(task, op, VMS_BATCH_MAX);
    }
    child_end(task);
    child_end(other);
    bounded_end();
    block_back(block);
    block_back(other_block);
}

/* ---- memory of devices ---- */

static void device(void)
{
    handle_t handle = 0;
    bounded_begin("large-device");
    CHECK_EQ(sys_hw_create(HARDWARE, HW_DEVICE, 64ul << 30, (2ul << 30) + PAGE_SIZE, 0, &handle, NULL),
             E_RANGE);
    CHECK_EQ(sys_hw_create(HARDWARE, HW_DEVICE, 64ul << 30, 2ul << 30, 0, &handle, NULL), 0);
    CHECK_EQ(sys_handle_close(handle), 0);
    bounded_end();
}

/* ---- notices ---- */

/* One notice is given and acknowledged, twice, while thousands wait. */
static void acknowledged(void)
{
    static handle_t session[SESSIONS];
    handle_t port = 0;
    uint64_t value = 0;
    struct ipc_message m = {0};
    bounded_begin("acknowledged-twice");
    CHECK_EQ(sys_port_create(&port), 0);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(sys_port_ctl(port, PORT_MINT, i, RIGHT_ALL, 0, &value, NULL), 0);
        session[i] = (handle_t)value;
    }
    for (uint32_t i = 0; i < SESSIONS; i++)
        CHECK_EQ(sys_handle_close(session[i]), 0);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQ(sys_recv_message(port, &m), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_ACK, m.words[5] - 1, 0, 0, NULL, NULL), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_ACK, m.words[5] - 1, 0, 0, NULL, NULL), E_NOENT);
    CHECK_EQ(sys_port_ctl(port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), E_NOENT);
    CHECK_EQ(sys_handle_close(port), 0);
    bounded_end();
}

/* ---- sessions and handles ---- */

static void sessions(void)
{
    static handle_t session[SESSIONS];
    handle_t port = 0, copy = 0;
    uint64_t value = 0, badge = 0, open = 0;
    bounded_begin("closed-sessions");
    CHECK_EQ(sys_port_create(&port), 0);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(sys_port_ctl(port, PORT_MINT, i, RIGHT_ALL, 0, &value, &badge), 0);
        session[i] = (handle_t)value;
    }
    for (uint32_t i = 0; i < SESSIONS - 1; i++)
        CHECK_EQ(sys_handle_close(session[i]), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_SESSIONS, 0, 0, 0, &open, NULL), 0);
    CHECK_EQ(open, badge);
    CHECK_EQ(sys_port_ctl(port, PORT_SESSIONS, 1, 0, 0, &open, NULL), E_NOENT);
    CHECK_EQ(sys_handle_copy(session[SESSIONS - 1], RIGHT_ALL, 0, 0, &copy), 0);
    CHECK_EQ(sys_handle_close(copy), 0);
    CHECK_EQ(sys_handle_close(session[SESSIONS - 1]), 0);
    CHECK_EQ(sys_handle_close(port), 0);
    bounded_end();
}

static void handles(void)
{
    static handle_t mine[HANDLES];
    handle_t from = child_new(), to = child_new(), there = 0, port = 0;
    struct task_info state = {0};
    bounded_begin("copied-handles");
    CHECK_EQ(sys_port_create(&port), 0);
    for (uint32_t i = 0; i < HANDLES; i++) {
        if (i % 64 == 0)
            books_feed();
        CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, from, 0, &there), 0);
    }
    books_feed();
    CHECK_EQ(sys_task_ctl(to, TASK_COPY_HANDLES, from, 0, 0, NULL), 0);
    CHECK_EQ(sys_task_ctl(to, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    CHECK_EQ(state.handles, HANDLES);
    child_end(from);
    child_end(to);
    bounded_end();

    bounded_begin("slot-by-index");
    for (uint32_t i = 0; i < HANDLES; i++) {
        if (i % 64 == 0)
            books_feed();
        CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, 0, &mine[i]), 0);
    }
    uint32_t named = 0; /* the one that ends far down the list of free ones */
    while (HANDLE_INDEX(mine[named]) >= 256)
        named++;
    uint32_t index = HANDLE_INDEX(mine[named]);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &there), E_BUSY);
    CHECK_EQ(sys_handle_close(mine[named]), 0);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &mine[named]), 0);
    CHECK_EQ(HANDLE_INDEX(mine[named]), index);
    CHECK_EQ(sys_handle_close(mine[named]), 0);
    for (uint32_t i = 0; i < HANDLES; i++)
        if (i != named)
            CHECK_EQ(sys_handle_close(mine[i]), 0);
    CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, 0, index, &there), E_BUSY); /* too far to look for it */
    CHECK_EQ(sys_handle_close(port), 0);
    bounded_end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    books_take_spare();
    entries();
    huge_entries();
    tables();
    batches();
    device();
    sessions();
    acknowledged();
    handles();
    audit(NULL);
    finish();
}
