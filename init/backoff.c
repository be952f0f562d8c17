#include "backoff.h"

uint64_t backoff_death(struct backoff *b, const struct server *server, uint64_t now)
{
    uint64_t pause = server->restart_first_ns, most = server->restart_most_ns;

    if (b->deaths == 0 || now - b->window_ns > server->restart_window_ns)
        *b = (struct backoff){.window_ns = now};
    if (++b->deaths > server->restart_tries)
        return BACKOFF_NEVER;
    for (uint32_t i = 1; i < b->deaths && pause < most; i++)
        pause = pause > most / 2 ? most : 2 * pause;
    return pause < most ? pause : most;
}
