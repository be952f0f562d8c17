/* The kernel's rows of messages, failing calls, notifications and interrupts: started by init alone.
 *
 * This task is the server; the client is a second task with a copy of this one's memory, which times itself
 * and tells the cycles of each round by a last call. `bench NAME OPERATIONS TICKS…` goes to the log. */
#include <ipc/server.h>

#include "../../tests/system/kernel/lib/ktest.h"
#include "bare.h"

enum { ROUNDS = 11, OPERATIONS = 1000, FEW = 50, PATTERN = 0x5a };
enum { LABEL_CALL = 1, LABEL_READ, LABEL_WRITE, LABEL_TIME, LABEL_END };

struct bench_pair {
    uint64_t a, b;
};
struct bench_sum {
    uint64_t sum;
};
struct bench_time {
    uint64_t row, ticks, operations, wrong;
};
#define BENCH_PROTOCOL(OP)                                                 \
    OP(1, add, struct bench_pair, struct bench_sum, RIGHT_USE, IDEMPOTENT) \
    OP(2, time, struct bench_time, struct ipc_none, RIGHT_USE, EFFECT)     \
    OP(3, end, struct ipc_none, struct ipc_none, RIGHT_USE, EFFECT)
IPC_PROTOCOL(bench, BENCH_PROTOCOL)

enum row {
    CALL_0W,
    CALL_6W,
    CALL_DEADLINE,
    READ_160,
    READ_512,
    READ_PAGES,
    WRITE_160,
    WRITE_512,
    WRITE_PAGES,
    FAIL,
    NOTIFY,
    CONTROL,
    STUB,
    IRQ,
    CALL_HERE
};
static const char *const names[] = {"ipc_call_0w",         "ipc_call_6w",         "ipc_call_deadline",
                                    "ipc_call_160b_read",  "ipc_call_512b_read",  "ipc_call_16KiB_read",
                                    "ipc_call_160b_write", "ipc_call_512b_write", "ipc_call_16KiB_write",
                                    "syscall_fail",        "notify_idle",         "control_loop",
                                    "ipc_call_stub",       "irq_to_user",         "ipc_call_here"};

enum { PAGES = 16384 }; /* bytes of the rows that cross pages; the pager gives these pages one by one */
static uint8_t buffer[PAGES] __attribute__((aligned(4096)));

/* ---- the client ---- */

/* A function of its own, which the profiler finds by its name. */
#define ROW __attribute__((noipa))

static inline uint64_t calls(handle_t session, uint64_t *wrong)
{
    uint64_t begun = rdtsc();
    for (int i = 0; i < OPERATIONS; i++)
        *wrong |= bare_call(session, LABEL_CALL);
    return rdtsc() - begun;
}

static ROW uint64_t calls_0w(handle_t session, uint64_t *wrong)
{
    return calls(session, wrong);
}

static ROW uint64_t calls_here(handle_t session, uint64_t *wrong)
{
    return calls(session, wrong);
}

static ROW uint64_t calls_deadline(handle_t session, uint64_t *wrong)
{
    uint64_t until = IPC_MS(1000), begun = rdtsc();
    for (int i = 0; i < OPERATIONS; i++)
        *wrong |= bare_call_until(session, LABEL_CALL, until);
    return rdtsc() - begun;
}

/* All six words go out and are what came back: the server leaves them as they are. */
static ROW uint64_t calls_6w(handle_t session, uint64_t *wrong)
{
    uint64_t begun = rdtsc();
    for (uint64_t i = 0; i < OPERATIONS; i++)
        *wrong |= bare_call_words(session, LABEL_CALL, i);
    return rdtsc() - begun;
}

static inline uint64_t calls_buffer(handle_t session, uint32_t label, uint32_t length, uint64_t *wrong)
{
    struct ipc_buffers lent = {
        .in = (vaddr_t)buffer, .out = (vaddr_t)buffer, .in_len = length, .out_len = length};
    memset(buffer, label == LABEL_READ ? PATTERN : 0, sizeof buffer);
    *wrong |= bare_call_buffers(session, label, &lent); /* before the clock runs: pages are there then */
    if (label == LABEL_WRITE)
        memset(buffer, 0, sizeof buffer);
    uint64_t begun = rdtsc();
    for (int i = 0; i < (length == PAGES ? FEW : OPERATIONS); i++)
        *wrong |= bare_call_buffers(session, label, &lent);
    uint64_t ticks = rdtsc() - begun;
    for (uint32_t i = 0; i < sizeof buffer; i++)
        *wrong |= buffer[i] != (label == LABEL_READ || i < length ? PATTERN : 0);
    return ticks;
}

static ROW uint64_t calls_read_160(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_READ, 160, wrong);
}

static ROW uint64_t calls_read_512(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_READ, 512, wrong);
}

static ROW uint64_t calls_read_pages(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_READ, PAGES, wrong);
}

static ROW uint64_t calls_write_160(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_WRITE, 160, wrong);
}

static ROW uint64_t calls_write_512(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_WRITE, 512, wrong);
}

static ROW uint64_t calls_write_pages(handle_t session, uint64_t *wrong)
{
    return calls_buffer(session, LABEL_WRITE, PAGES, wrong);
}

static ROW uint64_t failing_calls(uint64_t *wrong)
{
    uint64_t begun = rdtsc();
    for (int i = 0; i < OPERATIONS; i++)
        *wrong |= bare_close(HANDLE_NONE) ^ E_HANDLE;
    return rdtsc() - begun;
}

/* A loop of known length, 2 instructions a round: 2000 and what reading the clock costs. */
static uint64_t control_loop(void)
{
    uint64_t n = OPERATIONS, begun = rdtsc();
    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(n)::"cc");
    return rdtsc() - begun;
}

static ROW uint64_t notifies(handle_t port, uint64_t *wrong)
{
    uint64_t begun = rdtsc();
    for (int i = 0; i < OPERATIONS; i++)
        *wrong |= bare_notify(port, 5);
    uint64_t ticks = rdtsc() - begun;
    struct ipc_message m = {.flags = IPC_DEADLINE, .deadline = DEADLINE_POLL};
    *wrong |= sys_recv_message(port, &m) || m.label != MSG_NOTIFY || m.words[0] != 5;
    *wrong |= sys_recv_message(port, &m) != E_TIMEDOUT;
    return ticks;
}

static uint64_t stub_calls(handle_t session, uint64_t *wrong)
{
    uint64_t begun = rdtsc();
    for (uint64_t i = 0; i < OPERATIONS; i++) {
        struct bench_sum sum = {0};
        *wrong |= bench_add(session, &(struct bench_pair){i, 7}, &sum, 0);
        *wrong |= sum.sum ^ (i + 7);
    }
    return rdtsc() - begun;
}

static uint64_t round_of(enum row row, handle_t session, handle_t port, uint64_t *wrong)
{
    switch (row) {
    case CALL_0W: return calls_0w(session, wrong);
    case CALL_6W: return calls_6w(session, wrong);
    case CALL_DEADLINE: return calls_deadline(session, wrong);
    case READ_160: return calls_read_160(session, wrong);
    case READ_512: return calls_read_512(session, wrong);
    case READ_PAGES: return calls_read_pages(session, wrong);
    case WRITE_160: return calls_write_160(session, wrong);
    case WRITE_512: return calls_write_512(session, wrong);
    case WRITE_PAGES: return calls_write_pages(session, wrong);
    case FAIL: return failing_calls(wrong);
    case NOTIFY: return notifies(port, wrong);
    case CONTROL: return control_loop();
    default: return stub_calls(session, wrong);
    }
}

static void client(void *argument)
{
    handle_t session = (handle_t)(uint64_t)argument, port = 0;
    uint64_t wrong, failed = (uint64_t)sys_port_create(&port);
    for (enum row row = 0; row < STUB; row++) {
        wrong = failed;
        round_of(row, session, port, &wrong); /* the warm-up */
        for (int i = 0; i < ROUNDS; i++) {
            uint64_t ticks = round_of(row, session, port, &wrong);
            uint64_t operations = row == READ_PAGES || row == WRITE_PAGES ? FEW : OPERATIONS;
            struct ipc_message m = {.label = LABEL_TIME, .words = {row, ticks, operations, wrong}};
            sys_call_message(session, &m);
        }
    }
    struct ipc_message end = {.label = LABEL_END};
    wrong = (uint64_t)sys_call_message(session, &end);
    round_of(STUB, session, port, &wrong);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticks = round_of(STUB, session, port, &wrong);
        bench_time(session, &(struct bench_time){STUB, ticks, OPERATIONS, wrong}, NULL, 0);
    }
    bench_end(session, NULL, NULL, 0);
    sys_task_ctl(0, TASK_KILL, 0, 0, 0, NULL);
}

/* ---- the server ---- */

static void tell(uint64_t row, uint64_t ticks, uint64_t operations, uint64_t wrong)
{
    if (row > CALL_HERE || wrong)
        ipc_info("not ok %s: a wrong answer (%lx)", row > CALL_HERE ? "?" : names[row], wrong);
    else
        ipc_info("bench %s %lu %lu", names[row], operations, ticks);
}

/* Answers what the bare loop of 0 to 6 words does not know; returns when the client is done with this part.
 */
static void serve(handle_t port)
{
    static uint8_t piece[PAGES];
    struct ipc_message m = {0};
    uint64_t count = 0;
    int error = sys_recv_message(port, &m);
    while (!error) {
        uint32_t label = m.label;
        uint64_t words[] = {m.words[0], m.words[1], m.words[2], m.words[3]}, length = m.in_len;
        if (label == LABEL_CALL) {
            error = bare_serve(port, LABEL_CALL, &m);
            continue;
        }
        m = (struct ipc_message){0};
        switch (label) {
        case LABEL_READ:
        case LABEL_WRITE:
            memset(piece, label == LABEL_READ ? 0 : PATTERN, sizeof piece);
            error = bare_serve_buffer(port, label, label == LABEL_READ ? SYS_msg_read : SYS_msg_write, piece,
                                      length, &m);
            for (uint64_t i = 0; i < length; i++)
                count += piece[i] != PATTERN;
            continue;
        case LABEL_TIME:
            tell(words[0], words[1], words[2], words[3] | count);
            count = 0;
            break;
        default: error = sys_reply_message(0, &m); return;
        }
        error = sys_reply_recv_message(port, &m);
    }
    ipc_info("not ok serve: %s", ipc_error_text(error));
}

static int op_add(struct ipc_request *r, const struct bench_pair *in, struct bench_sum *out)
{
    (void)r;
    out->sum = in->a + in->b;
    return 0;
}

static int op_time(struct ipc_request *r, const struct bench_time *in, struct ipc_none *out)
{
    (void)r;
    (void)out;
    tell(in->row, in->ticks, in->operations, in->wrong);
    return 0;
}

static int op_end(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    ipc_info("ok bench");
    ipc_exit(0);
}

/* ---- an interrupt: the clock chip's periodic one, at 1024 Hz ---- */

enum {
    CMOS_INDEX,
    CMOS_DATA,
    CMOS_A = 0x0a,
    CMOS_B = 0x0b,
    CMOS_C = 0x0c,
    PERIODIC = 0x40,
    RATE_1024 = 0x26
};
static volatile uint64_t last_seen;
static volatile bool stop_spinning;

/* Writes down the time without end; what it wrote last is when the interrupt came. */
static void spin(void *unused)
{
    (void)unused;
    while (!stop_spinning)
        last_seen = rdtsc();
}

static uint64_t cmos(handle_t io, uint32_t reg, uint32_t access, uint32_t value)
{
    uint64_t result = 0;
    CHECK_IS(sys_io_access(io, CMOS_INDEX, ACCESS_WRITE(1), reg, NULL), 0);
    CHECK_IS(sys_io_access(io, CMOS_DATA, access, value, &result), 0);
    return result;
}

static void interrupts(void)
{
    handle_t io = 0, irq = 0, port = 0;
    struct kthread spinner;
    CHECK_IS(sys_port_create(&port), 0);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_IO, 0x70, 2, 0, &io, NULL), 0);
    CHECK_IS(sys_hw_create(ipc_handle("hardware"), HW_ISA_IRQ, 8, 0, 0, &irq, NULL), 0);
    CHECK_IS(sys_irq_ctl(irq, IRQ_BIND, port, 1), 0);
    kthread_start(&spinner, spin, NULL, 1);
    cmos(io, CMOS_A, ACCESS_WRITE(1), RATE_1024);
    uint64_t b = cmos(io, CMOS_B, ACCESS_READ(1), 0);
    cmos(io, CMOS_B, ACCESS_WRITE(1), (uint32_t)b | PERIODIC);
    for (int i = -8; i < 64; i++) {
        sys_irq_ctl(irq, IRQ_ACK, 0, 0);
        cmos(io, CMOS_C, ACCESS_READ(1), 0);
        uint64_t before = last_seen, bits = 0, came;
        uint64_t error = bare_recv(port, &bits, &came);
        uint64_t ticks = came - last_seen;
        if (i >= 0)
            tell(IRQ, ticks, 1, error | (bits ^ 1) | (last_seen == before));
    }
    cmos(io, CMOS_B, ACCESS_WRITE(1), (uint32_t)b & ~(uint32_t)PERIODIC);
    stop_spinning = true;
    kthread_join(&spinner);
}

/* ---- not a row of the table: a call within one space ---- */

static void serve_here(void *port)
{
    serve((handle_t)(uint64_t)port);
}

static void one_space(void)
{
    struct kport port;
    struct kthread server;
    struct ipc_message last = {.label = LABEL_END};
    uint64_t wrong = 0;
    kport_create(&port);
    kthread_start(&server, serve_here, (void *)(uint64_t)port.port, ipc_thread_priority());
    calls_here(port.session, &wrong);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticks = calls_here(port.session, &wrong);
        tell(CALL_HERE, ticks, OPERATIONS, wrong);
    }
    CHECK_IS(sys_call_message(port.session, &last), 0);
    kthread_join(&server);
    kport_close(&port);
}

int main(void)
{
    static const struct bench_ops ops = {.add = op_add, .time = op_time, .end = op_end};
    static struct ktask task;
    struct kport port;
    interrupts();
    one_space();
    kport_create(&port);
    ktask_create(&task);
    handle_t there = ktask_give(&task, port.session, RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&task, client, (void *)(uint64_t)there);
    serve(port.port);
    return ipc_serve(&(struct ipc_server){.name = "bench", .ops = &ops, .port = port.port});
}
