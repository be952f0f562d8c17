/* Attributes of threads. Scheduling parameters are stored and given back; the scheduler has one policy. */
#include "libc.h"
#include "tcb.h"

int pthread_attr_init(pthread_attr_t *attr)
{
    *attr =
        (pthread_attr_t){.stacksize = 256u << 10, .guardsize = 4096, .contentionscope = PTHREAD_SCOPE_SYSTEM};
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
    if (size < PTHREAD_STACK_MIN || size > (1ul << 40))
        return EINVAL;
    attr->stacksize = size;
    return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
    *size = attr->stacksize;
    return 0;
}

int pthread_attr_setstack(pthread_attr_t *attr, void *address, size_t size)
{
    if (size < PTHREAD_STACK_MIN || ((uintptr_t)address & 15))
        return EINVAL;
    attr->stackaddr = address;
    attr->stacksize = size;
    return 0;
}

int pthread_attr_getstack(const pthread_attr_t *attr, void **address, size_t *size)
{
    *address = attr->stackaddr;
    *size = attr->stacksize;
    return 0;
}

int pthread_attr_setstackaddr(pthread_attr_t *attr, void *address)
{
    attr->stackaddr = address;
    return 0;
}

int pthread_attr_getstackaddr(const pthread_attr_t *attr, void **address)
{
    *address = attr->stackaddr;
    return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attr, size_t size)
{
    if (size > (1ul << 40))
        return EINVAL;
    attr->guardsize = size;
    return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *attr, size_t *size)
{
    *size = attr->guardsize;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
        return EINVAL;
    attr->detachstate = state;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
    *state = attr->detachstate;
    return 0;
}

int pthread_attr_setscope(pthread_attr_t *attr, int scope)
{
    (void)attr;
    return scope == PTHREAD_SCOPE_SYSTEM ? 0 : scope == PTHREAD_SCOPE_PROCESS ? ENOTSUP : EINVAL;
}

int pthread_attr_getscope(const pthread_attr_t *attr, int *scope)
{
    *scope = attr->contentionscope;
    return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attr, int inherit)
{
    attr->inheritsched = inherit;
    return 0;
}

int pthread_attr_getinheritsched(const pthread_attr_t *attr, int *inherit)
{
    *inherit = attr->inheritsched;
    return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attr, int policy)
{
    if (policy != SCHED_OTHER)
        return ENOTSUP;
    attr->schedpolicy = policy;
    return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *attr, int *policy)
{
    *policy = attr->schedpolicy;
    return 0;
}

int pthread_attr_setschedparam(pthread_attr_t *attr, const struct sched_param *parameter)
{
    if (parameter->sched_priority != 0)
        return ENOTSUP;
    attr->schedparam = *parameter;
    return 0;
}

int pthread_attr_getschedparam(const pthread_attr_t *attr, struct sched_param *parameter)
{
    *parameter = attr->schedparam;
    return 0;
}
