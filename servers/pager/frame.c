#include "block.h"

#include <ouros/boot.h>

#include "stock.h"
#include "writeback.h"

#define SPARE_FRAMES 64u /* kept for the pager's records */
#define ROW_BLOCKS   4u

struct frame_counts frame_counts;
struct frame *frame_table;
uint32_t frame_limit;
bool frame_refused;

/* ---- taking and giving back ---- */

void frame_take(frame_t frame, enum frame_kind kind)
{
    uint32_t n = frame / BLOCK_FRAMES;
    struct block *b = &block_table[n];
    struct frame *f = &frame_table[frame];
    bool relist = b->free == BLOCK_FRAMES || b->free == 1;
    if (relist)
        block_unlist(n);
    if (f->prev)
        frame_table[f->prev].next = f->next;
    else
        b->free_head = f->next;
    if (f->next)
        frame_table[f->next].prev = f->prev;
    else
        b->free_tail = f->prev;
    b->free--;
    if (relist)
        block_enlist(n);
    frame_set_kind(frame, kind);
    f->flags = 0;
    f->count = 1;
    f->object = f->page = f->hash_next = f->next = f->prev = 0;
}

static void frame_release(frame_t frame)
{
    uint32_t n = frame / BLOCK_FRAMES;
    struct block *b = &block_table[n];
    struct frame *f = &frame_table[frame];
    bool relist = b->free == 0 || b->free == BLOCK_FRAMES - 1;
    if (relist)
        block_unlist(n);
    f->flags = 0;
    f->count = 0;
    f->next = 0;
    f->prev = b->free_tail;
    if (f->prev)
        frame_table[f->prev].next = frame;
    else
        b->free_head = frame;
    b->free_tail = frame;
    b->free++;
    if (relist)
        block_enlist(n);
    frame_set_kind(frame, FRAME_FREE);
}

/* ---- allocation ---- */

/* Free frames in blocks that are broken already. */
static uint64_t frame_loose(void)
{
    return frame_counts.kind[FRAME_FREE] - frame_counts.whole * BLOCK_FRAMES;
}

static uint32_t frame_pick_block(uint32_t wish)
{
    bool spare = frame_counts.whole > block_reserve;
    if (block_partial != NO_BLOCK && (spare || (wish & FRAME_CRITICAL) || frame_loose() > SPARE_FRAMES))
        return block_partial;
    return spare ? block_whole : NO_BLOCK;
}

bool frame_squeeze(void)
{
    return stock_sell() || block_reap() || object_reclaim();
}

int frame_alloc(enum frame_kind kind, uint32_t wish, frame_t *out)
{
    uint32_t n;
    frame_t frame = wish & FRAME_ZERO ? stock_take() : FRAME_NONE;
    if (frame) {
        frame_set_kind(frame, kind);
        *out = frame;
        return 0;
    }
    while ((n = frame_pick_block(wish)) == NO_BLOCK)
        if (!frame_squeeze()) {
            frame_refused = true;
            return E_NOMEM;
        }
    frame = block_table[n].free_head;
    frame_take(frame, kind);
    if (wish & FRAME_ZERO)
        machine_zero(frame_memory(frame));
    *out = frame;
    return 0;
}

bool frame_at_hand(uint32_t count)
{
    return frame_counts.whole > block_reserve || frame_loose() >= SPARE_FRAMES + count;
}

uint32_t frame_alloc_many(enum frame_kind kind, uint32_t wish, uint32_t most, frame_t *out)
{
    uint32_t n = frame_counts.whole > block_reserve ? frame_pick_block(0) : NO_BLOCK, got = 0;
    if (n == NO_BLOCK)
        return 0;
    struct block *b = &block_table[n];
    block_unlist(n);
    frame_t f = b->free_head;
    while (f && got < most) {
        struct frame *r = &frame_table[f];
        frame_t next = r->next;
        *r = (struct frame){.count = 1, .kind = (uint8_t)kind};
        if (wish & FRAME_ZERO)
            machine_zero(frame_memory(f));
        out[got++] = f;
        f = next;
    }
    b->free_head = f;
    *(f ? &frame_table[f].prev : &b->free_tail) = FRAME_NONE;
    b->free -= (uint16_t)got;
    frame_counts.kind[FRAME_FREE] -= got;
    frame_counts.kind[kind] += got;
    block_enlist(n);
    return got;
}

frame_t frame_find_row(uint32_t count)
{
    uint32_t blocks = 0;
    for (uint32_t n = block_partial; n != NO_BLOCK && blocks < ROW_BLOCKS;
         n = block_table[n].next, blocks++) {
        uint32_t have = 0;
        for (frame_t f = n * BLOCK_FRAMES; f < (n + 1) * BLOCK_FRAMES && block_table[n].free >= count; f++) {
            have = frame_table[f].kind == FRAME_FREE ? have + 1 : 0;
            if (have == count)
                return f - count + 1;
        }
    }
    return FRAME_NONE;
}

void frame_put_last(frame_t frame)
{
    struct frame *f = &frame_table[frame];
    PAGER_ASSERT(frame > 0 && frame < frame_limit && f->count > 0);
    if (--f->count == 0)
        frame_release(frame);
}

uint64_t frame_usable(void)
{
    const uint64_t *kind = frame_counts.kind;
    uint64_t fixed = kind[FRAME_PAGER] + kind[FRAME_POOL] + kind[FRAME_DMA] + frame_counts.bundle +
                     SPARE_FRAMES + block_reserve * BLOCK_FRAMES;
    return frame_counts.owned > fixed ? frame_counts.owned - fixed : 0;
}

/* ---- the beginning ---- */

static bool range_meets(const struct boot_range *r, paddr_t start, paddr_t end)
{
    return r->start < end && start < r->end;
}

/* If [start, end) is not all free RAM: where to look next. Else 0. */
static paddr_t boot_obstacle(const struct boot_info *info, paddr_t start, paddr_t end)
{
    if (range_meets(&info->bundle, start, end))
        return info->bundle.end;
    for (uint32_t i = 0; i < info->pager_ranges; i++)
        if (range_meets(&info->pager[i], start, end))
            return info->pager[i].end;
    for (uint64_t n = start / HUGE_SIZE; n * HUGE_SIZE < end; n++)
        if (info->block_kind[n] != BLOCK_RAM)
            return (n + 1) * HUGE_SIZE;
    return 0;
}

/* `size` bytes of free RAM, or 0. */
static paddr_t boot_take(const struct boot_info *info, uint64_t size)
{
    paddr_t start = PAGE_SIZE, limit = (paddr_t)block_count * HUGE_SIZE, next;
    while (size <= limit && start <= limit - size) {
        if ((next = boot_obstacle(info, start, start + size)) == 0)
            return start;
        start = (next + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    }
    return 0;
}

static void boot_hold(paddr_t start, paddr_t end)
{
    for (paddr_t at = start & ~(PAGE_SIZE - 1); at < end; at += PAGE_SIZE) {
        frame_t f = (frame_t)(at >> PAGE_SHIFT);
        if (f < frame_limit && frame_table[f].kind == FRAME_FREE)
            frame_take(f, FRAME_PAGER);
    }
}

bool frame_init(const struct boot_info *info)
{
    frame_counts = (struct frame_counts){0};
    block_count = info->blocks < BOOT_BLOCKS_MAX ? (uint32_t)info->blocks : BOOT_BLOCKS_MAX;
    frame_limit = block_count * BLOCK_FRAMES;
    uint64_t frames_size = (uint64_t)frame_limit * sizeof(struct frame);
    uint64_t blocks_size = (uint64_t)block_count * sizeof(struct block);
    uint32_t buckets = 1024;
    while (buckets < frame_limit / 4)
        buckets *= 2;
    uint64_t size = frames_size + blocks_size + buckets * sizeof(frame_t);
    paddr_t at = boot_take(info, size);
    if (!at)
        return false;
    frame_table = (struct frame *)(MACHINE_RAM + at);
    __builtin_memset(frame_table, 0, size);
    object_index_init((frame_t *)(MACHINE_RAM + at + frames_size + blocks_size), buckets);

    frame_counts.kind[FRAME_RESERVED] = frame_limit;
    block_init((struct block *)(MACHINE_RAM + at + frames_size), info);
    boot_hold(0, 1);
    boot_hold(at, at + size);
    boot_hold(info->bundle.start, info->bundle.end);
    for (uint32_t i = 0; i < info->pager_ranges; i++)
        boot_hold(info->pager[i].start, info->pager[i].end);
    block_keep_reserve();
    stock_init(frame_counts.owned);
    writeback_init(frame_counts.owned);
    return true;
}

/* ---- checks ---- */

uint64_t frame_check(void)
{
    uint64_t errors = 0;
    for (uint32_t n = 0; n < block_count; n++)
        errors += block_check(n);
    for (frame_t f = 0; f < frame_limit; f++) {
        struct frame *r = &frame_table[f];
        if (r->kind == FRAME_PAGER)
            continue;
        if ((r->kind == FRAME_RESERVED || r->kind == FRAME_GIVEN) && r->seen > 0)
            r->seen--; /* a leaf table: its first link is not counted */
        uint32_t held = r->kind == FRAME_OBJECT || r->kind == FRAME_POOL || r->kind == FRAME_DMA ||
                        r->kind == FRAME_BLANK || r->kind == FRAME_STOCK;
        if (r->count == r->seen + held)
            continue;
        machine_log("check: frame %x of kind %u has count %u, seen %u", f, r->kind, r->count, r->seen);
        errors++;
    }
    return errors;
}
