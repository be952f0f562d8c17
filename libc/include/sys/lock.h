/* The locks that newlib takes inside stdio, malloc, the environment and the time zone: futex words held in
 * the object itself, so that creating a FILE allocates no lock. libpthread/newlib_lock.c has the functions;
 * an uncontended lock never enters the kernel. */
#ifndef __SYS_LOCK_H__
#define __SYS_LOCK_H__

#ifdef __cplusplus
extern "C" {
#endif

/* word: 0 free, 1 held, 2 held and someone waits. owner and depth serve recursive locks only and are
 * written by the holder. */
struct __ouros_lock {
    unsigned int word;
    unsigned int depth;
    unsigned long owner;
};

typedef struct __ouros_lock _LOCK_T;
typedef struct __ouros_lock _LOCK_RECURSIVE_T;

void __ouros_lock_acquire(struct __ouros_lock *lock);
int __ouros_lock_try(struct __ouros_lock *lock);
void __ouros_lock_release(struct __ouros_lock *lock);
void __ouros_lock_acquire_recursive(struct __ouros_lock *lock);
int __ouros_lock_try_recursive(struct __ouros_lock *lock);
void __ouros_lock_release_recursive(struct __ouros_lock *lock);

#define __LOCK_INIT(class, lock)           class _LOCK_T lock = {0, 0, 0};
#define __LOCK_INIT_RECURSIVE(class, lock) class _LOCK_RECURSIVE_T lock = {0, 0, 0};
#define __lock_init(lock)                  ((lock).word = 0, (lock).depth = 0, (lock).owner = 0)
#define __lock_init_recursive(lock)        __lock_init(lock)
#define __lock_close(lock)                 ((void)0)
#define __lock_close_recursive(lock)       ((void)0)
#define __lock_acquire(lock)               __ouros_lock_acquire(&(lock))
#define __lock_try_acquire(lock)           __ouros_lock_try(&(lock))
#define __lock_release(lock)               __ouros_lock_release(&(lock))
#define __lock_acquire_recursive(lock)     __ouros_lock_acquire_recursive(&(lock))
#define __lock_try_acquire_recursive(lock) __ouros_lock_try_recursive(&(lock))
#define __lock_release_recursive(lock)     __ouros_lock_release_recursive(&(lock))

#ifdef __cplusplus
}
#endif

#endif
