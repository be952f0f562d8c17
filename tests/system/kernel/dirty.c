// config: disk=disk memory=64 icount=0 limit=300
// config: disk=disk memory=128 icount=0 limit=300
/* /dev/disk-of-tests: a file of 128 MiB whose pages are to be mapped shared, in a server that is its manager. Of
 * each page it keeps one byte, the *generation*: the page's first and last word are PAGE_WORD of it. The disk
 * outlives the server. It is slow, fails or dies when it is told so. tests/system/dirty_pages.c is its user. */
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/shared.h>
#include <ipc/string.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <ouros/error.h>
#include <proto/io.h>
#include <proto/pager.h>

#include "../lib/dirty.h"

enum { NODE = 7, AT_ONCE = 16 };

static struct kept { /* all that outlives a death */
    struct dirty_status status;
    struct dirty_order order;
    uint64_t object; /* 0: there is none */
    uint8_t generation[DIRTY_PAGES];
} * kept;

static handle_t manager;

/* ---- the pager's requests ---- */

static void page_in(const struct pager_request *ask)
{
    static uint64_t pages[AT_ONCE][DIRTY_PAGE / 8];
    uint64_t first = ask->offset / DIRTY_PAGE, n = ask->pages < AT_ONCE ? ask->pages : AT_ONCE;
    struct pager_supply supply = {.object = ask->object, .offset = ask->offset};
    struct ipc_transfer t = {.in = pages, .in_len = (uint32_t)(n * DIRTY_PAGE)};

    for (uint64_t i = 0; i < n; i++)
        pages[i][0] = pages[i][DIRTY_PAGE / 8 - 1] = PAGE_WORD(first + i, kept->generation[first + i]);
    kept->status.pages_read += n;
    (void)pager_supply_with(manager, &supply, NULL, &t);
}

/* Has this write, by the orders, an error? */
static uint32_t fate(void)
{
    if (kept->order.delay_ms)
        ipc_sleep_until(IPC_MS(kept->order.delay_ms));
    if (kept->order.die_in && --kept->order.die_in == 0) {
        kept->status.lives++;
        ipc_exit(1);
    }
    return kept->order.fail_each && kept->status.writes % kept->order.fail_each == 0 ? E_IO : 0;
}

static void keep_page(uint64_t page, const uint64_t *words)
{
    uint8_t generation = (uint8_t)words[0];

    if (words[0] == PAGE_WORD(page, generation) && words[DIRTY_PAGE / 8 - 1] == words[0])
        kept->generation[page] = generation;
    else
        kept->status.torn++; /* it is being stored to: it will come again */
}

static void write_back(const struct pager_request *ask)
{
    static uint64_t pages[AT_ONCE][DIRTY_PAGE / 8];
    uint64_t offsets[AT_ONCE], first = ask->offset / DIRTY_PAGE;
    uint32_t n = ask->pages < AT_ONCE ? ask->pages : AT_ONCE;
    struct ipc_transfer get = {.out = pages, .out_len = n * DIRTY_PAGE};
    struct ipc_transfer say = {.in = offsets, .in_len = n * (uint32_t)sizeof *offsets};
    struct pager_count count = {0};

    kept->status.writes++;
    uint32_t status = fate();
    (void)pager_object_read_with(manager, &(struct pager_object_part){ask->object, ask->offset}, &count,
                                 &get);
    for (uint32_t i = 0; i < n; i++) {
        offsets[i] = ask->offset + i * DIRTY_PAGE;
        if (!status && i < count.count / DIRTY_PAGE)
            keep_page(first + i, pages[i]);
    }
    *(status ? &kept->status.pages_failed : &kept->status.pages_written) += n;
    (void)pager_written_with(manager, &(struct pager_written){ask->object, status}, NULL, &say);
}

static void unused(const struct pager_request *ask)
{
    kept->status.unused++;
    kept->status.lost += ask->pages;
    if (ask->pages)
        (void)pager_object_destroy(manager, &(struct pager_object){ask->object}, NULL, 0);
    if (kept->object == ask->object)
        kept->object = 0;
}

static void serve_pager(void *argument)
{
    struct pager_request ask;

    (void)argument;
    while (pager_next_request(manager, NULL, &ask, 0) == 0) {
        if (ask.kind == PAGER_PAGE_IN)
            page_in(&ask);
        else if (ask.kind == PAGER_WRITE_BACK)
            write_back(&ask);
        else
            unused(&ask);
    }
}

/* ---- the file ---- */

static int op_open_node(struct ipc_request *r, const struct io_open_node *in, struct ipc_none *out)
{
    (void)out;
    r->client = IPC_CLIENT(1, in->pid);
    return in->node == NODE ? ipc_give_session(r, NODE, RIGHT_USE | RIGHT_READ | RIGHT_WRITE, 0) : E_NXIO;
}

static int op_map(struct ipc_request *r, const struct ipc_none *in, struct io_size *out)
{
    struct ipc_transfer t = {0};
    struct pager_object made;

    (void)in;
    out->size = DIRTY_PAGES * DIRTY_PAGE;
    if (kept->object &&
        pager_object_session_with(manager, &(struct pager_object){kept->object}, NULL, &t) == 0)
        return ipc_give(r, t.got[0]);
    struct pager_object_create ask = {.size = out->size, .tag = 1};
    int error = pager_object_create_with(manager, &ask, &made, &t);
    kept->object = error ? 0 : made.object;
    return error ? error : ipc_give(r, t.got[0]);
}

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    (void)in;
    out->count = sizeof kept->status;
    return r->out_len < sizeof kept->status ? E_INVAL : ipc_write(r, 0, &kept->status, sizeof kept->status);
}

static int op_write(struct ipc_request *r, const struct io_write *in, struct io_count *out)
{
    struct dirty_order order;

    (void)in;
    out->count = sizeof order;
    int error = r->in_len == sizeof order ? ipc_read(r, 0, &order, sizeof order) : E_INVAL;
    if (!error)
        kept->order = order;
    return error;
}

/* What is cut off reads as generation 0 if it comes back. */
static int op_truncate(struct ipc_request *r, const struct io_size *in, struct ipc_none *out)
{
    (void)r, (void)out;
    if (in->size % DIRTY_PAGE || in->size > DIRTY_PAGES * DIRTY_PAGE)
        return E_INVAL;
    int error = kept->object
                    ? pager_resize(manager, &(struct pager_object_size){kept->object, in->size}, NULL, 0)
                    : 0;
    memset(kept->generation + in->size / DIRTY_PAGE, 0, DIRTY_PAGES - in->size / DIRTY_PAGE);
    return error;
}

static int op_stat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct io_stat stat = {.mode = IO_S_IFCHR | 0666, .links = 1, .block_size = DIRTY_PAGE};

    (void)in, (void)out;
    return ipc_write(r, 0, &stat, r->out_len < sizeof stat ? r->out_len : sizeof stat);
}

static int begin(void)
{
    static struct ipc_shared memory;
    struct ipc_transfer t = {.send = {HANDLE_FIRST(SLOT_PAGER)}, .send_count = 1};
    int error = ipc_shared_keep(&memory, 1, (sizeof *kept + DIRTY_PAGE - 1) & ~(DIRTY_PAGE - 1ul));

    if (error)
        return error;
    kept = memory.memory;
    manager = ipc_handle("pager.manager");
    error = pager_manager_ready_with(manager, &(struct ipc_none){}, NULL, &t);
    return error ? error : ipc_thread_start(serve_pager, NULL, ipc_thread_priority(), NULL);
}

int main(void)
{
    static const struct io_ops ops = {.open_node = op_open_node,
                                      .map = op_map,
                                      .read = op_read,
                                      .write = op_write,
                                      .truncate = op_truncate,
                                      .stat = op_stat};
    int error = begin();

    if (error)
        ipc_error("cannot begin: %s", ipc_error_text(error));
    return error ? 1 : ipc_serve(&(struct ipc_server){.name = "io", .ops = &ops});
}
