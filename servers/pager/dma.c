/* Memory for devices: frames in a row, zeroed, pinned, whose physical address the driver is told.
 *
 * A few pages are given at once if they lie somewhere in a row. Everything else is a chore, one call after the other:
 *
 *   SEARCH ─▶ CLAIM ─▶ MOVE ⇄ SCAN ─▶ ZERO ─▶ MAP ─▶ the answer
 *     ▲                 │ a page cannot be moved       │ the driver is gone, no memory
 *     └──── RELEASE ◀───┴──────────────────────────────┘ */
#include "chore.h"
#include "move.h"
#include "object.h"
#include "space.h"
#include "stock.h"

#define AT_ONCE   16u  /* pages given in the call itself */
#define FRAMES    256u /* that are claimed, released or mapped in one step */
#define SCANNED   512u /* about which it is found out together who shows them */
#define ZEROED    512u /* in one order */
#define MOVES     4u   /* pages moved in one step */
#define RESCANS   8u   /* for one frame */
#define TRIES_MAX 256u /* runs that are tried */

enum phase { SEARCH, CLAIM, MOVE, SCAN, ZERO, MAP, RELEASE };

static struct {
    struct chore chore;
    bool active;                /* the chore is under way */
    struct waiter_list served;  /* the one call that it is for; empty: nobody waits any more */
    struct waiter_list waiting; /* further ones */
    uint64_t space;             /* id: of the one that is served */
    enum phase phase;
    struct run_search search;
    frame_t first;    /* the run */
    uint32_t done;    /* frames of it that this phase is through with */
    uint32_t scanned; /* up to here it is known who shows them */
    uint32_t rescans, tries;
    vaddr_t va; /* where it is mapped; 0: not yet */
    int error;  /* RELEASE: the answer; 0: another run is sought */
} job;
uint64_t dma_promised;

/* ---- what is asked for ---- */

static int dma_check(const struct pager_dma *ask, struct run_wish *wish)
{
    uint64_t pages = object_size_pages(ask->length);
    uint64_t align = ask->align > PAGE_SIZE ? ask->align >> PAGE_SHIFT : 1, end = ask->limit >> PAGE_SHIFT;
    if (pages == 0 || ask->align & (ask->align - 1))
        return E_INVAL;
    if (pages > frame_limit || align > frame_limit || (ask->limit && pages > end))
        return E_NOMEM;
    *wish = (struct run_wish){(uint32_t)pages, (uint32_t)align,
                              !ask->limit || end > frame_limit ? frame_limit : (frame_t)end};
    return 0;
}

static struct mapping dma_mapping(uint64_t pages)
{
    return (struct mapping){.length = pages << PAGE_SHIFT,
                            .prot = VMS_READ | VMS_WRITE,
                            .limit = VMS_READ | VMS_WRITE,
                            .flags = REGION_DMA | PAGER_NO_INHERIT};
}

/* Frames [done, done + count) of a run get entries in the region at va. Those for which there are none are given
 * back. */
static int dma_enter(struct space *space, vaddr_t va, frame_t first, uint32_t done, uint32_t count)
{
    struct batch b;
    int error = 0;
    batch_begin(&b, space);
    for (uint32_t i = done; i < done + count; i++) {
        vaddr_t at = va + i * PAGE_SIZE;
        if (!error && (i == done || at % HUGE_SIZE == 0))
            error = tables_link(space, at);
        frame_table[first + i].flags = 0;
        if (error)
            frame_put(first + i);
        else
            batch_set(&b, at, first + i, VMS_READ | VMS_WRITE, 0);
    }
    int flushed = batch_flush(&b);
    return error ? error : flushed;
}

/* A few pages that lie in a row already. */
static int dma_at_once(struct space *space, uint32_t pages, frame_t first, struct pager_dma_reply *out)
{
    struct mapping m = dma_mapping(pages);
    vaddr_t va;
    for (uint32_t i = 0; i < pages; i++) { /* before a record of the region takes one of them */
        frame_take(first + i, FRAME_DMA);
        machine_zero(frame_memory(first + i));
    }
    int error = space_map(space, &m, &va);
    for (uint32_t i = 0; error && i < pages; i++)
        frame_put(first + i);
    if (error)
        return error;
    error = dma_enter(space, va, first, 0, pages);
    if (error)
        space_unmap(space, va, m.length);
    *out = (struct pager_dma_reply){va, (paddr_t)first << PAGE_SHIFT};
    return error;
}

/* ---- the chore ---- */

static bool dma_search(bool all)
{
    struct run_wish wish = job.search.wish;
    run_search_begin(&job.search, &wish, all);
    job.phase = SEARCH;
    return true;
}

/* Every frame that was claimed goes back; then the call is answered with an error, or, if that is 0, another run is
 * sought. */
static bool dma_release(int error)
{
    job.error = error;
    job.done = 0;
    job.va = 0;
    job.phase = RELEASE;
    return true;
}

/* The first one that waits is served. False: nobody does. */
static bool dma_next(void)
{
    struct waiter *w;
    while ((w = job.waiting.first)) {
        struct pager_dma ask = {w->dma.length, w->dma.limit, w->dma.align};
        int error = dma_check(&ask, &job.search.wish);
        if (!error)
            error = space_commit(space_by_id(w->dma.space), job.search.wish.count);
        if (error) {
            waiter_answer(w, (uint32_t)error, NULL, 0);
            continue;
        }
        waiter_enlist(&job.served, w);
        job.space = w->dma.space;
        dma_promised = job.search.wish.count;
        space_committed += dma_promised;
        job.tries = 0;
        job.va = 0;
        run_avoid_nothing();
        stock_sell(); /* nothing of it is to be in the way */
        return dma_search(false);
    }
    return false;
}

static bool dma_end(int error, const struct pager_dma_reply *reply)
{
    struct waiter *w = job.served.first;
    space_committed -= dma_promised;
    dma_promised = 0;
    if (w)
        waiter_answer(w, (uint32_t)error, (const uint64_t *)reply,
                      reply ? sizeof *reply / sizeof(uint64_t) : 0);
    return job.active = dma_next();
}

static bool step_search(void)
{
    bool limited = job.search.wish.end < frame_limit;
    if (run_search(&job.search))
        return true;
    if (job.search.best) {
        job.first = job.search.best;
        job.done = job.scanned = job.rescans = 0;
        job.phase = CLAIM;
        return true;
    }
    if (limited && !job.search.all)
        return dma_search(true); /* there is no other place for it */
    return stock_sell() || block_reap() ? dma_search(false) : dma_end(E_NOMEM, NULL);
}

static bool step_claim(void)
{
    uint32_t end = job.done + FRAMES < job.search.wish.count ? job.done + FRAMES : job.search.wish.count;
    for (; job.done < end; job.done++)
        if (frame_table[job.first + job.done].kind == FRAME_FREE)
            frame_claim(job.first + job.done);
    if (job.done == job.search.wish.count) {
        job.phase = MOVE;
        job.done = 0;
    }
    return true;
}

/* This frame is in the way: another run is tried. */
static bool dma_avoid(frame_t frame)
{
    run_avoid(frame);
    return dma_release(++job.tries < TRIES_MAX ? 0 : E_NOMEM);
}

static bool dma_scan(void)
{
    uint32_t left = job.search.wish.count - job.done, count = left < SCANNED ? left : SCANNED;
    move_scan_begin(job.first + job.done, count);
    job.scanned = job.done + count;
    job.phase = SCAN;
    return true;
}

/* One frame. 0: it is claimed; E_AGAIN: a scan has to tell more; E_BUSY: it stays; else an error. */
static int dma_take(frame_t frame)
{
    const struct frame *f = &frame_table[frame];
    if (f->kind == FRAME_STOCK)
        stock_sell();
    if (f->kind == FRAME_FREE)
        frame_claim(frame);
    if (f->kind == FRAME_DMA && f->flags & FRAME_CLAIMED)
        return 0;
    if (!run_movable(frame))
        return E_BUSY;
    return job.done < job.scanned ? move_frame(frame) : E_AGAIN;
}

static bool step_move(void)
{
    int error = 0;
    uint32_t moves = 0, looked = 0;
    while (job.done < job.search.wish.count && moves < MOVES && looked++ < FRAMES && !error) {
        frame_t frame = job.first + job.done;
        bool moves_one = run_movable(frame);
        error = dma_take(frame);
        if (error)
            break;
        job.done++;
        job.rescans = 0;
        if (moves_one) /* to look for who waits there takes as long as some moves */
            moves += machine_moved(frame) ? MOVES : 1;
    }
    if (error == E_AGAIN && job.rescans++ < RESCANS)
        return dma_scan();
    if (error == E_NOMEM)
        return dma_release(error);
    if (error)
        return dma_avoid(job.first + job.done);
    if (job.done == job.search.wish.count) {
        job.phase = ZERO;
        job.done = 0;
    }
    return true;
}

static bool step_zero(void)
{
    uint32_t left = job.search.wish.count - job.done;
    if (left == 0) {
        job.phase = MAP;
        return true;
    }
    job.chore.first = job.first + job.done;
    job.chore.count = left < ZEROED ? left : ZEROED;
    job.done += job.chore.count;
    if (job.done == job.search.wish.count) {
        job.phase = MAP;
        job.done = 0;
    }
    return true;
}

static bool step_map(void)
{
    struct space *space = space_by_id(job.space); /* it waits, so its space is there */
    struct mapping m = dma_mapping(job.search.wish.count);
    int error = job.va ? 0 : space_map(space, &m, &job.va);
    if (error) {
        job.va = 0;
        return dma_release(error);
    }
    const struct region *r = region_find(space, job.va);
    if (!r || !(r->flags & REGION_DMA) || r->start != job.va || r->end - r->start != m.length)
        return dma_release(E_AGAIN); /* the driver has unmapped what it does not know yet */
    uint32_t left = job.search.wish.count - job.done, count = left < FRAMES ? left : FRAMES;
    error = dma_enter(space, job.va, job.first, job.done, count);
    job.done += count;
    if (error) {
        space_unmap(space, job.va, m.length);
        return dma_release(error);
    }
    struct pager_dma_reply reply = {job.va, (paddr_t)job.first << PAGE_SHIFT};
    return job.done < job.search.wish.count ? true : dma_end(0, &reply);
}

static bool step_release(void)
{
    uint32_t end = job.done + FRAMES < job.search.wish.count ? job.done + FRAMES : job.search.wish.count;
    for (; job.done < end; job.done++)
        frame_disclaim(job.first + job.done);
    if (job.done < job.search.wish.count)
        return true;
    return job.error ? dma_end(job.error, NULL) : dma_search(false);
}

/* Nobody waits for it any more. */
static bool dma_cancel(void)
{
    struct space *space = space_by_id(job.space);
    if (job.phase == SEARCH)
        return dma_end(E_CANCELLED, NULL); /* nothing is claimed yet */
    if (space && job.va)                   /* its thread was cancelled */
        space_unmap(space, job.va, (uint64_t)job.search.wish.count << PAGE_SHIFT);
    return dma_release(E_CANCELLED);
}

static bool dma_step(struct chore *chore)
{
    chore->first = chore->count = 0;
    if (!job.served.first && job.phase != RELEASE)
        return dma_cancel();
    switch (job.phase) {
    case SEARCH: return step_search();
    case CLAIM: return step_claim();
    case MOVE: return step_move();
    case SCAN: job.phase = move_scan() ? SCAN : MOVE; return true;
    case ZERO: return step_zero();
    case MAP: return step_map();
    default: return step_release();
    }
}

int space_map_dma(struct space *space, uint32_t thread, const struct pager_dma *ask,
                  struct pager_dma_reply *out)
{
    struct run_wish wish;
    struct waiter *w;
    int error = dma_check(ask, &wish);
    if (!error)
        error = space_commit(space, wish.count);
    if (error)
        return error;
    bool anywhere = wish.end == frame_limit && wish.align == 1;
    frame_t first = anywhere && wish.count <= AT_ONCE ? frame_find_row(wish.count) : FRAME_NONE;
    if (first)
        return dma_at_once(space, wish.count, first, out);
    error = waiter_new(WAIT_DMA, thread, &w);
    if (error)
        return error;
    w->dma.space = space->id;
    w->dma.length = ask->length;
    w->dma.limit = ask->limit;
    w->dma.align = ask->align;
    waiter_enlist(&job.waiting, w);
    if (!job.active && (job.active = dma_next())) {
        job.chore = (struct chore){.step = dma_step};
        chore_begin(&job.chore);
    }
    return PAGER_PARKED;
}
