/* Put in front of each file of libc/ and libpthread/: what is defined as NAME there, and called by it, is
 * __untraced_NAME to the linker (trace_call.S says why). */
#include <ouros/posix_calls.h>

#define TRACE_PRAGMA(text)    _Pragma(#text)
#define TRACE_NAME(name, ...) TRACE_PRAGMA(redefine_extname name __untraced_##name)
POSIX_CALLS(TRACE_NAME)
