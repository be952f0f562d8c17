/* Mutexes: normal, recursive, errorcheck. The fast path is one compare-exchange; no kernel. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

#include <time.h>

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    *mutex = (pthread_mutex_t){.type = attr ? attr->type : PTHREAD_MUTEX_DEFAULT,
                               .shared = attr && attr->shared == PTHREAD_PROCESS_SHARED};
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->word, __ATOMIC_RELAXED) == WORD_FREE ? 0 : EBUSY;
}

static bool mutex_is_mine(pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == (unsigned long)tcb_self();
}

/* The mutex is ours already: 0 when that counts as one more lock, else the error. */
static int mutex_relock(pthread_mutex_t *mutex, int otherwise)
{
    if (mutex->type == PTHREAD_MUTEX_ERRORCHECK)
        return otherwise;
    if (mutex->depth == ~0u)
        return EAGAIN;
    mutex->depth++;
    return 0;
}

static void mutex_own(pthread_mutex_t *mutex)
{
    if (mutex->type != PTHREAD_MUTEX_NORMAL) {
        __atomic_store_n(&mutex->owner, (unsigned long)tcb_self(), __ATOMIC_RELAXED);
        mutex->depth = 1;
    }
}

static int mutex_lock_until(pthread_mutex_t *mutex, uint64_t deadline)
{
    if (mutex->type != PTHREAD_MUTEX_NORMAL && mutex_is_mine(mutex))
        return mutex_relock(mutex, EDEADLK);
    if (!futex_lock_try(&mutex->word) && futex_lock_slow(&mutex->word, mutex->shared, deadline) != 0)
        return ETIMEDOUT;
    mutex_own(mutex);
    return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return mutex_lock_until(mutex, DEADLINE_NEVER);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *abstime)
{
    uint64_t deadline;
    if (pthread_mutex_trylock(mutex) == 0)
        return 0;
    int error = clock_deadline(CLOCK_REALTIME, abstime, &deadline);
    return error ? error : mutex_lock_until(mutex, deadline);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (mutex->type != PTHREAD_MUTEX_NORMAL && mutex_is_mine(mutex))
        return mutex_relock(mutex, EBUSY);
    if (!futex_lock_try(&mutex->word))
        return EBUSY;
    mutex_own(mutex);
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (mutex->type != PTHREAD_MUTEX_NORMAL) {
        if (!mutex_is_mine(mutex))
            return EPERM;
        if (--mutex->depth)
            return 0;
        __atomic_store_n(&mutex->owner, 0, __ATOMIC_RELAXED);
    }
    futex_unlock_shared(&mutex->word, mutex->shared);
    return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
    *attr = (pthread_mutexattr_t){0};
    return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *attr, int *type)
{
    *type = attr->type;
    return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
        return EINVAL;
    attr->type = type;
    return 0;
}

int pthread_mutexattr_getpshared(const pthread_mutexattr_t *attr, int *shared)
{
    *shared = attr->shared;
    return 0;
}

int pthread_mutexattr_setpshared(pthread_mutexattr_t *attr, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attr->shared = shared;
    return 0;
}
