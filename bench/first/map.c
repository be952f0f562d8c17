/* The rows of the kernel that only the pager can ask for: page faults answered with a mapping, and mappings
 * made in another space. This program stands in the pager's place; nothing but the kernel is beside it.
 * Tables are there already, and frames are not cleared: what is measured is the kernel and bare stubs. */
#include "../../tests/system/first/first.h"
#include "../kernel/bare.h"
#include <ipc/task.h>

extern uint64_t ipc_first_argument;

enum { ROUNDS = 11, PAGES = 512, BATCH = VMS_BATCH_MAX };
#define CODE       0x50000000ul
#define AREA       0x60000000ul /* one leaf table's */
#define LABEL_DONE 1

/* The child: touches PAGES pages, one store each, and tells how long that took; again and again. */
extern char child_code[], child_code_end[];
__asm__(".pushsection .rodata\n"
        "child_code:\n"
        "  mov %rdi, %rbx\n" /* session */
        "0: mov $0x60000000, %rsi\n"
        "  mov $512, %ebp\n"
        "  rdtsc\n"
        "  shl $32, %rdx\n"
        "  or %rdx, %rax\n"
        "  mov %rax, %r12\n"
        "1: movb $0x5a, (%rsi)\n"
        "  add $4096, %rsi\n"
        "  dec %ebp\n"
        "  jnz 1b\n"
        "  rdtsc\n"
        "  shl $32, %rdx\n"
        "  or %rdx, %rax\n"
        "  sub %r12, %rax\n"
        "  mov %rax, %rdx\n" /* the first word */
        "  mov $1, %esi\n"
        "  mov $1, %eax\n" /* call */
        "  mov %rbx, %rdi\n"
        "  syscall\n"
        "  jmp 0b\n"
        "child_code_end:\n"
        ".popsection");
_Static_assert(SYS_call == 1 && LABEL_DONE == 1 && AREA == 0x60000000 && PAGES == 512,
               "child_code knows them");

/* Answer faults with the next frame until something else comes: the bare handler. The faulting address stays
 * in the register in which it came, which is where the answer has it. */
static __attribute__((noipa)) int serve_faults(handle_t port, paddr_t frame, struct ipc_message *m)
{
    uint64_t rax = SYS_recv, rdi = port, rsi = 0, rdx = 0;
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = 0;
    for (;;) {
        __asm__ volatile("syscall"
                         : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8)
                         :
                         : "rcx", "r9", "r11", "r12", "r13", "r14", "r15", "memory");
        if (rax || (uint32_t)rsi != MSG_FAULT)
            break;
        rdi = port;
        rsi = FAULT_MAP;
        r10 = frame;
        r8 = RW | 3 << 8;
        frame += PAGE_SIZE;
        rax = SYS_reply_recv;
    }
    m->label = (uint32_t)rsi;
    m->words[0] = rdx;
    return (int)rax;
}

static void tell(const char *name, uint64_t operations, uint64_t ticks, bool right)
{
    if (right)
        say("bench %s %lu %lu", name, operations, ticks);
    else
        say("not ok %s: a wrong answer", name);
}

static void clear_area(handle_t task)
{
    CHECK_EQ(vms(task, VMS_CLEAR, 3, AREA, 0, 0, PAGES), 0);
}

static __attribute__((noipa)) bool area_is_written(paddr_t block)
{
    uint64_t right = 0;
    for (uint64_t i = 0; i < PAGES; i++) {
        volatile uint8_t *byte = ram(block + i * PAGE_SIZE);
        right += *byte == 0x5a;
        *byte = 0;
    }
    return right == PAGES;
}

static void faults(handle_t task, paddr_t block)
{
    handle_t port = 0, there = 0, thread = 0;
    uint64_t session = 0, badge;
    paddr_t code = frame_take();
    CHECK_EQ(sys_port_create(&port), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_MINT, 7, RIGHT_ALL, 0, &session, &badge), 0);
    CHECK_EQ(sys_handle_copy((handle_t)session, RIGHT_CALL, task, 0, &there), 0);
    CHECK_EQ(sys_task_ctl(task, TASK_SET_PAGER, port, 99, 0, NULL), 0);
    memcpy(ram(code), child_code, (size_t)(child_code_end - child_code));
    CHECK_EQ(map(task, 3, CODE, code, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(sys_thread_create(task, CODE, 0, there, 20, &thread), 0);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    for (int i = -1; i < ROUNDS; i++) {
        struct ipc_message m = {0}, answer = {0};
        int error = serve_faults(port, block, &m);
        bool right = !error && m.label == LABEL_DONE && area_is_written(block);
        if (i >= 0 || !right)
            tell("fault_roundtrip", PAGES, m.words[0], right);
        if (!right)
            return;
        clear_area(task);
        CHECK_EQ(sys_reply_message(0, &answer), 0);
    }
    CHECK_EQ(sys_task_ctl(task, TASK_SUSPEND, 0, 0, 0, NULL), 0);
}

/* What is mapped where is seen by mapping it away again. */
static __attribute__((noipa)) bool area_is_mapped(handle_t task, paddr_t block)
{
    uint64_t right = 0;
    for (uint64_t i = 0; i < PAGES; i++) {
        struct vms_op op = {.op = VMS_CLEAR, .level = 3, .count = 1, .va = AREA + i * PAGE_SIZE};
        right += batch(task, &op) == 0 && (op.pa & 0x000ffffffffff000ul) == block + i * PAGE_SIZE;
    }
    return right == PAGES;
}

/* Map them all, so many a call: ticks. Whatever goes wrong is in *wrong. */
static __attribute__((noipa)) uint64_t map_pages(handle_t task, paddr_t block, uint32_t at_once,
                                                 uint64_t *wrong)
{
    static struct vms_op ops[BATCH];
    uint64_t begun = rdtsc();
    for (uint64_t page = 0; page < PAGES; page += at_once) {
        for (uint64_t k = 0; k < at_once; k++)
            ops[k] = (struct vms_op){.op = VMS_SET,
                                     .level = 3,
                                     .prot = RW,
                                     .count = 1,
                                     .va = AREA + (page + k) * PAGE_SIZE,
                                     .pa = block + (page + k) * PAGE_SIZE};
        uint64_t done = 0;
        *wrong |= (uint64_t)sys_vms_batch(MEMORY, task, ops, at_once, &done);
        *wrong |= done ^ at_once;
    }
    return rdtsc() - begun;
}

/* By their names the profiler knows which row this is. */
static __attribute__((noipa)) uint64_t map_singly(handle_t task, paddr_t block, uint64_t *wrong)
{
    return map_pages(task, block, 1, wrong);
}

static __attribute__((noipa)) uint64_t map_in_batches(handle_t task, paddr_t block, uint64_t *wrong)
{
    return map_pages(task, block, BATCH, wrong);
}

static void mappings(handle_t task, paddr_t block, uint64_t (*map)(handle_t, paddr_t, uint64_t *),
                     const char *name)
{
    for (int i = -1; i < ROUNDS; i++) {
        uint64_t wrong = 0, ticks = map(task, block, &wrong);
        bool right = !wrong && area_is_mapped(task, block);
        if (i >= 0 || !right)
            tell(name, PAGES, ticks, right);
    }
}

/* Not a row of the table: one operation that sets 64 entries whose frames follow each other. */
static void mappings_run(handle_t task, paddr_t block)
{
    for (int i = -1; i < ROUNDS; i++) {
        uint64_t wrong = 0, begun = rdtsc();
        for (uint64_t page = 0; page < PAGES; page += BATCH) {
            struct vms_op op = {.op = VMS_SET,
                                .level = 3,
                                .prot = RW,
                                .count = BATCH,
                                .va = AREA + page * PAGE_SIZE,
                                .pa = block + page * PAGE_SIZE};
            wrong |= (uint64_t)sys_vms_batch(MEMORY, task, &op, 1, NULL);
        }
        uint64_t ticks = rdtsc() - begun;
        bool right = !wrong && area_is_mapped(task, block);
        if (i >= 0 || !right)
            tell("map_run64", PAGES, ticks, right);
    }
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    handle_t task = 0;
    begin("bench");
    CHECK_EQ(sys_task_create(MAKER, 1ul << 30, &task), 0);
    paddr_t block = block_take();
    memset(ram(block), 0, HUGE_SIZE);
    CHECK_EQ(map(task, 3, AREA, block, RW, 1), 0); /* its tables are there from here on */
    CHECK_EQ(vms(task, VMS_CLEAR, 3, AREA, 0, 0, 1), 0);
    mappings(task, block, map_singly, "map_one");
    mappings(task, block, map_in_batches, "map_batch64");
    mappings_run(task, block);
    faults(task, block);
    end();
    finish();
}
