/* The whole system-call table under random and guided arguments. The monitor, in the pager's place, makes
 * three tasks with every authority (fuzz_call.c says what is left out), several threads each, handles of
 * every kind and pages that any of them may unmap; answers their faults; kills them after a while, and finds
 * everything as it was before.
 *
 * Words of the command line: seed=N, calls=N. */
// config: memory=64 words=log=error icount=1 limit=400
#include "lib/fuzz.h"
#include <ipc/time.h>

#define RW               (VMS_READ | VMS_WRITE)
#define CHILDREN         3
#define MADE_MOST        12
#define GIVE_BLOCKS      3 /* of the blocks that children map and give */
#define CALLS_ROUND      12000
#define CALLS_DEFAULT    1000000
#define COOKIE           100
#define DEATH_NS         (200 * NS_PER_MS)
#define MONITOR_LEVEL    PRIORITY_MAX
#define IMAGE_PAGES_MOST 200

extern uint64_t ipc_first_argument;
extern const char __ehdr_start[], _end[];

/* A task of a round. Its image, control page, buffers and stacks lie in one block, in that order. */
static struct child {
    handle_t task, lent;
    paddr_t block;
    struct fuzz_control *control;
    uint32_t threads;
    uint64_t seen;
} children[CHILDREN];
static handle_t made[MADE_MOST], spare_task, shared_port, shared_session, faults_port, monitor_session,
    io_port, rom;
static uint32_t made_count;
static bool ending; /* of the round: no more tasks are made for who is dying, but still queued */
static paddr_t blocks[BLOCKS_MOST], others[BLOCKS_MOST];
static struct {
    paddr_t frame;
    uint32_t prot;
} image[IMAGE_PAGES_MOST];
static uint32_t image_pages;
static uint64_t seed = 1, wanted = CALLS_DEFAULT, total, done[SYS_COUNT + 1];

/* ---- what is there once ---- */

/* Frames and protections of this program's own pages, by a view of its own space. */
static void image_find(void)
{
    CHECK_EQ(sys_vms_mount(MEMORY, TASK, 0, PAGER_VIEW_FIRST), 0);
    struct ptep_view view = {PAGER_UPPER_SLOT, 0, PAGER_VIEW_FIRST};
    vaddr_t first = (vaddr_t)__ehdr_start & ~(PAGE_SIZE - 1);
    for (vaddr_t va = first; va < (vaddr_t)_end; va += PAGE_SIZE) {
        struct ptep_mapping m = {0};
        if (image_pages == IMAGE_PAGES_MOST)
            break;
        if (ptep_resolve_view(&view, va, VMS_READ, &m) == 0) {
            image[image_pages].frame = m.pa;
            image[image_pages].prot = m.prot;
        }
        image_pages++;
    }
    CHECK(first + image_pages * PAGE_SIZE >= (vaddr_t)_end);
    CHECK_EQ(sys_vms_mount(MEMORY, TASK, PAGER_NO_INDEX, 0), 0);
}

static void others_find(void)
{
    uint32_t n = 0;
    for (uint64_t b = 0; b < info->blocks && n < BLOCKS_MOST - 3; b++)
        if (info->block_kind[b] != BLOCK_RAM)
            others[n++] = b << HUGE_SHIFT;
    others[n++] = info->blocks << HUGE_SHIFT; /* behind the last one */
    others[n++] = 0xfee00000;                 /* the local APIC */
    while (n < BLOCKS_MOST)
        others[n++] = 0xe0000;
}

/* ---- children ---- */

static paddr_t frame_of(const struct child *c, uint32_t page)
{
    return c->block + page * PAGE_SIZE;
}

#define CONTROL_PAGE image_pages
#define PLAY_PAGE    (CONTROL_PAGE + 1)
#define STACK_PAGE   (PLAY_PAGE + PLAY_PAGES)
#define PAGES_ALL    (STACK_PAGE + STACKS * STACK_PAGES)

/* What has to be mapped at va in a child. False: nothing. */
static bool place(const struct child *c, vaddr_t va, paddr_t *pa, uint32_t *prot)
{
    vaddr_t base = (vaddr_t)__ehdr_start & ~(PAGE_SIZE - 1);
    static const struct {
        vaddr_t start;
        uint32_t pages;
    } areas[] = {{CONTROL_VA, 1}, {PLAY_VA, PLAY_PAGES}, {STACK_VA, STACKS * STACK_PAGES}};
    uint32_t page = image_pages;
    *prot = RW;
    if (va - base < (uint64_t)image_pages * PAGE_SIZE) {
        page = (uint32_t)((va - base) / PAGE_SIZE);
        *prot = image[page].prot;
        *pa = *prot & VMS_WRITE ? frame_of(c, page) : image[page].frame;
        return *prot != 0;
    }
    for (unsigned i = 0; i < 3; page += areas[i++].pages)
        if (va - areas[i].start < (uint64_t)areas[i].pages * PAGE_SIZE) {
            *pa = frame_of(c, page + (uint32_t)((va - areas[i].start) / PAGE_SIZE));
            return true;
        }
    return false;
}

/* Map what belongs at va, whatever stands there now. */
static int page_map(const struct child *c, vaddr_t va)
{
    struct vms_op op = {.op = VMS_SET, .level = 3, .flags = VMS_REPLACE, .va = va & ~(PAGE_SIZE - 1)}, fix;
    uint32_t prot;
    if (!place(c, op.va, &op.pa, &prot))
        return E_FAULT;
    op.prot = (uint8_t)prot;
    for (int tries = 0; tries < 6; tries++) {
        struct vms_op now = op;
        int error = sys_vms_batch(MEMORY, c->task, &now, 1, NULL);
        fix = (struct vms_op){.va = op.va};
        if (error == E_NOTABLE) {
            fix.op = VMS_LINK;
            fix.level = (uint8_t)now.missing;
        } else if (error == E_HUGE) {
            fix = (struct vms_op){.op = VMS_CLEAR, .level = 2, .va = op.va & ~(HUGE_SIZE - 1)};
        } else {
            return error;
        }
        error = sys_vms_batch(MEMORY, c->task, &fix, 1, NULL);
        if (error)
            return error;
    }
    return E_AGAIN;
}

static void thread_add(struct child *c)
{
    handle_t thread = 0;
    uint64_t stack = STACK_VA + (c->threads % STACKS + 1) * STACK_PAGES * PAGE_SIZE - 8;
    uint32_t priority = rnd() % 8 ? 20 + (uint32_t)(rnd() % 3) : 1 + (uint32_t)(rnd() % MONITOR_LEVEL);
    if (sys_thread_create(c->task, (vaddr_t)fuzz_thread, stack, c->threads++ % STACKS, priority, &thread))
        return; /* dead, or without quota: such tries are counted too */
    sys_thread_ctl(thread, THREAD_START, 0, 0, NULL);
    sys_handle_close(thread);
}

static void child_memory(struct child *c)
{
    memset(ram(c->block), 0, PAGES_ALL * PAGE_SIZE);
    for (uint32_t i = 0; i < image_pages; i++)
        if (image[i].prot & VMS_WRITE)
            memcpy(ram(frame_of(c, i)), ram(image[i].frame), PAGE_SIZE);
    c->control = ram(frame_of(c, CONTROL_PAGE));
    c->control->seed = rnd();
    c->control->limit = CALLS_ROUND;
    memcpy(c->control->blocks, blocks, sizeof blocks);
    memcpy(c->control->others, others, sizeof others);
    for (uint32_t i = 0; i < PLAY_PAGES; i++)
        memcpy(ram(frame_of(c, PLAY_PAGE + i)), "<7>play", 7);
    for (uint32_t i = 0; i < image_pages; i++)
        if (image[i].prot)
            CHECK_EQ(page_map(c, ((vaddr_t)__ehdr_start & ~(PAGE_SIZE - 1)) + i * PAGE_SIZE), 0);
}

static void give(const struct child *c, enum fuzz_slot slot, handle_t handle, uint32_t rights)
{
    handle_t there = 0;
    CHECK_EQ(sys_handle_copy(handle, rights, c->task, slot, &there), 0);
    CHECK_EQ(there, HANDLE_FIRST(slot));
}

static void child_start(struct child *c, uint32_t number)
{
    uint64_t value = 0;
    CHECK_EQ(sys_task_ctl(c->task, TASK_SET_PAGER, faults_port, COOKIE + number, 0, NULL), 0);
    child_memory(c);
    give(c, FUZZ_OWN, c->task, RIGHT_ALL);
    give(c, FUZZ_SIBLING, children[(number + 1) % CHILDREN].task, RIGHT_ALL);
    give(c, FUZZ_SIBLING2, children[(number + 2) % CHILDREN].task, RIGHT_ALL);
    give(c, FUZZ_SPARE, spare_task, RIGHT_ALL);
    give(c, FUZZ_MEMORY, MEMORY, RIGHT_ALL);
    give(c, FUZZ_HARDWARE, HARDWARE, RIGHT_ALL);
    give(c, FUZZ_MAKER, MAKER, RIGHT_COPY);
    give(c, FUZZ_PORT, shared_port, RIGHT_ALL);
    give(c, FUZZ_SESSION, shared_session, RIGHT_ALL);
    CHECK_EQ(sys_port_ctl(c->lent, PORT_LEND, c->task, FUZZ_LENT, 0, &value, NULL), 0);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQ(sys_port_ctl(children[(number + i) % CHILDREN].lent, PORT_MINT, number, RIGHT_ALL, 0, &value,
                              NULL),
                 0);
        give(c, FUZZ_LENT_SESSION + i, (handle_t)value, RIGHT_ALL);
        CHECK_EQ(sys_handle_close((handle_t)value), 0);
    }
    give(c, FUZZ_IO, io_port, RIGHT_ALL);
    give(c, FUZZ_DEVICE, rom, RIGHT_ALL);
    give(c, FUZZ_MONITOR, monitor_session, RIGHT_ALL);
    c->threads = 0;
    c->seen = 0;
    for (int i = 0; i < 3; i++)
        thread_add(c);
}

/* ---- faults and requests ---- */

static void thread_end(const struct child *c, uint32_t id)
{
    uint64_t thread = 0;
    if (sys_task_ctl(c->task, TASK_THREAD, id, 0, 0, &thread))
        return;
    sys_thread_ctl((handle_t)thread, THREAD_KILL, 0, 0, NULL);
    sys_handle_close((handle_t)thread);
}

static uint32_t fault(const struct ipc_message *m)
{
    const struct child *c = &children[m->badge - COOKIE];
    bool touch = m->label == MSG_FAULT && m->words[1] & FAULT_TOUCH;
    if (m->label == MSG_FAULT && !(touch && rnd() % 4 == 0) && page_map(c, m->words[0]) == 0)
        return FAULT_RESUME;
    if (touch)
        return FAULT_REFUSE;
    thread_end(c, m->thread);
    return FAULT_RESUME;
}

/* The children's calls: nothing, a new task, a session, the handles of others. */
static void request(struct ipc_message *m)
{
    struct ipc_message reply = {.label = m->label, .words = {m->words[1], m->words[0]}};
    handle_t own = 0;
    if (m->label == 1 && !ending && made_count < MADE_MOST &&
        sys_task_create(MAKER, m->words[0], &made[made_count]) == 0) {
        reply.handle_count = 1;
        reply.handles[0] = made[made_count++];
    } else if (m->label == 2) {
        uint64_t value = 0;
        if (sys_port_ctl(shared_port, PORT_MINT, m->words[0] & 0xffffff, m->words[1], 0, &value, NULL) == 0) {
            reply.handle_count = 1;
            reply.handles[0] = own = (handle_t)value;
        }
    } else if (m->label == 3) {
        reply.handle_count = 4;
        memcpy(reply.handles, (handle_t[]){shared_port, shared_session, spare_task, io_port},
               sizeof reply.handles);
    }
    if (sys_reply_message(0, &reply)) {
        reply.handle_count = 0;
        sys_reply_message(0, &reply);
    }
    if (own)
        sys_handle_close(own);
}

/* Serve until a deadline. */
static void serve(uint64_t until)
{
    for (;;) {
        struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = until};
        int error = sys_recv_message(faults_port, &m);
        if (error)
            CHECK_EQ(error, E_TIMEDOUT);
        if (error)
            return;
        switch (m.label) {
        case MSG_NOTIFY: break;
        case MSG_CLOSED:
        case MSG_CANCEL:
        case MSG_TASK_DEAD:
            CHECK_EQ(sys_port_ctl(faults_port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), 0);
            break;
        case MSG_FAULT:
        case MSG_EXCEPTION: {
            CHECK(m.badge - COOKIE < CHILDREN);
            struct ipc_message reply = {.label = m.badge - COOKIE < CHILDREN ? fault(&m) : FAULT_REFUSE};
            sys_reply_message(0, &reply);
            break;
        }
        default:
            if (m.rights) /* a call; what was sent one way has nobody to answer, and is refused as that */
                request(&m);
        }
        if (ipc_now() >= until)
            return;
    }
}

/* ---- rounds ---- */

static uint64_t child_calls(const struct child *c)
{
    uint64_t calls = 0;
    for (unsigned i = 0; i < STACKS; i++)
        calls += c->control->calls[i];
    return calls;
}

/* Threads that died are replaced. False: nothing goes on any more. */
static bool progress(uint64_t *calls)
{
    bool alive = false;
    *calls = 0;
    for (struct child *c = children; c < children + CHILDREN; c++) {
        uint64_t now = child_calls(c);
        *calls += now;
        if (now == c->seen && c->threads < 3 * STACKS)
            thread_add(c);
        alive |= now != c->seen || c->threads < 3 * STACKS;
        c->seen = now;
    }
    return alive;
}

static bool all_dead(bool complain)
{
    for (uint32_t i = 0; i < CHILDREN + made_count + 1; i++) {
        struct task_info state = {0};
        handle_t task = i < CHILDREN                ? children[i].task
                        : i < CHILDREN + made_count ? made[i - CHILDREN]
                                                    : spare_task;
        CHECK_EQ(sys_task_ctl(task, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
        if (!state.dead && complain)
            say("task %lu: %u threads, %u handles, %u tables, killed but not dead", state.id, state.threads,
                state.handles, state.tables);
        if (!state.dead)
            return false;
    }
    return true;
}

static void round_begin(void)
{
    uint64_t value = 0;
    CHECK_EQ(sys_port_create(&faults_port), 0);
    CHECK_EQ(sys_port_ctl(faults_port, PORT_MINT, 1, RIGHT_ALL, 0, &value, NULL), 0);
    monitor_session = (handle_t)value;
    CHECK_EQ(sys_port_create(&shared_port), 0);
    CHECK_EQ(sys_port_ctl(shared_port, PORT_MINT, 2, RIGHT_ALL, 0, &value, NULL), 0);
    shared_session = (handle_t)value;
    CHECK_EQ(sys_hw_create(HARDWARE, HW_IO, 0x80, 1, 0, &io_port, NULL), 0);
    CHECK_EQ(sys_hw_create(HARDWARE, HW_DEVICE, 0xff000, PAGE_SIZE, 0, &rom, NULL), 0);
    CHECK_EQ(sys_task_create(MAKER, 1 << 20, &spare_task), 0);
    made_count = 0;
    ending = false;
    for (uint32_t i = 0; i < CHILDREN; i++) {
        CHECK_EQ(sys_task_create(MAKER, (256ul << 10) << rnd() % 4, &children[i].task), 0);
        CHECK_EQ(sys_port_create(&children[i].lent), 0);
    }
    for (uint32_t i = 0; i < CHILDREN; i++)
        child_start(&children[i], i);
}

static void round_end(void)
{
    handle_t rest[] = {shared_session, shared_port, monitor_session, io_port, rom, spare_task};
    ending = true;
    for (uint32_t i = 0; i < CHILDREN; i++)
        CHECK_EQ(sys_task_ctl(children[i].task, TASK_KILL, 0, 0, 0, NULL), 0);
    for (uint32_t i = 0; i < made_count; i++)
        CHECK_EQ(sys_task_ctl(made[i], TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_EQ(sys_task_ctl(spare_task, TASK_KILL, 0, 0, 0, NULL), 0);
    uint64_t begun = ipc_now();
    while (ipc_now() < begun + DEATH_NS && !all_dead(false))
        serve(IPC_US(200));
    CHECK(all_dead(true));
    for (uint32_t i = 0; i < CHILDREN; i++) {
        for (unsigned n = 0; n <= SYS_COUNT; n++)
            done[n] += children[i].control->done[n];
        CHECK_EQ(sys_handle_close(children[i].task), 0);
        CHECK_EQ(sys_handle_close(children[i].lent), 0);
    }
    for (uint32_t i = 0; i < made_count; i++)
        CHECK_EQ(sys_handle_close(made[i]), 0);
    for (unsigned i = 0; i < sizeof rest / sizeof *rest; i++)
        CHECK_EQ(sys_handle_close(rest[i]), 0);
    serve(IPC_US(100));
    CHECK_EQ(sys_handle_close(faults_port), 0);
}

/* A block that was being zeroed when its giver died, and blocks that the kernel has: all back. */
static void blocks_recover(void)
{
    uint64_t value;
    for (uint32_t i = 0; i < GIVE_BLOCKS; i++) {
        CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_INFO, blocks[i], 0, &value), 0);
        if (value == BLOCK_RESERVED && sys_block_ctl(MEMORY, BLOCK_GIVE, blocks[i], BLOCK_KERNEL, NULL))
            CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_GIVE, blocks[i], BLOCK_TABLE, NULL), 0);
    }
    while (sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &value) == 0)
        ;
}

static void compare(const struct kernel_stats *before)
{
    struct kernel_stats after = {0};
    CHECK_EQ(sys_kernel_trace(HARDWARE, KINFO_TRACE_STOP, NULL, 0, NULL), 0); /* who has begun it is gone */
    for (int tries = 0; tries < 200; tries++) {
        blocks_recover();
        audit(&after);
        if (books_equal(before, &after))
            break;
        ipc_sleep_until(IPC_US(500));
    }
    books_check(before, &after);
    for (uint32_t i = 0; i < GIVE_BLOCKS; i++) {
        uint64_t value = 0;
        CHECK_EQ(sys_block_ctl(MEMORY, BLOCK_INFO, blocks[i], 0, &value), 0);
        CHECK_EQ(value, BLOCK_RAM);
    }
}

static void coverage(void)
{
    static const char *const names[] = {
#define SYSCALL(number, name, arguments, results, text) [number] = #name,
#include <ouros/syscalls.def>
#undef SYSCALL
    };
    begin("guided"); /* arguments are good often enough: each call has succeeded, but for the one that is left
                        out */
    for (unsigned n = 1; n < SYS_COUNT; n++)
        if (!done[n] && n != SYS_task_create)
            check_failed(__LINE__, names[n], n, 0);
    end();
    for (unsigned n = 1; n < SYS_COUNT; n++)
        say("%s: %lu succeeded", names[n], done[n]);
}

static void fuzz(void)
{
    struct kernel_stats before = {0};
    uint32_t rounds = 0;
    begin("calls");
    audit(&before);
    for (; total < wanted; rounds++) {
        uint64_t calls = 0;
        round_begin();
        do
            serve(IPC_MS(1));
        while (progress(&calls) && calls < 2 * CALLS_ROUND);
        total +=
            calls < 4 * CALLS_ROUND * CHILDREN ? calls : 0; /* what a wild store has made is not counted */
        round_end();
        compare(&before);
        if (case_failed()) {
            say("round %u, seed %lu, after %lu calls", rounds, seed, total);
            break;
        }
        if (rounds % 50 == 49)
            say("%lu calls in %u rounds", total, rounds + 1);
    }
    end();
    say("%lu calls in %u rounds, seed %lu", total, rounds, seed);
}

static void monitor(uint64_t unused)
{
    (void)unused;
    fuzz();
    coverage();
    finish();
}

int main(void)
{
    static char stack[16384] __attribute__((aligned(16)));
    handle_t thread = 0, idle = 0;
    struct ipc_message m = {0};
    uint64_t spare;
    info = (const struct boot_info *)ipc_first_argument;
    seed = cmdline_number(" seed=", seed);
    wanted = cmdline_number(" calls=", wanted);
    rnd_seed(seed);
    fuzz_prepare();
    while (sys_block_ctl(MEMORY, BLOCK_TAKE, 0, 0, &spare) == 0)
        ;
    for (uint32_t i = 0; i < CHILDREN; i++)
        children[i].block = block_take();
    for (uint32_t i = 0; i < BLOCKS_MOST; i++)
        blocks[i] = i < GIVE_BLOCKS ? block_take() : blocks[i % GIVE_BLOCKS];
    for (uint32_t i = 0; i < GIVE_BLOCKS; i++)
        CHECK_EQ(ram_unmap(blocks[i]), 0);
    image_find();
    others_find();
    CHECK(PAGES_ALL <= 512);
    CHECK_EQ(sys_port_create(&idle), 0);
    CHECK_EQ(sys_thread_create(TASK, (vaddr_t)monitor, (vaddr_t)&stack[sizeof stack - 8], 0, MONITOR_LEVEL,
                               &thread),
             0);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    for (;;)
        sys_recv_message(idle, &m);
}
