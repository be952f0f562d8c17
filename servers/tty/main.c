/* tty: terminals. docs/tty.md. */
#include "tty.h"
#include "uart.h"
#include <ipc/heap.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/io.h>

#define RDEV_CONSOLE 0x501

/* ---- sessions with a line ---- */

static struct open_line *open_state(struct tty *t, uint32_t flags)
{
    struct open_line *o = 0;

    for (int i = 0; i < OPENS_KEPT && !o; i++)
        if (!tty_state.opens[i].tty)
            o = &tty_state.opens[i];
    if (!o)
        o = ipc_alloc(sizeof *o);
    if (o)
        *o = (struct open_line){.tty = t, .flags = flags};
    return o;
}

static void open_end(struct open_line *o)
{
    if (o >= tty_state.opens && o < tty_state.opens + OPENS_KEPT)
        o->tty = 0;
    else
        ipc_free(o);
}

static uint32_t flags_of_rights(uint32_t rights)
{
    if ((rights & (RIGHT_READ | RIGHT_WRITE)) == (RIGHT_READ | RIGHT_WRITE))
        return IO_O_RDWR;
    return rights & RIGHT_WRITE ? IO_O_WRONLY : IO_O_RDONLY;
}

/* The state of the session that a call came on: made anew if the session is older than this instance and was
 * not kept. */
static int find_open(struct ipc_request *r, struct open_line **out)
{
    struct open_line *o = ipc_client(r->badge);
    int error;

    *out = o;
    if (o)
        return 0;
    if (r->tag < TAG_LINE || r->tag >= TAG_LINE + LINES)
        return E_BADF;
    *out = o = open_state(&tty_state.ttys[r->tag - TAG_LINE], flags_of_rights(r->rights));
    if (!o)
        return E_NOMEM;
    error = ipc_client_set(r->badge, o);
    if (error)
        open_end(o);
    return error;
}

static int op_open_node(struct ipc_request *r, const struct io_open_node *in, struct ipc_none *out)
{
    uint32_t access = in->flags & IO_O_ACCMODE, rights = RIGHT_USE;
    struct open_line *o;
    int error;

    (void)out;
    if (in->node >= LINES)
        return E_NXIO;
    if (in->flags & IO_O_DIRECTORY)
        return E_NOTDIR;
    rights |= access != IO_O_WRONLY ? RIGHT_READ : 0u;
    rights |= access != IO_O_RDONLY ? RIGHT_WRITE : 0u;
    o = open_state(&tty_state.ttys[in->node], in->flags & (IO_O_ACCMODE | IO_O_NONBLOCK));
    if (!o)
        return E_NOMEM;
    r->client = IPC_CLIENT(1, in->pid); /* vfs asks for the process */
    error = ipc_give_session(r, TAG_LINE + in->node, rights, o);
    if (error)
        open_end(o);
    return error;
}

static void client_close(uint64_t badge, void *state)
{
    struct open_line *o = state;

    if (!o)
        return;
    arms_close(badge);
    open_end(o);
}

/* ---- proto/io.h ---- */

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    (void)in;
    return error ? error : tty_read(o->tty, r, o->flags, out);
}

static int op_write(struct ipc_request *r, const struct io_write *in, struct io_count *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    (void)in;
    return error ? error : tty_write(o->tty, r, o->flags, out);
}

static int op_seek(struct ipc_request *r, const struct io_seek *in, struct io_offset *out)
{
    (void)r;
    (void)in;
    (void)out;
    return E_SPIPE;
}

static int op_stat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    int64_t now = (int64_t)ipc_wall_now();
    struct io_stat stat = {.device = 5,
                           .inode = 1,
                           .atime_ns = now,
                           .mtime_ns = now,
                           .ctime_ns = now,
                           .mode = IO_S_IFCHR | 0620,
                           .links = 1,
                           .block_size = 1024,
                           .rdev = RDEV_CONSOLE};

    (void)in;
    (void)out;
    return r->out_len < sizeof stat ? E_SIZE : ipc_write(r, 0, &stat, sizeof stat);
}

static int get_mode(struct tty *t, struct ipc_request *r)
{
    if (t->line.batch)
        return E_NOTTY; /* nobody sits there */
    return r->out_len < sizeof t->line.mode ? E_SIZE : ipc_write(r, 0, &t->line.mode, sizeof t->line.mode);
}

/* When: 0 now, 1 after the output, 2 after it and without the input that nobody has read. */
static int set_mode(struct tty *t, struct ipc_request *r, uint32_t when)
{
    struct tty_mode mode;
    struct parked *p;
    int error = r->in_len == sizeof mode ? ipc_read(r, 0, &mode, sizeof mode) : E_SIZE;

    if (error || t->line.batch)
        return error ? error : E_NOTTY;
    if (when > 2)
        return E_INVAL;
    if (when == 0) {
        line_set_mode(&t->line, &mode);
        return 0;
    }
    p = queue_park(&waits_of(t)->setters, r, &error);
    if (p) {
        p->mode = mode;
        p->flush = when == 2;
    }
    return error;
}

static int op_control(struct ipc_request *r, const struct io_control *in, struct io_value *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    if (error)
        return error;
    switch (in->request) {
    case IO_TTY_GET: return get_mode(o->tty, r);
    case IO_TTY_SET: return set_mode(o->tty, r, in->value);
    case IO_TTY_SIZE: out->value = o->tty->size; return 0;
    case IO_TTY_FOREGROUND: out->value = (uint64_t)o->tty->foreground; return 0;
    case IO_TTY_FLUSH:
        if (in->value < 1 || in->value > 3)
            return E_INVAL;
        if (in->value & 1)
            line_flush_input(&o->tty->line);
        if (in->value & 2)
            line_flush_output(&o->tty->line);
        return 0;
    default: return E_INVAL;
    }
}

static int op_truncate(struct ipc_request *r, const struct io_size *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    return 0; /* as `> /dev/console` does */
}

static int op_sync(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    (void)in;
    (void)out;
    if (!error)
        queue_park(&waits_of(o->tty)->drainers, r, &error);
    return error;
}

static int op_poll(struct ipc_request *r, const struct io_poll *in, struct io_poll *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    if (!error)
        out->events = tty_events(o->tty) & (in->events | IO_ERR | IO_HUP);
    return error;
}

/* Armed only if none of the events is true already. */
static int op_poll_arm(struct ipc_request *r, const struct io_poll_arm *in, struct io_poll *out)
{
    struct open_line *o;
    int error = find_open(r, &o);

    if (error)
        return error;
    out->events = tty_events(o->tty) & (in->events | IO_ERR | IO_HUP);
    return out->events ? 0 : arm_add(o->tty, r, in);
}

static int op_flags(struct ipc_request *r, const struct io_flags *in, struct io_flags *out)
{
    struct open_line *o;
    uint32_t mask = in->mask & (IO_O_NONBLOCK | IO_O_APPEND);
    int error = find_open(r, &o);

    if (error)
        return error;
    o->flags = (o->flags & ~mask) | (in->flags & mask);
    out->flags = o->flags;
    return 0;
}

/* ---- proto/tty.h ---- */

static int op_next_event(struct ipc_request *r, const struct ipc_none *in, struct tty_event *out)
{
    (void)in;
    return event_next(r, out);
}

static int op_foreground(struct ipc_request *r, const struct tty_foreground *in, struct tty_foreground *out)
{
    (void)r;
    if (in->line >= LINES)
        return E_NXIO;
    if (in->pgid)
        tty_state.ttys[in->line].foreground = in->pgid;
    *out = (struct tty_foreground){in->line, tty_state.ttys[in->line].foreground};
    return 0;
}

static int op_batch(struct ipc_request *r, const struct tty_batch *in, struct ipc_none *out)
{
    (void)r;
    (void)out;
    line_set_batch(&tty_state.ttys[0].line, in->on);
    return 0;
}

static int op_drain(struct ipc_request *r, const struct tty_line *in, struct ipc_none *out)
{
    int error;

    (void)out;
    if (in->line >= LINES)
        return E_NXIO;
    queue_park(&waits_of(&tty_state.ttys[in->line])->drainers, r, &error);
    return error;
}

/* ---- the loop's hooks ---- */

/* A writer that got something out is told how much; the others hear that they were cancelled. Nobody's bytes
 * are lost. */
static void cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)why;
    if (event_cancel(badge, thread, seq))
        return;
    for (int i = 0; i < LINES; i++) {
        struct queue *queues[] = {
            &waits_of(&tty_state.ttys[i])->readers, &waits_of(&tty_state.ttys[i])->writers,
            &waits_of(&tty_state.ttys[i])->setters, &waits_of(&tty_state.ttys[i])->drainers};

        for (size_t q = 0; q < sizeof queues / sizeof *queues; q++) {
            struct parked *p = queue_find(queues[q], badge, thread, seq);
            struct io_count count = {0};

            if (!p)
                continue;
            if (queues[q] == &waits_of(&tty_state.ttys[i])->writers) {
                count.count = p->done;
                tty_write_ends(&tty_state.ttys[i], &p->request);
            }
            queue_answer(queues[q], p, count.count ? 0 : E_CANCELLED, &count, sizeof count);
            return;
        }
    }
}

static void notify(uint64_t bits)
{
    if (bits & BIT_SERIAL)
        uart_acknowledge();
}

static void timeout(void)
{
    if (klog_next() <= ipc_now())
        klog_follow(&tty_state.ttys[0]);
}

/* Asked before each wait: everything that a message has changed is settled here. */
static uint64_t before_wait(void)
{
    tty_settle();
    return tty_next_deadline();
}

static void start_first(void)
{
    for (int i = 0; i < LINES; i++) {
        line_init(&tty_state.ttys[i].line);
        tty_state.ttys[i].size = 24u << 16 | 80;
    }
    for (uint32_t i = 1; ipc_argument_text(i); i++)
        if (strcmp(ipc_argument_text(i), "batch") == 0)
            line_set_batch(&tty_state.ttys[0].line, true);
}

static int start(void)
{
    int error;

    for (int i = 0; i < LINES; i++) {
        struct waits *w = waits_of(&tty_state.ttys[i]);

        queue_init(&w->readers);
        queue_init(&w->writers);
        queue_init(&w->drainers);
        queue_init(&w->setters);
    }
    events_init();
    if (!tty_state.started)
        start_first();
    error = uart_start(HANDLE_FIRST(SLOT_PORT), BIT_SERIAL);
    if (error)
        return error;
    klog_start();
    ipc_ready("console on the serial port%s%s", tty_state.ttys[0].line.batch ? ", fed by a program" : "",
              tty_state.started ? ", as it was" : "");
    tty_state.started = true;
    return 0;
}

int main(void)
{
    static const struct tty_ops tty_ops = {
        .next_event = op_next_event, .foreground = op_foreground, .batch = op_batch, .drain = op_drain};
    static const struct io_ops io_ops = {.read = op_read,
                                         .write = op_write,
                                         .seek = op_seek,
                                         .stat = op_stat,
                                         .control = op_control,
                                         .truncate = op_truncate,
                                         .sync = op_sync,
                                         .poll = op_poll,
                                         .poll_arm = op_poll_arm,
                                         .flags = op_flags,
                                         .open_node = op_open_node};

    return ipc_serve(&(struct ipc_server){.name = "tty",
                                          .protocols = {{&tty_protocol, &tty_ops}, {&io_protocol, &io_ops}},
                                          .kept = &tty_state,
                                          .kept_size = sizeof tty_state,
                                          .start = start,
                                          .notify = notify,
                                          .client_close = client_close,
                                          .cancel = cancel,
                                          .deadline = before_wait,
                                          .timeout = timeout});
}
