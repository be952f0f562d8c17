/* Records of messages, in pages that are there only while tracing is on.
 *
 * Invariants
 * R1 records head % capacity up to tail % capacity, at most capacity of them, are not read yet
 * R2 a full ring takes no more: what is missing is counted, and a TRACE_LOST stands where it would be
 * R3 trace_on implies sched_work, so no message takes the short way */
#include <sched.h>
#include <string.h>
#include <trace.h>

enum { PER_PAGE = PAGE_SIZE / sizeof(struct trace_record), PAGES_MAX = 256, PAGES_A_STEP = 4 };

uint32_t trace_on;
static struct trace_record *page[PAGES_MAX];
static uint32_t pages;
static uint64_t head, tail; /* records ever read, ever written */
static uint32_t lost;
static uint32_t ended; /* the client of the last record, if that says how its call ended; else 0 */

static struct trace_record *record_at(uint64_t position)
{
    uint64_t i = position % (pages * PER_PAGE);
    return &page[i / PER_PAGE][i % PER_PAGE];
}

static uint64_t room(void)
{
    return pages * PER_PAGE - (tail - head);
}

static void put_lost(void)
{
    *record_at(tail++) = (struct trace_record){.time_ns = time_now(), .kind = TRACE_LOST, .label = lost};
    lost = 0;
}

void trace_put(enum trace_kind kind, const struct thread *client, uint32_t label, const struct task *server,
               uint32_t thread)
{
    bool again = kind == TRACE_LEFT && ended == client->id; /* that it leaves then is nothing new */
    ended = kind >= TRACE_ANSWERED ? client->id : 0;
    if (again)
        return;
    if (room() < 2) {
        lost++;
        return;
    }
    if (lost)
        put_lost();
    struct trace_record *r = record_at(tail++);
    *r = (struct trace_record){.time_ns = time_now(),
                               .kind = kind,
                               .label = label,
                               .client = client->id,
                               .server = thread,
                               .client_task = (uint32_t)client->task->id,
                               .server_task = server ? (uint32_t)server->id : 0,
                               .seq = (uint32_t)(client->frame.rsi >> 32),
                               .flags = (client->flags & THREAD_F_ONE_WAY ? TRACE_ONE_WAY : 0) |
                                        (client->flags & THREAD_F_FAULT ? TRACE_FAULT : 0)};
    memcpy(r->client_name, client->task->name, sizeof r->client_name);
    if (server)
        memcpy(r->server_name, server->name, sizeof r->server_name);
}

/* A few pages at a time. */
static int start(uint64_t wanted)
{
    FAIL_IF(trace_on, E_BUSY);
    FAIL_IF(wanted == 0 || wanted > PAGES_MAX, E_RANGE);
    for (uint32_t i = 0; i < PAGES_A_STEP && pages < wanted; i++) {
        TRY(kmem_alloc(&account_nobody, PAGE_SIZE, &page[pages]));
        pages++;
    }
    FAIL_IF(pages < wanted, SYS_RESTART);
    head = tail = lost = ended = 0;
    trace_on = sched_work = true;
    return 0;
}

static int stop(void)
{
    trace_on = false; /* the way out clears sched_work */
    for (uint32_t i = 0; i < PAGES_A_STEP && pages > 0; i++)
        kmem_free(&account_nobody, page[--pages], PAGE_SIZE);
    return pages ? SYS_RESTART : 0;
}

/* What lies in one page; the reader comes again. */
static int read(vaddr_t to, uint64_t length, uint64_t *filled)
{
    FAIL_IF(!trace_on, E_INVAL);
    if (head == tail && lost)
        put_lost();
    const struct trace_record *first = record_at(head);
    uint64_t count = PER_PAGE - head % (pages * PER_PAGE) % PER_PAGE;
    if (count > tail - head)
        count = tail - head;
    if (count > length / sizeof *first)
        count = length / sizeof *first;
    FAIL_IF(user_write(to, first, count * sizeof *first), SYS_TOUCH);
    head += count;
    *filled = count * sizeof *first;
    return 0;
}

int trace_control(struct thread *thread, struct syscall *s)
{
    FAIL_IF(s->a[0] < KINFO_TRACE_START || s->a[0] > KINFO_TRACE_STOP, E_INVAL);
    TRY(handle_get(thread->task, s->a[3], OBJ_HARDWARE, RIGHT_MANAGE, NULL));
    switch (s->a[0]) {
    case KINFO_TRACE_START: return start(s->a[2]);
    case KINFO_TRACE_READ: return read(s->a[1], s->a[2], &s->r[0]);
    default: return stop();
    }
}
