/* Leaf tables that several spaces link: VMS_SHARE and VMS_UNSHARE, seen from the pager's place. */
// config: memory=64
#include "first.h"
#include <ipc/task.h>

extern uint64_t ipc_first_argument;

#define AREA   0x200000000000ul
#define SPACES 5
#define TABLES 3
#define ENTRY  (~(PTE_A | PTE_D))

static handle_t task[SPACES];

static vaddr_t table_va(uint32_t t)
{
    return AREA + t * HUGE_SIZE;
}

/* A space with the tables above AREA, seen by views s. */
static void space_new(uint32_t s)
{
    task[s] = child_new();
    for (uint32_t level = 1; level <= 2; level++)
        CHECK_EQ(vms(task[s], VMS_LINK, level, AREA, 0, 0, 1), 0);
    CHECK_EQ(sys_vms_mount(MEMORY, task[s], s, PAGER_VIEW_FIRST + s), 0);
}

static pte_t link_of(uint32_t s, uint32_t t)
{
    return ptep_load(ptep_view_upper(PAGER_UPPER_SLOT, s, 2, table_va(t)));
}

static pte_t entry_of(uint32_t s, uint32_t t, uint32_t i)
{
    return ptep_load(ptep_view_leaf(PAGER_VIEW_FIRST + s, table_va(t) + i * PAGE_SIZE)) & ENTRY;
}

static int share(uint32_t to, uint32_t from, vaddr_t va)
{
    struct vms_op op = {.op = VMS_SHARE, .level = 3, .va = va, .handle = task[from]};
    return batch(task[to], &op);
}

static int unshare(uint32_t s, vaddr_t va)
{
    return vms(task[s], VMS_UNSHARE, 3, va, 0, 0, 1);
}

static int drop(uint32_t s, vaddr_t va)
{
    struct vms_op op = {.op = VMS_UNLINK, .level = 3, .flags = VMS_DROP, .va = va};
    return batch(task[s], &op);
}

static void spaces_end(uint32_t count)
{
    for (uint32_t s = 0; s < count; s++)
        child_end(task[s]);
    audit(NULL);
}

/* ---- what is refused ---- */

static void refused(void)
{
    begin("share_refused");
    space_new(0);
    space_new(1);
    paddr_t block = block_take();
    struct vms_op op = {.op = VMS_SHARE, .level = 3, .va = AREA, .handle = task[0]};
    CHECK_EQ(batch(task[1], &op), E_NOENT);
    CHECK_EQ(unshare(0, AREA), E_NOTABLE);
    CHECK_EQ(vms(task[0], VMS_SET, 2, AREA, block, RW, 1), 0);
    CHECK_EQ(batch(task[1], &op), E_HUGE);
    CHECK_EQ(unshare(0, AREA), E_HUGE);
    CHECK_EQ(vms(task[0], VMS_CLEAR, 2, AREA, 0, 0, 1), 0);
    CHECK_EQ(map(task[0], 3, AREA, block, RW, 4), 0);
    for (uint32_t level = 0; level < 256; level++) {
        op.level = (uint8_t)level;
        if (level != 3)
            CHECK_EQ(batch(task[1], &op), E_INVAL);
        op.op = VMS_UNSHARE;
        if (level != 3)
            CHECK_EQ(batch(task[0], &op), E_INVAL);
        op.op = VMS_SHARE;
    }
    op = (struct vms_op){.op = VMS_SHARE, .level = 3, .va = AREA, .handle = task[0]};
    CHECK_EQ(batch(task[0], &op), E_INVAL); /* with itself */
    op.handle = 0x7777;
    CHECK_EQ(batch(task[1], &op), E_HANDLE);
    op.handle = MEMORY;
    CHECK_EQ(batch(task[1], &op), E_TYPE);
    op.handle = task[0];
    op.count = 2;
    CHECK_EQ(batch(task[1], &op), E_INVAL);
    op.count = 1;
    op.flags = VMS_REPLACE;
    CHECK_EQ(batch(task[1], &op), E_INVAL);
    op.flags = 0;
    op.va = USER_END;
    CHECK_EQ(batch(task[1], &op), E_INVAL);
    op.va = 0xffff800000000000;
    CHECK_EQ(batch(task[1], &op), E_INVAL);
    op.va = AREA + (1ul << 39); /* no table there to link it in */
    CHECK_EQ(batch(task[1], &op), E_NOTABLE);
    CHECK_EQ(op.missing, 1);
    op.va = (vaddr_t)PAGER_VIEW_FIRST << PTEP_TOP_SHIFT | AREA >> 9; /* a table behind the pager's view */
    op.handle = TASK;
    CHECK(batch(task[1], &op) != 0);
    CHECK_EQ(vms(task[1], VMS_LINK, 3, AREA, 0, 0, 1), 0);
    CHECK_EQ(share(1, 0, AREA), E_EXISTS);
    CHECK_EQ(vms(task[1], VMS_UNLINK, 3, AREA, 0, 0, 1), 0);
    CHECK_EQ(unshare(0, AREA), 0); /* nobody shares it: nothing changes */
    CHECK_EQ(link_of(0, 0) & PTE_W, PTE_W);
    spaces_end(2);
    block_back(block);
    end();
}

/* ---- one table, two and three spaces ---- */

static void immutable(uint32_t s)
{
    CHECK(!pte_writable(link_of(s, 0)));
    struct vms_op op = {
        .op = VMS_SET, .level = 3, .prot = VMS_READ, .va = AREA + 100 * PAGE_SIZE, .pa = frame_take()};
    CHECK_EQ(batch(task[s], &op), E_SHARED);
    op.flags = VMS_REPLACE;
    CHECK_EQ(batch(task[s], &op), E_SHARED);
    CHECK_EQ(vms(task[s], VMS_PROTECT, 3, AREA, 0, VMS_READ, 8), E_SHARED);
    CHECK_EQ(vms(task[s], VMS_CLEAR, 3, AREA, 0, 0, 1), E_SHARED);
    CHECK_EQ(vms(task[s], VMS_GUARD, 3, AREA + 200 * PAGE_SIZE, 0, 0, 1), E_SHARED);
    CHECK_EQ(vms(task[s], VMS_LINK, 3, AREA, 0, 0, 1), E_EXISTS);
    CHECK_EQ(vms(task[s], VMS_UNLINK, 2, AREA, 0, 0, 1), E_BUSY);
}

static void entries(void)
{
    begin("share_entries");
    struct kernel_stats before, after;
    paddr_t block = block_take();
    audit(&before);
    for (uint32_t s = 0; s < 3; s++)
        space_new(s);
    CHECK_EQ(map(task[0], 3, AREA, block, RW, 20), 0);
    CHECK_EQ(vms(task[0], VMS_SET, 3, AREA + 511 * PAGE_SIZE, block, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(vms(task[0], VMS_GUARD, 3, AREA + 40 * PAGE_SIZE, 0, 0, 3), 0);
    CHECK_EQ(block_info(block) >> 32, 22);
    CHECK_EQ(share(1, 0, AREA + 5 * PAGE_SIZE), 0);
    CHECK_EQ(block_info(block) >> 32, 22); /* entries are counted by tables */
    CHECK_EQ(share(1, 0, AREA), E_EXISTS);
    audit(NULL);
    immutable(0);
    immutable(1);
    CHECK_EQ(share(2, 1, AREA), 0); /* a chain */
    immutable(2);
    for (uint32_t s = 0; s < 3; s++)
        for (uint32_t i = 0; i < 20; i++)
            CHECK_EQ(entry_of(s, 0, i), pte_make(block + i * PAGE_SIZE, RW));
    end();

    begin("unshare_copies");
    CHECK_EQ(unshare(1, AREA + 9 * PAGE_SIZE), 0);
    CHECK_EQ(link_of(1, 0) & PTE_W, PTE_W);
    CHECK_EQ(block_info(block) >> 32, 22 + 21);
    audit(NULL);
    for (uint32_t s = 0; s < 3; s++) { /* in no table is any entry writable */
        for (uint32_t i = 0; i < 20; i++)
            CHECK_EQ(entry_of(s, 0, i), pte_make(block + i * PAGE_SIZE, VMS_READ));
        CHECK_EQ(entry_of(s, 0, 511), pte_make(block, VMS_READ | VMS_EXEC));
        for (uint32_t i = 0; i < 3; i++)
            CHECK_EQ(entry_of(s, 0, 40 + i), pte_mkguard());
    }
    immutable(0);
    immutable(2);
    CHECK_EQ(vms(task[1], VMS_PROTECT, 3, AREA, 0, RW, 20), 0);
    CHECK_EQ(vms(task[1], VMS_CLEAR, 3, AREA + 40 * PAGE_SIZE, 0, 0, 1), 0);
    CHECK_EQ(entry_of(0, 0, 40), pte_mkguard());
    CHECK_EQ(entry_of(0, 0, 3), pte_make(block + 3 * PAGE_SIZE, VMS_READ));
    end();

    begin("unshare_last");
    CHECK_EQ(drop(0, AREA), 0);
    CHECK_EQ(block_info(block) >> 32, 22 + 21);
    immutable(2); /* until it is asked for */
    CHECK_EQ(unshare(2, AREA), 0);
    CHECK_EQ(link_of(2, 0) & PTE_W, PTE_W);
    CHECK_EQ(vms(task[2], VMS_SET, 3, AREA + 100 * PAGE_SIZE, block, RW, 1), 0);
    CHECK_EQ(entry_of(2, 0, 100), pte_make(block, RW));
    audit(NULL);
    /* the last link goes without having been unshared: by UNLINK, and with its space */
    CHECK_EQ(share(0, 1, AREA), 0);
    CHECK_EQ(drop(1, AREA), 0);
    CHECK_EQ(vms(task[0], VMS_UNLINK, 3, AREA, 0, 0, 1), E_BUSY);
    CHECK_EQ(drop(0, AREA), 0);
    CHECK_EQ(share(0, 2, AREA), 0);
    child_end(task[2]);
    audit(NULL);
    CHECK_EQ(entry_of(0, 0, 100), pte_make(block, RW));
    child_end(task[0]);
    child_end(task[1]);
    CHECK_EQ(block_info(block) >> 32, 1);
    block_back(block);
    audit(&after);
    CHECK_EQ(after.tables_free, before.tables_free);
    end();
}

/* Each link is paid for by its space, so that unsharing needs no quota. */
static void quota(void)
{
    begin("share_quota");
    space_new(0);
    paddr_t block = block_take();
    CHECK_EQ(map(task[0], 3, AREA, block, RW, 4), 0);
    CHECK_EQ(map(task[0], 3, AREA + HUGE_SIZE, block, RW, 4), 0);
    for (uint64_t limit = 20 * 1024;; limit += 1024) { /* until the tables above fit, and one more */
        CHECK_EQ(sys_task_create(MAKER, limit, &task[1]), 0);
        int error = vms(task[1], VMS_LINK, 1, AREA, 0, 0, 1);
        error = error ? error : vms(task[1], VMS_LINK, 2, AREA, 0, 0, 1);
        error = error ? error : share(1, 0, AREA);
        if (!error)
            break;
        CHECK_EQ(error, E_QUOTA);
        child_end(task[1]);
    }
    CHECK_EQ(share(1, 0, AREA + HUGE_SIZE), E_QUOTA);
    CHECK_EQ(vms(task[1], VMS_LINK, 3, AREA + HUGE_SIZE, 0, 0, 1), E_QUOTA);
    CHECK_EQ(unshare(1, AREA), 0);
    audit(NULL);
    CHECK_EQ(drop(1, AREA), 0);
    CHECK_EQ(share(1, 0, AREA + HUGE_SIZE), 0);
    CHECK_EQ(drop(0, AREA + HUGE_SIZE), 0); /* whoever made it goes first */
    child_end(task[0]);
    audit(NULL);
    CHECK_EQ(unshare(1, AREA + HUGE_SIZE), 0);
    child_end(task[1]);
    block_back(block);
    end();
}

/* ---- random operations on five spaces against a model ---- */

static struct model_table {
    pte_t entry[512];
    uint32_t links;
} tables[SPACES * TABLES + 1];
static struct {
    struct model_table *table;
    bool writable;
} model[SPACES][TABLES];

static struct model_table *model_table(void)
{
    for (uint32_t i = 0; i < SPACES * TABLES + 1; i++)
        if (!tables[i].links) {
            memset(&tables[i], 0, sizeof tables[i]);
            tables[i].links = 1;
            return &tables[i];
        }
    return NULL;
}

static void model_unlink(uint32_t s, uint32_t t)
{
    if (model[s][t].table)
        model[s][t].table->links--;
    model[s][t].table = NULL;
}

static int random_share(uint32_t s, uint32_t t)
{
    uint32_t from = (s + 1 + (uint32_t)rnd() % (SPACES - 1)) % SPACES;
    int error = share(s, from, table_va(t));
    int want = model[s][t].table ? E_EXISTS : model[from][t].table ? 0 : E_NOENT;
    if (!want) {
        model[s][t] = model[from][t];
        model[s][t].table->links++;
        model[s][t].writable = model[from][t].writable = false;
    }
    return error != want;
}

static int random_unshare(uint32_t s, uint32_t t)
{
    int error = unshare(s, table_va(t)), want = model[s][t].table ? 0 : E_NOTABLE;
    struct model_table *old = model[s][t].table;
    if (!want && old->links > 1) {
        for (uint32_t i = 0; i < 512; i++)
            old->entry[i] = pte_mkwprotect(old->entry[i]);
        old->links--;
        model[s][t].table = model_table();
        memcpy(model[s][t].table->entry, old->entry, sizeof old->entry);
    }
    model[s][t].writable = true;
    return error != want;
}

static int random_change(uint32_t s, uint32_t t, paddr_t block)
{
    static const uint8_t codes[] = {VMS_SET, VMS_PROTECT, VMS_CLEAR, VMS_GUARD};
    uint32_t i = (uint32_t)rnd() % 500, n = 1 + (uint32_t)rnd() % 12;
    struct vms_op op = {.op = codes[rnd() % 4],
                        .level = 3,
                        .prot = rnd() % 2 ? RW : VMS_READ,
                        .count = n,
                        .va = table_va(t) + i * PAGE_SIZE,
                        .pa = block + (uint32_t)rnd() % 400 * PAGE_SIZE};
    struct model_table *table = model[s][t].table;
    uint8_t code = op.op;
    paddr_t pa = op.pa;
    int want = !table ? E_NOTABLE : !model[s][t].writable ? E_SHARED : 0;
    for (uint32_t k = i; k < i + n && !want; k++)
        want = (code == VMS_SET || code == VMS_GUARD) && table->entry[k] ? E_EXISTS : 0;
    for (uint32_t k = i; k < i + n && !want; k++)
        table->entry[k] = code == VMS_SET       ? pte_make(pa + (k - i) * PAGE_SIZE, op.prot)
                          : code == VMS_PROTECT ? pte_mkprot(table->entry[k], op.prot)
                          : code == VMS_CLEAR   ? 0
                                                : pte_mkguard();
    return batch(task[s], &op) != want;
}

static int random_one(paddr_t block)
{
    uint32_t s = (uint32_t)rnd() % SPACES, t = (uint32_t)rnd() % TABLES;
    switch (rnd() % 24) {
    case 0 ... 3: return random_share(s, t);
    case 4 ... 6: return random_unshare(s, t);
    case 7 ... 8: {
        int want = model[s][t].table ? 0 : E_NOTABLE;
        model_unlink(s, t);
        return drop(s, table_va(t)) != want;
    }
    case 9 ... 10: {
        int want = model[s][t].table ? E_EXISTS : 0;
        if (!want) {
            model[s][t].table = model_table();
            model[s][t].writable = true;
        }
        return vms(task[s], VMS_LINK, 3, table_va(t), 0, 0, 1) != want;
    }
    case 11:
        if (rnd() % 8)
            return 0;
        child_end(task[s]);
        for (uint32_t i = 0; i < TABLES; i++)
            model_unlink(s, i);
        space_new(s);
        return 0;
    default: return random_change(s, t, block);
    }
}

static void random_compare(uint32_t s, uint32_t t)
{
    pte_t e = link_of(s, t);
    CHECK_EQ(pte_present(e), model[s][t].table != NULL);
    if (!pte_present(e) || !model[s][t].table)
        return;
    CHECK_EQ(pte_writable(e), model[s][t].writable);
    for (uint32_t i = 0; i < 512; i++)
        CHECK_EQ(entry_of(s, t, i), model[s][t].table->entry[i]);
}

static void random_shares(void)
{
    begin("share_random");
    struct kernel_stats before, after;
    audit(&before);
    paddr_t block = block_take();
    for (uint32_t s = 0; s < SPACES; s++)
        space_new(s);
    for (uint32_t round = 0; round < 6000 && !failures; round++) {
        CHECK_EQ(random_one(block), 0);
        if (round % 100)
            continue;
        for (uint32_t i = 0; i < SPACES * TABLES; i++)
            random_compare(i / TABLES, i % TABLES);
        audit(NULL);
    }
    spaces_end(SPACES);
    CHECK_EQ(block_info(block) >> 32, 1);
    block_back(block);
    audit(&after);
    CHECK_EQ(after.tables_free, before.tables_free);
    CHECK_EQ(after.slab_pages_free, before.slab_pages_free);
    end();
}

/* ---- translation buffers: the first space is this one ---- */

static void flushed(void)
{
    begin("share_flush");
    volatile uint64_t *p = (volatile uint64_t *)AREA;
    struct vms_op op = {.op = VMS_SHARE, .level = 3, .va = AREA, .handle = TASK};
    paddr_t block = block_take();
    space_new(1);
    probe_open();
    CHECK_EQ(map(TASK, 3, AREA, block, RW, 2), 0);
    *p = 1;
    CHECK_EQ(batch(task[1], &op), 0);
    CHECK_EQ(*p, 1);
    CHECK_EQ(probe(AREA, PROBE_WRITE), 0x100 | FAULT_PRESENT | FAULT_WRITE);
    CHECK_EQ(vms(TASK, VMS_UNSHARE, 3, AREA, 0, 0, 1), 0);
    CHECK_EQ(vms(TASK, VMS_PROTECT, 3, AREA, 0, RW, 1), 0);
    CHECK_EQ(vms(TASK, VMS_SET, 3, AREA + 8 * PAGE_SIZE, block + 8 * PAGE_SIZE, RW, 1), 0);
    *p = 2;
    p[8 * PAGE_SIZE / 8] = 3;
    CHECK_EQ(*(volatile uint64_t *)ram(block), 2);
    CHECK_EQ(entry_of(1, 0, 8), 0);
    op.handle = task[1]; /* the other way round, and back by dropping it */
    op.va = AREA + HUGE_SIZE;
    CHECK_EQ(map(task[1], 3, AREA + HUGE_SIZE, block, RW, 2), 0);
    CHECK_EQ(batch(TASK, &op), 0);
    CHECK_EQ(p[HUGE_SIZE / 8], 2);
    child_end(task[1]);
    CHECK_EQ(vms(TASK, VMS_CLEAR, 3, AREA + HUGE_SIZE, 0, 0, 1), E_SHARED);
    CHECK_EQ(vms(TASK, VMS_UNSHARE, 3, AREA + HUGE_SIZE, 0, 0, 1), 0);
    p[HUGE_SIZE / 8] = 4;
    CHECK_EQ(*p, 4);
    op = (struct vms_op){.op = VMS_UNLINK, .level = 3, .flags = VMS_DROP, .va = AREA};
    CHECK_EQ(batch(TASK, &op), 0);
    op.va += HUGE_SIZE;
    CHECK_EQ(batch(TASK, &op), 0);
    for (uint32_t level = 2; level >= 1; level--)
        CHECK_EQ(vms(TASK, VMS_UNLINK, level, AREA, 0, 0, 1), 0);
    CHECK_EQ(block_info(block) >> 32, 1);
    block_back(block);
    audit(NULL);
    end();
}

/* ---- a space that goes as a whole ---- */

static int take_apart(uint32_t s)
{
    return sys_vms_mount(MEMORY, task[s], PAGER_NO_INDEX, PAGER_TAKE_APART);
}

/* Entries of every kind, far apart, and a shared table: all gone by one call, but for what others have. */
static void apart(void)
{
    begin("taken_apart");
    struct kernel_stats before, after;
    handle_t thread;
    paddr_t block = block_take(), huge = block_take();
    space_new(0);
    audit(&before);
    space_new(1);
    CHECK_EQ(map(task[0], 3, AREA, block, RW, PTEP_ENTRIES), 0);
    CHECK_EQ(share(1, 0, AREA), 0);
    CHECK_EQ(map(task[1], 2, AREA + HUGE_SIZE, huge, RW, 1), 0);
    CHECK_EQ(map(task[1], 3, USER_MIN, block, RW, 1), 0);
    CHECK_EQ(map(task[1], 3, USER_END - 256 * PAGE_SIZE, block, RW, 256), 0);
    CHECK_EQ(vms(task[1], VMS_GUARD, 3, USER_END - 300 * PAGE_SIZE, 0, 0, 40), 0);
    CHECK_EQ(block_info(block) >> 32, 1 + 512 + 1 + 256);
    CHECK_EQ(sys_thread_create(task[1], USER_BASE, 0, 0, 1, &thread), 0);
    CHECK_EQ(take_apart(1), E_BUSY);
    CHECK_EQ(entry_of(1, 0, 7), pte_make(block + 7 * PAGE_SIZE, RW));
    CHECK_EQ(sys_task_ctl(task[1], TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_EQ(sys_handle_close(thread), 0);
    for (int i = 0; i < 20; i++)
        sys_yield();
    CHECK_EQ(take_apart(1), 0);
    CHECK_EQ(block_info(block) >> 32, 1 + 512);
    CHECK_EQ(block_info(huge) >> 32, 1);
    CHECK_EQ(take_apart(1), 0);
    CHECK_EQ(map(task[1], 3, AREA, block, RW, 1), E_DEAD);
    CHECK_EQ(share(0, 1, AREA + HUGE_SIZE), E_DEAD);
    CHECK_EQ(sys_vms_mount(MEMORY, task[1], 1, PAGER_VIEW_FIRST + 1), E_DEAD);
    CHECK_EQ(drop(0, AREA), 0);
    CHECK_EQ(block_info(block) >> 32, 1);
    audit(NULL);
    child_end(task[1]);
    audit(&after);
    CHECK_EQ(after.tables_free, before.tables_free);
    space_new(2); /* one that never had a thread, and gets none then */
    CHECK_EQ(take_apart(2), 0);
    CHECK_EQ(sys_thread_create(task[2], USER_BASE, 0, 0, 1, &thread), E_DEAD);
    child_end(task[2]);
    child_end(task[0]);
    block_back(block);
    block_back(huge);
    audit(NULL);
    end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    refused();
    entries();
    quota();
    random_shares();
    flushed();
    apart();
    finish();
}
