/* What Ouros promises of POSIX: newlib's headers declare functions according to these macros. A promised
 * function exists; one that cannot do its work yet answers ENOSYS and stands in docs/caveats.md. */
#ifndef _SYS_OUROS_FEATURES_H
#define _SYS_OUROS_FEATURES_H

#define _POSIX_VERSION                  200809L
#define _POSIX2_VERSION                 200809L
#define _POSIX_JOB_CONTROL              1
#define _POSIX_SAVED_IDS                1
#define _POSIX_NO_TRUNC                 1
#define _POSIX_FSYNC                    200809L
#define _POSIX_MAPPED_FILES             200809L
#define _POSIX_MEMORY_PROTECTION        200809L
#define _POSIX_SPAWN                    200809L
#define _POSIX_REGEXP                   1
#define _POSIX_SHELL                    1
#define _POSIX_TIMERS                   200809L
#define _POSIX_MONOTONIC_CLOCK          200809L
#define _POSIX_CLOCK_SELECTION          200809L
#define _POSIX_CPUTIME                  200809L
#define _POSIX_THREAD_CPUTIME           200809L
#define _POSIX_TIMEOUTS                 200809L
#define _POSIX_REALTIME_SIGNALS         200809L
#define _POSIX_PRIORITY_SCHEDULING      200809L
#define _POSIX_SEMAPHORES               200809L
#define _POSIX_THREADS                  200809L
#define _POSIX_THREAD_SAFE_FUNCTIONS    200809L
#define _POSIX_THREAD_ATTR_STACKADDR    200809L
#define _POSIX_THREAD_ATTR_STACKSIZE    200809L
#define _POSIX_THREAD_PROCESS_SHARED    200809L
#define _POSIX_READER_WRITER_LOCKS      200809L
#define _POSIX_BARRIERS                 200809L
#define _POSIX_SPIN_LOCKS               200809L
#define _UNIX98_THREAD_MUTEX_ATTRIBUTES 1

/* Descriptors that select() can name; newlib's own default is 64. */
#ifndef FD_SETSIZE
#define FD_SETSIZE 256
#endif

#endif
