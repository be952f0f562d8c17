/* What a server remembers of each session, and of each client: how many sessions were given to it and how
 * many of its calls wait, so that no client uses up what others need.
 *
 * A client is a task: the kernel says whose a call is, and a task's id is never used twice. Where a trusted
 * server asks for somebody else, the handler says for whom (ipc_request.client). A session counts for whom it
 * was given to until it is closed, whoever holds it then. */
#include "badges.h"
#include "server_internal.h"
#include "server_keep.h"
#include <ipc/task.h>

enum { DEFERRED_MOST = 256, SESSIONS_MOST = 1024, UNLIMITED = UINT32_MAX };

static struct badges states;             /* session: its state */
static struct badges owners;             /* session: the client that it was given to */
static struct badges sessions, deferred; /* client: how many it has */
static uint32_t sessions_most, deferred_most;

void ipc_clients_begin(const struct ipc_server *server)
{
    deferred_most = server->deferred_most ? server->deferred_most : DEFERRED_MOST;
    sessions_most = server->sessions_most ? server->sessions_most : SESSIONS_MOST;
}

void *ipc_client(uint64_t badge)
{
    return (void *)badges_get(&states, badge);
}

int ipc_client_set(uint64_t badge, void *state)
{
    int error = badges_set(&states, badge, (uint64_t)state);

    return error ? error : kept_client(badge, state);
}

int ipc_deferred_add(struct ipc_request *r)
{
    return deferred_most == UNLIMITED ? 0 : badges_add(&deferred, r->client, deferred_most);
}

void ipc_deferred_take(struct ipc_request *r)
{
    if (deferred_most != UNLIMITED)
        badges_take(&deferred, r->client);
}

/* Whose call is in the reply slot. */
static int find_client(struct ipc_request *r)
{
    struct handle_info info;
    int error = r->client ? 0 : sys_handle_info(HANDLE_NONE, &info);

    if (!r->client && !error)
        r->client = info.id;
    return error;
}

static int session_add(struct ipc_request *r)
{
    int error = sessions_most == UNLIMITED ? 0 : find_client(r);

    return error || sessions_most == UNLIMITED ? error : badges_add(&sessions, r->client, sessions_most);
}

static int session_given(struct ipc_request *r, uint64_t badge)
{
    return sessions_most == UNLIMITED ? 0 : badges_set(&owners, badge, r->client);
}

static void session_take(uint64_t client)
{
    badges_take(&sessions, client);
}

void ipc_session_closed(uint64_t badge)
{
    uint64_t client = sessions_most == UNLIMITED ? 0 : badges_get(&owners, badge);

    if (!client)
        return;
    badges_set(&owners, badge, 0);
    session_take(client);
}

int ipc_mint(uint32_t tag, uint32_t rights, handle_t *session, uint64_t *badge)
{
    uint64_t value, minted;
    int error =
        IPC_FED(sys_port_ctl(ipc_port, PORT_MINT, tag, rights | RIGHT_CALL | RIGHT_COPY, 0, &value, &minted));

    if (error)
        return error;
    *session = (handle_t)value;
    if (badge)
        *badge = minted;
    return 0;
}

static int give_minted(struct ipc_request *r, uint32_t tag, uint32_t rights, void *state)
{
    handle_t session;
    uint64_t badge;
    int error = ipc_mint(tag, rights, &session, &badge);

    if (error)
        return error;
    error = state ? ipc_client_set(badge, state) : 0;
    if (!error) {
        error = session_given(r, badge);
        if (error && state)
            ipc_client_set(badge, 0);
    }
    if (error)
        sys_handle_close(session);
    else
        ipc_give(r, session);
    return error;
}

int ipc_give_session(struct ipc_request *r, uint32_t tag, uint32_t rights, void *state)
{
    int error = r->give_count == IPC_HANDLES ? E_FULL : session_add(r);

    if (error)
        return error;
    error = give_minted(r, tag, rights, state);
    if (error)
        session_take(r->client);
    return error;
}

size_t ipc_client_bytes(void)
{
    return badges_bytes(&states) + badges_bytes(&owners) + badges_bytes(&sessions) + badges_bytes(&deferred);
}
