/* What the system is and how much it can: uname, sysconf, limits; and the few functions about hosts and
 * logins. */
#include "libc.h"
#include "kernel.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <proto/pager.h>

/* The kernel says "Ouros 0.1 (abc, debug)"-like text: its second word is the release, all of it the version.
 */
int uname(struct utsname *name)
{
    uint64_t length = 0;
    memset(name, 0, sizeof *name);
    strcpy(name->sysname, "Ouros");
    strcpy(name->nodename, "ouros");
    strcpy(name->machine, "x86_64");
    if (sys_kernel_info(KINFO_BUILD, name->version, sizeof name->version - 1, &length))
        strcpy(name->version, "unknown");
    const char *release = strchr(name->version, ' ');
    release = release ? release + 1 : name->version;
    memcpy(name->release, release, strcspn(release, " "));
    return 0;
}

int gethostname(char *name, size_t size)
{
    return strlcpy(name, "ouros", size) < size ? 0 : fail(ENAMETOOLONG);
}

static long pages(bool free)
{
    struct ipc_none none = {};
    struct pager_count reply;
    struct pager_stats stats = {0};
    struct ipc_transfer transfer = {.out = &stats, .out_len = sizeof stats};
    int error = pager_stats_with(PAGER_SESSION, &none, &reply, &transfer);
    return error ? error_result(error) : (long)(free ? stats.free_pages : stats.total_pages);
}

long sysconf(int name)
{
    switch (name) {
    case _SC_ARG_MAX: return ARG_MAX;
    case _SC_CHILD_MAX: return CHILD_MAX;
    case _SC_CLK_TCK: return CLOCKS_PER_SEC;
    case _SC_NGROUPS_MAX: return NGROUPS_MAX;
    case _SC_OPEN_MAX: return FD_MAX;
    case _SC_STREAM_MAX: return FD_MAX;
    case _SC_JOB_CONTROL: return 1;
    case _SC_SAVED_IDS: return 1;
    case _SC_VERSION: return _POSIX_VERSION;
    case _SC_2_VERSION: return _POSIX2_VERSION;
    case _SC_PAGESIZE: return (long)PAGE_SIZE;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return 1;
    case _SC_PHYS_PAGES: return pages(false);
    case _SC_AVPHYS_PAGES: return pages(true);
    case _SC_THREADS: return _POSIX_THREADS;
    case _SC_THREAD_KEYS_MAX: return PTHREAD_KEYS_MAX;
    case _SC_THREAD_STACK_MIN: return PTHREAD_STACK_MIN;
    case _SC_THREAD_THREADS_MAX: return PTHREAD_THREADS_MAX;
    case _SC_THREAD_DESTRUCTOR_ITERATIONS: return PTHREAD_DESTRUCTOR_ITERATIONS;
    case _SC_THREAD_SAFE_FUNCTIONS: return _POSIX_THREAD_SAFE_FUNCTIONS;
    case _SC_THREAD_ATTR_STACKADDR: return _POSIX_THREAD_ATTR_STACKADDR;
    case _SC_THREAD_ATTR_STACKSIZE: return _POSIX_THREAD_ATTR_STACKSIZE;
    case _SC_TIMERS: return _POSIX_TIMERS;
    case _SC_MONOTONIC_CLOCK: return _POSIX_MONOTONIC_CLOCK;
    case _SC_MAPPED_FILES: return _POSIX_MAPPED_FILES;
    case _SC_MEMORY_PROTECTION: return _POSIX_MEMORY_PROTECTION;
    case _SC_FSYNC: return _POSIX_FSYNC;
    case _SC_SEMAPHORES: return _POSIX_SEMAPHORES;
    case _SC_BARRIERS: return _POSIX_BARRIERS;
    case _SC_SPIN_LOCKS: return _POSIX_SPIN_LOCKS;
    case _SC_READER_WRITER_LOCKS: return _POSIX_READER_WRITER_LOCKS;
    case _SC_SPAWN: return _POSIX_SPAWN;
    case _SC_REGEXP: return 1;
    case _SC_SHELL: return 1;
    case _SC_IOV_MAX: return IOV_MAX;
    case _SC_LINE_MAX: return LINE_MAX;
    case _SC_RE_DUP_MAX: return RE_DUP_MAX;
    case _SC_HOST_NAME_MAX: return HOST_NAME_MAX;
    case _SC_LOGIN_NAME_MAX: return LOGIN_NAME_MAX;
    case _SC_TTY_NAME_MAX: return TTY_NAME_MAX;
    case _SC_SYMLOOP_MAX: return SYMLOOP_MAX;
    default:
        return name < 0 || name > _SC_POSIX_26_VERSION ? fail(EINVAL)
                                                       : -1; /* -1 without errno: no limit, no option */
    }
}

static long path_limit(int name)
{
    switch (name) {
    case _PC_LINK_MAX: return LINK_MAX;
    case _PC_MAX_CANON: return MAX_CANON;
    case _PC_MAX_INPUT: return MAX_INPUT;
    case _PC_NAME_MAX: return NAME_MAX;
    case _PC_PATH_MAX: return PATH_MAX;
    case _PC_PIPE_BUF: return PIPE_BUF;
    case _PC_CHOWN_RESTRICTED: return 1;
    case _PC_NO_TRUNC: return 1;
    case _PC_VDISABLE: return 0;
    case _PC_FILESIZEBITS: return 64;
    case _PC_2_SYMLINKS: return 1;
    case _PC_SYMLINK_MAX: return SYMLINK_MAX;
    case _PC_TIMESTAMP_RESOLUTION: return 1;
    default: return name < 0 || name > _PC_TIMESTAMP_RESOLUTION ? fail(EINVAL) : -1;
    }
}

long pathconf(const char *path, int name)
{
    return access(path, F_OK) ? -1 : path_limit(name);
}

long fpathconf(int fd, int name)
{
    return fd_handle(fd) == HANDLE_NONE ? -1 : path_limit(name);
}

size_t confstr(int name, char *buffer, size_t size)
{
    (void)name, (void)buffer, (void)size;
    errno = EINVAL;
    return 0;
}

int getpagesize(void)
{
    return (int)PAGE_SIZE;
}

int getdtablesize(void)
{
    return FD_MAX;
}

int getgroups(int size, gid_t list[])
{
    (void)list;
    return size < 0 ? fail(EINVAL) : 0;
}

int getlogin_r(char *name, size_t size)
{
    return strlcpy(name, "root", size) < size ? 0 : ERANGE;
}

char *getlogin(void)
{
    static char name[] = "root";
    return name;
}

/* There is one terminal so far. */
int ttyname_r(int fd, char *name, size_t size)
{
    if (!isatty(fd))
        return errno;
    return strlcpy(name, "/dev/console", size) < size ? 0 : ERANGE;
}

char *ttyname(int fd)
{
    static char name[TTY_NAME_MAX];
    int error = ttyname_r(fd, name, sizeof name);
    if (error)
        errno = error;
    return error ? NULL : name;
}

char *ctermid(char *buffer)
{
    static char name[] = "/dev/tty";
    return buffer ? strcpy(buffer, name) : name;
}

int sched_yield(void)
{
    kernel_yield();
    return 0;
}

int sched_getcpu(void)
{
    return 0;
}

int sched_get_priority_min(int policy)
{
    return policy == SCHED_OTHER ? 0 : fail(EINVAL);
}

int sched_get_priority_max(int policy)
{
    return policy == SCHED_OTHER ? 0 : fail(EINVAL);
}
