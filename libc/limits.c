/* Resource limits (IEEE Std 1003.1-2008, getrlimit). proc keeps them, with the numbers of proto/proc.h; how
 * many descriptors there are is fixed, a core is never written, and time and file sizes have no limits yet.
 */
#include "libc.h"
#include "kernel.h"

#include <sys/resource.h>

#include <proto/proc.h>

#define KEPT_HERE (-1)

static int number_of(int resource)
{
    switch (resource) {
    case RLIMIT_AS: return PROC_LIMIT_SIZE;
    case RLIMIT_DATA: return PROC_LIMIT_DATA;
    case RLIMIT_STACK: return PROC_LIMIT_STACK;
    case RLIMIT_MEMLOCK: return PROC_LIMIT_LOCKED;
    case RLIMIT_KMEM: return PROC_LIMIT_KERNEL;
    case RLIMIT_NPROC: return PROC_LIMIT_PROCESSES;
    default: return KEPT_HERE;
    }
}

int getrlimit(int resource, struct rlimit *limits)
{
    rlim_t fixed = resource == RLIMIT_NOFILE ? FD_MAX : resource == RLIMIT_CORE ? 0 : RLIM_INFINITY;
    int number = number_of(resource);
    struct proc_limit_reply reply = {fixed, fixed};
    if (resource < 0 || resource >= RLIM_NLIMITS)
        return fail(EINVAL);
    int error = number == KEPT_HERE
                    ? 0
                    : proc_limit(PROC_SESSION, &(struct proc_limit){.resource = (uint32_t)number}, &reply,
                                 DEADLINE_NEVER);
    if (!error)
        *limits = (struct rlimit){reply.soft, reply.hard};
    return error_result(error);
}

int setrlimit(int resource, const struct rlimit *limits)
{
    struct rlimit now = {0};
    int number = number_of(resource);
    if (getrlimit(resource, &now))
        return -1;
    if (number == KEPT_HERE)
        return limits->rlim_cur == now.rlim_cur && limits->rlim_max == now.rlim_max ? 0 : fail(ENOSYS);
    struct proc_limit set = {.resource = (uint32_t)number,
                             .flags = PROC_LIMIT_SET,
                             .soft = limits->rlim_cur,
                             .hard = limits->rlim_max};
    struct proc_limit_reply old;
    return error_result(proc_limit(PROC_SESSION, &set, &old, DEADLINE_NEVER));
}
