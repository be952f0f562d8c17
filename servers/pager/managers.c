/* The protocol's operations on memory objects, by their managers. */
#include "fault.h"
#include "server.h"
#include "space.h"
#include "writeback.h"

#define LIST_MAX 512u /* offsets moved at once */

/* An object that belongs to the manager who asks. */
static struct object *own_object(struct ipc_request *r, uint64_t id)
{
    struct channel *manager = own_channel(r, CHANNEL_MANAGER);
    struct object *object = manager ? object_by_id(id) : NULL;
    return object && object->manager == manager ? object : NULL;
}

int op_object_create(struct ipc_request *r, const struct pager_object_create *in, struct pager_object *out)
{
    struct channel *manager = own_channel(r, CHANNEL_MANAGER);
    handle_t given;
    struct object *object;
    if (!manager)
        return E_TYPE;
    int error = object_create(OBJECT_FILE, in->size, in->tag, manager, &given, &object);
    if (error)
        return error;
    object->lent = in->lent != 0;
    out->object = object->id;
    return ipc_give(r, given);
}

int op_next_request(struct ipc_request *r, const struct ipc_none *in, struct pager_request *out)
{
    struct channel *manager = own_channel(r, CHANNEL_MANAGER);
    (void)in;
    return manager ? channel_next_request(manager, r->thread, out) : E_TYPE;
}

int op_supply(struct ipc_request *r, const struct pager_supply *in, struct ipc_none *out)
{
    struct object *object = own_object(r, in->object);
    (void)out;
    return object ? object_supply(object, in->offset, in->status, r->in_len) : E_NOENT;
}

int op_lend(struct ipc_request *r, const struct pager_lend *in, struct ipc_none *out)
{
    uint64_t addresses[PAGER_LEND_MAX];
    struct object *object = own_object(r, in->object);
    struct space *lender = object ? space_by_id(object->manager->lender) : NULL;
    (void)out;
    if (!object)
        return E_NOENT;
    if (!lender || !object->lent)
        return E_TYPE;
    if (r->in_len > sizeof addresses || r->in_len % sizeof *addresses || in->offset % PAGE_SIZE)
        return E_SIZE;
    if (in->offset >> PAGE_SHIFT > UINT32_MAX)
        return E_INVAL;
    int error = machine_read(0, addresses, r->in_len);
    return error ? error
                 : object_lend(object, lender, (uint32_t)(in->offset >> PAGE_SHIFT), addresses,
                               r->in_len / sizeof *addresses);
}

int op_object_session(struct ipc_request *r, const struct pager_object *in, struct ipc_none *out)
{
    struct object *object = own_object(r, in->object);
    handle_t given;
    (void)out;
    int error = object ? object_session(object, &given) : E_NOENT;
    return error ? error : ipc_give(r, given);
}

int op_resize(struct ipc_request *r, const struct pager_object_size *in, struct ipc_none *out)
{
    struct object *object = own_object(r, in->object);
    (void)out;
    int error = object ? object_resize(object, in->size) : E_NOENT;
    if (!error)
        object_unhold(object); /* perhaps these were the last dirty pages */
    return error;
}

int op_object_destroy(struct ipc_request *r, const struct pager_object *in, struct ipc_none *out)
{
    struct object *object = own_object(r, in->object);
    (void)out;
    return object ? object_destroy(object) : 0;
}

int op_take_dirty(struct ipc_request *r, const struct pager_object *in, struct pager_count *out)
{
    static uint64_t offsets[LIST_MAX];
    struct object *object = own_object(r, in->object);
    uint32_t room = r->out_len / sizeof *offsets;
    if (!object)
        return E_NOENT;
    uint32_t count = writeback_list(object, offsets, room < LIST_MAX ? room : LIST_MAX);
    int error = machine_write(0, offsets, count * sizeof *offsets);
    if (!error)
        error = writeback_take(object, offsets, count);
    out->count = count;
    return error;
}

int op_object_read(struct ipc_request *r, const struct pager_object_part *in, struct pager_count *out)
{
    const struct object *object = own_object(r, in->object);
    return object ? object_read(object, in->offset, r->out_len, &out->count) : E_NOENT;
}

int op_written(struct ipc_request *r, const struct pager_written *in, struct ipc_none *out)
{
    static uint64_t offsets[LIST_MAX];
    struct object *object = own_object(r, in->object);
    (void)out;
    if (!object)
        return E_NOENT;
    if (r->in_len > sizeof offsets || r->in_len % sizeof *offsets)
        return E_SIZE;
    int error = machine_read(0, offsets, r->in_len);
    if (error)
        return error;
    for (uint32_t i = 0; i < r->in_len / sizeof *offsets; i++)
        writeback_written(object, offsets[i], (int)in->status);
    object_unhold(object);
    return 0;
}

int op_manager_ready(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    struct channel *manager = own_channel(r, CHANNEL_MANAGER);
    struct handle_info info;
    (void)in, (void)out;
    if (!manager)
        return E_TYPE;
    manager->lender = 0;
    if (r->got_count == 1 && machine_handle_info(r->got[0], &info) == 0 && info.kind == OBJ_SESSION) {
        const struct space *space = space_by_badge(info.id);
        manager->lender = space ? space->id : 0;
    }
    object_requeue(manager);
    return 0;
}
