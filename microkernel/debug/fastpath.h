/* fastpath=off: every message takes the general path. Debug builds only. */
#pragma once

#include <trace.h> /* which keeps them off it too */

#ifdef OUROS_DEBUG
extern uint64_t fastpath_taken; /* messages that took the short way */
extern uint32_t fastpath_off;   /* 0, or all flags of a thread but those that it serves */
/* The value of the option: on or off; false: neither. */
bool fastpath_set(const char *value, size_t length);
static inline void fastpath_count(void)
{
    fastpath_taken++;
}
#else
enum { fastpath_off, fastpath_taken = 0 };
static inline void fastpath_count(void) {}
#endif
