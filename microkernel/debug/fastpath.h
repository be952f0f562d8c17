/* fastpath=off: every message takes the general path. Debug builds only. */
#pragma once

#include <ouros/types.h>

#ifdef OUROS_DEBUG
extern uint64_t fastpath_taken; /* messages that took the short way */
/* The value of the option: on or off; false: neither. */
bool fastpath_set(const char *value, size_t length);
#endif
