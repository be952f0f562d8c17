/* After a death: how long to wait before the next instance. Pure. */
#ifndef INIT_BACKOFF_H
#define INIT_BACKOFF_H

#include "manifest.h"

struct backoff {
    uint32_t deaths;    /* since the window was opened; all zeros: none */
    uint64_t window_ns; /* when that was: the first death behind the former window opens the next */
};

#define BACKOFF_NEVER UINT64_MAX

/* Count a death at `now`: the pause in nanoseconds, doubled with each death in the window up to the manifest's
 * most; or BACKOFF_NEVER: too many in the window. */
uint64_t backoff_death(struct backoff *b, const struct server *server, uint64_t now);

#endif
