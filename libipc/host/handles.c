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

static void open_object(enum object_kind kind, void *object)
{
    if (kind == OBJ_SESSION)
        ((struct host_session *)object)->handles++;
    else if (kind == OBJ_MEMORY)
        ((struct host_object *)object)->handles++;
}

handle_t host_handle(enum object_kind kind, void *object, uint32_t rights)
{
    for (uint32_t i = SLOT_FREE; i < HOST_HANDLES; i++)
        if (table[i].kind == OBJ_NONE) {
            uint32_t generation = (table[i].generation + 1) & 0xffff;

            table[i] = (struct host_entry){
                .kind = kind, .rights = rights, .generation = generation ? generation : 1, .object = object};
            open_object(kind, object);
            return HANDLE_MAKE(i, table[i].generation);
        }
    return HANDLE_NONE;
}

static void close_session(struct host_session *session)
{
    if (--session->handles > 0)
        return;
    if (session->socket >= 0) {
        host_remote_close(session);
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

/* A reply that is given up: nobody else can answer. */
static void close_reply(uint64_t serial)
{
    for (struct host_call *c = host_port.received; c; c = c->next)
        if (c->serial == serial) {
            host_call_end(c, E_DEAD);
            return;
        }
}

int host_close(handle_t handle)
{
    struct host_entry *e = host_entry(handle), was;

    if (!e)
        return E_HANDLE;
    was = *e;
    e->kind = OBJ_NONE;
    if (was.kind == OBJ_SESSION) {
        close_session(was.object);
    } else if (was.kind == OBJ_REPLY) {
        close_reply(was.serial);
    } else if (was.kind == OBJ_MEMORY && --((struct host_object *)was.object)->handles == 0) {
        free(((struct host_object *)was.object)->bytes);
        free(was.object);
    }
    return 0;
}

int host_copy(handle_t handle, uint32_t rights, handle_t *copy)
{
    struct host_entry *e = host_entry(handle);

    if (!e)
        return E_HANDLE;
    if (!(e->rights & RIGHT_COPY) || (rights != RIGHT_ALL && rights & ~e->rights))
        return E_RIGHTS;
    *copy = host_handle(e->kind, e->object, rights == RIGHT_ALL ? e->rights : rights);
    return *copy ? 0 : E_FULL;
}

int host_copy_info(handle_t handle, struct handle_info *info)
{
    struct host_entry *e = host_entry(handle);

    if (!e)
        return E_HANDLE;
    *info = (struct handle_info){.kind = e->kind, .rights = e->rights};
    if (e->kind == OBJ_SESSION)
        info->id = ((struct host_session *)e->object)->badge;
    return 0;
}

void host_close_replies(void)
{
    for (uint32_t i = 0; i < HOST_HANDLES; i++)
        if (table[i].kind == OBJ_REPLY)
            table[i].kind = OBJ_NONE;
}
