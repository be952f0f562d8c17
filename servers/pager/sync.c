/* Who waits for dirty pages to be written: faults that want to make one more, faults and calls that found no
 * frame, and syncs. */
#include "sync.h"

#include "fault.h"

#define PRESS_PAGES  128u /* asked for when memory is short */
#define ENOUGH       32u  /* frames that are free again for whatever reason: who waits for one is told */
#define MEMORY_TRIES 64u  /* waits of one fault for a frame, before it is told that there is none */

static struct waiter_list memory; /* who found no frame */
static struct waiter_list synced; /* whose round is over */
static bool pressed;

/* ---- syncs ---- */

static void round_over(struct object *object, struct write_round *round)
{
    if (!round->syncs.first)
        return;
    int error = object->write_error;
    object->write_error = 0;
    while (round->syncs.first) {
        struct waiter *w = round->syncs.first;
        w->sync.error = w->sync.error ? w->sync.error : error;
        waiter_enlist(&synced, w);
    }
    writeback_soon();
}

void sync_turn(struct object *object)
{
    struct write_round *now = &object->round[object->joins], *before = &object->round[object->joins ^ 1];
    if (before->pages > 0)
        return;
    round_over(object, before);
    if (now->pages == 0)
        round_over(object, now);
    else if (now->syncs.first)
        object->joins ^= 1;
}

/* The next object of the range with pages that are to be written, which are asked for; or NULL. */
static struct object *sync_next(struct space *space, struct sync *s, bool wait)
{
    for (const struct region *r = region_from(space, s->at); r && s->at < s->end; r = r->next) {
        struct object *o = r->object;
        vaddr_t from = r->start > s->at ? r->start : s->at, to = r->end < s->end ? r->end : s->end;
        if (from >= to)
            break;
        s->at = to;
        if (!o || o->type != OBJECT_FILE || !(r->flags & PAGER_SHARED))
            continue;
        if (o->manager && o->dirty > 0)
            writeback_ask_range(o, (r->offset + (from - r->start)) >> PAGE_SHIFT,
                                (r->offset + (to - r->start)) >> PAGE_SHIFT);
        if (o->manager && writeback_under_way(o) > 0)
            return o;
        s->error = s->error ? s->error : o->write_error;
        o->write_error = wait ? 0 : o->write_error; /* said once, to who wants to know */
    }
    return NULL;
}

static void sync_wait(struct object *object, struct waiter *w)
{
    waiter_enlist(&object->round[object->joins].syncs, w);
    sync_turn(object);
}

int writeback_sync(struct space *space, uint32_t thread, vaddr_t start, vaddr_t end, bool wait)
{
    struct sync s = {.space = space->id, .at = start, .end = end};
    struct waiter *w;
    struct object *object;
    while ((object = sync_next(space, &s, wait)) && !wait)
        ;
    if (!object)
        return wait ? s.error : 0;
    int error = waiter_new(WAIT_SYNC, thread, &w);
    if (error)
        return error;
    w->sync = s;
    sync_wait(object, w);
    return PAGER_PARKED;
}

static void sync_continue(struct waiter *w)
{
    struct space *space = space_by_id(w->sync.space);
    struct object *object = space ? sync_next(space, &w->sync, true) : NULL;
    if (object)
        sync_wait(object, w);
    else
        waiter_answer(w, (uint32_t)w->sync.error, &(uint64_t){0}, 1);
}

/* ---- room and memory ---- */

void writeback_wait_room(struct channel *m, struct waiter *w)
{
    waiter_enlist(&m->room, w);
    m->moved = true;
    writeback_soon();
}

void writeback_press(void)
{
    if (writeback_counts.dirty == 0)
        return;
    pressed = true;
    writeback_soon();
}

bool writeback_may_help(void)
{
    bool refused = frame_refused;
    frame_refused = false;
    return refused && writeback_counts.dirty > 0;
}

bool writeback_wait_memory(struct waiter *w)
{
    struct channel *m;
    if (w->tries++ >= MEMORY_TRIES)
        return false;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        m->moved = true;
    waiter_enlist(&memory, w);
    writeback_soon();
    return true;
}

/* Once each: who has to wait again does so behind the others. */
static void wake_all(void)
{
    struct channel *m;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        while (m->room.first && writeback_has_room(m))
            fault_retry(m->room.first);
    uint64_t tries = writeback_cleaned;
    for (writeback_cleaned = 0; memory.first && (tries > 0 || frame_at_hand(ENOUGH)); tries -= tries > 0) {
        struct waiter *last = memory.last;
        fault_retry(memory.first);
        if (tries == 0 && memory.last != last)
            break; /* it waits again, though there are frames */
    }
    while (synced.first) {
        struct waiter *w = synced.first;
        waiter_unlist(w);
        sync_continue(w);
    }
}

/* Who has nothing under way is asked for more, where somebody wants that. */
static void ask_all(void)
{
    struct channel *m;
    bool all = pressed || memory.first;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        all = all || (m->room.first && writeback_counts.dirty >= writeback_most_all);
    for (uint32_t i = 0; (m = channel_manager(&i));) {
        uint64_t keep = writeback_most / 4;
        if (m->under_way > 0 || !m->moved || !(all || m->room.first || m->dirty > writeback_most / 2))
            continue;
        m->moved = false;
        writeback_ask(m, all || m->dirty <= keep ? PRESS_PAGES : m->dirty - keep);
    }
    pressed = false;
}

/* Nothing is under way that could help these. */
static void fail_hopeless(void)
{
    struct channel *m;
    uint64_t under_way = 0;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        under_way += m->under_way;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        while (m->room.first && m->under_way == 0 && (under_way == 0 || m->dirty >= writeback_most))
            fault_fail(m->room.first, PAGER_EXC_IO);
    while (memory.first && under_way == 0)
        fault_fail(memory.first, PAGER_EXC_NOMEM);
}

static void hand_out(void)
{
    struct channel *m;
    union {
        struct pager_request request;
        uint64_t words[sizeof(struct pager_request) / 8];
    } u;
    for (uint32_t i = 0; (m = channel_manager(&i));)
        while (m->parked.first && writeback_next(m, &u.request))
            waiter_answer(m->parked.first, 0, u.words, sizeof u.words / 8);
}

void writeback_settle(void)
{
    while (writeback_work) {
        frame_t reply = writeback_shown(FRAME_NONE);
        wake_all(); /* which shows pages at once */
        writeback_shown(reply);
        ask_all();
        writeback_work = false; /* what was asked for is handed out now; another round may be over then */
        hand_out();
        fail_hopeless();
    }
    writeback_work = memory.first != NULL; /* others give frames back, too */
    settle_due = writeback_work || requests_unsettled.first;
    writeback_shown(FRAME_NONE);
}
