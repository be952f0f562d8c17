/* What is seen and touched through page tables: views of them, faults, copies, and what the first task may not do. */
// config: memory=64
// config: memory=512 machine=pc
// config: memory=4096
// config: memory=64 words=fastpath=off
#include "first.h"
#include <ipc/task.h>

extern uint64_t ipc_first_argument;

/* ---- random operations against a model, read back through views ---- */

#define AREA  0x200000000000ul
#define PAGES 2048 /* four leaf tables */
static pte_t model[PAGES];
static bool table[4];

static void view_check(const struct ptep_view *view)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        struct ptep_mapping m;
        vaddr_t va = AREA + i * PAGE_SIZE;
        int error = ptep_resolve_view(view, va + 5, VMS_READ, &m);
        if (!table[i / 512]) {
            CHECK(error == E_ABSENT && m.level < 3);
        } else {
            CHECK_EQ(m.entry & ~(PTE_A | PTE_D), model[i]);
            CHECK_EQ(error, pte_present(model[i]) ? 0 : E_ABSENT);
        }
    }
}

static void random_one(handle_t t, paddr_t block)
{
    uint32_t i = rnd() % PAGES, n = rnd() % 4 ? 1 : 1 + rnd() % 64;
    if (i % 512 + n > 512)
        n = 512 - i % 512;
    vaddr_t va = AREA + i * PAGE_SIZE;
    struct vms_op op = {.level = 3, .va = va, .count = n, .prot = (uint8_t)(VMS_READ | rnd() % 8)};
    uint32_t live = 0, some = 0;
    for (uint32_t k = 0; k < n; k++)
        some += model[i + k] != 0;
    for (uint32_t k = i & ~511u; k < (i | 511u) + 1; k++)
        live += model[k] != 0;
    int want = table[i / 512] ? 0 : E_NOTABLE, kind = rnd() % 8;
    switch (kind) {
    case 0:
        op.op = VMS_LINK;
        want = table[i / 512] ? E_EXISTS : 0;
        table[i / 512] = true;
        break;
    case 1:
        op.op = VMS_UNLINK;
        op.flags = rnd() % 2 ? VMS_DROP : 0;
        if (!want && live && !op.flags)
            want = E_BUSY;
        if (!want) {
            table[i / 512] = false;
            memset(&model[i & ~511u], 0, 512 * sizeof *model);
        }
        break;
    case 2:
        op.op = VMS_PROTECT;
        for (uint32_t k = 0; k < n && !want; k++)
            model[i + k] = pte_mkprot(model[i + k], op.prot);
        break;
    case 3:
        op.op = VMS_CLEAR;
        if (!want)
            memset(&model[i], 0, n * sizeof *model);
        break;
    case 4:
        op.op = VMS_GUARD;
        if (!want && some)
            want = E_EXISTS;
        for (uint32_t k = 0; k < n && !want; k++)
            model[i + k] = pte_mkguard();
        break;
    default:
        op.op = VMS_SET;
        op.flags = kind == 5 ? VMS_REPLACE : 0;
        op.pa = block + rnd() % 448 * PAGE_SIZE;
        if (!want && some && !op.flags)
            want = E_EXISTS;
        for (uint32_t k = 0; k < n && !want; k++)
            model[i + k] = pte_make(op.pa + k * PAGE_SIZE, op.prot);
    }
    uint8_t code = op.op;
    int error = batch(t, &op);
    if (error != want)
        say("operation %u at %u, %u entries: %d, expected %d", code, i, n, error, want);
    CHECK_EQ(error, want);
}

static void views(void)
{
    begin("views");
    struct kernel_stats before, after;
    handle_t t = child_new(), other = child_new();
    CHECK_EQ(sys_vms_mount(MEMORY, t, 0, PAGER_VIEW_FIRST), 0); /* makes V, which stays */
    CHECK_EQ(sys_vms_mount(MEMORY, t, PAGER_NO_INDEX, 0), 0);
    audit(&before);
    CHECK_EQ(sys_vms_mount(MEMORY, t, PAGER_UPPER_MAX, 0), E_INVAL);
    CHECK_EQ(sys_vms_mount(MEMORY, t, 1, 1), E_INVAL);
    CHECK_EQ(sys_vms_mount(MEMORY, t, 1, PAGER_VIEW_FIRST + PAGER_VIEW_SLOTS), E_INVAL);
    CHECK_EQ(sys_vms_mount(MEMORY, t, 3, PAGER_VIEW_FIRST + 2), 0);
    CHECK_EQ(sys_vms_mount(MEMORY, other, 3, 0), E_BUSY);
    CHECK_EQ(sys_vms_mount(MEMORY, other, 510, PAGER_VIEW_FIRST + 3), 0);
    struct ptep_view view = {PAGER_UPPER_SLOT, 3, PAGER_VIEW_FIRST + 2};
    struct ptep_view second = {PAGER_UPPER_SLOT, 510, PAGER_VIEW_FIRST + 3};
    paddr_t block = block_take();
    for (uint32_t level = 1; level <= 2; level++) {
        CHECK_EQ(vms(t, VMS_LINK, level, AREA, 0, 0, 1), 0);
        CHECK_EQ(vms(other, VMS_LINK, level, AREA, 0, 0, 1), 0);
    }
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 60; i++)
            random_one(t, block);
        view_check(&view);
        if (round % 8 == 7) { /* the views of another space, then another place */
            struct ptep_mapping m;
            CHECK_EQ(ptep_resolve_view(&second, AREA, 0, &m), E_ABSENT);
            CHECK_EQ(m.level, 2);
            uint32_t g = rnd() % 500, u = PAGER_VIEW_FIRST + 4 + rnd() % 100;
            CHECK_EQ(sys_vms_mount(MEMORY, t, g, u), 0);
            view = (struct ptep_view){PAGER_UPPER_SLOT, g, u};
            view_check(&view);
            audit(NULL);
        }
    }
    /* the other space takes over the slot: reads follow at once */
    CHECK_EQ(map(other, 3, AREA, block + 77 * PAGE_SIZE, VMS_READ, 1), 0);
    CHECK_EQ(map(t, 3, AREA + PAGES * PAGE_SIZE, block, RW, 1), 0);
    CHECK(ptep_load(ptep_view_leaf(view.leaf_slot, AREA + PAGES * PAGE_SIZE)) == pte_make(block, RW));
    CHECK_EQ(sys_vms_mount(MEMORY, other, 510, view.leaf_slot), 0);
    CHECK_EQ(ptep_load(ptep_view_leaf(view.leaf_slot, AREA)) & PTE_FRAME, block + 77 * PAGE_SIZE);
    /* views are no place to map, link or unlink */
    vaddr_t in_view = (vaddr_t)view.leaf_slot << 39 | 5 << PAGE_SHIFT;
    paddr_t f = frame_take();
    CHECK_EQ(vms(TASK, VMS_SET, 3, in_view, f, RW, 1), E_INVAL);
    CHECK_EQ(vms(TASK, VMS_CLEAR, 3, in_view, 0, 0, 1), E_INVAL);
    CHECK_EQ(vms(TASK, VMS_LINK, 1, in_view, 0, 0, 1), E_EXISTS);
    CHECK_EQ(vms(TASK, VMS_LINK, 2, in_view, 0, 0, 1), E_INVAL);
    CHECK_EQ(vms(TASK, VMS_UNLINK, 1, in_view, 0, 0, 1), E_INVAL);
    CHECK_EQ(vms(TASK, VMS_UNLINK, 1, (vaddr_t)PAGER_UPPER_SLOT << 39, 0, 0, 1), E_INVAL);
    CHECK_EQ(vms(TASK, VMS_SET, 3, (vaddr_t)PAGER_UPPER_SLOT << 39, f, RW, 1), E_INVAL);
    /* and where something is mapped there is no place for a view */
    CHECK_EQ(vms(TASK, VMS_LINK, 1, (vaddr_t)(PAGER_VIEW_FIRST + 110) << 39, 0, 0, 1), 0);
    CHECK_EQ(sys_vms_mount(MEMORY, t, view.index, PAGER_VIEW_FIRST + 110), E_EXISTS);
    CHECK_EQ(vms(TASK, VMS_UNLINK, 1, (vaddr_t)(PAGER_VIEW_FIRST + 110) << 39, 0, 0, 1), 0);
    audit(NULL);
    /* spaces die while they are shown */
    child_end(t);
    audit(NULL);
    child_end(other);
    block_back(block);
    CHECK_EQ(block_info(block) >> 32, 1);
    audit(&after);
    CHECK_EQ(after.tables_free, before.tables_free + 2);
    end();
}

/* ---- faults, answered with mappings; copies between spaces ---- */

/* The child's whole program: position independent. Writes its argument's low bits over 64 pages, then calls
 * with buffers in them, then reads an address that nobody maps. */
extern char child_code[], child_code_end[];
__asm__(".pushsection .rodata\n"
        "child_code:\n"
        "  mov %rdi, %rbx\n" /* session */
        "  mov $0x60000000, %rdi\n"
        "  mov $64, %ecx\n"
        "1: mov %rcx, (%rdi)\n"
        "  add $4096, %rdi\n"
        "  dec %ecx\n"
        "  jnz 1b\n"
        "  lea 2f(%rip), %r15\n"
        "  mov $0x201, %eax\n" /* call | IPC_BUFFERS */
        "  mov %rbx, %rdi\n"
        "  xor %esi, %esi\n"
        "  syscall\n"
        "  mov 0x60001000, %rax\n"
        "  mov 0x70000000, %rcx\n"
        "  hlt\n"
        "  .balign 8\n"
        "2: .quad 0x60000f00, 0x60003f80\n"
        "  .long 0x1200, 0x400000\n"
        "child_code_end:\n"
        ".popsection");

static handle_t port;

#define REPLACE (VMS_REPLACE << 16)

/* Is there something else to be read, where page i is written? */
static bool shown(uint32_t i)
{
    return i == 20 || i == 45;
}

static void fault_reply(const struct ipc_message *m, paddr_t frame, uint32_t prot, int want)
{
    struct ipc_message reply = {.label = FAULT_MAP,
                                .words = {m->words[0] & ~(PAGE_SIZE - 1), frame, prot | 3 << 8}};
    CHECK_EQ(sys_reply_message(0, &reply), want);
}

static int set(handle_t task, vaddr_t va, paddr_t frame, uint32_t prot)
{
    struct vms_op op = {
        .op = VMS_SET, .level = 3, .prot = prot, .flags = VMS_REPLACE, .va = va, .pa = frame, .count = 1};
    return batch(task, &op);
}

/* Copies within one page find it by what the copy before has noted: what was changed in between must be seen.
 * The caller's buffers begin at 0x60000f00 and 0x60003f80. */
static void short_copies(handle_t t, paddr_t data)
{
    const paddr_t other = data + 40 * PAGE_SIZE;
    uint8_t got[16] = {0}, *old = (uint8_t *)ram(data) + 0xf00, *new = (uint8_t *)ram(other) + 0xf00;
    uint8_t *to = (uint8_t *)ram(data + 3 * PAGE_SIZE) + 0xf80;
    uint64_t count = 0;
    for (int i = 0; i < 3; i++, old[3]++) {
        CHECK_EQ(sys_msg_read(0, 0, got, sizeof got, &count), 0);
        CHECK_EQ(memcmp(got, old, sizeof got), 0);
        CHECK_EQ(sys_msg_write(0, i, &old[3], 1, &count), 0);
        CHECK_EQ(to[i], old[3]);
    }
    memset(new, 0x77, sizeof got);
    CHECK_EQ(set(t, 0x60000000, other, RW), 0); /* another page in its place */
    CHECK_EQ(sys_msg_read(0, 1, got, 8, &count), 0);
    CHECK_EQ(memcmp(got, new, 8), 0);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, 0x60000000, 0, 0, 1), 0); /* none */
    CHECK_EQ(sys_msg_read(0, 1, got, 8, &count), E_ABSENT);
    CHECK_EQ(count, 0);
    CHECK_EQ(set(t, 0x60000000, data, RW), 0); /* and the old one again */
    CHECK_EQ(sys_msg_read(0, 0, got, sizeof got, &count), 0);
    CHECK_EQ(memcmp(got, old, sizeof got), 0);
    CHECK_EQ(sys_msg_read(0, 0xf8, got, 16, &count), 0); /* over the end of the page */
    CHECK_EQ(memcmp(got, old + 0xf8, 16), 0);
    CHECK_EQ(vms(t, VMS_PROTECT, 3, 0x60003000, 0, VMS_READ, 1), 0); /* write-protected */
    CHECK_EQ(sys_msg_write(0, 0, got, 8, &count), E_ABSENT);
    CHECK_EQ(vms(t, VMS_PROTECT, 3, 0x60003000, 0, RW, 1), 0);
    CHECK_EQ(sys_msg_write(0, 0, got, 8, &count), 0);
    CHECK_EQ(memcmp(got, to, 8), 0);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, 0x60003000, 0, 0, 1), 0); /* set again, clean: it is made dirty again */
    CHECK_EQ(set(t, 0x60003000, data + 3 * PAGE_SIZE, RW), 0);
    CHECK_EQ(sys_msg_write(0, 0, got, 8, &count), 0);
    struct vms_op op = {.op = VMS_CLEAR, .level = 3, .va = 0x60003000};
    CHECK_EQ(batch(t, &op), 0);
    CHECK(pte_dirty(op.pa));
    CHECK_EQ(sys_msg_write(0, 0, got, 8, &count), E_ABSENT);
    CHECK_EQ(sys_msg_read(0, 0, got, sizeof got, &count), 0); /* the other page is not concerned */
    CHECK_EQ(memcmp(got, old, sizeof got), 0);
}

/* Answer and receive the next, the one system call of a pager's loop. What cannot be mapped is refused, and
 * the fault still waits for its answer. */
static void fault_reply_recv(struct ipc_message *m, paddr_t frame)
{
    const vaddr_t va = m->words[0];
    const struct ipc_message wrong[] = {
        {.label = FAULT_MAP, .words = {va, frame + 1, RW | 3 << 8}},
        {.label = FAULT_MAP, .words = {va, 0, RW | 3 << 8}},            /* no RAM */
        {.label = FAULT_MAP, .words = {va, frame, VMS_WRITE | 3 << 8}}, /* without reading */
        {.label = FAULT_MAP, .words = {va, frame, RW | 3 << 8 | 1 << 24}},
        {.label = FAULT_MAP, .words = {USER_END, frame, RW | 3 << 8}},
        {.label = FAULT_MAP, .words = {va - PAGE_SIZE, frame, RW | 3 << 8}}, /* is mapped */
        {.label = FAULT_MAP, .words = {va + (1ul << 40), frame, RW | 3 << 8}},
        {.label = FAULT_REFUSE + 1, .words = {va, frame, RW | 3 << 8}},
    };
    static const int want[] = {E_INVAL, E_INVAL, E_INVAL, E_INVAL, E_INVAL, E_EXISTS, E_NOTABLE, E_INVAL};
    struct ipc_message next;
    for (unsigned i = 0; va == 0x60000000 + 50 * PAGE_SIZE && i < sizeof want / sizeof *want; i++) {
        next = wrong[i];
        CHECK_EQ(sys_reply_recv_message(port, &next), want[i]);
    }
    uint64_t how = RW | 3 << 8 | (shown((uint32_t)((va - 0x60000000) / PAGE_SIZE)) ? REPLACE : 0);
    *m = (struct ipc_message){.label = FAULT_MAP, .words = {va, frame, how}};
    CHECK_EQ(sys_reply_recv_message(port, m), 0);
}

static void faults(void)
{
    begin("faults");
    struct kernel_stats before, after, short_way;
    audit(&before);
    handle_t t = child_new(), thread = 0, session = 0, there = 0;
    uint64_t value = 0, badge;
    paddr_t code = frame_take(), data = block_take(), other = data + 100 * PAGE_SIZE;
    CHECK_EQ(sys_port_create(&port), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_MINT, 7, RIGHT_ALL, 0, &value, &badge), 0);
    session = (handle_t)value;
    CHECK_EQ(sys_handle_copy(session, RIGHT_CALL, t, 0, &there), 0);
    CHECK_EQ(sys_task_ctl(t, TASK_SET_PAGER, port, 99, 0, NULL), 0);
    memcpy(ram(code), child_code, (size_t)(child_code_end - child_code));
    memset(ram(data), 0, HUGE_SIZE);
    CHECK_EQ(map(t, 3, 0x50000000, code, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(sys_thread_create(t, 0x50000000, 0, there, 20, &thread), 0);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    struct ipc_message m = {0};
    for (uint32_t i = 0; i < 64; i++) {
        if (i <= 32) {
            memset(&m, 0, sizeof m);
            CHECK_EQ(sys_recv_message(port, &m), 0);
        } /* else the answer has received it */
        CHECK_EQ(m.label, MSG_FAULT);
        CHECK_EQ(m.badge, 99);
        CHECK_EQ(m.words[0], 0x60000000 + i * PAGE_SIZE);
        CHECK_EQ(m.words[1], FAULT_WRITE | (shown(i) ? FAULT_PRESENT : 0));
        if (m.label != MSG_FAULT)
            return;
        if (i == 0) {
            fault_reply(&m, data, RW, E_NOTABLE);
            CHECK_EQ(vms(t, VMS_LINK, 3, m.words[0], 0, 0, 1), 0);
            fault_reply(&m, 0, RW, E_INVAL);
            CHECK_EQ(map(t, 3, 0x60000000 + 20 * PAGE_SIZE, other, VMS_READ, 1), 0);
            CHECK_EQ(map(t, 3, 0x60000000 + 45 * PAGE_SIZE, other, VMS_READ, 1), 0);
        }
        if (shown(i) && i < 32)
            fault_reply(&m, data + i * PAGE_SIZE, RW, E_EXISTS);
        if (i < 32)
            fault_reply(&m, data + i * PAGE_SIZE, RW | (shown(i) ? REPLACE : 0), 0);
        else
            fault_reply_recv(&m, data + i * PAGE_SIZE);
    }
    CHECK_EQ(sys_kernel_info(KINFO_STATS, &short_way, sizeof short_way, NULL), 0);
    /* Both ways of the faults answered so, but for the first and for what went wrong on purpose. */
    uint64_t most = short_way.fast_messages - before.fast_messages;
    CHECK(cmdline_number("fastpath=off", 1) == 0 ? most == 0 : most >= 2 * 28);
    CHECK_EQ(m.label, 0);
    CHECK_EQ(m.badge, badge);
    for (uint32_t i = 0; i < 64; i++)
        CHECK_EQ(*(volatile uint64_t *)ram(data + i * PAGE_SIZE), 64 - i);
    CHECK_EQ(*(volatile uint64_t *)ram(other), 0); /* its two entries are gone, and so are their mappings */
    CHECK_EQ(block_info(data) >> 32, 1 + 64);
    end();

    begin("copy");
    static uint8_t buffer[0x1400];
    uint64_t count = 0;
    CHECK_EQ(m.in_len, 0x1200);
    for (uint32_t i = 0; i < 0x3000; i++)
        ((uint8_t *)ram(data))[i] = (uint8_t)(i * 7 + i / 256);
    CHECK_EQ(sys_msg_read(0, 0, buffer, 0x1200, &count), 0);
    CHECK_EQ(count, 0x1200);
    CHECK_EQ(memcmp(buffer, (char *)ram(data) + 0xf00, 0x1200), 0);
    memset(buffer, 0x5a, sizeof buffer);
    CHECK_EQ(vms(t, VMS_CLEAR, 3, 0x60004000, 0, 0, 1), 0); /* to be set again, clean */
    CHECK_EQ(vms(t, VMS_SET, 3, 0x60004000, data + 4 * PAGE_SIZE, RW, 1), 0);
    CHECK_EQ(sys_msg_write(0, 0, buffer, 0x1080, &count), 0);
    CHECK_EQ(count, 0x1080);
    CHECK_EQ(memcmp(buffer, (char *)ram(data) + 0x3f80, 0x1080), 0);
    struct vms_op op = {.op = VMS_CLEAR, .level = 3, .va = 0x60004000};
    CHECK_EQ(batch(t, &op), 0);
    CHECK(pte_dirty(op.pa)); /* the kernel's store counts as the space's own */
    CHECK_EQ(sys_msg_write(0, 0, buffer, 0x1080, &count), E_ABSENT);
    CHECK_EQ(count, 0x80);
    CHECK_EQ(vms(t, VMS_SET, 3, 0x60004000, data + 4 * PAGE_SIZE, VMS_READ, 1), 0);
    CHECK_EQ(sys_msg_write(0, 0x80, buffer, 8, &count), E_ABSENT); /* read-only */
    CHECK_EQ(count, 0);
    CHECK_EQ(sys_msg_read(0, 0x1100, buffer, 0x101, &count), E_RANGE);
    short_copies(t, data);
    audit(NULL);
    struct ipc_message reply = {0};
    CHECK_EQ(sys_reply_message(0, &reply), 0);
    memset(&m, 0, sizeof m);
    CHECK_EQ(sys_recv_message(port, &m), 0);
    CHECK_EQ(m.label, MSG_FAULT);
    CHECK_EQ(m.words[0], 0x70000000);
    CHECK_EQ(m.words[1], 0);
    sys_handle_close(thread);
    sys_handle_close(session);
    child_end(t);
    CHECK_EQ(sys_handle_close(port), 0);
    for (int i = 0; i < 1000; i++)
        sys_yield();
    block_back(data);
    CHECK_EQ(block_info(data) >> 32, 1);
    audit(&after);
    CHECK_EQ(before.tables_free, after.tables_free);
    CHECK_EQ(before.slab_pages_free, after.slab_pages_free);
    end();
}

/* ---- what the first task itself may not touch ---- */

static void protection(void)
{
    enum { READ = PROBE_READ, WRITE = PROBE_WRITE, JUMP = PROBE_JUMP };
    const uint64_t denied = 0x100 | FAULT_PRESENT;
    handle_t t = child_new();
    begin("protection");
    probe_open();
    paddr_t f = frame_take();
    CHECK_EQ(map(t, 3, 0x40000000, f, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(sys_vms_mount(MEMORY, t, 9, PAGER_VIEW_FIRST), 0);
    /* views: may be read, and nothing else */
    struct ptep_view view = {PAGER_UPPER_SLOT, 9, PAGER_VIEW_FIRST};
    for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
        uint64_t at = (uint64_t)ptep_view_at(&view, level, 0x40000000);
        CHECK_EQ(probe(at, READ), 0);
        CHECK_EQ(probe(at, WRITE), denied | FAULT_WRITE);
        CHECK_EQ(probe(at, JUMP), denied | FAULT_EXEC);
    }
    uint64_t v = (uint64_t)ptep_view_upper(PAGER_UPPER_SLOT, PAGER_UPPER_MAX, 0, 9ul << PTEP_TOP_SHIFT);
    CHECK_EQ(probe(v, READ), 0); /* V itself */
    CHECK_EQ(probe(v, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(probe((uint64_t)ptep_view_leaf(PAGER_VIEW_FIRST, 1ul << 47 | f), READ), denied);
    CHECK_EQ(probe((uint64_t)ptep_view_leaf(PAGER_VIEW_FIRST, 0x80000000), READ),
             0x100); /* no table: absent */
    /* the kernel's half */
    const uint64_t kernel[] = {0xffff800000400000, 0xfffffd8000001000, 0xffffff0000000000, 0xffffff7fbfdfe000,
                               0xffffff7fbfdfefe8, 0xffffffff80200000, 0xffffffff80210000};
    for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++)
        for (uint64_t kind = READ; kind <= JUMP; kind++)
            CHECK(probe(kernel[i], kind) != 0);
    CHECK_EQ(probe(TIME_PAGE_ADDRESS, READ), 0);
    CHECK_EQ(probe(TIME_PAGE_ADDRESS, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(probe(TIME_PAGE_ADDRESS, JUMP), denied | FAULT_EXEC);
    CHECK_EQ(probe((uint64_t)ram(f), JUMP), denied | FAULT_EXEC);
    CHECK_EQ(probe((uint64_t)info, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(probe((uint64_t)protection, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(probe(USER_STACK_TOP - (64 << 10) - 8, WRITE), 0x100 | FAULT_WRITE); /* the guard */
    CHECK_EQ(probe(0, READ), 0x100);
    end();

    begin("flush"); /* changes of the loaded space are seen at once */
    paddr_t g = frame_take();
    volatile uint64_t *p = (volatile uint64_t *)0x4000000000;
    *(uint64_t *)ram(f) = 1;
    *(uint64_t *)ram(g) = 2;
    CHECK_EQ(map(TASK, 3, (vaddr_t)p, f, RW, 1), 0);
    CHECK_EQ(*p, 1);
    struct vms_op op = {
        .op = VMS_SET, .level = 3, .prot = VMS_READ, .flags = VMS_REPLACE, .va = (vaddr_t)p, .pa = g};
    CHECK_EQ(batch(TASK, &op), 0);
    CHECK_EQ(*p, 2);
    CHECK_EQ(probe((uint64_t)p, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(vms(TASK, VMS_PROTECT, 3, (vaddr_t)p, 0, RW, 1), 0);
    *p = 3;
    CHECK_EQ(vms(TASK, VMS_PROTECT, 3, (vaddr_t)p, 0, VMS_READ, 1), 0);
    CHECK_EQ(probe((uint64_t)p, WRITE), denied | FAULT_WRITE);
    CHECK_EQ(*p, 3);
    CHECK_EQ(vms(TASK, VMS_CLEAR, 3, (vaddr_t)p, 0, 0, 1), 0);
    CHECK_EQ(probe((uint64_t)p, READ), 0x100);
    CHECK_EQ(map(TASK, 3, (vaddr_t)p, f, RW, 1), 0);
    CHECK_EQ(*p, 1);
    op = (struct vms_op){.op = VMS_UNLINK, .level = 3, .va = (vaddr_t)p, .flags = VMS_DROP};
    CHECK_EQ(batch(TASK, &op), 0);
    CHECK_EQ(probe((uint64_t)p, READ), 0x100);
    child_end(t);
    audit(NULL);
    end();
}

/* Tables that are freed and used again for another address: nothing of them shows at the old one. */
static void tables_reused(void)
{
    begin("tables_reused");
    const vaddr_t old = 0x4800000000, new = 0x5800000000;
    paddr_t f = frame_take(), g = frame_take();
    *(uint64_t *)ram(f) = 1;
    *(uint64_t *)ram(g) = 2;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(map(TASK, 3, old, f, RW, 1), 0);
        CHECK_EQ(*(volatile uint64_t *)old, 1);
        struct vms_op op = {.op = VMS_UNLINK, .level = 3, .va = old, .flags = VMS_DROP};
        CHECK_EQ(batch(TASK, &op), 0);
        CHECK_EQ(vms(TASK, VMS_UNLINK, 2, old, 0, 0, 1), 0);
        CHECK_EQ(map(TASK, 3, new, g, RW, 1), 0);
        CHECK_EQ(*(volatile uint64_t *)new, 2);
        CHECK_EQ(probe(old, PROBE_READ), 0x100);
        op = (struct vms_op){.op = VMS_UNLINK, .level = 3, .va = new, .flags = VMS_DROP};
        CHECK_EQ(batch(TASK, &op), 0);
        CHECK_EQ(vms(TASK, VMS_UNLINK, 2, new, 0, 0, 1), 0);
        CHECK_EQ(probe(new, PROBE_READ), 0x100);
    }
    audit(NULL);
    end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    views();
    faults();
    protection();
    tables_reused();
    finish();
}
