/* The client's side of a protocol: one call, repeated where that is right.
 *
 *   E_TOUCH      the server met a page of a lent buffer that is not there and has changed nothing: bring
 * pages in from there on (w0 = offset, w1 = FAULT_WRITE for the out-buffer) and call again, same number
 *
 *   E_RESTARTED  the server died before it answered: call its next instance with the same number, so that
 * what was done already is not done twice. The kernel says E_IO instead to a call that three instances had in
 * hand when they died
 *
 *   E_KMEM       the kernel found no memory for the call: the pager is about to give it some */
#include <ipc/protocol.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum { TOUCHES_MAX = 4096, TOUCH_PAGES = 16 };

uint32_t ipc_last_seq;

struct attempts {
    uint32_t fed, touches;
    uint64_t ahead; /* pages to bring in at the next E_TOUCH */
};

/* After a call that did not come back with a reply: whether to repeat it. Sets what is to be returned if not.
 */
static bool repeat(struct attempts *a, int *error)
{
    return *error == E_RESTARTED || (*error == E_KMEM && ipc_feed_kernel(&a->fed));
}

static bool forever(uint64_t deadline)
{
    return deadline == 0 || deadline == DEADLINE_NEVER;
}

int ipc_invoke_again(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline,
                     uint32_t seq, int error)
{
    struct attempts attempts = {0};

    while (repeat(&attempts, &error)) {
        uint32_t label = op->number;

        error = sys_call_words(session, &label, seq, words, forever(deadline) ? 0 : IPC_DEADLINE, deadline);
        if (!error)
            return (int)(label & INT32_MAX);
    }
    return -error;
}

int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline)
{
    uint32_t seq = ipc_take_seq(), label = op->number;
    int error = sys_call_words(session, &label, seq, words, forever(deadline) ? 0 : IPC_DEADLINE, deadline);

    if (__builtin_expect(error, 0))
        return ipc_invoke_again(op, session, words, deadline, seq, error);
    return (int)(label & INT32_MAX);
}

/* Bring in pages of a lent buffer, more each time: a long one may lose the first while the last come. */
static int touch(struct attempts *a, const struct ipc_transfer *t, uint64_t offset, uint64_t access)
{
    bool write = access & FAULT_WRITE;
    uint64_t length = write ? t->out_len : t->in_len;
    uint64_t start = (uint64_t)(write ? t->out : t->in);
    uint64_t address, end;
    int error;

    if (offset >= length || ++a->touches > TOUCHES_MAX)
        return E_FAULT;
    a->ahead = a->ahead ? a->ahead * 2 : TOUCH_PAGES;
    address = (start + offset) & ~(PAGE_SIZE - 1);
    end = length - offset > a->ahead * PAGE_SIZE ? address + a->ahead * PAGE_SIZE : start + length;
    for (; address < end; address += PAGE_SIZE) {
        error = sys_touch(address, write ? FAULT_WRITE : 0);
        if (error)
            return error;
    }
    return 0;
}

static struct ipc_buffers lent(const struct ipc_transfer *t)
{
    return (struct ipc_buffers){
        .in = (vaddr_t)t->in, .out = (vaddr_t)t->out, .in_len = t->in_len, .out_len = t->out_len};
}

static void fill(struct ipc_message *m, const struct ipc_op *op, uint32_t seq,
                 const uint64_t words[IPC_WORDS], const struct ipc_transfer *t)
{
    __builtin_memcpy(m->words, words, sizeof m->words);
    __builtin_memcpy(m->handles, t->send, sizeof m->handles);
    m->label = op->number;
    m->seq = seq;
    m->handle_count = t->send_count;
    m->accept = IPC_GIVES(op->flags);
    m->flags = (forever(t->deadline) ? 0 : IPC_DEADLINE) | (t->in_len || t->out_len ? IPC_BUFFERS : 0);
    m->deadline = t->deadline;
    m->buffers = lent(t);
}

/* Calls until there is an answer. 0: it is in *m; else what is to be returned, negated. */
static inline __attribute__((always_inline)) int
invoke_message(const struct ipc_op *op, handle_t session, const uint64_t words[IPC_WORDS],
               struct ipc_transfer *t, struct attempts *attempts, struct ipc_message *m, uint32_t seq)
{
    for (;;) {
        fill(m, op, seq, words, t);
        int error = sys_call_message(session, m);
        if (error) {
            if (repeat(attempts, &error))
                continue;
            return error;
        }
        if (m->label != E_TOUCH)
            return 0;
        error = touch(attempts, t, m->words[0], m->words[1]);
        if (error)
            return error;
    }
}

/* All of a call, or what is left of it after a first attempt. */
static inline __attribute__((always_inline)) int invoke_whole(const struct ipc_op *op, handle_t session,
                                                              uint64_t words[IPC_WORDS],
                                                              struct ipc_transfer *t,
                                                              struct attempts *attempts, uint32_t seq)
{
    struct ipc_message m;
    int error = invoke_message(op, session, words, t, attempts, &m, seq);

    if (error)
        return -error;
    __builtin_memcpy(words, m.words, sizeof m.words);
    __builtin_memcpy(t->got, m.handles, sizeof t->got);
    t->got_count = m.handle_count;
    return (int)(m.label & INT32_MAX);
}

/* Behind a first attempt: what it met is mended, or returned. place: where pages are to be brought in, if there
 * was no error. */
static __attribute__((noinline)) int invoke_mended(const struct ipc_op *op, handle_t session,
                                                   uint64_t words[IPC_WORDS], struct ipc_transfer *t,
                                                   uint32_t seq, int error, const uint64_t place[2])
{
    struct attempts attempts = {0};

    if (!error)
        error = touch(&attempts, t, place[0], place[1]);
    else if (repeat(&attempts, &error))
        error = 0;
    return error ? -error : invoke_whole(op, session, words, t, &attempts, seq);
}

/* The usual call: buffers, but neither handles nor a deadline. */
static __attribute__((noinline)) int invoke_lent(const struct ipc_op *op, handle_t session,
                                                 uint64_t words[IPC_WORDS], struct ipc_transfer *t)
{
    uint32_t seq = ipc_take_seq(), label = op->number;
    struct ipc_buffers buffers = lent(t);
    uint64_t reply[IPC_WORDS];
    int error = sys_call_lent(session, &label, seq, words, reply, &buffers);

    if (__builtin_expect(error || label == E_TOUCH, 0)) {
        uint64_t place[2] = {error ? 0 : reply[0], error ? 0 : reply[1]};

        return invoke_mended(op, session, words, t, seq, error, place);
    }
    __builtin_memcpy(words, reply, sizeof reply);
    return (int)(label & INT32_MAX);
}

int ipc_invoke_with(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS],
                    struct ipc_transfer *t)
{
    struct attempts attempts = {0};

    t->got_count = 0;
    if (!(IPC_GIVES(op->flags) | t->send_count) && forever(t->deadline))
        return invoke_lent(op, session, words, t);
    if (t->send_count > IPC_TAKES(op->flags))
        return -E_FULL;
    return invoke_whole(op, session, words, t, &attempts, ipc_take_seq());
}
