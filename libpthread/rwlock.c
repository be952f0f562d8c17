/* Reader-writer locks, barriers and spin locks. A writer that waits keeps new readers out. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

#include <time.h>

#define WRITER ~0u

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
    *lock = (pthread_rwlock_t){.shared = attr && attr->shared == PTHREAD_PROCESS_SHARED};
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    return __atomic_load_n(&lock->state, __ATOMIC_RELAXED) ? EBUSY : 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    unsigned int state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
    while (state != WRITER && !__atomic_load_n(&lock->writers_waiting, __ATOMIC_SEQ_CST)) {
        if (state == WRITER - 1)
            return EAGAIN;
        if (__atomic_compare_exchange_n(&lock->state, &state, state + 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return 0;
    }
    return EBUSY;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    unsigned int expected = 0;
    return __atomic_compare_exchange_n(&lock->state, &expected, WRITER, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED)
               ? 0
               : EBUSY;
}

/* `sequence` goes up with each unlock that may let someone in; sleepers watch it. */
static int rwlock_sleep(pthread_rwlock_t *lock, int (*try_lock)(pthread_rwlock_t *), uint64_t deadline)
{
    for (;;) {
        unsigned int sequence = __atomic_load_n(&lock->sequence, __ATOMIC_SEQ_CST);
        int error = try_lock(lock);
        if (error != EBUSY)
            return error;
        if (kernel_futex_wait(&lock->sequence, sequence, lock->shared, deadline) == E_TIMEDOUT)
            return ETIMEDOUT;
    }
}

static void rwlock_wake(pthread_rwlock_t *lock)
{
    __atomic_add_fetch(&lock->sequence, 1, __ATOMIC_SEQ_CST);
    kernel_futex_wake(&lock->sequence, ~0u, lock->shared);
}

static int rwlock_write_until(pthread_rwlock_t *lock, uint64_t deadline)
{
    if (pthread_rwlock_trywrlock(lock) == 0)
        return 0;
    __atomic_add_fetch(&lock->writers_waiting, 1, __ATOMIC_SEQ_CST);
    int error = rwlock_sleep(lock, pthread_rwlock_trywrlock, deadline);
    __atomic_sub_fetch(&lock->writers_waiting, 1, __ATOMIC_SEQ_CST);
    if (error)
        rwlock_wake(lock); /* readers that stood behind this writer may go on */
    return error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return rwlock_sleep(lock, pthread_rwlock_tryrdlock, DEADLINE_NEVER);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return rwlock_write_until(lock, DEADLINE_NEVER);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *abstime)
{
    uint64_t deadline;
    if (pthread_rwlock_tryrdlock(lock) == 0)
        return 0;
    int error = clock_deadline(CLOCK_REALTIME, abstime, &deadline);
    return error ? error : rwlock_sleep(lock, pthread_rwlock_tryrdlock, deadline);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *abstime)
{
    uint64_t deadline;
    if (pthread_rwlock_trywrlock(lock) == 0)
        return 0;
    int error = clock_deadline(CLOCK_REALTIME, abstime, &deadline);
    return error ? error : rwlock_write_until(lock, deadline);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    unsigned int state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
    if (state == 0)
        return EPERM;
    if (state == WRITER)
        __atomic_store_n(&lock->state, 0, __ATOMIC_RELEASE);
    else if (__atomic_sub_fetch(&lock->state, 1, __ATOMIC_RELEASE) != 0)
        return 0;
    rwlock_wake(lock);
    return 0;
}

int pthread_rwlockattr_init(pthread_rwlockattr_t *attr)
{
    attr->shared = 0;
    return 0;
}

int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *attr, int *shared)
{
    *shared = attr->shared;
    return 0;
}

int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *attr, int shared)
{
    attr->shared = shared;
    return 0;
}
