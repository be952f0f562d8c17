#include "fill.h"

#include "chore.h"
#include "fault.h"
#include "pool.h"

#define FILLS_MAX 16u /* at once; who comes then gets small pages */

struct fill {
    struct chore chore; /* its order: the block */
    struct fill *next, *prev;
    uint64_t space; /* id: it may be gone when the block is ready */
    vaddr_t va;
    struct waiter_list waiters;
};
static struct pool fill_pool = {.size = sizeof(struct fill)};
static struct fill *fills;
uint32_t fill_count;

struct waiter_list *fill_under_way(const struct space *space, vaddr_t va)
{
    for (struct fill *f = fills; f; f = f->next)
        if (f->space == space->id && va - f->va < HUGE_SIZE)
            return &f->waiters;
    return NULL;
}

static void fill_free(struct fill *f)
{
    *(f->prev ? &f->prev->next : &fills) = f->next;
    if (f->next)
        f->next->prev = f->prev;
    pool_free(&fill_pool, f);
    fill_count--;
}

/* The block is zeroed. It is shown, if it still may be; who has waited goes on in either case. */
static bool fill_ready(struct chore *chore)
{
    struct fill *f = (struct fill *)chore;
    struct space *space = space_by_id(f->space);
    struct region *r = space ? region_find(space, f->va) : NULL;
    struct waiter_list woken = {0};
    block_ready(chore->first);
    if (!r || !huge_may(space, r, f->va))
        huge_forget(chore->first);
    else if (!huge_set(space, r, f->va, chore->first))
        r->around = 1; /* small pages for now, else this would begin anew */
    while (f->waiters.first)
        waiter_enlist(&woken, f->waiters.first);
    fill_free(f);
    while (woken.first)
        fault_retry(woken.first);
    return false;
}

bool fill_begin(struct space *space, const struct region *r, vaddr_t va, struct waiter_list **out)
{
    frame_t block;
    struct fill *f = fill_count < FILLS_MAX && huge_may(space, r, va) ? pool_alloc(&fill_pool) : NULL;
    if (!f)
        return false;
    if (block_claim(&block)) {
        pool_free(&fill_pool, f);
        return false;
    }
    f->chore = (struct chore){.first = block, .count = BLOCK_FRAMES, .step = fill_ready};
    f->space = space->id;
    f->va = va;
    f->next = fills;
    if (fills)
        fills->prev = f;
    fills = f;
    fill_count++;
    *out = &f->waiters;
    chore_begin(&f->chore);
    return true;
}
