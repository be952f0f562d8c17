/* Threads: create, exit, join, detach.
 *
 * 1. Every living or joinable thread is in `threads`; thread_list_lock guards the list, `running` and `dead`.
 * 2. A thread's memory (stack, TLS, tcb: one mapping) is freed by whoever joined it, or, if it was detached,
 * by a later create or exit: never while `alive` is 1, since the kernel clears that word when the thread is
 * off its stack for good.
 * 3. `join` goes once from JOIN_POSSIBLE to JOIN_TAKEN (a joiner waits) or to JOIN_DETACHED.
 * 4. Some mappings of the default size are kept for the next threads: two messages to the pager saved. */
#include "futex_lock.h"
#include "libc.h"
#include "tcb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DEFAULT_STACK (256u << 10)
#define PAGE          4096u
#define CACHE_MAX     8

extern void _reclaim_reent(struct _reent *);

static unsigned int thread_list_lock;
static struct tcb *threads;
static unsigned int running = 1; /* threads that have not begun to exit */
static struct tcb *dead;         /* detached and exiting: memory to be freed; linked by next */

static struct {
    char *map;
    size_t length, guard;
} cache[CACHE_MAX];
static unsigned int cached;

static void list_add(struct tcb *tcb)
{
    tcb->next = threads;
    tcb->previous = NULL;
    if (threads)
        threads->previous = tcb;
    threads = tcb;
}

static void list_remove(struct tcb *tcb)
{
    *(tcb->previous ? &tcb->previous->next : &threads) = tcb->next;
    if (tcb->next)
        tcb->next->previous = tcb->previous;
}

void thread_first(struct tcb *self)
{
    self->alive = 1;
    list_add(self);
}

bool thread_single(void)
{
    return __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 1;
}

static size_t map_length(size_t stack, size_t guard)
{
    return guard + ((stack + tls_block_size() + PAGE - 1) & -(size_t)PAGE);
}

/* A mapping with its guard at the low end, from the cache if one fits. */
static char *stack_take(size_t length, size_t guard)
{
    futex_lock(&thread_list_lock);
    for (unsigned int i = 0; i < cached; i++) {
        if (cache[i].length == length && cache[i].guard == guard) {
            char *map = cache[i].map;
            cache[i] = cache[--cached];
            futex_unlock(&thread_list_lock);
            return map;
        }
    }
    futex_unlock(&thread_list_lock);
    char *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    if (guard && mprotect(map, guard, PROT_NONE)) {
        munmap(map, length);
        return NULL;
    }
    return map;
}

static void stack_give(char *map, size_t length, size_t guard)
{
    futex_lock(&thread_list_lock);
    if (cached < CACHE_MAX && length == map_length(DEFAULT_STACK, PAGE) && guard == PAGE) {
        cache[cached].map = map;
        cache[cached].length = length;
        cache[cached++].guard = guard;
        map = NULL;
    }
    futex_unlock(&thread_list_lock);
    if (map)
        munmap(map, length);
}

static void thread_free(struct tcb *tcb)
{
    if (tcb->map)
        stack_give(tcb->map, tcb->map_length, tcb->guard);
}

/* Free the memory of detached threads that are gone. */
static void reap(void)
{
    struct tcb *gone = NULL;
    if (!__atomic_load_n(&dead, __ATOMIC_RELAXED))
        return;
    futex_lock(&thread_list_lock);
    for (struct tcb **link = &dead; *link;) {
        struct tcb *tcb = *link;
        if (__atomic_load_n(&tcb->alive, __ATOMIC_ACQUIRE)) {
            link = &tcb->next;
            continue;
        }
        *link = tcb->next;
        tcb->next = gone;
        gone = tcb;
    }
    futex_unlock(&thread_list_lock);
    while (gone) {
        struct tcb *next = gone->next;
        thread_free(gone);
        gone = next;
    }
}

/* Where a new thread begins, on its own stack. */
static _Noreturn void thread_main(struct tcb *self)
{
    pthread_exit(self->routine(self->argument));
}

/* The new thread's block, at the top of the caller's memory or of a fresh mapping. NULL: no memory. */
static struct tcb *thread_memory(const pthread_attr_t *attr)
{
    size_t stack = attr && attr->stacksize ? attr->stacksize : DEFAULT_STACK;
    size_t guard = attr ? (attr->guardsize + PAGE - 1) & -(size_t)PAGE : PAGE;
    char *low = attr ? attr->stackaddr : NULL, *map = NULL;
    size_t length = stack;
    if (!low) {
        length = map_length(stack, guard);
        map = stack_take(length, guard);
        if (!map)
            return NULL;
        low = map + guard;
        stack = length - guard;
    } else {
        guard = 0;
    }
    size_t block = tls_block_size();
    struct tcb *tcb = tls_block_make(low + stack - block, tcb_self()->canary);
    _REENT_INIT_PTR(&tcb->own_reent);
    tcb->map = map;
    tcb->map_length = length;
    tcb->guard = guard;
    tcb->stack_low = low;
    tcb->stack_size = stack - block;
    return tcb;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*routine)(void *), void *argument)
{
    reap();
    struct tcb *tcb = thread_memory(attr);
    if (!tcb)
        return EAGAIN;
    tcb->routine = routine;
    tcb->argument = argument;
    tcb->alive = 1;
    tcb->join = attr && attr->detachstate == PTHREAD_CREATE_DETACHED ? JOIN_DETACHED : JOIN_POSSIBLE;
    *thread = (pthread_t)tcb;

    futex_lock(&thread_list_lock);
    list_add(tcb);
    running++;
    futex_unlock(&thread_list_lock);
    /* As after a call: rsp is 8 below a multiple of 16, with no return address that leads anywhere. */
    uintptr_t top = ((uintptr_t)tcb->stack_low + tcb->stack_size) & -(uintptr_t)16;
    ((uint64_t *)top)[-1] = 0;
    int error = kernel_thread_start(thread_main, (void *)(top - 8), tcb, tcb);
    if (error) {
        futex_lock(&thread_list_lock);
        list_remove(tcb);
        running--;
        futex_unlock(&thread_list_lock);
        thread_free(tcb);
        return EAGAIN;
    }
    return 0;
}

/* Nobody will join it: its memory is freed when it is gone. Holds thread_list_lock. */
static void bury(struct tcb *tcb)
{
    list_remove(tcb);
    tcb->next = dead;
    dead = tcb;
}

void pthread_exit(void *result)
{
    struct tcb *self = tcb_self();
    while (self->cleanup) {
        struct _pthread_cleanup_context *context = self->cleanup;
        self->cleanup = context->_previous;
        context->_routine(context->_arg);
    }
    thread_keys_finish(self);
    self->result = result;
    reap();

    futex_lock(&thread_list_lock);
    bool last = running == 1;
    if (!last)
        running--;
    futex_unlock(&thread_list_lock);
    if (last)
        exit(0);

    if (self->reent == &self->own_reent)
        _reclaim_reent(self->reent);
    futex_lock(&thread_list_lock);
    self->leaving = true;
    if (self->join == JOIN_DETACHED)
        bury(self);
    futex_unlock(&thread_list_lock);
    kernel_thread_exit(&self->alive);
}

static bool join_claim(struct tcb *tcb, unsigned int how)
{
    unsigned int expected = JOIN_POSSIBLE;
    return __atomic_compare_exchange_n(&tcb->join, &expected, how, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int pthread_join(pthread_t thread, void **result)
{
    struct tcb *tcb = (struct tcb *)thread;
    if (tcb == tcb_self())
        return EDEADLK;
    if (!join_claim(tcb, JOIN_TAKEN))
        return EINVAL;
    while (__atomic_load_n(&tcb->alive, __ATOMIC_ACQUIRE))
        kernel_futex_wait(&tcb->alive, 1, false, DEADLINE_NEVER);
    if (result)
        *result = tcb->result;
    futex_lock(&thread_list_lock);
    list_remove(tcb);
    futex_unlock(&thread_list_lock);
    thread_free(tcb);
    return 0;
}

int pthread_detach(pthread_t thread)
{
    struct tcb *tcb = (struct tcb *)thread;
    futex_lock(&thread_list_lock);
    bool claimed = join_claim(tcb, JOIN_DETACHED);
    if (claimed && tcb->leaving)
        bury(tcb);
    futex_unlock(&thread_list_lock);
    return claimed ? 0 : EINVAL;
}

pthread_t pthread_self(void)
{
    return (pthread_t)tcb_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
    return a == b;
}

void thread_key_clear(pthread_key_t key)
{
    futex_lock(&thread_list_lock);
    for (struct tcb *tcb = threads; tcb; tcb = tcb->next)
        tcb->specific[key] = NULL;
    futex_unlock(&thread_list_lock);
}

void thread_fork_lock(void)
{
    futex_lock(&thread_list_lock);
}

void thread_fork_parent(void)
{
    futex_unlock(&thread_list_lock);
}

/* Only the forking thread lives on in the child; the others' stacks stay mapped there, unused. */
void thread_fork_child(void)
{
    struct tcb *self = tcb_self();
    threads = NULL;
    dead = NULL;
    running = 1;
    list_add(self);
    futex_unlock(&thread_list_lock);
}
