// config: disk=disk
/* A device in one file: /dev/bell holds a few bytes that were written until they are read, and can be waited
 * for by poll. tests/system/device_poll.c is its user. */
#include <ipc/server.h>
#include <ipc/string.h>
#include <ouros/error.h>
#include <proto/io.h>

enum { SIZE = 64, WATCHERS = 16, NODE = 7 };

static struct {
    char bytes[SIZE];
    uint32_t count;
} store;

static struct watcher {
    handle_t port; /* 0: free */
    uint32_t events;
    uint64_t bits;
} watchers[WATCHERS];

static uint32_t events_now(void)
{
    return (store.count ? IO_IN : 0) | (store.count < SIZE ? IO_OUT : 0);
}

/* Whoever waits for what is true now is told, once. */
static void ring(void)
{
    for (int i = 0; i < WATCHERS; i++) {
        struct watcher *w = &watchers[i];

        if (!w->port || !(w->events & events_now()))
            continue;
        sys_notify(w->port, w->bits);
        sys_handle_close(w->port);
        w->port = HANDLE_NONE;
    }
}

static int op_open_node(struct ipc_request *r, const struct io_open_node *in, struct ipc_none *out)
{
    (void)out;
    r->client = IPC_CLIENT(1, in->pid);
    return in->node == NODE ? ipc_give_session(r, NODE, RIGHT_USE | RIGHT_READ | RIGHT_WRITE, 0) : E_NXIO;
}

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    uint32_t n = r->out_len < store.count ? r->out_len : store.count;
    int error = n ? ipc_write(r, 0, store.bytes, n) : E_AGAIN;

    (void)in;
    if (error)
        return error;
    store.count -= n;
    memmove(store.bytes, store.bytes + n, store.count);
    out->count = n;
    ring();
    return 0;
}

static int op_write(struct ipc_request *r, const struct io_write *in, struct io_count *out)
{
    uint32_t n = r->in_len < SIZE - store.count ? r->in_len : SIZE - store.count;
    int error = n ? ipc_read(r, 0, store.bytes + store.count, n) : E_AGAIN;

    (void)in;
    if (error)
        return error;
    store.count += n;
    out->count = n;
    ring();
    return 0;
}

static int op_stat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct io_stat stat = {.mode = IO_S_IFCHR | 0666, .links = 1, .block_size = SIZE};

    (void)in, (void)out;
    return ipc_write(r, 0, &stat, r->out_len < sizeof stat ? r->out_len : sizeof stat);
}

static int op_poll(struct ipc_request *r, const struct io_poll *in, struct io_poll *out)
{
    (void)r;
    out->events = in->events & events_now();
    return 0;
}

static int op_poll_arm(struct ipc_request *r, const struct io_poll_arm *in, struct io_poll *out)
{
    out->events = in->events & events_now();
    if (out->events)
        return 0;
    for (int i = 0; i < WATCHERS; i++)
        if (!watchers[i].port) {
            watchers[i] = (struct watcher){ipc_take(r, 0), in->events, in->bits};
            return watchers[i].port ? 0 : E_INVAL;
        }
    return E_FULL;
}

int main(void)
{
    static const struct io_ops ops = {.open_node = op_open_node,
                                      .read = op_read,
                                      .write = op_write,
                                      .stat = op_stat,
                                      .poll = op_poll,
                                      .poll_arm = op_poll_arm};

    return ipc_serve(&(struct ipc_server){.name = "io", .ops = &ops});
}
