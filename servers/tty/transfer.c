/* Bytes between clients and lines.
 *
 * T1  a byte leaves the line only after it has been written into its reader's buffer; a reader that is gone
 * takes none. T2  a write is taken in order and once: E_TOUCH is answered only while nothing of it has been
 * taken; how far a waiting write has come is kept. */
#include "tty.h"
#include "uart.h"
#include <ipc/time.h>

enum { PIECE = 1024 };
#define TENTH_NS (NS_PER_S / 10)

struct tty_state tty_state;
static struct waits waits[LINES];

struct waits *waits_of(const struct tty *t)
{
    return &waits[t - tty_state.ttys];
}

/* ---- reading ---- */

static bool canonical(const struct line *l)
{
    return l->batch || (l->mode.lflag & TTY_L_ICANON);
}

/* Whether a read of `size` bytes would not wait, but for time. */
static bool read_ready(struct line *l, uint64_t size)
{
    uint64_t least = l->mode.cc[TTY_VMIN];

    line_retype(l);
    if (size == 0)
        return true;
    if (canonical(l))
        return line_readable(l);
    if (least == 0)
        return l->mode.cc[TTY_VTIME] == 0 || line_readable(l);
    return line_available(l) >= (least < size ? least : size);
}

/* Give what there is. */
static int read_now(struct line *l, struct ipc_request *r, struct io_count *out)
{
    uint8_t bytes[PIECE];
    uint32_t entries;
    size_t size = r->out_len < sizeof bytes ? r->out_len : sizeof bytes, n;
    int error;

    if (size == 0)
        return 0;
    n = line_peek(l, bytes, size, &entries);
    error = ipc_write(r, 0, bytes, n);
    if (error)
        return error;
    line_take(l, entries);
    out->count = n;
    return 0;
}

/* The timer of raw mode: from the start of the read (VMIN 0), else from the last byte on. */
static void set_timer(const struct line *l, struct parked *p)
{
    uint64_t available = line_available(l);
    uint8_t tenths = l->mode.cc[TTY_VTIME];

    if (canonical(l) || tenths == 0) {
        p->deadline = DEADLINE_NEVER;
    } else if (l->mode.cc[TTY_VMIN] == 0) {
        if (p->deadline == DEADLINE_NEVER)
            p->deadline = ipc_now() + tenths * TENTH_NS;
    } else if (available != p->done) {
        p->done = available;
        p->deadline = ipc_now() + tenths * TENTH_NS;
    }
}

int tty_read(struct tty *t, struct ipc_request *r, uint32_t flags, struct io_count *out)
{
    struct parked *p;
    int error;

    if (!waits_of(t)->readers.first && read_ready(&t->line, r->out_len))
        return read_now(&t->line, r, out);
    if (flags & IO_O_NONBLOCK)
        return E_AGAIN;
    p = queue_park(&waits_of(t)->readers, r, &error);
    if (p)
        set_timer(&t->line, p);
    return error;
}

static bool serve_readers(struct tty *t)
{
    struct parked *p = waits_of(t)->readers.first;
    struct io_count count = {0};
    int error;

    if (!p)
        return false;
    if (!read_ready(&t->line, p->request.out_len)) {
        set_timer(&t->line, p);
        if (p->deadline > ipc_now())
            return false;
    }
    error = read_now(&t->line, &p->request, &count);
    queue_answer(&waits_of(t)->readers, p, error, &count, sizeof count);
    return true;
}

/* ---- writing ---- */

/* Take more of a write: 0, or an error. *done counts. */
static int write_more(struct line *l, struct ipc_request *r, uint64_t *done)
{
    uint8_t bytes[PIECE];

    while (*done < r->in_len) {
        uint64_t n = r->in_len - *done, space = line_output_space(l);
        int error;

        n = n < space ? n : space;
        n = n < sizeof bytes ? n : sizeof bytes;
        if (n == 0)
            return 0;
        error = ipc_read(r, *done, bytes, n);
        if (error)
            return error;
        *done += line_output(l, bytes, n);
    }
    return 0;
}

/* What the writer is told: an error counts only if nothing was taken (T2). */
static int write_status(int error, uint64_t done, struct io_count *out)
{
    out->count = done;
    return done ? 0 : error;
}

static struct partial *partial_of(struct tty *t, const struct ipc_request *r)
{
    for (int i = 0; i < PARTIALS; i++) {
        struct partial *p = &t->partials[i];

        if (p->badge == r->badge && p->thread == r->thread && p->seq == r->seq)
            return p;
    }
    return 0;
}

void tty_write_ends(struct tty *t, const struct ipc_request *r)
{
    struct partial *p = partial_of(t, r);

    if (p)
        p->badge = 0;
}

/* The writer goes on waiting. Only the first in the queue gets anything out, so few are needed; who has gone
 * without a word is forgotten in turn. */
static void write_waits(struct tty *t, const struct ipc_request *r, uint64_t done)
{
    struct partial *p = partial_of(t, r);

    if (!p && done)
        p = &t->partials[t->next_partial++ % PARTIALS];
    if (p)
        *p = (struct partial){r->badge, r->thread, r->seq, done};
}

int tty_write(struct tty *t, struct ipc_request *r, uint32_t flags, struct io_count *out)
{
    const struct partial *known = partial_of(t, r);
    struct queue *writers = &waits_of(t)->writers;
    uint64_t done = known ? known->done : 0;
    struct parked *p = 0;
    int error = 0;

    if (!writers->first)
        error = write_more(&t->line, r, &done);
    if (!error && done < r->in_len) {
        if (flags & IO_O_NONBLOCK)
            error = E_AGAIN;
        else
            p = queue_park(writers, r, &error);
    }
    if (!p) {
        tty_write_ends(t, r);
        return write_status(error, done, out);
    }
    p->done = done;
    write_waits(t, r, done);
    return 0;
}

static bool serve_writers(struct tty *t)
{
    struct queue *writers = &waits_of(t)->writers;
    struct parked *p = writers->first;
    struct io_count count = {0};
    uint64_t before;
    int error;

    if (!p)
        return false;
    before = p->done;
    error = write_more(&t->line, &p->request, &p->done);
    if (!error && p->done < p->request.in_len) {
        write_waits(t, &p->request, p->done);
        return p->done > before;
    }
    tty_write_ends(t, &p->request);
    error = write_status(error, p->done, &count);
    queue_answer(writers, p, error, &count, sizeof count);
    return true;
}

/* ---- those who wait for the output to leave ---- */

static bool serve_setters(struct tty *t)
{
    struct parked *p = waits_of(t)->setters.first;
    struct io_value value = {0};

    if (!p || line_has_output(&t->line) || waits_of(t)->writers.first)
        return false;
    if (p->flush)
        line_flush_input(&t->line);
    line_set_mode(&t->line, &p->mode);
    queue_answer(&waits_of(t)->setters, p, 0, &value, sizeof value);
    return true;
}

static bool serve_drainers(struct tty *t)
{
    struct parked *p = waits_of(t)->drainers.first;

    if (!p)
        return false;
    klog_follow(t);
    if (line_has_output(&t->line) || waits_of(t)->writers.first || !uart_is_idle())
        return false;
    queue_answer(&waits_of(t)->drainers, p, 0, 0, 0);
    return true;
}

/* ---- all of it ---- */

uint32_t tty_events(struct tty *t)
{
    uint32_t events = line_output_space(&t->line) > 0 ? IO_OUT : 0u;

    line_retype(&t->line);
    if (canonical(&t->line) ? line_readable(&t->line) : line_available(&t->line) > 0)
        events |= IO_IN;
    return events;
}

static void settle_line(struct tty *t)
{
    bool progress;

    do {
        uint64_t signals = uart_pump(&t->line);

        for (uint32_t signal = 1; signals; signal++, signals >>= 1)
            if (signals & 1)
                event_signal(t, signal);
        progress = serve_readers(t) || serve_writers(t) || serve_setters(t) || serve_drainers(t);
    } while (progress);
    arms_fire(t);
}

void tty_settle(void)
{
    for (int i = 0; i < LINES; i++)
        settle_line(&tty_state.ttys[i]);
}

uint64_t tty_next_deadline(void)
{
    uint64_t next = klog_next();

    for (int i = 0; i < LINES; i++) {
        const struct parked *reader = waits_of(&tty_state.ttys[i])->readers.first;

        if (reader && reader->deadline < next)
            next = reader->deadline;
        if (waits_of(&tty_state.ttys[i])->drainers.first && next > IPC_MS(1))
            next = IPC_MS(1);
    }
    return next;
}
