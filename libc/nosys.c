/* What the headers declare and the system cannot do yet. Each answers ENOSYS, in the way of its kind, and
 * stands in docs/caveats.md. The arguments are of no interest, so no header with the true types is included:
 * under the calling convention a function may be called with more than it takes. */
#include "libc.h"

#define NOSYS(name)          \
    int name(void);          \
    int name(void)           \
    {                        \
        return fail(ENOSYS); \
    }
#define NOSYS_NUMBER(name) \
    int name(void);        \
    int name(void)         \
    {                      \
        return ENOSYS;     \
    }
#define NOSYS_POINTER(name) \
    void *name(void);       \
    void *name(void)        \
    {                       \
        errno = ENOSYS;     \
        return NULL;        \
    }

/* files */
NOSYS(chroot)
NOSYS(mkfifo)
NOSYS(mkfifoat)
NOSYS(mknod)
NOSYS(mknodat)
NOSYS(lockf)
NOSYS(flock)
NOSYS_NUMBER(posix_fallocate)
NOSYS_NUMBER(posix_fadvise)

/* processes and their priorities */
NOSYS(waitid)
NOSYS(daemon)
NOSYS(seteuid)
NOSYS(setegid)
NOSYS(setreuid)
NOSYS(setregid)
NOSYS(setgroups)
NOSYS(initgroups)
NOSYS(nice)
NOSYS(getpriority)
NOSYS(setpriority)
NOSYS(sched_getparam)
NOSYS(sched_setparam)
NOSYS(sched_getscheduler)
NOSYS(sched_setscheduler)
NOSYS(sched_rr_get_interval)

/* timers and signals */
NOSYS(timer_create)
NOSYS(timer_delete)
NOSYS(timer_gettime)
NOSYS(timer_settime)
NOSYS(timer_getoverrun)
NOSYS(getitimer)
NOSYS(setitimer)
NOSYS(ualarm)
NOSYS(adjtime)
NOSYS(settimeofday)
NOSYS_NUMBER(clock_getcpuclockid)
NOSYS(sighold)
NOSYS(sigrelse)
NOSYS(sigignore)
NOSYS(__xpg_sigpause)

/* threads */
NOSYS_NUMBER(pthread_getcpuclockid)
NOSYS_NUMBER(pthread_getschedparam)
NOSYS_NUMBER(pthread_setschedparam)
NOSYS_NUMBER(pthread_setschedprio)
NOSYS_NUMBER(pthread_setconcurrency)
NOSYS_NUMBER(pthread_getname_np)
NOSYS_NUMBER(pthread_setname_np)

/* users, groups, hosts */
NOSYS(gethostid)
NOSYS_POINTER(getgrent)
NOSYS_POINTER(getgrgid)
NOSYS_POINTER(getgrnam)
NOSYS_NUMBER(getgrgid_r)
NOSYS_NUMBER(getgrnam_r)
NOSYS_NUMBER(getpwnam_r)
NOSYS_NUMBER(getpwuid_r)
