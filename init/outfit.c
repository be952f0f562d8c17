/* What a server is given: sessions, authorities, hardware, each as a copy in its task and a line in its
 * startup block. */
#include "service.h"
#include <ipc/cpio.h>
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <proto/pager.h>

int outfit_add(struct outfit *o, const char *name, handle_t handle)
{
    handle_t copy;
    int error;

    if (o->handle_count == INSTALLED_MAX)
        return E_FULL;
    error = IPC_FED(sys_handle_copy(handle, RIGHT_ALL, o->task, SLOT_FREE + o->handle_count, &copy));
    if (!error)
        o->handles[o->handle_count++] = startup_named(name, copy);
    return error;
}

int outfit_move(struct outfit *o, const char *name, handle_t handle)
{
    int error = outfit_add(o, name, handle);

    sys_handle_close(handle);
    return error;
}

int outfit_blob(struct outfit *o, const char *name, const void *data, uint32_t length)
{
    if (o->blob_count == BLOBS_MAX || length > sizeof o->blob_data[0])
        return E_FULL;
    memcpy(o->blob_data[o->blob_count], data, length);
    o->blobs[o->blob_count] = (struct startup_data){name, o->blob_data[o->blob_count], length};
    o->blob_count++;
    return 0;
}

/* ---- sessions ---- */

/* Tag 0, since tags are the server's own to choose; init's tell the services apart. */
static int add_need(struct outfit *o, const struct need *need)
{
    struct service *other = service_named(need->server);
    handle_t port = other ? other->port : init_port;
    uint64_t session, badge, tag = other ? 0 : (uint64_t)(o->service - services) + 1;
    int error = IPC_FED(
        sys_port_ctl(port, PORT_MINT, tag, need->rights | RIGHT_CALL | RIGHT_COPY, 0, &session, &badge));

    return error ? error : outfit_move(o, need->name, (handle_t)session);
}

/* The session with init that every server has. */
static int add_init(struct outfit *o)
{
    uint64_t session, badge, tag = (uint64_t)(o->service - services) + 1;
    handle_t copy;
    int error = IPC_FED(
        sys_port_ctl(init_port, PORT_MINT, tag, RIGHT_USE | RIGHT_CALL | RIGHT_COPY, 0, &session, &badge));

    if (error)
        return error;
    error = IPC_FED(sys_handle_copy((handle_t)session, RIGHT_ALL, o->task, SLOT_INIT, &copy));
    sys_handle_close((handle_t)session);
    if (!error)
        o->handles[o->handle_count++] = startup_named("init", copy);
    return error;
}

/* ---- authorities ---- */

static int mint_with_pager(enum pager_session_kind kind, handle_t *session)
{
    struct ipc_transfer transfer = {0};
    int error = pager_session_with(authorities.pager_admin, &(struct pager_session){kind}, 0, &transfer);

    *session = error ? HANDLE_NONE : transfer.got[0];
    return error;
}

static int add_hold(struct outfit *o, const struct hold *hold)
{
    handle_t session;
    int error;

    if (strcmp(hold->what, "task-maker") == 0)
        return outfit_add(o, hold->name, authorities.task_maker);
    if (strcmp(hold->what, "hardware") == 0)
        return outfit_add(o, hold->name, authorities.hardware);
    if (strcmp(hold->what, "pager-admin") == 0) {
        error = mint_with_pager(PAGER_SESSION_ADMIN, &session);
        return error ? error : outfit_move(o, hold->name, session);
    }
    if (strcmp(hold->what, "pager-manager") == 0) {
        error = o->service->manager ? 0 : mint_with_pager(PAGER_SESSION_MANAGER, &o->service->manager);
        return error ? error : outfit_add(o, hold->name, o->service->manager);
    }
    if (strcmp(hold->what, "bundle") == 0)
        return outfit_add(o, hold->name, bundle.object);
    ipc_error("%s: no authority is called %s", o->service->server->name, hold->what);
    return E_INVAL;
}

/* ---- hardware ---- */

static int add_object(struct outfit *o, const char *name, enum hw_kind kind, uint64_t a, uint64_t b)
{
    handle_t handle;
    int error = IPC_FED(sys_hw_create(authorities.hardware, kind, a, b, 0, &handle, 0));

    return error ? error : outfit_move(o, name, handle);
}

/* From here on the serial port is not the kernel's, and its log reaches the console through who reads it:
 * tell that one where to begin. */
static int add_log_cursor(struct outfit *o)
{
    static char skipped[4096];
    uint64_t cursor = 0, count;

    do {
        if (sys_log_read(cursor, skipped, sizeof skipped, &cursor, &count))
            break;
    } while (count);
    return outfit_blob(o, "log.cursor", &cursor, sizeof cursor);
}

/* A file of the bundle: the bundle's object, and a blob with its offset and length. */
static int add_file(struct outfit *o, const struct grant *g)
{
    struct cpio_entry entry;
    uint64_t place[2];

    if (cpio_find(bundle.bytes, bundle.size, g->file, &entry))
        return 0; /* its server does without, or says so */
    place[0] = (uint64_t)((const char *)entry.data - bundle.bytes);
    place[1] = entry.length;
    int error = outfit_add(o, g->name, bundle.object);
    return error ? error : outfit_blob(o, g->name, place, sizeof place);
}

static int add_grant(struct outfit *o, const struct grant *g)
{
    int error;

    switch (g->kind) {
    case GRANT_IO:
        error = add_object(o, g->name, HW_IO, g->first, g->count);
        return error || g->first != 0x3f8 ? error : add_log_cursor(o);
    case GRANT_IRQ: return add_object(o, g->name, HW_IRQ_LINE, g->first, g->count);
    case GRANT_ISA_IRQ: return add_object(o, g->name, HW_ISA_IRQ, g->first, 0);
    case GRANT_FILE: return add_file(o, g);
    case GRANT_PCI:
        error = pci_grant(o, g);
        return error == E_NODEV ? 0 : error; /* its server sees that there is no device */
    }
    return E_INVAL;
}

int outfit_all(struct outfit *o)
{
    const struct server *server = o->service->server;
    int error = add_init(o);

    for (uint32_t i = 0; !error && i < server->need_count; i++)
        error = add_need(o, &server->needs[i]);
    for (uint32_t i = 0; !error && i < server->hold_count; i++)
        error = add_hold(o, &server->holds[i]);
    for (uint32_t i = 0; !error && i < server->grant_count; i++)
        error = add_grant(o, &server->grants[i]);
    return error;
}
