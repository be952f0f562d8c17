/* The short way of messages, switched off and counted: fastpath.S looks at both in debug builds only. */
#include <fastpath.h>
#include <hooks.h>
#include <string.h>

#ifdef OUROS_DEBUG
uint32_t fastpath_off; /* as flags of a thread: any that THREAD_F_FAST has not */
uint64_t fastpath_taken;

bool fastpath_set(const char *value, size_t length)
{
    fastpath_off = text_equal(value, length, "off") ? ~(uint32_t)THREAD_F_FAST : 0;
    return fastpath_off || text_equal(value, length, "on");
}
#endif
