#include "block.h"
#include "move.h"
#include "object.h"

#define SEARCH_STEP 256u /* frames looked at in one step */

/* What it costs to have a frame: nothing where the rest of its block is in use already. */
enum { COST_WHOLE = 1, COST_MOVE = 3, COST_HUGE = 4, COST_NEVER = 255 };

static uint16_t serial = 1;

void run_avoid(frame_t frame)
{
    frame_table[frame].avoid = serial;
}

void run_avoid_nothing(void)
{
    if (++serial == 0) /* that of 65,535 searches ago is long forgotten */
        serial = 1;
}

bool run_movable(frame_t frame)
{
    const struct frame *f = &frame_table[frame];
    if (f->kind == FRAME_OBJECT)
        return !(f->flags & (FRAME_LENT | FRAME_WRITEBACK)) && f->avoid != serial &&
               object_by_index(f->object)->type != OBJECT_BUNDLE;
    return f->kind == FRAME_ANON && f->avoid != serial;
}

static uint32_t frame_cost(const struct run_search *s, frame_t frame)
{
    const struct frame *f = &frame_table[frame];
    const struct block *b = &block_table[frame / BLOCK_FRAMES];
    bool spare = s->all || frame_counts.whole > block_reserve + (s->wish.count - 1) / BLOCK_FRAMES;
    if (f->kind == FRAME_FREE)
        return b->free < BLOCK_FRAMES ? 0 : spare ? COST_WHOLE : COST_NEVER;
    return !run_movable(frame) ? COST_NEVER : b->links ? COST_HUGE : COST_MOVE;
}

void run_search_begin(struct run_search *s, const struct run_wish *wish, bool all)
{
    *s = (struct run_search){.wish = *wish, .all = all, .best_cost = UINT64_MAX};
    s->at = wish->end < frame_limit ? wish->end : frame_limit;
}

/* One frame more at the low end. False: a run that costs no move ends the search. */
static bool search_one(struct run_search *s)
{
    uint32_t cost = frame_cost(s, --s->at);
    if (cost == COST_NEVER) {
        s->length = s->used = 0;
        s->cost = 0;
        return true;
    }
    if (s->length == s->wish.count) { /* the highest one leaves */
        uint32_t last = frame_cost(s, s->at + s->wish.count);
        s->cost -= last < s->cost ? last : s->cost;
        s->used -= last >= COST_MOVE && s->used > 0;
        s->length--;
    }
    s->cost += cost;
    s->used += cost >= COST_MOVE;
    if (++s->length < s->wish.count || s->at % s->wish.align || s->cost >= s->best_cost)
        return true;
    s->best = s->at;
    s->best_cost = s->cost;
    return s->used > 0;
}

bool run_search(struct run_search *s)
{
    for (uint32_t i = 0; i < SEARCH_STEP; i++)
        if (s->at <= 1 || !search_one(s))
            return false;
    return true;
}
