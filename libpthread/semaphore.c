/* Unnamed semaphores. `waiters` spares the kernel a wake when nobody sleeps. */
#include "futex_lock.h"
#include "libc.h"

#include <semaphore.h>

int sem_init(sem_t *sem, int shared, unsigned int value)
{
    if (value > SEM_VALUE_MAX)
        return fail(EINVAL);
    *sem = (sem_t){.value = value, .shared = shared != 0};
    return 0;
}

int sem_destroy(sem_t *sem)
{
    (void)sem;
    return 0;
}

int sem_trywait(sem_t *sem)
{
    unsigned int value = __atomic_load_n(&sem->value, __ATOMIC_RELAXED);
    while (value) {
        if (__atomic_compare_exchange_n(&sem->value, &value, value - 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return 0;
    }
    return fail(EAGAIN);
}

static int sem_wait_until(sem_t *sem, uint64_t deadline)
{
    int saved = errno;
    while (sem_trywait(sem)) {
        __atomic_add_fetch(&sem->waiters, 1, __ATOMIC_SEQ_CST);
        int error = kernel_futex_wait(&sem->value, 0, sem->shared, deadline);
        __atomic_sub_fetch(&sem->waiters, 1, __ATOMIC_SEQ_CST);
        if (error == E_TIMEDOUT)
            return fail(ETIMEDOUT);
        if (error == E_CANCELLED)
            return fail(EINTR);
    }
    errno = saved;
    return 0;
}

int sem_wait(sem_t *sem)
{
    return sem_wait_until(sem, DEADLINE_NEVER);
}

int sem_timedwait(sem_t *sem, const struct timespec *abstime)
{
    uint64_t deadline;
    int error = clock_deadline(CLOCK_REALTIME, abstime, &deadline);
    if (error)
        return sem_trywait(sem) ? fail(error) : 0;
    return sem_wait_until(sem, deadline);
}

int sem_post(sem_t *sem)
{
    unsigned int value = __atomic_load_n(&sem->value, __ATOMIC_RELAXED);
    do {
        if (value == SEM_VALUE_MAX)
            return fail(EOVERFLOW);
    } while (!__atomic_compare_exchange_n(&sem->value, &value, value + 1, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    if (__atomic_load_n(&sem->waiters, __ATOMIC_SEQ_CST))
        kernel_futex_wake(&sem->value, 1, sem->shared);
    return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
    *value = (int)__atomic_load_n(&sem->value, __ATOMIC_RELAXED);
    return 0;
}

sem_t *sem_open(const char *name, int flags, ...)
{
    (void)name, (void)flags;
    errno = ENOSYS;
    return SEM_FAILED;
}

int sem_close(sem_t *sem)
{
    (void)sem;
    return fail(ENOSYS);
}

int sem_unlink(const char *name)
{
    (void)name;
    return fail(ENOSYS);
}
