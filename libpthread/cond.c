/* Condition variables: a sequence number that goes up with each signal. A waiter reads it under the mutex,
 * lets the mutex go and sleeps while the number is still the same, so that no signal after the reading is
 * lost. Spurious wake-ups happen, as POSIX allows. `waiters` spares the kernel a wake when nobody sleeps. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

#include <time.h>

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    *cond = (pthread_cond_t){.clock = attr ? attr->clock : 0,
                             .shared = attr && attr->shared == PTHREAD_PROCESS_SHARED};
    return 0;
}

/* Waiters that a broadcast has woken may still be on their way out: the memory is theirs until then. */
int pthread_cond_destroy(pthread_cond_t *cond)
{
    while (__atomic_load_n(&cond->waiters, __ATOMIC_SEQ_CST))
        kernel_yield();
    return 0;
}

static int cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline)
{
    bool owned = mutex->type != PTHREAD_MUTEX_NORMAL;
    if (owned && __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) != (unsigned long)tcb_self())
        return EPERM;
    __atomic_add_fetch(&cond->waiters, 1, __ATOMIC_SEQ_CST);
    unsigned int sequence = __atomic_load_n(&cond->sequence, __ATOMIC_SEQ_CST);

    /* A recursive mutex is let go entirely: its holder count is this thread's own. */
    unsigned int depth = mutex->depth;
    if (owned)
        mutex->depth = 1;
    pthread_mutex_unlock(mutex);
    int error = kernel_futex_wait(&cond->sequence, sequence, cond->shared, deadline);
    __atomic_sub_fetch(&cond->waiters, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(mutex);
    if (owned)
        mutex->depth = depth;
    return error == E_TIMEDOUT ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return cond_wait_until(cond, mutex, DEADLINE_NEVER);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *abstime)
{
    uint64_t deadline;
    int error = clock_deadline(cond->clock ? cond->clock : CLOCK_REALTIME, abstime, &deadline);
    return error ? error : cond_wait_until(cond, mutex, deadline);
}

static int cond_wake(pthread_cond_t *cond, unsigned int count)
{
    __atomic_add_fetch(&cond->sequence, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&cond->waiters, __ATOMIC_SEQ_CST))
        kernel_futex_wake(&cond->sequence, count, cond->shared);
    return 0;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    return cond_wake(cond, 1);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    return cond_wake(cond, ~0u);
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
    *attr = (pthread_condattr_t){0};
    return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *attr, clockid_t *clock)
{
    *clock = attr->clock ? attr->clock : CLOCK_REALTIME;
    return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    attr->clock = (unsigned int)clock;
    return 0;
}

int pthread_condattr_getpshared(const pthread_condattr_t *attr, int *shared)
{
    *shared = attr->shared;
    return 0;
}

int pthread_condattr_setpshared(pthread_condattr_t *attr, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attr->shared = shared;
    return 0;
}
