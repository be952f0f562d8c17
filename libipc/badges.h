/* Something remembered of each session: an open-addressed table from badge to a word that is not zero. Badges
 * are never used twice, and the low 24 bits are a tag that many share. */
#ifndef IPC_BADGES_H
#define IPC_BADGES_H

#include <ipc/lock.h>
#include <stddef.h>

struct badge_entry {
    uint64_t badge, value; /* value 0: free */
};

struct badges { /* all zeros: empty */
    struct ipc_lock lock;
    struct badge_entry *table;
    size_t size, count; /* size: 0 or a power of two, more than 4/3 of count */
};

uint64_t badges_get(struct badges *b, uint64_t badge);            /* 0: none */
int badges_set(struct badges *b, uint64_t badge, uint64_t value); /* E_NOMEM; 0 forgets */

/* One more, unless there are `most`: E_QUOTA. E_NOMEM. */
int badges_add(struct badges *b, uint64_t badge, uint64_t most);
void badges_take(struct badges *b, uint64_t badge); /* one less */

size_t badges_bytes(struct badges *b); /* of the heap */

#endif
