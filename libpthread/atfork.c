/* fork with threads: handlers of the program, then the library's own locks, so that the child finds malloc,
 * stdio and the thread list whole although the other threads are not there. */
#include "futex_lock.h"
#include "atfork.h"
#include "libc.h"
#include "tcb.h"

#include <malloc.h>
#include <stdlib.h>

struct handler {
    struct handler *next, *previous;
    void (*prepare)(void), (*parent)(void), (*child)(void);
};

static struct handler *first, *last;
static unsigned int handlers_lock;

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    struct handler *handler = malloc(sizeof *handler);
    if (!handler)
        return ENOMEM;
    futex_lock(&handlers_lock);
    *handler = (struct handler){NULL, last, prepare, parent, child};
    *(last ? &last->next : &first) = handler;
    last = handler;
    futex_unlock(&handlers_lock);
    return 0;
}

/* newlib's, without public prototypes. */
extern void __malloc_lock(struct _reent *);
extern void __malloc_unlock(struct _reent *);
extern void __env_lock(struct _reent *);
extern void __env_unlock(struct _reent *);
extern void __sfp_lock_acquire(void);
extern void __sfp_lock_release(void);

void fork_prepare(void)
{
    futex_lock(&handlers_lock);
    for (struct handler *handler = last; handler; handler = handler->previous) {
        if (handler->prepare)
            handler->prepare();
    }
    __sfp_lock_acquire();
    __env_lock(_REENT);
    __malloc_lock(_REENT);
    fd_fork_lock();
    memory_fork_lock();
    thread_fork_lock();
}

static void fork_release(void)
{
    memory_fork_unlock();
    fd_fork_unlock();
    __malloc_unlock(_REENT);
    __env_unlock(_REENT);
    __sfp_lock_release();
}

void fork_parent(void)
{
    thread_fork_parent();
    fork_release();
    for (struct handler *handler = first; handler; handler = handler->next) {
        if (handler->parent)
            handler->parent();
    }
    futex_unlock(&handlers_lock);
}

/* A stream that another thread held belongs to nobody in the child. */
static void streams_unlock(bool single)
{
    if (single)
        return;
    for (struct _glue *glue = &_GLOBAL_REENT->__sglue; glue; glue = glue->_next) {
        for (int i = 0; i < glue->_niobs; i++) {
            if (glue->_iobs[i]._lock.owner != (unsigned long)tcb_self())
                __lock_init_recursive(glue->_iobs[i]._lock);
        }
    }
}

void fork_child(bool single)
{
    streams_unlock(single);
    thread_fork_child();
    fork_release();
    for (struct handler *handler = first; handler; handler = handler->next) {
        if (handler->child)
            handler->child();
    }
    futex_unlock(&handlers_lock);
}
