/* What programs in the pager's place share. */
#include "../first.h"

const struct boot_info *info;
uint32_t failures;
static uint32_t failed;
static const char *current = "";
static uint8_t taken[BOOT_BLOCKS_MAX];

void say(const char *format, ...)
{
    char line[256] = "<3>"; /* shown also where the kernel's own warnings are not */
    va_list arguments;
    va_start(arguments, format);
    size_t n = 3 + ipc_vformat(line + 3, sizeof line - 3, format, arguments);
    va_end(arguments);
    sys_log_write(line, n < sizeof line ? n : sizeof line - 1);
}

void begin(const char *name)
{
    current = name;
    failed = 0;
}

bool case_failed(void)
{
    return failed != 0;
}

void end(void)
{
    if (!failed)
        say("ok %s", current);
    failures += failed != 0;
}

void check_failed(int line, const char *text, uint64_t a, uint64_t b)
{
    if (!failed++)
        say("not ok %s: line %d: %s (%lx, %lx)", current, line, text, a, b);
}

void finish(void)
{
    handle_t port;
    say("done: %u failed", failures);
    if (!sys_hw_create(HARDWARE, HW_IO, 0xf4, 1, 0, &port, NULL))
        sys_io_access(port, 0, ACCESS_WRITE(1), 16 + (failures != 0), NULL);
    for (;;)
        sys_yield();
}

static uint64_t random_state = 0x9e3779b97f4a7c15;

void rnd_seed(uint64_t seed)
{
    random_state = (seed + 1) * 0x9e3779b97f4a7c15 | 1;
}

uint64_t rnd(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

void audit(struct kernel_stats *stats)
{
    struct kernel_stats own;
    CHECK_EQ(sys_kernel_info(KINFO_AUDIT, stats ? stats : &own, sizeof own, NULL), 0);
}

static bool holds(const struct boot_range *r, paddr_t start)
{
    return r->start < start + HUGE_SIZE && r->end > start;
}

paddr_t block_take(void)
{
    for (uint64_t b = 1; b < info->blocks; b++) {
        bool used = taken[b] || info->block_kind[b] != BLOCK_RAM || holds(&info->bundle, b << HUGE_SHIFT);
        for (uint32_t i = 0; i < info->pager_ranges; i++)
            used = used || holds(&info->pager[i], b << HUGE_SHIFT);
        if (used)
            continue;
        taken[b] = 1;
        return b << HUGE_SHIFT;
    }
    say("not ok: out of blocks");
    failures++;
    finish();
}

void block_back(paddr_t block)
{
    taken[block >> HUGE_SHIFT] = 0;
}

paddr_t frame_take(void)
{
    static paddr_t next;
    if (!(next & (HUGE_SIZE - 1)))
        next = block_take();
    paddr_t frame = next;
    next += PAGE_SIZE;
    memset(ram(frame), 0, PAGE_SIZE);
    return frame;
}

int ram_unmap(paddr_t block)
{
    return vms(TASK, VMS_CLEAR, 2, PAGER_RAM + block, 0, 0, 1);
}

int ram_map(paddr_t block)
{
    return vms(TASK, VMS_SET, 2, PAGER_RAM + block, block, VMS_READ | VMS_WRITE, 1);
}

handle_t child_new(void)
{
    handle_t task = 0;
    CHECK_EQ(sys_task_create(MAKER, 1ul << 30, &task), 0);
    return task;
}

void child_end(handle_t task)
{
    CHECK_EQ(sys_task_ctl(task, TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_EQ(sys_handle_close(task), 0);
    for (int i = 0; i < 2000; i++)
        sys_yield();
}

uint64_t block_info(paddr_t pa)
{
    uint64_t value = 0;
    CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_INFO, pa, 0, &value), 0);
    return value;
}

int batch(handle_t task, struct vms_op *op)
{
    uint64_t done;
    int error = sys_vms_batch(MEMORY, task, op, 1, &done);
    CHECK_EQ(done, error ? 0 : 1);
    return error;
}

int vms(handle_t task, enum vms_opcode code, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot,
        uint32_t count)
{
    struct vms_op op = {.op = (uint8_t)code,
                        .level = (uint8_t)level,
                        .prot = (uint8_t)prot,
                        .count = count,
                        .va = va,
                        .pa = pa};
    return batch(task, &op);
}

int map(handle_t task, uint32_t level, vaddr_t va, paddr_t pa, uint32_t prot, uint32_t count)
{
    for (;;) {
        struct vms_op op = {.op = VMS_SET,
                            .level = (uint8_t)level,
                            .prot = (uint8_t)prot,
                            .count = count,
                            .va = va,
                            .pa = pa};
        int error = batch(task, &op);
        if (error != E_NOTABLE)
            return error;
        error = vms(task, VMS_LINK, op.missing, va, 0, 0, 1);
        if (error)
            return error;
    }
}

uint64_t cmdline_number(const char *name, uint64_t value)
{
    size_t n = strlen(name);
    for (uint32_t i = 0; i + n < info->cmdline_length; i++) {
        if (memcmp(info->cmdline + i, name, n) != 0)
            continue;
        value = 0;
        for (i += (uint32_t)n; i < info->cmdline_length && info->cmdline[i] >= '0' && info->cmdline[i] <= '9';
             i++)
            value = value * 10 + (uint64_t)(info->cmdline[i] - '0');
    }
    return value;
}

/* ---- the kernel's books ---- */

bool books_equal(const struct kernel_stats *a, const struct kernel_stats *b)
{
    return memcmp(a->objects, b->objects, sizeof a->objects) == 0 &&
           memcmp(a->blocks, b->blocks, sizeof a->blocks) == 0 && a->slab_pages_free == b->slab_pages_free &&
           a->tables_free == b->tables_free && a->handles == b->handles;
}

static void same(const char *what, uint32_t kind, uint64_t before, uint64_t after)
{
    if (before != after)
        say("%s of kind %u: %lu before, %lu after", what, kind, before, after);
    CHECK_EQ(before, after);
}

void books_check(const struct kernel_stats *before, const struct kernel_stats *after)
{
    for (unsigned i = 0; i < OBJ_KINDS; i++)
        same("objects", i, before->objects[i], after->objects[i]);
    for (unsigned i = 0; i < BLOCK_KINDS; i++)
        same("blocks", i, before->blocks[i], after->blocks[i]);
    same("handles", 0, before->handles, after->handles);
    same("free tables", 0, before->tables_free, after->tables_free);
    same("free slab pages", 0, before->slab_pages_free, after->slab_pages_free);
}
