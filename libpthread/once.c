/* pthread_once: 0 not begun, 1 running, 2 running and someone sleeps, 3 done. */
#include "futex_lock.h"
#include "tcb.h"

enum { ONCE_NEW = 0, ONCE_RUNNING = 1, ONCE_AWAITED = 2, ONCE_DONE = 3 };

int pthread_once(pthread_once_t *once, void (*routine)(void))
{
    unsigned int state = __atomic_load_n(&once->state, __ATOMIC_ACQUIRE);
    while (state != ONCE_DONE) {
        if (state == ONCE_NEW) {
            if (!__atomic_compare_exchange_n(&once->state, &state, ONCE_RUNNING, false, __ATOMIC_ACQUIRE,
                                             __ATOMIC_ACQUIRE))
                continue;
            routine();
            if (__atomic_exchange_n(&once->state, ONCE_DONE, __ATOMIC_RELEASE) == ONCE_AWAITED)
                kernel_futex_wake(&once->state, ~0u, false);
            return 0;
        }
        if (state == ONCE_RUNNING && !__atomic_compare_exchange_n(&once->state, &state, ONCE_AWAITED, false,
                                                                  __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
            continue;
        kernel_futex_wait(&once->state, ONCE_AWAITED, false, DEADLINE_NEVER);
        state = __atomic_load_n(&once->state, __ATOMIC_ACQUIRE);
    }
    return 0;
}
