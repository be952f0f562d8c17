/* What a server remembers of each session: its state, and how many of its calls are deferred. */
#include "badges.h"
#include "server_internal.h"
#include "server_keep.h"

static struct badges states, deferred;

void *ipc_client(uint64_t badge)
{
    return (void *)badges_get(&states, badge);
}

int ipc_client_set(uint64_t badge, void *state)
{
    int error = badges_set(&states, badge, (uint64_t)state);

    return error ? error : kept_client(badge, state);
}

int ipc_deferred_add(uint64_t badge, uint32_t most)
{
    return badges_add(&deferred, badge, most);
}

void ipc_deferred_take(uint64_t badge)
{
    badges_take(&deferred, badge);
}

size_t ipc_client_bytes(void)
{
    return badges_bytes(&states) + badges_bytes(&deferred);
}
