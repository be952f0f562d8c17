/* Spin locks. On one processor, with interrupts off in the whole kernel, they cost two stores and find each
 * other free; they are what a second processor will wait at.
 *
 *      LOCK_GUARD(&lock);        the lock is held to the end of the block, however it is left, and interrupts
 *                                are then exactly as they were before */
#pragma once

#include <arch/interrupts.h>

/* Served in the order of arrival. */
struct spinlock {
    uint32_t next, serving;
};

struct lock_guard {
    struct spinlock *lock;
    interrupts_t before;
};

/* Take it, with interrupts off; what they were before comes back with the unlocking. */
static inline struct lock_guard spin_lock_irq(struct spinlock *lock)
{
    struct lock_guard guard = {lock, interrupts_save()};
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_relax();
    return guard;
}

static inline void spin_unlock_irq(struct lock_guard *guard)
{
    __atomic_store_n(&guard->lock->serving, guard->lock->serving + 1, __ATOMIC_RELEASE);
    interrupts_restore(guard->before);
}

#define LOCK_GUARD(lock) \
    struct lock_guard lock_guard_ __attribute__((cleanup(spin_unlock_irq), unused)) = spin_lock_irq(lock)
