/* Who waits for something to change: told by a callback, under the core lock, and then tries again. */
#ifndef VFS_WAIT_H
#define VFS_WAIT_H

#include "list.h"

struct waiter {
    struct list link;
    /// Called once, after the waiter has left the queue. Must not call back into what woke it.
    void (*wake)(struct waiter *w);
};

static inline void wait_wake_all(struct list *queue)
{
    while (!list_empty(queue)) {
        struct waiter *w = list_entry(queue->next, struct waiter, link);
        list_remove(&w->link);
        w->wake(w);
    }
}

#endif
