/* Sessions over a UNIX socket. A frame is a head and the bytes of a buffer; a connection makes one call at a
 * time. Sessions given in replies stay at the server's end, under a number. */
#include "kernel.h"
#include <ouros/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SESSIONS = 64, SOCKETS = 256, BUFFER_MAX = 1 << 20 };

struct frame {
    uint32_t close; /* 1: the session is closed, there is no answer */
    uint32_t session;
    uint32_t label, seq; /* the answer's: status, error of the call */
    uint32_t in_len, out_len, accept;
    uint32_t given[IPC_HANDLES], given_count;
    uint64_t words[IPC_WORDS];
};

static bool move_all(int socket, void *bytes, size_t size, bool out)
{
    for (char *at = bytes; size;) {
        ssize_t n = out ? send(socket, at, size, MSG_NOSIGNAL) : recv(socket, at, size, 0);

        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/* ---- the server's end ---- */

struct connection {
    int socket;
    handle_t sessions[SESSIONS]; /* [0]: the connection's own */
};

static void put_given(struct connection *c, struct ipc_message *m, struct frame *f)
{
    f->given_count = m->handle_count;
    for (uint32_t i = 0; i < m->handle_count; i++) {
        uint32_t place = 1;

        while (place < SESSIONS && c->sessions[place])
            place++;
        f->given[i] = place;
        if (place < SESSIONS)
            c->sessions[place] = m->handles[i];
        else
            sys_handle_close(m->handles[i]);
    }
}

static bool serve_frame(struct connection *c, struct frame *f, char *buffer)
{
    struct ipc_message m = {.label = f->label, .seq = f->seq, .accept = f->accept};
    uint32_t out_len = f->out_len;

    if (f->session >= SESSIONS || f->in_len > BUFFER_MAX || out_len > BUFFER_MAX ||
        !move_all(c->socket, buffer, f->in_len, false))
        return false;
    if (f->close) {
        sys_handle_close(c->sessions[f->session]);
        c->sessions[f->session] = HANDLE_NONE;
        return true;
    }
    memcpy(m.words, f->words, sizeof m.words);
    memset(buffer + BUFFER_MAX, 0, out_len);
    m.flags = f->in_len || out_len ? IPC_BUFFERS : 0;
    m.buffers = (struct ipc_buffers){(vaddr_t)buffer, (vaddr_t)(buffer + BUFFER_MAX), f->in_len, out_len};
    int error = sys_call_message(c->sessions[f->session], &m);
    *f = (struct frame){.seq = (uint32_t)error, .label = m.label};
    if (!error) {
        memcpy(f->words, m.words, sizeof f->words);
        put_given(c, &m, f);
    }
    return move_all(c->socket, f, sizeof *f, true) && move_all(c->socket, buffer + BUFFER_MAX, out_len, true);
}

static void *connection_main(void *argument)
{
    struct connection *c = argument;
    char *buffer = malloc(2 * BUFFER_MAX);
    struct frame f;

    while (buffer && move_all(c->socket, &f, sizeof f, false) && serve_frame(c, &f, buffer))
        ;
    for (int i = 0; i < SESSIONS; i++)
        if (c->sessions[i])
            sys_handle_close(c->sessions[i]);
    close(c->socket);
    free(buffer);
    free(c);
    return NULL;
}

struct listener {
    int socket;
    uint32_t rights;
};

static void *listener_main(void *argument)
{
    struct listener l = *(struct listener *)argument;
    int socket;

    free(argument);
    while ((socket = accept(l.socket, NULL, NULL)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        pthread_t thread;

        if (!c)
            abort();
        c->socket = socket;
        c->sessions[0] = ipc_host_session(l.rights);
        if (pthread_create(&thread, NULL, connection_main, c))
            abort();
        pthread_detach(thread);
    }
    return NULL;
}

static int address_of(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return E_NAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

int ipc_host_listen(const char *path, uint32_t rights)
{
    struct sockaddr_un address;
    struct listener *l = malloc(sizeof *l);
    pthread_t thread;

    if (!l || address_of(path, &address)) {
        free(l);
        return l ? E_NAMETOOLONG : E_NOMEM;
    }
    *l = (struct listener){socket(AF_UNIX, SOCK_STREAM, 0), rights};
    if (l->socket < 0 || bind(l->socket, (struct sockaddr *)&address, sizeof address) ||
        listen(l->socket, 8) || pthread_create(&thread, NULL, listener_main, l)) {
        close(l->socket);
        free(l);
        return E_IO;
    }
    return pthread_detach(thread);
}

/* ---- the client's end ---- */

static pthread_mutex_t in_call[SOCKETS]; /* by socket: one call at a time */
static uint32_t sessions_of[SOCKETS];    /* guarded by host_lock */

static handle_t remote_session(int socket, uint32_t number)
{
    struct host_session *session = calloc(1, sizeof *session);
    handle_t handle;

    if (!session)
        abort();
    session->socket = socket;
    session->remote = number;
    pthread_mutex_lock(&host_lock);
    sessions_of[socket]++;
    handle = host_handle(OBJ_SESSION, session, RIGHT_CALL | RIGHT_COPY | RIGHT_PROTOCOL);
    pthread_mutex_unlock(&host_lock);
    return handle;
}

handle_t ipc_host_connect(const char *path)
{
    struct sockaddr_un address;
    int made = address_of(path, &address) ? -1 : socket(AF_UNIX, SOCK_STREAM, 0);

    if (made < 0)
        return HANDLE_NONE;
    if (made >= SOCKETS || connect(made, (struct sockaddr *)&address, sizeof address)) {
        close(made);
        return HANDLE_NONE;
    }
    pthread_mutex_init(&in_call[made], NULL);
    return remote_session(made, 0);
}

/* host_lock is held. */
void host_remote_close(struct host_session *session)
{
    struct frame f = {.close = 1, .session = session->remote};

    move_all(session->socket, &f, sizeof f, true);
    if (--sessions_of[session->socket] == 0)
        close(session->socket);
}

static int exchange(int socket, struct frame *f, struct ipc_message *m)
{
    bool lends = m->flags & IPC_BUFFERS;

    f->in_len = lends ? m->buffers.in_len : 0;
    f->out_len = lends ? m->buffers.out_len : 0;
    if (f->in_len > BUFFER_MAX || f->out_len > BUFFER_MAX)
        return E_SIZE;
    uint32_t out_len = f->out_len;
    if (!move_all(socket, f, sizeof *f, true) || !move_all(socket, (void *)m->buffers.in, f->in_len, true) ||
        !move_all(socket, f, sizeof *f, false) || !move_all(socket, (void *)m->buffers.out, out_len, false))
        return E_DEAD;
    return (int)f->seq;
}

int host_remote_call(struct host_session *session, struct ipc_message *m)
{
    struct frame f = {.session = session->remote, .label = m->label, .seq = m->seq, .accept = m->accept};
    int error;

    if (m->handle_count)
        return E_NOTSUP;
    memcpy(f.words, m->words, sizeof f.words);
    pthread_mutex_lock(&in_call[session->socket]);
    error = exchange(session->socket, &f, m);
    pthread_mutex_unlock(&in_call[session->socket]);
    if (error)
        return error;
    memcpy(m->words, f.words, sizeof m->words);
    m->label = f.label;
    m->handle_count = f.given_count <= IPC_HANDLES ? f.given_count : 0;
    for (uint32_t i = 0; i < m->handle_count; i++)
        m->handles[i] = remote_session(session->socket, f.given[i]);
    return 0;
}
