/* The one handle table. Slots below SLOT_FREE are found by their number alone, as in every task. */
#include "kernel.h"
#include <ipc/startup.h>
#include <ouros/error.h>
#include <stdlib.h>

static struct host_entry table[HOST_HANDLES];

uint32_t ipc_host_handles(void)
{
    uint32_t n = 0;

    pthread_mutex_lock(&host_lock);
    for (uint32_t i = 0; i < HOST_HANDLES; i++)
        n += table[i].kind != OBJ_NONE;
    pthread_mutex_unlock(&host_lock);
    return n;
}

struct host_entry *host_entry(handle_t handle)
{
    struct host_entry *e = &table[HANDLE_INDEX(handle) % HOST_HANDLES];

    if (HANDLE_INDEX(handle) >= HOST_HANDLES || e->kind == OBJ_NONE || HANDLE_GEN(handle) != e->generation)
        return NULL;
    return e;
}

static void open_object(const struct host_entry *e)
{
    switch (e->kind) {
    case OBJ_SESSION: ((struct host_session *)e->object)->handles++; break;
    case OBJ_MEMORY: ((struct host_object *)e->object)->handles++; break;
    case OBJ_TASK: ((struct host_task *)e->object)->handles++; break;
    case OBJ_THREAD: ((struct host_program *)e->object)->handles++; break;
    default:;
    }
}

handle_t host_handle(enum object_kind kind, void *object, uint32_t rights)
{
    for (uint32_t i = SLOT_FREE; i < HOST_HANDLES; i++)
        if (table[i].kind == OBJ_NONE) {
            uint32_t generation = (table[i].generation + 1) & 0xffff;

            table[i] = (struct host_entry){
                .kind = kind, .rights = rights, .generation = generation ? generation : 1, .object = object};
            open_object(&table[i]);
            return HANDLE_MAKE(i, table[i].generation);
        }
    return HANDLE_NONE;
}

void ipc_host_place(uint32_t slot, handle_t handle)
{
    struct host_entry *e, was;

    pthread_mutex_lock(&host_lock);
    e = host_entry(handle);
    if (!e || slot >= SLOT_FREE)
        abort();
    was = table[slot];
    table[slot] = *e;
    table[slot].generation = 1;
    e->kind = OBJ_NONE;
    host_entry_close(&was);
    pthread_mutex_unlock(&host_lock);
}

static void close_session(struct host_session *session)
{
    if (--session->handles > 0)
        return;
    if (session->socket >= 0)
        host_remote_close(session);
    if (session->socket >= 0 || session->peer) {
        free(session);
        return;
    }
    for (struct host_session **at = &host_port.sessions; *at; at = &(*at)->next)
        if (*at == session) {
            *at = session->next;
            break;
        }
    host_port.cursor = NULL;
    host_notice(MSG_CLOSED, session->badge, 0, 0, 0);
    free(session);
}

handle_t ipc_host_peer(struct ipc_host_peer *peer, uint32_t rights)
{
    struct host_session *session = calloc(1, sizeof *session);
    handle_t handle;

    if (!session)
        abort();
    pthread_mutex_lock(&host_lock);
    session->badge = ++host_port.next_serial << 24;
    session->socket = -1;
    session->peer = peer;
    handle = host_handle(OBJ_SESSION, session, rights | RIGHT_CALL | RIGHT_COPY | RIGHT_NOTIFY);
    pthread_mutex_unlock(&host_lock);
    return handle;
}

/* A reply that is given up: nobody else can answer. */
static void close_reply(uint64_t serial)
{
    for (struct host_call *c = host_port.received; c; c = c->next)
        if (c->serial == serial) {
            host_call_end(c, E_DEAD);
            return;
        }
}

void host_entry_close(struct host_entry *entry)
{
    struct host_entry was = *entry;
    struct host_object *memory = was.object;

    entry->kind = OBJ_NONE;
    switch (was.kind) {
    case OBJ_SESSION: close_session(was.object); break;
    case OBJ_REPLY: close_reply(was.serial); break;
    case OBJ_TASK: host_task_put(was.object); break;
    case OBJ_THREAD: host_program_put(was.object); break;
    case OBJ_MEMORY:
        if (--memory->handles > 0)
            break;
        free(memory->bytes);
        free(memory);
        break;
    default:;
    }
}

int host_close(handle_t handle)
{
    struct host_entry *e = host_entry(handle);

    if (!e)
        return E_HANDLE;
    host_entry_close(e);
    return 0;
}

/* A copy into a slot that is free; its generation stays to be set. */
int host_entry_copy(const struct host_entry *from, uint32_t rights, struct host_entry *to)
{
    if (!(from->rights & RIGHT_COPY) || (rights != RIGHT_ALL && rights & ~from->rights))
        return E_RIGHTS;
    *to = *from;
    to->rights = rights == RIGHT_ALL ? from->rights : rights;
    open_object(to);
    return 0;
}

int host_copy(handle_t handle, uint32_t rights, handle_t *copy)
{
    struct host_entry *e = host_entry(handle), made;
    int error = !e ? E_HANDLE : host_no_more() ? E_FULL : host_entry_copy(e, rights, &made);

    if (error)
        return error;
    *copy = host_handle(made.kind, made.object, made.rights);
    host_entry_close(&made);
    return *copy ? 0 : E_FULL;
}

bool host_is_object(uint64_t address)
{
    for (uint32_t i = 0; i < HOST_HANDLES; i++) {
        const struct host_object *object = table[i].kind == OBJ_MEMORY ? table[i].object : NULL;

        if (object && address - (uint64_t)object->bytes < object->size)
            return true;
    }
    return false;
}

int host_copy_info(handle_t handle, struct handle_info *info)
{
    struct host_entry *e = host_entry(handle);

    if (!handle && host_self.caller) {
        *info = (struct handle_info){.kind = OBJ_REPLY, .id = host_caller()};
        return 0;
    }
    if (!e)
        return E_HANDLE;
    *info = (struct handle_info){.kind = e->kind, .rights = e->rights};
    if (e->kind == OBJ_SESSION)
        info->id = ((struct host_session *)e->object)->badge;
    else if (e->kind == OBJ_TASK)
        info->id = ((struct host_task *)e->object)->id;
    return 0;
}

void host_close_replies(void)
{
    for (uint32_t i = 0; i < HOST_HANDLES; i++)
        if (table[i].kind == OBJ_REPLY)
            table[i].kind = OBJ_NONE;
}
