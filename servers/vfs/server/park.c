/* Calls that wait. A read of an empty pipe or a write to a full one keeps no worker: the request is deferred
 * and put into the pipe's queue; who changes the pipe moves it to `ready`, and park_run tries it again before
 * the core lock is given up. What was moved is never lost: a call that is cancelled after part of it was done
 * is answered with the count. */
#include "session.h"

struct parked {
    struct waiter waiter;
    struct list ready; /* in `ready`, or alone */
    struct list all;
    struct ipc_request r;
    struct session *s; /* held */
    bool writes;
    size_t done;
};

/* A cancel may overtake the call it is for, when another worker takes it: the last ones that found nobody. */
#define CANCELS 64u
static struct {
    uint64_t badge;
    uint32_t thread, seq;
} cancels[CANCELS];
static uint32_t cancels_next;
static uint64_t cancels_seqs; /* bit seq % 64 of each: most calls need not look further */

static struct list ready = {&ready, &ready};
static struct list all = {&all, &all};

static void wake(struct waiter *w)
{
    struct parked *p = list_entry(w, struct parked, waiter);
    if (list_empty(&p->ready))
        list_append(&ready, &p->ready);
}

/* Moves what can be moved now. E_AGAIN: not all that was asked for, and the caller wants to wait. */
static int attempt(struct ipc_request *r, struct session *s, bool writes, uint64_t offset, size_t *done)
{
    size_t len = (writes ? r->in_len : r->out_len) - *done, n;
    struct client_io io = writes ? client_writer(r, *done) : client_reader(r, *done);
    int err =
        writes ? file_write(s->file, offset, len, &io.io, &n) : file_read(s->file, offset, len, &io.io, &n);
    *done += err ? 0 : n;
    if (!err && writes && n < len && s->file->pipe && !(s->file->flags & OPEN_NONBLOCK))
        return E_AGAIN;
    return err && err != E_AGAIN && *done ? 0 : err;
}

static bool cancelled_before(const struct ipc_request *r)
{
    for (uint32_t i = 0; i < CANCELS && cancels_seqs >> r->seq % 64 & 1; i++)
        if (cancels[i].badge == r->badge && cancels[i].thread == r->thread && cancels[i].seq == r->seq)
            return true;
    return false;
}

static int park(struct ipc_request *r, struct session *s, bool writes, size_t done, struct io_count *out)
{
    bool cancelled = cancelled_before(r);
    struct parked *p = cancelled ? NULL : port_alloc(sizeof *p);
    int err = p ? ipc_defer(r, &p->r) : cancelled ? E_CANCELLED : E_NOMEM;
    if (err) {
        port_free(p);
        out->count = done;
        return done ? 0 : err;
    }
    p->waiter.wake = wake;
    list_init(&p->waiter.link);
    list_init(&p->ready);
    list_append(&all, &p->all);
    p->s = s;
    s->refs++;
    p->writes = writes;
    p->done = done;
    if (!file_wait(s->file, 0, &p->waiter))
        wake(&p->waiter);
    return 0;
}

int park_read(struct ipc_request *r, struct session *s, uint64_t offset, struct io_count *out)
{
    size_t done = 0;
    int err = attempt(r, s, false, offset, &done);
    if (err == E_AGAIN && s->file->pipe && !(s->file->flags & OPEN_NONBLOCK))
        return park(r, s, false, 0, out);
    out->count = done;
    return err;
}

/* A long write to a pipe is done in parts, and cannot begin anew after the first: so all of the buffer must
 * be there before it begins. */
static int all_present(struct ipc_request *r)
{
    uint8_t byte;
    int err = 0;
    for (uint64_t at = 0; !err && at < r->in_len; at += PAGE_SIZE)
        err = ipc_read(r, at, &byte, 1);
    return err || !r->in_len ? err : ipc_read(r, r->in_len - 1, &byte, 1);
}

int park_write(struct ipc_request *r, struct session *s, uint64_t offset, struct io_count *out)
{
    size_t done = 0;
    if (s->file->pipe && r->in_len > PIPE_ATOMIC) {
        int err = all_present(r);
        if (err)
            return err;
    }
    int err = attempt(r, s, true, offset, &done);
    if (err == E_AGAIN && s->file->pipe && !(s->file->flags & OPEN_NONBLOCK))
        return park(r, s, true, done, out);
    out->count = done;
    return err;
}

static void finish(struct parked *p, int err)
{
    struct io_count out = {p->done};
    list_remove(&p->all);
    list_remove(&p->ready);
    list_remove(&p->waiter.link);
    ipc_answer(&p->r, p->done ? 0 : err, &out, sizeof out);
    session_drop(p->s);
    port_free(p);
}

void park_run(void)
{
    while (!list_empty(&ready)) {
        struct parked *p = list_entry(ready.next, struct parked, ready);
        list_remove(&p->ready);
        int err = attempt(&p->r, p->s, p->writes, IO_AT_CURSOR, &p->done);
        if (err == E_AGAIN && file_wait(p->s->file, 0, &p->waiter))
            continue;
        finish(p, err);
    }
}

void park_cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    core_enter();
    bool found = false;
    for (struct list *it = all.next, *next; it != &all; it = next) {
        struct parked *p = list_entry(it, struct parked, all);
        next = it->next;
        if (p->r.badge != badge || p->r.thread != thread || (p->r.seq != seq && why != CANCEL_DIED))
            continue;
        finish(p, why == CANCEL_TIMEDOUT ? E_TIMEDOUT : E_CANCELLED);
        found = true;
        break;
    }
    if (!found) {
        uint32_t i = cancels_next++ % CANCELS;
        cancels[i].badge = badge;
        cancels[i].thread = thread;
        cancels[i].seq = seq;
        cancels_seqs = 0;
        for (i = 0; i < CANCELS; i++)
            cancels_seqs |= 1ull << cancels[i].seq % 64;
    }
    core_leave();
}
