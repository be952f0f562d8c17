/* Spin locks. On one processor, with interrupts off in the whole kernel, they cost two stores and find each
 * other free; they are what a second processor will wait at.
 *
 *      LOCK_GUARD(&lock);        the lock is held to the end of the block, however it is left, and interrupts
 *                                are then exactly as they were before
 */
#pragma once

#include <arch/interrupts.h>

/* Served in the order of arrival. */
struct spinlock {
    uint32_t next, serving;
};

static inline void spin_lock(struct spinlock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

/* The same with interrupts off; what they were before goes to unlock. */
static inline interrupts_t spin_lock_irq(struct spinlock *lock)
{
    interrupts_t before = interrupts_save();
    spin_lock(lock);
    return before;
}

static inline void spin_unlock_irq(struct spinlock *lock, interrupts_t before)
{
    spin_unlock(lock);
    interrupts_restore(before);
}

struct lock_guard {
    struct spinlock *lock;
    interrupts_t before;
};

static inline struct lock_guard lock_guard_take(struct spinlock *lock)
{
    return (struct lock_guard){lock, spin_lock_irq(lock)};
}

static inline void lock_guard_drop(struct lock_guard *guard)
{
    spin_unlock_irq(guard->lock, guard->before);
}

#define LOCK_GUARD(lock) \
    struct lock_guard lock_guard_ __attribute__((cleanup(lock_guard_drop), unused)) = lock_guard_take(lock)
