/* The system calls that programs make themselves, named for what they are used for here; all else is
 * messages, sent by libipc. */
#ifndef LIBC_KERNEL_H
#define LIBC_KERNEL_H

#include <ipc/syscall.h>
#include <ipc/task.h>

/* Sleep while *word == value, at most until deadline (absolute, ns, monotonic).
 * 0, E_AGAIN (the word differs), E_TIMEDOUT, E_CANCELLED. Wakes may be spurious. */
static inline int kernel_futex_wait(const unsigned int *word, unsigned int value, bool shared,
                                    uint64_t deadline)
{
    return sys_futex(FUTEX_WAIT | (shared ? FUTEX_SHARED : 0), word, value, deadline, 0, 0, 0);
}

/* Wake at most `count` threads that sleep on the word. */
static inline int kernel_futex_wake(const unsigned int *word, unsigned int count, bool shared)
{
    return sys_futex(FUTEX_WAKE | (shared ? FUTEX_SHARED : 0), word, count, DEADLINE_NEVER, 0, 0, 0);
}

/* A new thread of this task: entry(argument) on `stack`, with the TLS base fs. */
static inline int kernel_thread_start(void *entry, void *stack, void *argument, void *fs)
{
    handle_t thread;
    int error = IPC_FED(
        sys_thread_create(0, (vaddr_t)entry, (vaddr_t)stack, (uint64_t)argument, PRIORITY_USER, &thread));
    if (error)
        return error;
    error = sys_thread_ctl(thread, THREAD_FS_BASE, (uint64_t)fs, 0, 0);
    if (!error)
        error = sys_thread_ctl(thread, THREAD_START, 0, 0, 0);
    if (error)
        sys_thread_ctl(thread, THREAD_KILL, 0, 0, 0);
    sys_handle_close(thread);
    return error;
}

/* End the calling thread; *word becomes 0, and its sleepers wake, once the thread is off its stack. */
static inline _Noreturn void kernel_thread_exit(unsigned int *word)
{
    for (;;)
        sys_thread_ctl(0, THREAD_EXIT, (uint64_t)word, 0, 0);
}

static inline int kernel_set_fs(void *base)
{
    return sys_thread_ctl(0, THREAD_FS_BASE, (uint64_t)base, 0, 0);
}

static inline void kernel_yield(void)
{
    sys_yield();
}

/* A second handle of the same object with the same rights. */
static inline int kernel_handle_copy(handle_t handle, handle_t *copy)
{
    return IPC_FED(sys_handle_copy(handle, RIGHT_ALL, 0, 0, copy));
}

static inline void kernel_handle_close(handle_t handle)
{
    sys_handle_close(handle);
}

#endif
