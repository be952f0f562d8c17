/* What a test puts in the way of a server's thread that waits below for news: one call is parked until there
 * is something to tell, and the test goes on once the server has dealt with it and waits again. */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <ipc/lock.h>
#include <ipc/syscall.h>
#include <string.h>

struct mailbox {
    struct ipc_lock lock; /* guards what follows */
    struct ipc_condition changed;
    uint64_t words[IPC_WORDS];
    bool full, parked;
};

/* The server's side: fills the reply. */
static inline void mailbox_park(struct mailbox *box, struct ipc_message *m)
{
    ipc_lock(&box->lock);
    box->parked = true;
    ipc_wake(&box->changed, UINT32_MAX);
    while (!box->full)
        (void)ipc_wait(&box->changed, &box->lock, DEADLINE_NEVER);
    memcpy(m->words, box->words, sizeof m->words);
    box->full = box->parked = false;
    ipc_unlock(&box->lock);
}

/* The test's. */
static inline void mailbox_tell(struct mailbox *box, const void *news, size_t size)
{
    ipc_lock(&box->lock);
    memcpy(box->words, news, size < sizeof box->words ? size : sizeof box->words);
    box->full = true;
    ipc_wake(&box->changed, UINT32_MAX);
    while (box->full || !box->parked)
        (void)ipc_wait(&box->changed, &box->lock, DEADLINE_NEVER);
    ipc_unlock(&box->lock);
}

#endif
