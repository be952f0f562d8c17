/* The protocol's operations: who asks, what is meant, and the answer. The work is done elsewhere. */
#include "server.h"

#include "check.h"
#include "fault.h"
#include "look.h"
#include "stock.h"
#include "writeback.h"

struct space *space_by_badge(uint64_t badge)
{
    struct space *space = SESSION_KIND(badge) == SESSION_SPACE ? space_by_index(SESSION_INDEX(badge)) : NULL;
    return space && space->badge == badge ? space : NULL;
}

static struct space *own_space(struct ipc_request *r)
{
    message_begin(r);
    return space_by_badge(r->badge);
}

struct channel *own_channel(struct ipc_request *r, enum channel_kind kind)
{
    struct channel *channel = channel_by_badge(r->badge);
    message_begin(r);
    return channel && channel->kind == kind ? channel : NULL;
}

/* ---- a task's own memory ---- */

static int mapping_object(struct ipc_request *r, struct mapping *m)
{
    struct handle_info info;
    m->limit = VMS_READ | VMS_WRITE | VMS_EXEC;
    if (r->got_count == 0)
        return 0;
    int error = machine_handle_info(r->got[0], &info);
    if (error)
        return error;
    m->object = info.kind != OBJ_SESSION             ? NULL
                : info.id && info.id == bundle_badge ? bundle_object
                                                     : object_by_badge(info.id);
    if (!m->object)
        return E_TYPE;
    if (!(info.rights & RIGHT_READ))
        return E_RIGHTS;
    if (m->flags & PAGER_SHARED && !(info.rights & RIGHT_WRITE))
        m->limit &= ~(uint32_t)VMS_WRITE;
    return 0;
}

static int map(struct ipc_request *r, const struct pager_map *in, struct pager_address *out)
{
    struct space *space = own_space(r);
    struct mapping m = {in->address, in->length, in->offset, in->prot, in->flags & 0xffff, 0, NULL};
    if (!space)
        return E_TYPE;
    int error = mapping_object(r, &m);
    return error ? error : space_map(space, &m, &out->address);
}

static int unmap(struct ipc_request *r, const struct pager_range *in, struct ipc_none *out)
{
    struct space *space = own_space(r);
    (void)out;
    return space ? space_unmap(space, in->address, in->length) : E_TYPE;
}

static int protect(struct ipc_request *r, const struct pager_protect *in, struct ipc_none *out)
{
    struct space *space = own_space(r);
    (void)out;
    return space ? space_protect(space, in->address, in->length, in->prot) : E_TYPE;
}

static int remap(struct ipc_request *r, const struct pager_remap *in, struct pager_address *out)
{
    struct space *space = own_space(r);
    return space ? space_remap(space, in, &out->address) : E_TYPE;
}

static int advise(struct ipc_request *r, const struct pager_advise *in, struct pager_count *out)
{
    struct space *space = own_space(r);
    int error = space ? space_advise(space, in, &out->count) : E_TYPE;
    if (error || (in->advice != PAGER_SYNC && in->advice != PAGER_SYNC_LATER))
        return error;
    return writeback_sync(space, r->thread, in->address,
                          (in->address + in->length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1),
                          in->advice == PAGER_SYNC);
}

static int residency(struct ipc_request *r, const struct pager_address *in, struct ipc_none *out)
{
    static uint8_t there[PAGER_RESIDENCY_MAX];
    struct space *space = own_space(r);
    (void)out;
    if (!space)
        return E_TYPE;
    if (r->out_len > sizeof there)
        return E_SIZE;
    int error = space_residency(space, in->address, r->out_len, there);
    return error ? error : machine_write(0, there, r->out_len);
}

static int map_device(struct ipc_request *r, const struct pager_map_device *in, struct pager_address *out)
{
    struct space *space = own_space(r);
    struct mapping m = {.length = in->length, .offset = in->offset, .prot = in->prot};
    if (!space || r->got_count != 1)
        return E_TYPE;
    return space_map_device(space, &m, r->got[0], &out->address);
}

static int map_dma(struct ipc_request *r, const struct pager_dma *in, struct pager_dma_reply *out)
{
    struct space *space = own_space(r);
    return space ? space_map_dma(space, r->thread, in, out) : E_TYPE;
}

static int memory_object(struct ipc_request *r, const struct pager_object_size *in, struct pager_object *out)
{
    handle_t session;
    struct object *object;
    struct space *payer = own_space(r);
    int error = payer ? space_commit(payer, object_size_pages(in->size)) : 0;
    if (!error)
        error = object_create(OBJECT_ANON, in->size, 0, NULL, &session, &object);
    if (error)
        return error;
    if (payer) {
        object->payer = payer->id;
        payer->objects += object->charged;
    }
    out->object = object->id;
    return ipc_give(r, session);
}

static int kernel_memory(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in, (void)out;
    message_begin(r);
    return block_feed() == E_NOMEM ? E_NOMEM : 0;
}

/* ---- other spaces ---- */

static int space_give(struct ipc_request *r, int error, handle_t session, struct space *space,
                      struct pager_space *out)
{
    if (error)
        return error;
    out->space = space->id;
    return ipc_give(r, session);
}

static int op_space_create(struct ipc_request *r, const struct ipc_none *in, struct pager_space *out)
{
    struct channel *admin = own_channel(r, CHANNEL_ADMIN);
    handle_t session = HANDLE_NONE;
    struct space *space = NULL;
    (void)in;
    if (!admin || r->got_count != 1)
        return E_TYPE;
    int error = space_create(ipc_take(r, 0), admin, &session, &space);
    return space_give(r, error, session, space, out);
}

static int op_space_fork(struct ipc_request *r, const struct pager_space *in, struct pager_space *out)
{
    struct channel *admin = own_channel(r, CHANNEL_ADMIN);
    struct space *parent = space_by_id(in->space), *space = NULL;
    handle_t session = HANDLE_NONE;
    if (!admin || r->got_count != 1)
        return E_TYPE;
    if (!parent)
        return E_SRCH;
    int error = space_fork(parent, ipc_take(r, 0), admin, &session, &space);
    return space_give(r, error, session, space, out);
}

static int op_space_map(struct ipc_request *r, const struct pager_space_map *in,
                        struct pager_space_map_reply *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    struct mapping m = {in->address, in->length, in->offset, in->prot, in->flags & 0xffff, 0, NULL};
    if (!space)
        return E_SRCH;
    int error = mapping_object(r, &m);
    return error ? error : space_map(space, &m, &out->address);
}

static int remote(struct ipc_request *r, const struct pager_space_range *in, uint64_t lent, uint32_t wish,
                  struct pager_count *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    if (!space)
        return E_SRCH;
    return in->length > lent ? E_SIZE
                             : remote_copy(space, r->thread, in->address, in->length, wish, &out->count);
}

static int space_write(struct ipc_request *r, const struct pager_space_range *in, struct pager_count *out)
{
    return remote(r, in, r->in_len, PAGE_WRITE, out);
}

static int space_read(struct ipc_request *r, const struct pager_space_range *in, struct pager_count *out)
{
    return remote(r, in, r->out_len, 0, out);
}

static int next_exception(struct ipc_request *r, const struct ipc_none *in, struct pager_exception *out)
{
    struct channel *admin = own_channel(r, CHANNEL_ADMIN);
    (void)in;
    return admin ? channel_next_exception(admin, r->thread, out) : E_TYPE;
}

static int op_exception_done(struct ipc_request *r, const struct pager_exception_done *in,
                             struct ipc_none *out)
{
    struct channel *admin = own_channel(r, CHANNEL_ADMIN);
    (void)out;
    return admin ? exception_done(admin, in->cookie, in->resume != 0) : E_TYPE;
}

static uint64_t limit_pages(uint64_t bytes)
{
    return bytes == UINT64_MAX ? bytes : bytes >> PAGE_SHIFT;
}

static int space_limit(struct ipc_request *r, const struct pager_limits *in, struct ipc_none *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    (void)out;
    if (!space)
        return E_SRCH;
    space->limit = (struct space_limits){.size = limit_pages(in->size),
                                         .data = limit_pages(in->data),
                                         .stack = limit_pages(in->stack),
                                         .locked = limit_pages(in->locked)};
    return 0;
}

static int session(struct ipc_request *r, const struct pager_session *in, struct ipc_none *out)
{
    handle_t given;
    struct channel *channel;
    (void)out;
    if (!own_channel(r, CHANNEL_ADMIN))
        return E_TYPE;
    if (in->kind != PAGER_SESSION_ADMIN && in->kind != PAGER_SESSION_MANAGER)
        return E_INVAL;
    int error =
        channel_create(in->kind == PAGER_SESSION_ADMIN ? CHANNEL_ADMIN : CHANNEL_MANAGER, &given, &channel);
    return error ? error : ipc_give(r, given);
}

static int dma_release(struct ipc_request *r, const struct pager_space *in, struct ipc_none *out)
{
    (void)out;
    if (!own_channel(r, CHANNEL_ADMIN))
        return E_TYPE;
    space_dma_release(in->space);
    return 0;
}

/* ---- what is there ---- */

static int stats(struct ipc_request *r, const struct ipc_none *in, struct pager_count *out)
{
    const uint64_t *kind = frame_counts.kind, *given = frame_counts.given;
    struct pager_stats s = {
        .total_pages = frame_counts.owned,
        .free_pages = kind[FRAME_FREE] + kind[FRAME_STOCK],
        .zeroed_pages = stock_ready(),
        .anon_pages = kind[FRAME_ANON],
        .object_pages = kind[FRAME_OBJECT],
        .pinned_pages = kind[FRAME_DMA] + kind[FRAME_POOL] + kind[FRAME_PAGER],
        .kernel_pages = given[BLOCK_KERNEL] * BLOCK_FRAMES,
        .table_pages = given[BLOCK_TABLE] * BLOCK_FRAMES,
        .spaces = space_count,
        .objects = object_count,
        .regions = region_live(),
        .faults = fault_counts.faults,
        .cow_faults = fault_counts.cow,
        .page_ins = fault_counts.page_ins,
        .forks = fault_counts.forks,
        .huge_pages = huge_pages,
        .waiters = waiter_live(),
        .pool_pages = kind[FRAME_POOL],
        .zeroed_taken = stock_counts.taken,
        .dirty_pages = writeback_counts.dirty,
        .writing_pages = writeback_counts.writing,
        .written = writeback_counts.written,
    };
    (void)in;
    message_begin(r);
    out->count = 1;
    return machine_write(0, &s, sizeof s);
}

static int regions(struct ipc_request *r, const struct pager_space *in, struct pager_count *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    return space ? look_regions(space, r->out_len / sizeof(struct pager_region), &out->count) : E_SRCH;
}

static int entries(struct ipc_request *r, const struct pager_entries *in, struct pager_entries_reply *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    return space ? look_entries(space, in->address, out) : E_SRCH;
}

static int blocks(struct ipc_request *r, const struct pager_first *in, struct pager_count *out)
{
    if (!own_channel(r, CHANNEL_ADMIN))
        return E_TYPE;
    return look_blocks(in->first, r->out_len / sizeof(struct pager_block), &out->count);
}

static int space_stat(struct ipc_request *r, const struct pager_space *in, struct pager_space_stat *out)
{
    struct space *space = own_channel(r, CHANNEL_ADMIN) ? space_by_id(in->space) : NULL;
    if (!space)
        return E_SRCH;
    out->regions = space->region_count;
    out->size_pages = space->pages;
    space_resident(space, 0, USER_END, &out->resident_pages, &out->tables);
    return 0;
}

static int bundle(struct ipc_request *r, const struct ipc_none *in, struct pager_object_size *out)
{
    (void)in;
    if (!own_channel(r, CHANNEL_ADMIN))
        return E_TYPE;
    *out = (struct pager_object_size){bundle_object->id, bundle_object->size};
    return ipc_give_copy(r, bundle_session);
}

static int check(struct ipc_request *r, const struct ipc_none *in, struct pager_check *out)
{
    (void)in;
    if (!own_channel(r, CHANNEL_ADMIN))
        return E_TYPE;
    pager_check_all(out);
    return 0;
}

const struct pager_ops pager_operations = {
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .remap = remap,
    .advise = advise,
    .residency = residency,
    .map_device = map_device,
    .map_dma = map_dma,
    .memory_object = memory_object,
    .kernel_memory = kernel_memory,
    .space_create = op_space_create,
    .space_fork = op_space_fork,
    .space_map = op_space_map,
    .space_write = space_write,
    .space_read = space_read,
    .space_limit = space_limit,
    .next_exception = next_exception,
    .exception_done = op_exception_done,
    .stats = stats,
    .regions = regions,
    .entries = entries,
    .blocks = blocks,
    .space_stat = space_stat,
    .bundle = bundle,
    .session = session,
    .dma_release = dma_release,
    .check = check,
    .object_create = op_object_create,
    .next_request = op_next_request,
    .supply = op_supply,
    .resize = op_resize,
    .lend = op_lend,
    .object_session = op_object_session,
    .object_destroy = op_object_destroy,
    .take_dirty = op_take_dirty,
    .written = op_written,
    .object_read = op_object_read,
    .manager_ready = op_manager_ready,
};
