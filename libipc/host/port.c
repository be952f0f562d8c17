/* The server's port: sessions, kept handles, notices, the end of an instance. */
#include "kernel.h"
#include <ipc/startup.h>
#include <ouros/error.h>
#include <stdlib.h>

pthread_mutex_t host_lock = PTHREAD_MUTEX_INITIALIZER;
_Thread_local struct host_thread host_self;
struct host_port host_port;

__attribute__((constructor)) static void begin(void)
{
    host_condition(&host_port.arrived);
    host_condition(&host_port.settled);
}

uint32_t host_thread_id(void)
{
    static uint32_t next;

    if (!host_self.id)
        host_self.id = __atomic_add_fetch(&next, 1, __ATOMIC_RELAXED);
    return host_self.id;
}

/* ---- notices ---- */

void host_notice(uint32_t label, uint64_t badge, uint64_t w0, uint64_t w1, uint64_t w2)
{
    struct host_notice *n = malloc(sizeof *n), **end = &host_port.notices;

    if (!n)
        abort();
    *n = (struct host_notice){
        .label = label, .badge = badge, .words = {w0, w1, w2}, .id = ++host_port.next_notice};
    while (*end)
        end = &(*end)->next;
    *end = n;
    pthread_cond_broadcast(&host_port.arrived);
}

static int acknowledge(uint64_t id)
{
    for (struct host_notice **at = &host_port.notices; *at; at = &(*at)->next)
        if ((*at)->id == id && (*at)->delivered) {
            struct host_notice *gone = *at;

            *at = gone->next;
            free(gone);
            return 0;
        }
    return E_NOENT;
}

/* ---- sessions ---- */

static int mint(uint64_t tag, uint64_t rights, uint64_t *handle, uint64_t *badge)
{
    struct host_session *session = calloc(1, sizeof *session);
    handle_t made;

    if (tag >= 1u << 24 || !session || host_no_more()) {
        free(session);
        return tag >= 1u << 24 ? E_RANGE : E_QUOTA;
    }
    session->badge = ++host_port.next_serial << 24 | tag;
    session->socket = -1;
    made =
        host_handle(OBJ_SESSION, session, rights & (RIGHT_COPY | RIGHT_CALL | RIGHT_NOTIFY | RIGHT_PROTOCOL));
    if (!made) {
        free(session);
        return E_FULL;
    }
    session->next = host_port.sessions;
    host_port.sessions = session;
    *handle = made;
    *badge = session->badge;
    return 0;
}

static int next_session(bool go_on, uint64_t *badge)
{
    host_port.cursor = !go_on ? host_port.sessions : host_port.cursor ? host_port.cursor->next : NULL;
    if (!host_port.cursor)
        return E_NOENT;
    *badge = host_port.cursor->badge;
    return 0;
}

uint32_t ipc_host_sessions(void)
{
    uint32_t n = 0;

    pthread_mutex_lock(&host_lock);
    for (struct host_session *s = host_port.sessions; s; s = s->next)
        n++;
    pthread_mutex_unlock(&host_lock);
    return n;
}

/* ---- kept handles ---- */

static int kept_place(uint32_t key)
{
    for (int i = 0; i < HOST_KEPT; i++)
        if (host_port.kept[i].key == key)
            return i;
    return -1;
}

static int keep(uint64_t key, handle_t handle)
{
    int place = kept_place(0), error;
    handle_t copy;

    if (key == 0 || key > UINT32_MAX)
        return E_RANGE;
    if (kept_place((uint32_t)key) >= 0)
        return E_EXISTS;
    if (place < 0)
        return E_FULL;
    error = host_copy(handle, RIGHT_ALL, &copy);
    if (error)
        return error;
    host_port.kept[place].key = (uint32_t)key;
    host_port.kept[place].handle = copy;
    return host_close(handle);
}

static int kept_use(uint64_t key, bool drop, uint64_t *value)
{
    int place = key && key <= UINT32_MAX ? kept_place((uint32_t)key) : -1, error;
    handle_t copy;

    if (place < 0)
        return E_NOENT;
    if (drop) {
        host_port.kept[place].key = 0;
        return host_close(host_port.kept[place].handle);
    }
    error = host_copy(host_port.kept[place].handle, RIGHT_ALL, &copy);
    *value = copy;
    return error;
}

int host_port_ctl(enum port_op op, uint64_t a, uint64_t b, uint64_t *value, uint64_t *second)
{
    switch (op) {
    case PORT_MINT: return mint(a, b, value, second);
    case PORT_KEEP: return keep(a, (handle_t)b);
    case PORT_KEPT: return kept_use(a, false, value);
    case PORT_DROP: return kept_use(a, true, value);
    case PORT_SESSIONS: return next_session(a != 0, value);
    case PORT_ACK: return acknowledge(a);
    default: return E_NOSYS;
    }
}

/* ---- the end of an instance ---- */

void host_instance_end(void)
{
    host_port.generation++;
    while (host_port.received)
        host_call_end(host_port.received, E_RESTARTED);
    host_close_replies();
    for (struct host_notice *n = host_port.notices; n; n = n->next)
        n->delivered = false;
    pthread_cond_broadcast(&host_port.arrived);
}
