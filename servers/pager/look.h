/* What people and tests see of memory: operations that change nothing. Their answers are a moment's. */
#ifndef PAGER_LOOK_H
#define PAGER_LOOK_H

#include <proto/pager.h>

#include "space.h"

/* The regions of a space, from its first one on, as many as the caller's buffer takes; *count: how many there
 * are. */
int look_regions(struct space *space, uint64_t room, uint64_t *count);
/* The entries of an address, from the top table down to where a table is missing or a huge page lies. */
int look_entries(struct space *space, vaddr_t va, struct pager_entries_reply *out);
/* Who has the frames of the blocks from `first` on, at most `room` of them; *count: how many were written. */
int look_blocks(uint64_t first, uint64_t room, uint64_t *count);

#endif
