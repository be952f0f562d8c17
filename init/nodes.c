/* /dev/power, /dev/svc and /dev/ipctrace (trace.c): init behind a descriptor. A write is one command.
 * /dev/power is a static node, root's alone; /dev/svc is opened by anybody to read, and its mode lets only
 * root write. */
#include "service.h"
#include <ipc/heap.h>
#include <ipc/server.h>
#include <ipc/string.h>
#include <proto/io.h>

enum { COMMAND_MAX = 64, STATUS_MAX = 4096 };

/* What a session with /dev/svc remembers: what it is reading, made when it reads from the beginning. */
struct reader {
    uint32_t offset, length;
    char text[STATUS_MAX];
};

static int op_open_node(struct ipc_request *r, const struct io_open_node *in, struct ipc_none *out)
{
    static const uint32_t rights[] = {
        [IO_O_RDONLY] = RIGHT_READ, [IO_O_WRONLY] = RIGHT_WRITE, [IO_O_RDWR] = RIGHT_READ | RIGHT_WRITE};
    uint32_t access = in->flags & IO_O_ACCMODE;
    struct reader *reader;
    int error;

    (void)out;
    if (r->tag == TAG_TRACE)
        return access == IO_O_RDONLY ? trace_open(r) : E_ACCES;
    if (r->tag != TAG_SVC || access > IO_O_RDWR)
        return E_INVAL;
    reader = ipc_zalloc(sizeof *reader);
    if (!reader)
        return E_NOMEM;
    r->client = IPC_CLIENT(1, in->pid); /* vfs asks for the process */
    error = ipc_give_session(r, TAG_SVC, RIGHT_USE | rights[access], reader);
    if (error)
        ipc_free(reader);
    return error;
}

void nodes_close(uint64_t badge, void *state)
{
    trace_close(badge);
    ipc_free(state);
}

static int op_write(struct ipc_request *r, const struct io_write *in, struct io_count *out)
{
    char text[COMMAND_MAX];
    int error;

    (void)in;
    if (r->tag < TAG_POWER || r->tag > TAG_SVC || r->in_len >= sizeof text)
        return E_INVAL;
    error = ipc_read(r, 0, text, r->in_len);
    if (error)
        return error;
    text[r->in_len] = 0;
    out->count = r->in_len;
    return r->tag == TAG_POWER ? power_command(text) : status_command(text);
}

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    struct reader *reader = ipc_client(r->badge);
    uint32_t at, n;
    int error;

    if (r->tag == TAG_TRACE)
        return trace_read(r, &out->count);
    if (!reader)
        return r->tag == TAG_POWER ? 0 : E_INVAL; /* the end of the file */
    at = in->offset == IO_AT_CURSOR ? reader->offset : (uint32_t)in->offset;
    if (at == 0)
        reader->length = status_text(reader->text, sizeof reader->text);
    if (at >= reader->length)
        return 0;
    n = r->out_len < reader->length - at ? r->out_len : reader->length - at;
    error = ipc_write(r, 0, reader->text + at, n);
    if (error)
        return error;
    if (in->offset == IO_AT_CURSOR)
        reader->offset = at + n;
    out->count = n;
    return 0;
}

static int op_stat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct io_stat stat = {.mode = IO_S_IFCHR | (r->tag == TAG_SVC ? 0644 : 0600),
                           .links = 1,
                           .block_size = 512,
                           .inode = r->tag};

    (void)in;
    (void)out;
    if (r->out_len < sizeof stat)
        return E_SIZE;
    return ipc_write(r, 0, &stat, sizeof stat);
}

static int op_flags(struct ipc_request *r, const struct io_flags *in, struct io_flags *out)
{
    (void)in;
    out->flags = !(r->rights & RIGHT_WRITE) ? IO_O_RDONLY : r->rights & RIGHT_READ ? IO_O_RDWR : IO_O_WRONLY;
    return 0;
}

static int op_control(struct ipc_request *r, const struct io_control *in, struct io_value *out)
{
    (void)r;
    (void)in;
    (void)out;
    return E_NOTTY;
}

static int op_seek(struct ipc_request *r, const struct io_seek *in, struct io_offset *out)
{
    (void)r;
    (void)in;
    (void)out;
    return E_SPIPE;
}

static int op_poll(struct ipc_request *r, const struct io_poll *in, struct io_poll *out)
{
    (void)r;
    out->events = in->events & (IO_IN | IO_OUT);
    return 0;
}

static int op_truncate(struct ipc_request *r, const struct io_size *in, struct ipc_none *out)
{
    (void)r;
    (void)in;
    (void)out;
    return 0; /* as `> /dev/power` does */
}

struct ipc_service nodes_io(void)
{
    static const struct io_ops ops = {
        .open_node = op_open_node,
        .read = op_read,
        .write = op_write,
        .stat = op_stat,
        .flags = op_flags,
        .control = op_control,
        .seek = op_seek,
        .poll = op_poll,
        .truncate = op_truncate,
    };

    return (struct ipc_service){&io_protocol, &ops};
}
