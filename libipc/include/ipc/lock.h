/* A mutex and a condition for servers with several workers: futexes, no kernel call where nobody waits. */
#ifndef IPC_LOCK_H
#define IPC_LOCK_H

#include <ouros/types.h>

struct ipc_lock {
    uint32_t state; /* 0 free, 1 held, 2 held and perhaps waited for. All zero: a free lock */
};

void ipc_lock(struct ipc_lock *lock);
void ipc_unlock(struct ipc_lock *lock);
bool ipc_trylock(struct ipc_lock *lock); /* true: it is held now */

struct ipc_condition {
    uint32_t count; /* of wakes */
};

/* Give the lock up, wait for a wake (or none: test again), take the lock. E_TIMEDOUT, E_CANCELLED or 0. */
int ipc_wait(struct ipc_condition *condition, struct ipc_lock *lock, uint64_t deadline);
void ipc_wake(struct ipc_condition *condition, uint32_t most); /* UINT32_MAX: all */

#endif
