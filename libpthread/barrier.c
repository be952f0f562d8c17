/* Barriers and spin locks. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attr, unsigned int count)
{
    if (count == 0)
        return EINVAL;
    *barrier = (pthread_barrier_t){.count = count, .shared = attr && attr->shared == PTHREAD_PROCESS_SHARED};
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    (void)barrier;
    return 0;
}

/* The last to arrive starts a new round (sequence) and wakes the others. */
int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    unsigned int sequence = __atomic_load_n(&barrier->sequence, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == barrier->count) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_add_fetch(&barrier->sequence, 1, __ATOMIC_RELEASE);
        kernel_futex_wake(&barrier->sequence, ~0u, barrier->shared);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (__atomic_load_n(&barrier->sequence, __ATOMIC_ACQUIRE) == sequence)
        kernel_futex_wait(&barrier->sequence, sequence, barrier->shared, DEADLINE_NEVER);
    return 0;
}

int pthread_barrierattr_init(pthread_barrierattr_t *attr)
{
    attr->shared = 0;
    return 0;
}

int pthread_barrierattr_destroy(pthread_barrierattr_t *attr)
{
    (void)attr;
    return 0;
}

int pthread_barrierattr_getpshared(const pthread_barrierattr_t *attr, int *shared)
{
    *shared = attr->shared;
    return 0;
}

int pthread_barrierattr_setpshared(pthread_barrierattr_t *attr, int shared)
{
    attr->shared = shared;
    return 0;
}

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    *lock = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    (void)lock;
    return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    return futex_lock_try(lock) ? 0 : EBUSY;
}

/* On one processor the holder cannot run while we spin: let it. */
int pthread_spin_lock(pthread_spinlock_t *lock)
{
    while (!futex_lock_try(lock))
        kernel_yield();
    return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return 0;
}
