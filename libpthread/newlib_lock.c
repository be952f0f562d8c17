/* newlib's locks (sys/lock.h of the overlay) on futex words. */
#include "futex_lock.h"
#include "tcb.h"

#include <sys/lock.h>

void __ouros_lock_acquire(struct __ouros_lock *lock)
{
    futex_lock(&lock->word);
}

int __ouros_lock_try(struct __ouros_lock *lock)
{
    return futex_lock_try(&lock->word) ? 0 : -1;
}

void __ouros_lock_release(struct __ouros_lock *lock)
{
    futex_unlock(&lock->word);
}

void __ouros_lock_acquire_recursive(struct __ouros_lock *lock)
{
    unsigned long self = (unsigned long)tcb_self();
    /* Only the holder stores its own mark, so reading it without the lock is safe. */
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == self) {
        lock->depth++;
        return;
    }
    futex_lock(&lock->word);
    __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    lock->depth = 1;
}

int __ouros_lock_try_recursive(struct __ouros_lock *lock)
{
    unsigned long self = (unsigned long)tcb_self();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == self) {
        lock->depth++;
        return 0;
    }
    if (!futex_lock_try(&lock->word))
        return -1;
    __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    lock->depth = 1;
    return 0;
}

void __ouros_lock_release_recursive(struct __ouros_lock *lock)
{
    if (--lock->depth)
        return;
    __atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
    futex_unlock(&lock->word);
}
