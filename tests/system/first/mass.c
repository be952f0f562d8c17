/* Many of everything: made and destroyed in random order, chained deep, made in a loop until the quota says
 * no. Blocks that the kernel was given for it come back, and nothing is lost. */
// config: memory=1024 words=log=error icount=1 limit=400
#include "first.h"
#include <ipc/time.h>

#define TASKS   1000
#define THREADS 10000
#define PORTS   10000
#define THINGS  (TASKS + THREADS + PORTS)
#define DEEP    100000
#define HOLDERS 4 /* tasks that own the ports of a chain */
#define CODE_VA 0x50000000

extern uint64_t ipc_first_argument;

static handle_t things[THINGS];

/* ---- made and destroyed in random order ---- */

static handle_t idle_port;

/* Blocks for ever, without a stack. */
extern char wait_code[];
__asm__(".pushsection .text\n"
        "wait_code:\n"
        "  mov %rdi, %rbx\n"
        "1: mov %rbx, %rdi\n"
        "  mov $3, %eax\n" /* recv */
        "  syscall\n"
        "  jmp 1b\n"
        ".popsection");

static int make(uint32_t i)
{
    if (i < TASKS)
        return sys_task_create(MAKER, 1 << 20, &things[i]);
    if (i >= TASKS + THREADS)
        return sys_port_create(&things[i]);
    handle_t task = i % 2 ? things[rnd() % TASKS] : TASK;
    int error = sys_thread_create(task ? task : TASK, (vaddr_t)wait_code, 0, idle_port,
                                  1 + (uint32_t)(rnd() % 40), &things[i]);
    if (!error && (task == TASK || !task))
        CHECK_EQ(sys_thread_ctl(things[i], THREAD_START, 0, 0, NULL), 0);
    return error;
}

static void unmake(uint32_t i)
{
    if (i < TASKS)
        CHECK_EQ(sys_task_ctl(things[i], TASK_KILL, 0, 0, 0, NULL), 0);
    else if (i < TASKS + THREADS)
        CHECK_EQ(sys_thread_ctl(things[i], THREAD_KILL, 0, 0, NULL), 0);
    CHECK_EQ(sys_handle_close(things[i]), 0);
    things[i] = 0;
}

static void thing_make(uint32_t i)
{
    int error;
    for (uint32_t tries = 0; (error = make(i)) == E_KMEM && tries < 3; tries++)
        books_feed();
    CHECK(error == 0 || error == E_DEAD || error == E_QUOTA); /* of a task that was killed, or is full */
}

static void mass(void)
{
    struct kernel_stats before = {0}, full = {0};
    begin("mass");
    CHECK_EQ(sys_port_create(&idle_port), 0);
    for (uint32_t i = 0; i < THINGS;
         i++) /* the handle table stays as large as it grows: not what is compared */
        thing_make(i);
    for (uint32_t i = 0; i < THINGS; i++)
        if (things[i])
            unmake(i);
    books_settle(&before);
    for (uint32_t i = 0; i < THINGS; i++)
        thing_make(i);
    audit(&full);
    CHECK(full.objects[OBJ_TASK] >= TASKS && full.objects[OBJ_THREAD] > THREADS / 2 &&
          full.objects[OBJ_PORT] >= PORTS);
    for (uint32_t n = 0; n < 3 * THINGS; n++) {
        uint32_t i = (uint32_t)(rnd() % THINGS);
        if (things[i])
            unmake(i);
        else
            thing_make(i);
    }
    audit(NULL);
    for (uint32_t n = 0, i = (uint32_t)(rnd() % THINGS); n < THINGS; n++, i = (i + 7919) % THINGS)
        if (things[i])
            unmake(i);
    books_compare(&before);
    CHECK_EQ(sys_handle_close(idle_port), 0);
    end();
}

/* ---- chains ---- */

/* Each port keeps a session of the one before, and lives by a handle that some task has. */
static void deep(void)
{
    struct kernel_stats before = {0}, full = {0};
    handle_t holder[HOLDERS], port = 0;
    uint64_t last = 0, session = 0;
    begin("deep");
    books_settle(&before);
    for (uint32_t i = 0; i < HOLDERS; i++)
        CHECK_EQ(sys_task_create(MAKER, 4 << 20, &holder[i]), 0);
    for (uint32_t i = 0; i < DEEP; i++) {
        handle_t there = 0;
        if (i % 8 == 0)
            books_feed();
        CHECK_EQ(sys_port_create(&port), 0);
        CHECK_EQ(sys_port_ctl(port, PORT_MINT, 0, RIGHT_COPY, 0, &session, NULL), 0);
        if (last)
            CHECK_EQ(sys_port_ctl(port, PORT_KEEP, 1, last, 0, NULL, NULL), 0);
        CHECK_EQ(sys_handle_copy(port, RIGHT_ALL, holder[i % HOLDERS], 0, &there), 0);
        CHECK_EQ(sys_handle_close(port), 0);
        last = session;
        if (case_failed())
            break;
    }
    audit(&full);
    CHECK_EQ(full.objects[OBJ_PORT], before.objects[OBJ_PORT] + DEEP);
    CHECK_EQ(full.objects[OBJ_SESSION], before.objects[OBJ_SESSION] + DEEP);
    for (uint32_t i = 0; i < HOLDERS; i++) {
        CHECK_EQ(sys_task_ctl(holder[i], TASK_KILL, 0, 0, 0, NULL), 0);
        CHECK_EQ(sys_handle_close(holder[i]), 0);
    }
    CHECK_EQ(sys_handle_close((handle_t)last), 0);
    books_compare(&before);
    end();
}

/* ---- quota ---- */

/* Makes ports until that fails, and tells its session (rdi) why. */
extern char loop_code[], loop_code_end[];
__asm__(".pushsection .rodata\n"
        "loop_code:\n"
        "  mov %rdi, %rbx\n"
        "1: mov $18, %eax\n" /* port_create */
        "  syscall\n"
        "  test %eax, %eax\n"
        "  jz 1b\n"
        "  mov %eax, %edx\n"
        "  mov $1, %eax\n" /* call */
        "  mov %rbx, %rdi\n"
        "  xor %esi, %esi\n"
        "  syscall\n"
        "  jmp 1b\n"
        "loop_code_end:\n"
        ".popsection");

static void quota(void)
{
    struct kernel_stats before = {0};
    handle_t greedy = 0, other = 0, port = 0, thread = 0, there = 0;
    uint64_t session = 0;
    struct task_info state = {0};
    paddr_t code = frame_take();
    begin("quota-in-a-loop");
    books_settle(&before);
    memcpy(ram(code), loop_code, (size_t)(loop_code_end - loop_code));
    CHECK_EQ(sys_task_create(MAKER, 256 << 10, &greedy), 0);
    CHECK_EQ(sys_task_create(MAKER, 256 << 10, &other), 0);
    CHECK_EQ(sys_port_create(&port), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_MINT, 0, RIGHT_CALL | RIGHT_COPY, 0, &session, NULL), 0);
    CHECK_EQ(map(greedy, 3, CODE_VA, code, VMS_READ | VMS_EXEC, 1), 0);
    CHECK_EQ(sys_handle_copy((handle_t)session, RIGHT_ALL, greedy, 0, &there), 0);
    CHECK_EQ(sys_thread_create(greedy, CODE_VA, 0, there, 20, &thread), 0);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    for (int i = 0; i < 3; i++) { /* it goes on trying */
        struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = IPC_MS(1000)}, reply = {0};
        CHECK_EQ(sys_recv_message(port, &m), 0);
        CHECK_EQ(m.words[0], E_QUOTA);
        CHECK_EQ(sys_task_ctl(greedy, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
        CHECK(state.kmem_used <= 256 << 10 && state.kmem_used > 240 << 10);
        handle_t mine = 0; /* others make what they like */
        CHECK_EQ(sys_thread_create(other, CODE_VA, 0, 0, 20, &mine), 0);
        CHECK_EQ(sys_handle_close(mine), 0);
        CHECK_EQ(sys_reply_message(0, &reply), 0);
    }
    CHECK_EQ(sys_task_ctl(greedy, TASK_KILL, 0, 0, 0, NULL), 0);
    CHECK_EQ(sys_task_ctl(other, TASK_KILL, 0, 0, 0, NULL), 0);
    const handle_t all[] = {greedy, other, thread, (handle_t)session, port};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        CHECK_EQ(sys_handle_close(all[i]), 0);
    books_compare(&before);
    end();
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    books_take_spare();
    mass();
    deep();
    quota();
    finish();
}
