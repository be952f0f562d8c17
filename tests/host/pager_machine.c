#include "tests/host/pager_machine.h"

#include <ouros/boot.h>
#include <sys/mman.h>

#define ENTRIES_MAX 4096u /* of one call, as in the kernel */
uint8_t *machine_ram;
uint32_t sim_fail_unshare;

static struct sim_task tasks[SIM_TASKS];
static struct {
    uint8_t kind;
    uint32_t mappings;
} blocks[BOOT_BLOCKS_MAX];
static uint32_t ram_blocks, tables_free, slab_free;
static uint32_t *frame_maps; /* entries that map each frame */
static bool *frame_is_table;
static struct boot_info info;

/* ---- tasks ---- */

handle_t sim_task_new(uint32_t quota)
{
    for (handle_t h = 1; h < SIM_TASKS; h++)
        if (!tasks[h].used) {
            memset(&tasks[h], 0, sizeof tasks[h]);
            tasks[h].used = true;
            tasks[h].quota = quota;
            tasks[h].index = SIM_NOWHERE;
            return h;
        }
    MUST(!"tasks");
    return 0;
}

struct sim_task *sim_task(handle_t handle)
{
    MUST(handle > 0 && handle < SIM_TASKS && tasks[handle].used);
    return &tasks[handle];
}

void sim_task_end(handle_t handle)
{
    struct sim_task *task = sim_task(handle);
    MUST(task->root.live == 0 && task->tables == 0); /* the pager takes everything away first */
    memset(task, 0, sizeof *task);
}

/* ---- page tables ---- */

static struct sim_table *walk(struct sim_task *task, vaddr_t va, uint32_t level, uint32_t *missing)
{
    struct sim_table *t = &task->root;
    for (uint32_t l = 0; l < level; l++) {
        t = t->below[ptep_va_index(va, l)];
        if (!t) {
            *missing = l + 1;
            return NULL;
        }
    }
    return t;
}

ptep_t machine_ptep(uint32_t index, uint32_t slot, uint32_t level, vaddr_t va)
{
    uint32_t missing;
    for (handle_t h = 1; h < SIM_TASKS; h++) {
        struct sim_task *task = &tasks[h];
        if (!task->used || task->index != index)
            continue;
        MUST(level < PTEP_LEAF || (slot == task->slot && slot != 0));
        struct sim_table *t = walk(task, va, level, &missing);
        MUST(t); /* the pager would have faulted */
        return &t->entry[ptep_va_index(va, level)];
    }
    MUST(!"space is mounted");
    return NULL;
}

static void count(paddr_t pa, int by)
{
    blocks[pa / HUGE_SIZE].mappings += (uint32_t)by;
    frame_maps[pa / PAGE_SIZE] += (uint32_t)by;
}

/* One entry that shows a whole block. */
static void count_huge(paddr_t pa, int by)
{
    blocks[pa / HUGE_SIZE].mappings += (uint32_t)by;
    for (uint32_t i = 0; i < 512; i++)
        frame_maps[pa / PAGE_SIZE + i] += (uint32_t)by;
}

static void entry_drop(struct sim_table *t, uint32_t i)
{
    pte_t e = t->entry[i];
    t->entry[i] = 0;
    t->live -= e != 0;
    if (pte_present(e) && pte_huge(e, PTEP_LEAF - 1) && t->huge)
        count_huge(pte_frame(e, PTEP_LEAF - 1), -1);
    else if (pte_present(e) && pte_frame(e, PTEP_LEAF) / HUGE_SIZE < ram_blocks)
        count(pte_frame(e, PTEP_LEAF), -1);
}

static uint32_t table_frame(void)
{
    for (uint32_t f = 1; f < ram_blocks * 512; f++)
        if (blocks[f / 512].kind == BLOCK_TABLE && f % 512 && !frame_is_table[f]) {
            frame_is_table[f] = true;
            return f;
        }
    MUST(!"a frame for a table");
    return 0;
}

static struct sim_table *table_new(void)
{
    struct sim_table *t = calloc(1, sizeof *t);
    t->links = 1;
    t->frame = table_frame();
    tables_free--;
    return t;
}

static void table_put(struct sim_table *t)
{
    if (--t->links)
        return;
    for (uint32_t n = 0; n < 512 && t->live; n++)
        entry_drop(t, n);
    frame_is_table[t->frame] = false;
    free(t);
    tables_free++;
}

/* All that a table links, of a space that ends. */
static void table_drop(struct sim_table *t, uint32_t level)
{
    for (uint32_t i = 0; i < 512; i++) {
        struct sim_table *below = t->below[i];
        if (t->entry[i] && !below) {
            entry_drop(t, i);
        } else if (below) {
            if (level + 1 < PTEP_LEAF)
                table_drop(below, level + 1);
            table_put(below);
            t->below[i] = NULL;
            t->entry[i] = 0;
            t->live--;
        }
    }
}

static int do_link(struct sim_task *task, struct sim_table *t, const struct vms_op *op)
{
    uint32_t i = ptep_va_index(op->va, op->level - 1u);
    if (t->entry[i])
        return pte_huge(t->entry[i], op->level - 1u) ? E_HUGE : E_EXISTS;
    if (task->tables >= task->quota)
        return E_QUOTA;
    if (tables_free == 0)
        return E_KMEM;
    task->tables++;
    t->below[i] = table_new();
    t->entry[i] = pte_mktable((paddr_t)t->below[i]->frame << PAGE_SHIFT);
    t->live++;
    return 0;
}

static int do_share(struct sim_task *task, struct sim_table *t, const struct vms_op *op)
{
    struct sim_task *other = sim_task(op->handle);
    uint32_t i = ptep_va_index(op->va, PTEP_LEAF - 1), missing;
    struct sim_table *from = walk(other, op->va, PTEP_LEAF - 1, &missing);
    MUST(other != task && from && from->below[i] && !t->entry[i]); /* the pager knows */
    if (task->tables >= task->quota)
        return E_QUOTA;
    task->tables++;
    from->below[i]->links++;
    t->below[i] = from->below[i];
    t->entry[i] = from->entry[i] = pte_mkwprotect(from->entry[i]);
    t->live++;
    return 0;
}

static int do_unshare(struct sim_table *t, const struct vms_op *op)
{
    uint32_t i = ptep_va_index(op->va, PTEP_LEAF - 1);
    struct sim_table *old = t->below[i], *copy;
    MUST(old && !pte_writable(t->entry[i])); /* the pager knows */
    if (sim_fail_unshare > 0) {
        sim_fail_unshare--;
        return E_QUOTA;
    }
    if (old->links > 1) {
        if (tables_free == 0)
            return E_KMEM;
        copy = table_new();
        copy->live = old->live;
        for (uint32_t n = 0; n < 512; n++) {
            copy->entry[n] = old->entry[n] = pte_mkwprotect(old->entry[n]);
            if (pte_present(old->entry[n]))
                count(pte_frame(old->entry[n], PTEP_LEAF), 1);
        }
        table_put(old);
        t->below[i] = copy;
    }
    t->entry[i] = pte_mktable((paddr_t)t->below[i]->frame << PAGE_SHIFT);
    return 0;
}

static int do_unlink(struct sim_task *task, struct sim_table *t, const struct vms_op *op)
{
    uint32_t i = ptep_va_index(op->va, op->level - 1u);
    struct sim_table *inner = t->below[i];
    if (!inner)
        return E_NOTABLE;
    if (inner->live && (!(op->flags & VMS_DROP) || op->level != PTEP_LEAF))
        return E_BUSY;
    table_put(inner);
    t->below[i] = NULL;
    t->entry[i] = 0;
    t->live--;
    task->tables--;
    return 0;
}

static int do_set(struct sim_table *t, const struct vms_op *op)
{
    uint32_t first = ptep_va_index(op->va, op->level);
    if (op->prot && !(op->prot & VMS_READ))
        return E_INVAL;
    for (uint32_t i = 0; i < op->count; i++) {
        paddr_t pa = op->pa + i * PAGE_SIZE;
        if (op->op == VMS_SET && (pa / HUGE_SIZE >= ram_blocks || blocks[pa / HUGE_SIZE].kind != BLOCK_RAM))
            return E_INVAL;
        if (t->entry[first + i] && !(op->flags & VMS_REPLACE))
            return E_EXISTS;
    }
    paddr_t pa = op->pa;
    if (op->op == VMS_SET_DEVICE) /* an offset in the device, which lies behind all RAM */
        pa = (paddr_t)ram_blocks * HUGE_SIZE + pa % HUGE_SIZE;
    for (uint32_t i = 0; i < op->count; i++) {
        if (t->entry[first + i])
            entry_drop(t, first + i);
        t->entry[first + i] = pte_make(pa + i * PAGE_SIZE, op->prot);
        t->live++;
        if (op->op == VMS_SET)
            count(pa + i * PAGE_SIZE, 1);
    }
    return 0;
}

/* Entries of the level above the leaves, one at a time. */
static int do_huge(struct sim_table *t, const struct vms_op *op)
{
    uint32_t i = ptep_va_index(op->va, PTEP_LEAF - 1);
    MUST(op->va % HUGE_SIZE == 0 && op->count == 1 && op->va >= USER_MIN && !t->below[i]);
    t->huge = true;
    switch (op->op) {
    case VMS_SET:
        MUST(op->pa % HUGE_SIZE == 0 && op->pa / HUGE_SIZE < ram_blocks &&
             blocks[op->pa / HUGE_SIZE].kind == BLOCK_RAM && !t->entry[i] && op->prot & VMS_READ);
        t->entry[i] = pte_mkhuge(pte_make(op->pa, op->prot));
        t->live++;
        count_huge(op->pa, 1);
        return 0;
    case VMS_PROTECT:
        MUST(pte_huge(t->entry[i], PTEP_LEAF - 1));
        t->entry[i] = pte_mkprot(t->entry[i], op->prot);
        return 0;
    default:
        MUST(op->op == VMS_CLEAR && pte_huge(t->entry[i], PTEP_LEAF - 1));
        entry_drop(t, i);
        return 0;
    }
}

static int do_op(struct sim_task *task, struct vms_op *op)
{
    bool links = op->op == VMS_LINK || op->op == VMS_UNLINK || op->op == VMS_SHARE || op->op == VMS_UNSHARE;
    uint32_t level = links ? op->level - 1u : op->level;
    MUST(op->va < USER_END && op->op >= VMS_LINK && op->op <= VMS_UNSHARE);
    MUST(links || op->level == PTEP_LEAF || op->level == PTEP_LEAF - 1);
    if (level == PTEP_LEAF)
        MUST(op->va % PAGE_SIZE == 0 && ptep_va_index(op->va, PTEP_LEAF) + op->count <= 512 &&
             op->va >= USER_MIN);
    struct sim_table *t = walk(task, op->va, level, &op->missing);
    if (!t)
        return E_NOTABLE;
    if (!links && level == PTEP_LEAF - 1)
        return do_huge(t, op);
    uint32_t first = ptep_va_index(op->va, PTEP_LEAF);
    if (level == PTEP_LEAF) {
        struct sim_table *outer = walk(task, op->va, PTEP_LEAF - 1, &op->missing);
        if (!pte_writable(outer->entry[ptep_va_index(op->va, PTEP_LEAF - 1)]))
            return E_SHARED;
    }
    switch (op->op) {
    case VMS_LINK: return do_link(task, t, op);
    case VMS_UNLINK: return do_unlink(task, t, op);
    case VMS_SHARE: return do_share(task, t, op);
    case VMS_UNSHARE: return do_unshare(t, op);
    case VMS_SET:
    case VMS_SET_DEVICE: return do_set(t, op);
    case VMS_PROTECT:
        if (op->prot && !(op->prot & VMS_READ))
            return E_INVAL;
        for (uint32_t i = 0; i < op->count; i++)
            if (pte_present(t->entry[first + i]))
                t->entry[first + i] = pte_mkprot(t->entry[first + i], op->prot);
        return 0;
    case VMS_CLEAR:
        for (uint32_t i = 0; i < op->count; i++)
            entry_drop(t, first + i);
        return 0;
    default: return E_INVAL;
    }
}

int sim_batch(handle_t handle, struct vms_op *ops, uint32_t n, uint64_t *done)
{
    struct sim_task *task = sim_task(handle);
    uint32_t entries = 0;
    MUST(n > 0 && n <= VMS_BATCH_MAX);
    for (*done = 0; *done < n && entries < ENTRIES_MAX; ++*done) {
        if (!ops[*done].count)
            ops[*done].count = 1;
        entries += ops[*done].op == VMS_UNLINK ? 512 : ops[*done].count;
        int error = do_op(task, &ops[*done]);
        MUST(error == 0 || error == E_KMEM || error == E_QUOTA); /* all else the pager can know */
        if (error)
            return error;
    }
    return 0;
}

int sim_set_one(struct sim_task *task, vaddr_t va, paddr_t pa, uint64_t how)
{
    struct vms_op op = {.op = VMS_SET,
                        .level = (uint8_t)(how >> 8),
                        .prot = (uint8_t)how,
                        .flags = (uint8_t)(how >> 16),
                        .count = 1,
                        .va = va,
                        .pa = pa};
    return do_op(task, &op);
}

pte_t sim_entry(struct sim_task *task, vaddr_t va)
{
    uint32_t missing;
    struct sim_table *t = walk(task, va, PTEP_LEAF, &missing);
    struct sim_table *above = t ? NULL : walk(task, va, PTEP_LEAF - 1, &missing);
    if (above) {
        pte_t huge = above->entry[ptep_va_index(va, PTEP_LEAF - 1)];
        return pte_present(huge) ? (huge & ~(pte_t)PTE_PS) + va % HUGE_SIZE / PAGE_SIZE * PAGE_SIZE : 0;
    }
    if (!t)
        return 0;
    pte_t e = t->entry[ptep_va_index(va, PTEP_LEAF)];
    t = walk(task, va, PTEP_LEAF - 1, &missing);
    return pte_writable(t->entry[ptep_va_index(va, PTEP_LEAF - 1)]) ? e : pte_mkwprotect(e);
}

uint64_t sim_entries(void)
{
    uint64_t n = 0;
    for (uint32_t f = 0; f < ram_blocks * 512; f++)
        n += frame_maps[f];
    return n;
}

uint32_t sim_tables_free(void)
{
    return tables_free;
}

int sim_mount(handle_t handle, uint32_t index, uint32_t slot)
{
    struct sim_task *task = sim_task(handle);
    if (slot == PAGER_TAKE_APART) {
        table_drop(&task->root, 0);
        task->tables = 0;
    }
    if (index == PAGER_NO_INDEX) {
        task->index = index;
        task->slot = 0;
        return 0;
    }
    MUST(index < PAGER_UPPER_MAX && slot >= PAGER_VIEW_FIRST && slot < PAGER_VIEW_FIRST + PAGER_VIEW_SLOTS);
    for (handle_t h = 1; h < SIM_TASKS; h++) {
        MUST(&tasks[h] == task || !tasks[h].used || tasks[h].index != index);
        if (&tasks[h] != task && tasks[h].slot == slot)
            tasks[h].slot = 0;
    }
    task->index = index;
    task->slot = slot;
    return 0;
}

/* ---- blocks ---- */

int sim_window(paddr_t block, bool map)
{
    blocks[block / HUGE_SIZE].mappings += map ? 1u : -1u;
    return mprotect(machine_ram + block, HUGE_SIZE, map ? PROT_READ | PROT_WRITE : PROT_NONE) ? E_INVAL : 0;
}

static int block_take(uint64_t *value)
{
    for (uint32_t n = 1; n < ram_blocks; n++) {
        uint32_t *stock = blocks[n].kind == BLOCK_TABLE ? &tables_free : &slab_free;
        if ((blocks[n].kind != BLOCK_TABLE && blocks[n].kind != BLOCK_KERNEL) || *stock < 512 + 128)
            continue;
        bool used = false;
        for (uint32_t f = n * 512; f < (n + 1) * 512; f++)
            used = used || frame_is_table[f];
        if (used)
            continue;
        *stock -= 511;
        blocks[n].kind = BLOCK_RAM;
        blocks[n].mappings = 0;
        *value = (uint64_t)n * HUGE_SIZE;
        return 0;
    }
    return E_NOENT;
}

int sim_block(enum block_op op, paddr_t address, enum block_kind kind, uint64_t *value)
{
    uint32_t n = (uint32_t)(address / HUGE_SIZE);
    MUST(n < ram_blocks);
    switch (op) {
    case BLOCK_NEED: *value = slab_free | (uint64_t)tables_free << 32; return 0;
    case BLOCK_INFO:
        *value = blocks[n].kind | (blocks[n].kind == BLOCK_RAM ? (uint64_t)blocks[n].mappings << 32 : 0);
        return 0;
    case BLOCK_TAKE: return block_take(value);
    case BLOCK_GIVE:
        MUST(blocks[n].kind == BLOCK_RAM);
        if (blocks[n].mappings)
            return E_BUSY;
        blocks[n].kind = kind;
        *(kind == BLOCK_TABLE ? &tables_free : &slab_free) += 511;
        return 0;
    }
    return E_INVAL;
}

/* ---- frames ---- */

static void reused(const void *page)
{
    MUST(frame_maps[((const uint8_t *)page - machine_ram) / PAGE_SIZE] == 0); /* S4 */
}

void machine_zero_pages(void *page, uint64_t count)
{
    for (uint8_t *at = page, *end = at + count * PAGE_SIZE; at < end; at += PAGE_SIZE) {
        reused(at);
        memset(at, 0, PAGE_SIZE);
    }
}

void machine_copy(void *to, const void *from)
{
    reused(to);
    memcpy(to, from, PAGE_SIZE);
}

const struct boot_info *sim_start(uint32_t n, uint64_t bundle_bytes)
{
    MUST(!machine_ram); /* the pager's own state begins once */
    ram_blocks = n;
    machine_ram =
        mmap(NULL, (uint64_t)n * HUGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(machine_ram != MAP_FAILED);
    frame_maps = calloc((uint64_t)n * 512, sizeof *frame_maps);
    frame_is_table = calloc((uint64_t)n * 512, sizeof *frame_is_table);
    tables_free = 100;
    slab_free = 300;
    info.magic = BOOT_INFO_MAGIC;
    info.blocks = n;
    for (uint32_t b = 0; b < n; b++)
        info.block_kind[b] = blocks[b].kind = b == 0   ? BLOCK_RESERVED
                                              : b == 1 ? BLOCK_TABLE
                                              : b == 2 ? BLOCK_KERNEL
                                                       : BLOCK_RAM;
    for (uint32_t b = 0; b < n; b++)
        blocks[b].mappings = blocks[b].kind == BLOCK_RAM;
    info.bundle = (struct boot_range){5 * HUGE_SIZE, 5 * HUGE_SIZE + bundle_bytes};
    info.pager[0] = (struct boot_range){(n - 1) * HUGE_SIZE, (n - 1) * HUGE_SIZE + 80 * PAGE_SIZE};
    info.pager_ranges = 1;
    for (uint64_t i = 0; i < bundle_bytes; i++)
        machine_ram[5 * HUGE_SIZE + i] = (uint8_t)(i / PAGE_SIZE * 7 + i);
    return &info;
}
