/* The slow path of a contended lock. */
#include "futex_lock.h"

int futex_lock_slow(unsigned int *word, bool shared, uint64_t deadline)
{
    /* Whoever comes here cannot know whether others sleep too, so it takes the lock as contended. */
    while (__atomic_exchange_n(word, WORD_CONTENDED, __ATOMIC_ACQUIRE) != WORD_FREE) {
        if (kernel_futex_wait(word, WORD_CONTENDED, shared, deadline) == E_TIMEDOUT)
            return E_TIMEDOUT;
    }
    return 0;
}
