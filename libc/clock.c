/* Time, from the page that the kernel publishes: no system call but to sleep. */
#include "libc.h"
#include "kernel.h"

#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include <ouros/time.h>
#include <proto/proc.h>

#define NS_PER_S 1000000000ul

/* The time now and the offset of the wall clock, consistent with each other. */
static uint64_t time_read(uint64_t *wall)
{
    const volatile struct time_page *page = (const volatile struct time_page *)TIME_PAGE_ADDRESS;
    for (;;) {
        uint32_t version = page->version;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        uint64_t ticks = __builtin_ia32_rdtsc() - page->base_tsc;
        uint64_t now = page->base_ns + (uint64_t)((unsigned __int128)ticks * page->mult >> 32);
        *wall = page->wall_ns;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (!(version & 1) && page->version == version)
            return now;
    }
}

uint64_t clock_monotonic_ns(void)
{
    uint64_t wall;
    return time_read(&wall);
}

static struct timespec time_from_ns(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

static uint64_t cpu_time(bool children)
{
    struct ipc_none none = {};
    struct proc_usage usage = {0};
    if (proc_usage(PROC_SESSION, &none, &usage, DEADLINE_NEVER))
        return 0;
    return children ? usage.children_cpu_ns : usage.cpu_ns;
}

int clock_gettime(clockid_t clock, struct timespec *to)
{
    uint64_t wall, now = time_read(&wall);
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: *to = time_from_ns(now + wall); return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: *to = time_from_ns(now); return 0;
    case CLOCK_PROCESS_CPUTIME_ID: *to = time_from_ns(cpu_time(false)); return 0;
    case CLOCK_THREAD_CPUTIME_ID: {
        struct thread_info information;
        int error = sys_thread_ctl(0, THREAD_INFO, (uint64_t)&information, 0, NULL);
        if (!error)
            *to = time_from_ns(information.cpu_ns);
        return error_result(error);
    }
    default: return fail(EINVAL);
    }
}

int clock_getres(clockid_t clock, struct timespec *to)
{
    struct timespec now;
    if (clock_gettime(clock, &now))
        return -1;
    if (to)
        *to = (struct timespec){.tv_nsec = 1};
    return 0;
}

int clock_settime(clockid_t clock, const struct timespec *time)
{
    (void)clock, (void)time;
    return fail(ENOSYS);
}

int gettimeofday(struct timeval *to, void *zone)
{
    (void)zone;
    uint64_t wall, now = time_read(&wall) + wall;
    if (to)
        *to = (struct timeval){.tv_sec = (time_t)(now / NS_PER_S),
                               .tv_usec = (suseconds_t)(now % NS_PER_S / 1000)};
    return 0;
}

/* Nanoseconds of a span or a date; false when it is no valid time. Later than the clock can say is "never".
 */
static bool time_to_ns(const struct timespec *time, uint64_t *ns)
{
    if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= (long)NS_PER_S)
        return false;
    if (__builtin_mul_overflow((uint64_t)time->tv_sec, NS_PER_S, ns) ||
        __builtin_add_overflow(*ns, (uint64_t)time->tv_nsec, ns))
        *ns = DEADLINE_NEVER;
    return true;
}

int clock_deadline(clockid_t clock, const struct timespec *time, uint64_t *deadline)
{
    uint64_t wall, date;
    if (!time || time->tv_nsec < 0 || time->tv_nsec >= (long)NS_PER_S)
        return EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    if (!time_to_ns(time, &date))
        date = 0; /* before the epoch: long past */
    time_read(&wall);
    if (clock == CLOCK_REALTIME && date != DEADLINE_NEVER)
        date = date > wall ? date - wall : 0;
    *deadline = date;
    return 0;
}

/* Sleep until the deadline: 0, or E_CANCELLED. */
static int sleep_until(uint64_t deadline)
{
    static const unsigned int never_changes;
    for (;;) {
        int error = kernel_futex_wait(&never_changes, 0, false, deadline);
        if (error == E_TIMEDOUT)
            return 0;
        if (error == E_CANCELLED)
            return error;
    }
}

/* An errno value, as POSIX has it for this function. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    uint64_t deadline, span;
    if (flags & TIMER_ABSTIME) {
        int error = clock_deadline(clock, time, &deadline);
        return error ? error : error_number(sleep_until(deadline));
    }
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || !time_to_ns(time, &span))
        return EINVAL;
    uint64_t now = clock_monotonic_ns();
    if (__builtin_add_overflow(now, span, &deadline))
        deadline = DEADLINE_NEVER;
    int error = sleep_until(deadline);
    if (error && left) {
        now = clock_monotonic_ns();
        *left = time_from_ns(deadline > now ? deadline - now : 0);
    }
    return error_number(error);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
    return error ? fail(error) : 0;
}

clock_t times(struct tms *to)
{
    struct ipc_none none = {};
    struct proc_usage usage = {0};
    proc_usage(PROC_SESSION, &none, &usage, DEADLINE_NEVER);
    if (to)
        *to = (struct tms){.tms_utime = (clock_t)(usage.cpu_ns / (NS_PER_S / CLOCKS_PER_SEC)),
                           .tms_cutime = (clock_t)(usage.children_cpu_ns / (NS_PER_S / CLOCKS_PER_SEC))};
    return (clock_t)(clock_monotonic_ns() / (NS_PER_S / CLOCKS_PER_SEC));
}

clock_t clock(void)
{
    return (clock_t)(cpu_time(false) / (NS_PER_S / CLOCKS_PER_SEC));
}
