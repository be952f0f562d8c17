/* Tests of the kernel from user space: a list of cases, each a leak test too; threads and tasks made by hand.
 */
#ifndef KTEST_H
#define KTEST_H

#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <ouros/layout.h>

struct ktest {
    const char *name;
    void (*run)(void);
};

/* Run all cases, print a line for each, and end the task: init then powers off. A case leaks when the kernel
 * has more objects or handles after it than before. */
_Noreturn void ktest_main(const struct ktest *tests, unsigned count);
#define KTEST_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

/* The present case has failed, and goes on. */
void ktest_fail(const char *file, int line, const char *what, uint64_t got, uint64_t want);
#define CHECK(condition)                                      \
    do {                                                      \
        if (!(condition))                                     \
            ktest_fail(__FILE__, __LINE__, #condition, 0, 1); \
    } while (0)
#define CHECK_IS(expression, value)                                        \
    do {                                                                   \
        uint64_t got_ = (uint64_t)(expression), want_ = (uint64_t)(value); \
        if (got_ != want_)                                                 \
            ktest_fail(__FILE__, __LINE__, #expression, got_, want_);      \
    } while (0)

/* ---- threads of this task: a pool of stacks; the function ends its thread by returning ---- */
struct kthread {
    handle_t handle;
    volatile uint32_t running; /* set to 0 and woken by the kernel when the thread is gone */
    unsigned stack;
    void (*function)(void *);
    void *argument;
};
void kthread_start(struct kthread *thread, void (*function)(void *), void *argument, uint32_t priority);
void kthread_join(struct kthread *thread);
/* Wait until it is blocked in this state (or fail after two seconds). */
void kthread_await(struct kthread *thread, enum thread_state state);

/* ---- another task with a copy of this one's memory and no handles but those given ---- */
struct ktask {
    handle_t task, thread;
    handle_t port;  /* its death is told here */
    uint64_t space; /* the pager's number */
};
#define KTASK_SLOT 8 /* the first handle given has slot 8, the next 9, … */
void ktask_create(struct ktask *task);
/* The same, and *session is its session with the pager, to be closed. */
void ktask_create_with(struct ktask *task, handle_t *session);
handle_t ktask_give(struct ktask *task, handle_t handle, uint32_t rights, uint32_t slot);
void ktask_start(struct ktask *task, void (*function)(void *), void *argument);
/* Wait for its end; how and with what value. Its handles are closed. */
enum task_end ktask_wait(struct ktask *task, uint64_t *value);
void ktask_kill(struct ktask *task);

/* A port of this task with one session on it. */
struct kport {
    handle_t port, session;
    uint64_t badge;
};
void kport_create(struct kport *port);
void kport_close(struct kport *port);

struct ipc_message ktest_message(uint32_t label, uint64_t first_word);

#endif
