/* The lock under all others: a word that is 0 free, 1 held, 2 held and someone may sleep. Taking a free one
 * and giving back an uncontended one are one atomic instruction each. */
#ifndef LIBPTHREAD_FUTEX_LOCK_H
#define LIBPTHREAD_FUTEX_LOCK_H

#include "kernel.h"

enum { WORD_FREE = 0, WORD_HELD = 1, WORD_CONTENDED = 2 };

static inline bool futex_lock_try(unsigned int *word)
{
    unsigned int expected = WORD_FREE;
    return __atomic_compare_exchange_n(word, &expected, WORD_HELD, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Until it is ours, or the deadline has passed: 0 or E_TIMEDOUT. A cancellation does not end the wait. */
int futex_lock_slow(unsigned int *word, bool shared, uint64_t deadline);

static inline void futex_lock(unsigned int *word)
{
    if (!futex_lock_try(word))
        futex_lock_slow(word, false, DEADLINE_NEVER);
}

static inline void futex_unlock_shared(unsigned int *word, bool shared)
{
    if (__atomic_exchange_n(word, WORD_FREE, __ATOMIC_RELEASE) == WORD_CONTENDED)
        kernel_futex_wake(word, 1, shared);
}

static inline void futex_unlock(unsigned int *word)
{
    futex_unlock_shared(word, false);
}

#endif
