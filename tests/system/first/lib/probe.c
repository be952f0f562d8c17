/* A thread of this task tries an access, and tells what came of it. */
#include "../first.h"
#include <ipc/task.h>

struct probe {
    uint64_t address, kind; /* enum probe_kind */
    uint64_t session;
};
extern char probe_code[];
__asm__(".pushsection .text\n"
        "probe_code:\n"
        "  mov (%rdi), %rax\n"
        "  mov 16(%rdi), %rbx\n"
        "  cmpl $1, 8(%rdi)\n"
        "  je 1f\n"
        "  ja 2f\n"
        "  mov (%rax), %rcx\n"
        "  jmp 3f\n"
        "1: movq $0, (%rax)\n"
        "  jmp 3f\n"
        "2: jmp *%rax\n"
        "3: mov $1, %eax\n" /* call */
        "  mov %rbx, %rdi\n"
        "  xor %esi, %esi\n"
        "  syscall\n"
        "  ud2\n"
        ".popsection");

static handle_t port;
static uint64_t session;

void probe_open(void)
{
    uint64_t badge;
    CHECK_EQ(sys_port_create(&port), 0);
    CHECK_EQ(sys_port_ctl(port, PORT_MINT, 7, RIGHT_ALL, 0, &session, &badge), 0);
    CHECK_EQ(sys_task_ctl(TASK, TASK_SET_PAGER, port, 5, 0, NULL), 0);
}

uint64_t probe(uint64_t address, uint64_t kind)
{
    static struct probe p;
    struct ipc_message m = {0}, reply = {0};
    handle_t thread = 0;
    p = (struct probe){address, kind, session};
    CHECK_EQ(sys_thread_create(TASK, (vaddr_t)probe_code, 0, (uint64_t)&p, 20, &thread), 0);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_START, 0, 0, NULL), 0);
    CHECK_EQ(sys_recv_message(port, &m), 0);
    while (m.label == MSG_CANCEL) { /* the last probe's death */
        CHECK_EQ(sys_port_ctl(port, PORT_ACK, m.words[5], 0, 0, NULL, NULL), 0);
        memset(&m, 0, sizeof m);
        CHECK_EQ(sys_recv_message(port, &m), 0);
    }
    uint64_t result = m.label == MSG_FAULT ? m.words[1] | 0x100 : m.label == MSG_EXCEPTION ? 0x200 : 0;
    if (m.label == MSG_FAULT)
        CHECK_EQ(m.words[0], address);
    CHECK_EQ(sys_thread_ctl(thread, THREAD_KILL, 0, 0, NULL), 0);
    sys_reply_message(0, &reply);
    CHECK_EQ(sys_handle_close(thread), 0);
    return result;
}
