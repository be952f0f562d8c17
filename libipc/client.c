/* What a server remembers of each session, and of each client: how many sessions were given to it and how
 * many of its calls wait, so that no client uses up what others need.
 *
 * A client is a task: the kernel says whose a call is, and a task's id is never used twice. Where a trusted
 * server asks for somebody else, the handler says for whom (ipc_request.client). A session counts for whom it
 * was given to until it is closed, whoever holds it then. */
#include "badges.h"
#include "server_internal.h"
#include "server_keep.h"

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

int ipc_session_add(struct ipc_request *r)
{
    int error = sessions_most == UNLIMITED ? 0 : find_client(r);

    return error || sessions_most == UNLIMITED ? error : badges_add(&sessions, r->client, sessions_most);
}

int ipc_session_given(struct ipc_request *r, uint64_t badge)
{
    return sessions_most == UNLIMITED ? 0 : badges_set(&owners, badge, r->client);
}

void ipc_session_take(uint64_t client)
{
    badges_take(&sessions, client);
}

void ipc_session_closed(uint64_t badge)
{
    uint64_t client = sessions_most == UNLIMITED ? 0 : badges_get(&owners, badge);

    if (!client)
        return;
    badges_set(&owners, badge, 0);
    ipc_session_take(client);
}

size_t ipc_client_bytes(void)
{
    return badges_bytes(&states) + badges_bytes(&owners) + badges_bytes(&sessions) + badges_bytes(&deferred);
}
