/* Each case is tried the short way and around it: all registers of both sides, what the kernel tells of both
 * threads, the port and its objects have to be the same; and a counter proves which way was taken. */
#include "lib/ktest.h"

struct regs {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9, r12, r13, r14, r15, rbx, rbp;
};

/* One system call with all registers from *r, and into it. */
void trap(struct regs *r);
__asm__(".text\n"
        "trap: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n"
        "mov %rdi, %rcx\n"
        "mov (%rcx), %rax; mov 8(%rcx), %rdi; mov 16(%rcx), %rsi; mov 24(%rcx), %rdx; mov 32(%rcx), %r10\n"
        "mov 40(%rcx), %r8; mov 48(%rcx), %r9; mov 56(%rcx), %r12; mov 64(%rcx), %r13; mov 72(%rcx), %r14\n"
        "mov 80(%rcx), %r15; mov 88(%rcx), %rbx; mov 96(%rcx), %rbp\n"
        "syscall\n"
        "pop %rcx\n"
        "mov %rax, (%rcx); mov %rdi, 8(%rcx); mov %rsi, 16(%rcx); mov %rdx, 24(%rcx); mov %r10, 32(%rcx)\n"
        "mov %r8, 40(%rcx); mov %r9, 48(%rcx); mov %r12, 56(%rcx); mov %r13, 64(%rcx); mov %r14, 72(%rcx)\n"
        "mov %r15, 80(%rcx); mov %rbx, 88(%rcx); mov %rbp, 96(%rcx)\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");

/* A flag that means nothing: only the general path passes over it. */
#define AROUND (1ul << 11)

enum { LABEL_PREPARE = 1000, LABEL_END, BUFFER = 200 };
enum trick { NO_TRICK, CANCELLED, USES_FPU, URGENT };

static char buffer[BUFFER];
static struct ipc_buffers good = {(vaddr_t)buffer, (vaddr_t)buffer + 100, 100, BUFFER - 100};
static struct ipc_buffers none = {(vaddr_t)buffer, (vaddr_t)buffer, 0, 0};
static struct ipc_buffers far_in = {USER_END, (vaddr_t)buffer, 0, 8};
static struct ipc_buffers far_out = {(vaddr_t)buffer, USER_END - 8, 8, 9};
static struct ipc_buffers edge = {(vaddr_t)buffer, USER_END - 8, 8, 8};
static struct ipc_buffers large = {(vaddr_t)buffer, (vaddr_t)buffer, IPC_BUFFER_MAX + 1, 8};

static const struct one {
    const char *name;
    uint64_t flags;        /* of the call */
    uint64_t server_flags; /* of the receive that takes it, and of the one after it */
    struct ipc_buffers *buffers;
    uint64_t label;  /* and number */
    uint64_t change; /* of the handle: XOR; or, below 16, which of `handles` */
    enum trick trick;
    int error;
    bool general; /* the call is none for the short way; `both`: nor is the reply */
    bool both;
    bool fault; /* the kernel sends the pager one, which never goes round the short way */
} ones[] = {
    {.name = "plain"},
    {.name = "label and number", .label = 0xfedcba987fffffff},
    {.name = "deadline", .flags = IPC_DEADLINE},
    {.name = "buffers", .flags = IPC_BUFFERS, .buffers = &good},
    {.name = "empty buffers", .flags = IPC_BUFFERS, .buffers = &none},
    {.name = "buffers to the edge", .flags = IPC_BUFFERS, .buffers = &edge},
    {.name = "accepts one", .flags = IPC_ACCEPT(1)},
    {.name = "accepts four", .flags = IPC_ACCEPT(4)},
    {.name = "all", .flags = IPC_DEADLINE | IPC_BUFFERS | IPC_ACCEPT(2), .buffers = &good},
    {.name = "server accepts", .server_flags = IPC_ACCEPT(3)},
    {.name = "server has a deadline", .server_flags = IPC_DEADLINE},
    {.name = "both accept", .flags = IPC_ACCEPT(1), .server_flags = IPC_ACCEPT(4) | IPC_DEADLINE},
    {.name = "floating point", .trick = USES_FPU},
    {.name = "urgent client", .trick = URGENT, .general = true},
    {.name = "kernel's label", .label = MSG_KERNEL | 1, .error = E_INVAL, .general = true},
    {.name = "generation", .change = 1u << 16, .error = E_HANDLE, .general = true},
    {.name = "index", .change = 1u << 8, .error = E_HANDLE, .general = true},
    {.name = "no handle", .change = 1, .error = E_HANDLE, .general = true},
    {.name = "a port", .change = 2, .error = E_TYPE, .general = true},
    {.name = "no right", .change = 3, .error = E_RIGHTS, .general = true},
    {.name = "cancelled", .trick = CANCELLED, .error = E_CANCELLED, .general = true},
    {.name = "buffer too large", .flags = IPC_BUFFERS, .buffers = &large, .error = E_SIZE, .general = true},
    {.name = "buffer too far", .flags = IPC_BUFFERS, .buffers = &far_in, .error = E_FAULT, .general = true},
    {.name = "its end too far", .flags = IPC_BUFFERS, .buffers = &far_out, .error = E_FAULT, .general = true},
    {.name = "no such buffers",
     .flags = IPC_BUFFERS,
     .buffers = (struct ipc_buffers *)USER_MIN,
     .error = E_FAULT,
     .general = true,
     .fault = true},
    {.name = "buffers in the kernel",
     .flags = IPC_BUFFERS,
     .buffers = (struct ipc_buffers *)~7ul,
     .error = E_FAULT,
     .general = true},
    {.name = "accepts five", .flags = IPC_ACCEPT(5), .error = E_INVAL, .general = true},
    {.name = "sends a handle", .flags = IPC_SENDING(1), .server_flags = IPC_ACCEPT(1), .general = true},
};

/* What can be seen of a case. */
struct view {
    struct regs client, server;
    struct thread_info client_thread, server_thread;
    struct port_info port;
    uint64_t objects[OBJ_KINDS], handles, switches;
    uint64_t fast;
};

static struct kport port;
static struct kthread server_thread;
static const handle_t self = 0;
static handle_t handles[4];
static uint64_t far;     /* a deadline that does not come */
static struct regs seen; /* by the server, of the case's call */

static uint64_t way, server_flags;

static void serve(void *unused)
{
    struct regs r = {.rax = SYS_recv, .rdi = port.port};
    (void)unused;
    for (;;) {
        trap(&r);
        uint32_t label = (uint32_t)r.rsi;
        if ((uint32_t)r.rax || label == LABEL_END)
            break;
        if (label != LABEL_PREPARE)
            seen = r;
        for (uint32_t i = 0; i < r.rax >> 32; i++)
            sys_handle_close((handle_t)(r.rbx >> 32 * i));
        r = (struct regs){.rax = SYS_reply_recv | server_flags | way,
                          .rdi = port.port,
                          .rsi = 0xaaaa0000bbbb,
                          .rdx = 11,
                          .r10 = 12,
                          .r8 = 13,
                          .r9 = 14,
                          .r12 = 15,
                          .r13 = 16,
                          .r14 = far,
                          .r15 = 17,
                          .rbx = 18,
                          .rbp = 19};
    }
    struct ipc_message m = {.label = (uint32_t)r.rax};
    sys_reply_message(0, &m);
}

static uint64_t call(uint32_t label)
{
    struct ipc_message m = {.label = label};
    return (uint64_t)sys_call_message(port.session, &m);
}

static uint64_t xmm(void)
{
    uint64_t value;
    __asm__ volatile("movq %%xmm5, %0" : "=r"(value));
    return value;
}

static void look(struct view *v, struct view *before)
{
    struct kernel_stats stats;
    CHECK_IS(sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL), 0);
    v->switches = stats.switches - (before ? before->switches : 0);
    v->fast = stats.fast_messages - (before ? before->fast : 0);
    v->handles = stats.handles;
    memcpy(v->objects, stats.objects, sizeof v->objects);
    CHECK_IS(sys_thread_ctl(self, THREAD_INFO, (uint64_t)&v->client_thread, 0, NULL), 0);
    CHECK_IS(sys_thread_ctl(server_thread.handle, THREAD_INFO, (uint64_t)&v->server_thread, 0, NULL), 0);
    v->client_thread.cpu_ns = v->server_thread.cpu_ns = 0;
    CHECK_IS(sys_port_ctl(port.port, PORT_INFO, (uint64_t)&v->port, 0, 0, NULL, NULL), 0);
    v->port.messages -= before ? before->port.messages : 0;
}

static struct view try(const struct one *c)
{
    struct view before, v = {0};
    handle_t handle = c->change && c->change < 4 ? handles[c->change] : port.session ^ (handle_t)c->change;
    server_flags = c->server_flags;
    CHECK_IS(call(LABEL_PREPARE), 0);
    memset(&seen, 0, sizeof seen);
    if (c->trick == CANCELLED)
        sys_thread_ctl(self, THREAD_CANCEL, 0, 0, NULL);
    if (c->trick == URGENT)
        sys_thread_ctl(server_thread.handle, THREAD_PRIORITY, ipc_thread_priority() - 1, 0, NULL);
    look(&before, NULL);
    if (c->trick == USES_FPU)
        __asm__ volatile("movq %0, %%xmm5" : : "r"(0x123456789abcdeful));
    struct regs r = {.rax = SYS_call | c->flags | way,
                     .rdi = handle,
                     .rsi = c->label,
                     .rdx = 1,
                     .r10 = 2,
                     .r8 = 3,
                     .r9 = 4,
                     .r12 = 5,
                     .r13 = 6, /* the words */
                     .r14 = c->flags & IPC_DEADLINE ? far : 7,
                     .r15 = (uint64_t)c->buffers,
                     .rbx = port.session,
                     .rbp = 9};
    struct regs asked = r;
    trap(&r);
    if (c->trick == USES_FPU)
        CHECK_IS(xmm(), 0x123456789abcdef);
    look(&v, &before);
    if (c->trick == URGENT)
        sys_thread_ctl(server_thread.handle, THREAD_PRIORITY, ipc_thread_priority(), 0, NULL);
    sys_thread_ctl(0, THREAD_UNCANCEL, 0, 0, NULL);
    CHECK_IS(r.rax, c->error);
    CHECK_IS(r.rbx, asked.rbx);
    CHECK_IS(r.rbp, asked.rbp);
    CHECK_IS(r.r14, asked.r14);
    CHECK_IS(r.r15, asked.r15);
    if (!c->error) {
        CHECK_IS(r.rsi, 0xbbbb);
        CHECK_IS(seen.rsi, c->label);
        CHECK_IS(seen.rdi, port.badge);
        CHECK_IS(seen.rdx + seen.r13, 7);
        CHECK_IS(seen.r14, c->buffers ? c->buffers->in_len | (uint64_t)c->buffers->out_len << 32 : 0);
    }
    if (IPC_SENT(c->flags))
        seen.rbx = 0; /* a new handle each time */
    v.client = r;
    v.server = seen;
    return v;
}

static void both_ways(void)
{
    for (unsigned i = 0; i < KTEST_COUNT(ones); i++) {
        const struct one *c = &ones[i];
        struct view view[2];
        for (way = 0; way <= AROUND; way += AROUND) {
            try(c); /* deadlines find their place, slots theirs */
            view[way != 0] = try(c);
        }
        way = 0;
        CHECK_IS(view[1].fast, c->fault);
        CHECK_IS(view[0].fast, c->fault + (c->error ? 0 : c->general ? 1 : 2));
        CHECK_IS(view[0].port.messages, c->error ? 0 : 1);
        view[0].fast = view[1].fast;
        if (memcmp(&view[0], &view[1], sizeof view[0])) {
            ipc_error("%s: the two ways differ", c->name);
            for (unsigned w = 0; w < sizeof view[0] / 8; w++)
                CHECK_IS(((uint64_t *)&view[0])[w], ((uint64_t *)&view[1])[w]);
        }
    }
}

static void matrix(void)
{
    kport_create(&port);
    CHECK_IS(sys_handle_copy(port.session, RIGHT_COPY | RIGHT_USE, 0, 0, &handles[3]), 0);
    far = IPC_MS(1000000);
    handles[1] = HANDLE_NONE;
    handles[2] = port.port;
    kthread_start(&server_thread, serve, NULL, ipc_thread_priority());
    kthread_await(&server_thread, THREAD_RECEIVING);
    both_ways();
    CHECK_IS(call(LABEL_END), 0);
    kthread_join(&server_thread);
    sys_handle_close(handles[3]);
    kport_close(&port);
}

static const struct ktest tests[] = {{"both-ways", matrix}};

int main(void)
{
    ktest_main(tests, KTEST_COUNT(tests));
}
