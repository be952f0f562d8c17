/* What a fuzzing thread does: one system call after the other, its arguments chosen by their names in
 * syscalls.def.
 *
 * Left out, because they end the run and not the kernel: I/O ports that reset the machine, stop it, move the
 * console, or configure PCI functions; frames of the monitor and of the children's own images. Killing and
 * suspending the fuzzer's own tasks is made rarer, or little else would happen. */
#include "fuzz.h"

#include <ipc/time.h>

struct fuzz {
    uint64_t state;
    bool serving; /* a caller is in the reply slot, as far as one knows */
    struct fuzz_control *control;
    struct vms_op ops[8];
};

/* The kinds of handles first, by enum object_kind; OBJ_NONE: any. */
enum kind {
    NUMBER = OBJ_KINDS,
    ADDRESS,
    LENGTH,
    OPERATION,
    RIGHTS,
    INDEX,
    PRIORITY,
    DEADLINE,
    ANY,
    ENTRY,
    STACK,
    OPS,
    PHYSICAL,
};

static const struct {
    const char *name;
    enum kind kind;
} kinds[] = {
    {"port_or_session", (enum kind)OBJ_SESSION},
    {"reply", (enum kind)OBJ_REPLY},
    {"handle", (enum kind)OBJ_NONE},
    {"task", (enum kind)OBJ_TASK},
    {"task_maker", (enum kind)OBJ_TASK_MAKER},
    {"thread", (enum kind)OBJ_THREAD},
    {"port", (enum kind)OBJ_PORT},
    {"hardware", (enum kind)OBJ_HARDWARE},
    {"irq", (enum kind)OBJ_IRQ},
    {"io", (enum kind)OBJ_IO},
    {"memory", (enum kind)OBJ_MEMORY},
    {"destination", ADDRESS},
    {"source", ADDRESS},
    {"address", ADDRESS},
    {"address2", ADDRESS},
    {"info", ADDRESS},
    {"text", ADDRESS},
    {"buffer", ADDRESS},
    {"offset", LENGTH},
    {"length", LENGTH},
    {"limit", LENGTH},
    {"count", LENGTH},
    {"op", OPERATION},
    {"kind", OPERATION},
    {"what", OPERATION},
    {"write", OPERATION},
    {"rights", RIGHTS},
    {"index", INDEX},
    {"slot", INDEX},
    {"priority", PRIORITY},
    {"deadline", DEADLINE},
    {"a", ANY},
    {"b", ANY},
    {"c", ANY},
    {"entry", ENTRY},
    {"stack", STACK},
    {"ops", OPS},
};

static const char *const arguments[SYS_COUNT] = {
#define SYSCALL(number, name, arguments, results, text) [number] = arguments,
#include <ouros/syscalls.def>
#undef SYSCALL
};
static uint8_t kind_of[SYS_COUNT][6];

static enum kind kind_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return kinds[i].kind;
    return NUMBER;
}

void fuzz_prepare(void)
{
    for (unsigned number = 1; number < SYS_COUNT; number++) {
        const char *at = arguments[number];
        for (unsigned i = 0; i < 6 && *at; i++) {
            size_t length = 0;
            while (at[length] && at[length] != ',')
                length++;
            kind_of[number][i] = (uint8_t)kind_named(at, length);
            for (at += length; *at == ',' || *at == ' '; at++)
                ;
        }
    }
    kind_of[SYS_block_ctl][2] = PHYSICAL;
}

/* ---- choices ---- */

static uint64_t any(struct fuzz *f)
{
    f->state ^= f->state << 13;
    f->state ^= f->state >> 7;
    return f->state ^= f->state << 17;
}

static uint64_t below(struct fuzz *f, uint64_t n)
{
    return (any(f) >> 11) % n;
}

static bool one_in(struct fuzz *f, uint64_t n)
{
    return below(f, n) == 0;
}

static uint64_t number(struct fuzz *f)
{
    switch (below(f, 8)) {
    case 0: return any(f);
    case 1: return (1ul << below(f, 64)) - below(f, 3);
    case 2: return -below(f, 4);
    default: return below(f, 20);
    }
}

/* Of this kind rather than of another; live rather than not. */
static uint64_t handle(struct fuzz *f, enum object_kind kind)
{
    static const uint8_t slots[OBJ_KINDS][5] = {
        [OBJ_TASK] = {FUZZ_OWN, FUZZ_SIBLING, FUZZ_SIBLING2, FUZZ_SPARE},
        [OBJ_PORT] = {FUZZ_LENT, FUZZ_LENT, FUZZ_PORT},
        [OBJ_SESSION] = {FUZZ_LENT_SESSION, FUZZ_OTHER_SESSION, FUZZ_SESSION, FUZZ_MONITOR},
        [OBJ_IO] = {FUZZ_IO},
        [OBJ_DEVICE] = {FUZZ_DEVICE},
        [OBJ_MEMORY] = {FUZZ_MEMORY},
        [OBJ_HARDWARE] = {FUZZ_HARDWARE},
        [OBJ_TASK_MAKER] = {FUZZ_MAKER},
    };
    const handle_t *recent = f->control->recent[one_in(f, 4) ? below(f, OBJ_KINDS) : kind];
    uint32_t slot = kind ? slots[kind][below(f, 5)] : 1 + (uint32_t)below(f, FUZZ_GIVEN - 1);
    switch (below(f, 16)) {
    case 0: return 0;
    case 1: return any(f) & UINT32_MAX;
    case 2: return HANDLE_MAKE(below(f, 300), below(f, 4));
    case 3 ... 4: return HANDLE_FIRST(1 + below(f, FUZZ_GIVEN - 1));
    case 5 ... 9: return recent[below(f, RECENT)];
    default: return slot ? HANDLE_FIRST(slot) : recent[below(f, RECENT)];
    }
}

/* Never in the control page, the stacks or the image's data: those are the fuzzer's own. */
static uint64_t address(struct fuzz *f)
{
    static const uint64_t edges[] = {0,
                                     8,
                                     USER_MIN,
                                     USER_END - 8,
                                     USER_END - PAGE_SIZE,
                                     USER_END,
                                     1ul << 47,
                                     0x7fffffffffffffff,
                                     0xffff800000000000,
                                     0xffffff0000000000,
                                     0xffffffff80200000,
                                     TIME_PAGE_ADDRESS,
                                     ~0ul};
    switch (below(f, 8)) {
    case 0: return edges[below(f, sizeof edges / sizeof *edges)] + (one_in(f, 2) ? below(f, 64) - 32 : 0);
    case 1:
        return PLAY_VA + (1 + below(f, PLAY_PAGES)) * PAGE_SIZE - below(f, 64); /* over the end of a page */
    case 2: return (uint64_t)fuzz_thread;
    default: return PLAY_VA + below(f, PLAY_PAGES) * PAGE_SIZE + below(f, 512) * 8;
    }
}

static uint64_t length(struct fuzz *f)
{
    static const uint64_t edges[] = {
        PAGE_SIZE - 1,    PAGE_SIZE,     PAGE_SIZE + 1,     IPC_COPY_MAX,
        IPC_COPY_MAX + 1, VMS_BATCH_MAX, VMS_BATCH_MAX + 1, sizeof(struct kernel_stats),
        1ul << 32};
    switch (below(f, 4)) {
    case 0: return number(f);
    case 1: return edges[below(f, sizeof edges / sizeof *edges)];
    default: return below(f, 300);
    }
}

static uint64_t deadline(struct fuzz *f)
{
    switch (below(f, 32)) {
    case 0: return DEADLINE_NEVER;
    case 1: return any(f);
    case 2 ... 9: return DEADLINE_POLL;
    default: return IPC_US(below(f, 200));
    }
}

static paddr_t physical(struct fuzz *f)
{
    const struct fuzz_control *c = f->control;
    paddr_t block = one_in(f, 4) ? c->others[below(f, BLOCKS_MOST)] : c->blocks[below(f, BLOCKS_MOST)];
    if (one_in(f, 16))
        return ~0ul << below(f, 64);
    return block + (one_in(f, 2) ? 0 : below(f, 512) * PAGE_SIZE) + (one_in(f, 16) ? below(f, PAGE_SIZE) : 0);
}

static uint64_t page_number(struct fuzz *f)
{
    static const vaddr_t bases[] = {PLAY_VA,
                                    PLAY_VA,
                                    PLAY_VA,
                                    PLAY_VA + HUGE_SIZE,
                                    0x200000000000,
                                    USER_END - HUGE_SIZE,
                                    (vaddr_t)PAGER_VIEW_FIRST << 39,
                                    (vaddr_t)PAGER_UPPER_SLOT << 39,
                                    0,
                                    1ul << 47,
                                    0xffffff7fbfdfe000};
    vaddr_t va = bases[below(f, sizeof bases / sizeof *bases)];
    return one_in(f, 3) ? va : va + below(f, 32) * PAGE_SIZE + (one_in(f, 32) ? below(f, 100) : 0);
}

/* One page of the buffers: most likely to succeed. */
static struct vms_op simple_operation(struct fuzz *f)
{
    static const uint8_t codes[] = {VMS_SET, VMS_SET, VMS_PROTECT, VMS_CLEAR, VMS_GUARD};
    return (struct vms_op){.op = codes[below(f, sizeof codes)],
                           .level = 3,
                           .prot = VMS_READ | VMS_WRITE,
                           .flags = 0,
                           .count = (uint32_t)below(f, 3),
                           .va = PLAY_VA + below(f, 2 * PLAY_PAGES) * PAGE_SIZE,
                           .pa = f->control->blocks[below(f, BLOCKS_MOST)] + below(f, 500) * PAGE_SIZE};
}

static uint64_t operations(struct fuzz *f)
{
    for (unsigned i = 0; i < sizeof f->ops / sizeof *f->ops; i++)
        f->ops[i] = simple_operation(f);
    if (one_in(f, 2))
        return (uint64_t)f->ops;
    for (unsigned i = 0; i < sizeof f->ops / sizeof *f->ops; i++)
        f->ops[i] = (struct vms_op){.op = (uint8_t)(one_in(f, 32) ? any(f) : 1 + below(f, 9)),
                                    .level = (uint8_t)(one_in(f, 32) ? any(f) : below(f, 4)),
                                    .prot = (uint8_t)(one_in(f, 8) ? any(f) : VMS_READ | below(f, 8)),
                                    .flags = (uint8_t)(one_in(f, 16) ? any(f) : below(f, 4)),
                                    .count = (uint32_t)(one_in(f, 4) ? length(f) : below(f, 3)),
                                    .va = page_number(f),
                                    .pa = one_in(f, 8) ? below(f, 4) * PAGE_SIZE : physical(f),
                                    .handle = (handle_t)handle(f, OBJ_DEVICE)};
    return one_in(f, 8) ? address(f) : (uint64_t)f->ops;
}

static uint64_t choose(struct fuzz *f, enum kind kind)
{
    if (kind < (enum kind)OBJ_KINDS)
        return handle(f, (enum object_kind)kind);
    switch (kind) {
    case ADDRESS: return address(f);
    case LENGTH: return length(f);
    case OPERATION: return one_in(f, 16) ? number(f) : below(f, 14);
    case RIGHTS: return one_in(f, 2) ? RIGHT_ALL : one_in(f, 4) ? number(f) : any(f) & RIGHT_ALL;
    case INDEX:
        return one_in(f, 2)   ? 0
               : one_in(f, 3) ? below(f, 300)
               : one_in(f, 4) ? PAGER_TAKE_APART /* as an index PAGER_NO_INDEX */
               : one_in(f, 4) ? number(f)
                              : PAGER_VIEW_FIRST * below(f, 2) + below(f, 4);
    case PRIORITY: return one_in(f, 4) ? number(f) : 1 + below(f, 40);
    case DEADLINE: return deadline(f);
    case ENTRY: return one_in(f, 4) ? address(f) : (uint64_t)fuzz_thread;
    case STACK:
        return one_in(f, 8) ? address(f) : STACK_VA + (1 + below(f, STACKS)) * STACK_PAGES * PAGE_SIZE - 8;
    case OPS: return operations(f);
    case PHYSICAL: return physical(f);
    case ANY:
        return one_in(f, 2)   ? handle(f, (enum object_kind)below(f, OBJ_IRQ))
               : one_in(f, 2) ? number(f)
                              : address(f);
    default: return number(f);
    }
}

/* ---- calls ---- */

/* The kind of the handle that a call has given; OBJ_KINDS: it gave none. */
static enum object_kind given_kind(unsigned number, const uint64_t a[6])
{
    switch (number) {
    case SYS_reply_defer: return OBJ_REPLY;
    case SYS_handle_copy: return OBJ_NONE;
    case SYS_thread_create: return OBJ_THREAD;
    case SYS_port_create: return OBJ_PORT;
    case SYS_port_ctl: return a[1] == PORT_MINT ? OBJ_SESSION : OBJ_NONE;
    case SYS_hw_create: return a[1] == HW_IO ? OBJ_IO : a[1] == HW_DEVICE ? OBJ_DEVICE : OBJ_IRQ;
    case SYS_task_ctl: return a[1] == TASK_THREAD ? OBJ_THREAD : OBJ_NONE;
    default: return OBJ_KINDS;
    }
}

static void remember(struct fuzz *f, enum object_kind kind, uint64_t handle)
{
    if (kind < OBJ_KINDS && handle && handle <= UINT32_MAX)
        f->control->recent[kind][below(f, RECENT)] = (handle_t)handle;
}

static int message_call(struct fuzz *f, uint64_t number)
{
    struct ipc_message m = {.label = (uint32_t)(one_in(f, 16) ? any(f) : below(f, 8)),
                            .seq = (uint32_t)below(f, 3),
                            .deadline = deadline(f),
                            .buffers = {address(f), address(f), (uint32_t)length(f), (uint32_t)length(f)}};
    for (unsigned i = 0; i < IPC_WORDS; i++)
        m.words[i] = one_in(f, 2) ? physical(f) : choose(f, ANY);
    for (unsigned i = 0; i < IPC_HANDLES; i++)
        m.handles[i] = (handle_t)handle(f, (enum object_kind)below(f, OBJ_KINDS));
    if (number == SYS_reply && one_in(f, 2)) { /* as to a fault */
        m.words[0] = page_number(f);
        m.words[2] = VMS_READ | below(f, 8) | (one_in(f, 8) ? any(f) & 0xffffff00 : 3 << 8);
    }
    uint64_t flags = one_in(f, 64) ? 0 : IPC_DEADLINE;
    flags |= one_in(f, 2) ? IPC_BUFFERS : 0;
    flags |= IPC_SENDING(one_in(f, 2) ? 0 : below(f, 6)) | IPC_ACCEPT(one_in(f, 4) ? 0 : below(f, 6));
    if (one_in(f, 64))
        flags = any(f) << 8;
    enum object_kind kind = number == SYS_call || number == SYS_send ? OBJ_SESSION
                            : number == SYS_reply                    ? OBJ_REPLY
                                                                     : OBJ_PORT;
    uint64_t target = number == SYS_reply && one_in(f, 2) ? 0 : handle(f, kind);
    int error = ipc_message_trap(number | flags, target, &m);
    for (uint32_t i = 0; !error && i < m.handle_count && i < IPC_HANDLES; i++)
        remember(f, OBJ_NONE, m.handles[i]);
    if (!error)
        f->serving = (number == SYS_recv || number == SYS_reply_recv) && m.rights;
    return error;
}

/* Arguments that would end the run: see the top of the file. */
static void tame(struct fuzz *f, unsigned number, uint64_t a[6])
{
    static const uint16_t ports[] = {0x80, 0x3e8, 0x20, 0xa1, 0x4d0, 0xffff};
    switch (number) {
    case SYS_task_ctl:
        if (a[1] == TASK_KILL || a[1] == TASK_SUSPEND)
            a[1] = one_in(f, 64) ? a[1] : TASK_RESUME;
        break;
    case SYS_thread_ctl:
        if (a[1] >= THREAD_SUSPEND && a[1] <= THREAD_EXIT && !one_in(f, 16))
            a[1] = THREAD_START;
        break;
    case SYS_handle_close:
        if (HANDLE_INDEX(a[0]) < FUZZ_GIVEN && !one_in(f, 64))
            a[0] = f->control->recent[below(f, OBJ_KINDS)][below(f, RECENT)];
        break;
    case SYS_hw_create:
        if (a[1] == HW_IO)
            a[2] = ports[below(f, sizeof ports / sizeof *ports)], a[3] = one_in(f, 2) ? 8 : below(f, 3);
        if (a[1] == HW_DEVICE && one_in(f, 2))
            a[2] = 0xe0000, a[3] = PAGE_SIZE;
        else if (a[1] == HW_DEVICE)
            a[2] = f->control->others[below(f, BLOCKS_MOST)];
        break;
    default: break;
    }
}

static int plain_call(struct fuzz *f, unsigned number)
{
    uint64_t a[6], value = 0, second = 0;
    for (unsigned i = 0; i < 6; i++)
        a[i] = choose(f, one_in(f, 32) ? (enum kind)below(f, PHYSICAL + 1) : (enum kind)kind_of[number][i]);
    if (number == SYS_vms_batch && !one_in(f, 4))
        a[3] = one_in(f, 2) ? 1 : below(f, 9);
    if (number == SYS_io_access)
        a[1] = below(f, 4), a[2] = one_in(f, 4) ? a[2] : 1ul << below(f, 3) | below(f, 2) << 8;
    if ((number == SYS_msg_read || number == SYS_msg_write) && !one_in(f, 4))
        a[0] = 0, a[1] = below(f, 16), a[3] = below(f, 100);
    if (number == SYS_handle_copy && one_in(f, 2))
        a[1] = RIGHT_ALL, a[2] = 0;
    tame(f, number, a);
    int error = ipc_trap(number, a[0], a[1], a[2], a[3], a[4], a[5], &value, &second);
    if (!error)
        remember(f, given_kind(number, a), value);
    return error;
}

/* Who has a caller deals with it; messages are more than the rest. */
static unsigned pick(struct fuzz *f)
{
    static const uint8_t serves[] = {SYS_msg_read, SYS_msg_write, SYS_reply, SYS_reply_recv, SYS_reply_defer};
    if (f->serving && one_in(f, 2))
        return serves[below(f, sizeof serves)];
    return 1 + (unsigned)below(f, one_in(f, 6) ? SYS_send : SYS_COUNT - 1);
}

void fuzz_thread(uint64_t slot)
{
    struct fuzz_control *control = (struct fuzz_control *)CONTROL_VA;
    unsigned own = slot % STACKS;
    struct fuzz f = {.state = (control->seed + control->calls[own] + 1) * 0x9e3779b97f4a7c15 ^ slot << 32,
                     .control = control};
    while (control->calls[own] < control->limit) {
        control->calls[own]++;
        unsigned number = pick(&f);
        if (number == SYS_log_write && !one_in(&f, 16))
            continue;
        int error;
        if (one_in(&f, 200))
            error = ipc_trap(any(&f), any(&f), any(&f), any(&f), any(&f), any(&f), any(&f), NULL, NULL),
            number = 0;
        else
            error = number <= SYS_send ? message_call(&f, number) : plain_call(&f, number);
        if (!error)
            control->done[number]++;
    }
    sys_thread_ctl(0, THREAD_EXIT, 0, 0, NULL);
}
