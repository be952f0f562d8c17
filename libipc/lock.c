#include <ipc/lock.h>
#include <ipc/syscall.h>

bool ipc_trylock(struct ipc_lock *lock)
{
    uint32_t free = 0;

    return __atomic_compare_exchange_n(&lock->state, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void ipc_lock(struct ipc_lock *lock)
{
    if (ipc_trylock(lock))
        return;
    while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
        sys_futex(FUTEX_WAIT, &lock->state, 2, DEADLINE_NEVER, 0, 0, 0);
}

void ipc_unlock(struct ipc_lock *lock)
{
    if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
        sys_futex(FUTEX_WAKE, &lock->state, 1, DEADLINE_NEVER, 0, 0, 0);
}

int ipc_wait(struct ipc_condition *condition, struct ipc_lock *lock, uint64_t deadline)
{
    uint32_t seen = __atomic_load_n(&condition->count, __ATOMIC_RELAXED);
    int error;

    ipc_unlock(lock);
    error = sys_futex(FUTEX_WAIT, &condition->count, seen, deadline, 0, 0, 0);
    ipc_lock(lock);
    return error == E_AGAIN ? 0 : error;
}

void ipc_wake(struct ipc_condition *condition, uint32_t most)
{
    __atomic_add_fetch(&condition->count, 1, __ATOMIC_RELEASE);
    sys_futex(FUTEX_WAKE, &condition->count, most, DEADLINE_NEVER, 0, 0, 0);
}
