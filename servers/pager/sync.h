/* Between writeback.c, which moves pages from state to state, and sync.c, which knows who waits for that. */
#ifndef PAGER_SYNC_H
#define PAGER_SYNC_H

#include "writeback.h"

/* Pages that became clean since sync.c last looked. */
extern uint64_t writeback_cleaned;
static inline bool writeback_has_room(const struct channel *m)
{
    return m->dirty < writeback_most && writeback_counts.dirty < writeback_most_all;
}
static inline uint64_t writeback_under_way(const struct object *object)
{
    return object->round[0].pages + object->round[1].pages;
}
/* Ask for the dirty pages from `first` on, below `end`; those that were stored to while they are being
 * written, too. */
void writeback_ask_range(struct object *object, uint64_t first, uint64_t end);
/* Ask for up to `most` pages of a manager's, those first that have been dirty longest in their object. Gives
 * how many. */
uint64_t writeback_ask(struct channel *manager, uint64_t most);

/* A round has no pages any more, or somebody waits for one. */
void sync_turn(struct object *object);

#endif
