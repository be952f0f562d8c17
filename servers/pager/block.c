#include "block.h"

#include <ouros/boot.h>

#define NEED_LOW      64u /* the kernel is fed below this many slab pages or tables */
#define RESERVE_SHARE 16u /* one block in this many stays whole ... */
#define RESERVE_MIN   2u
#define RESERVE_MAX   8u
#define HUGE_SPARE    2u /* huge pages are made while so many blocks more are whole ... */
#define HUGE_SHARE    8u /* ... and one in so many of all */

struct block *block_table;
uint32_t block_count;
uint32_t block_partial, block_whole;
uint32_t block_reserve;

/* ---- lists ---- */

static uint32_t *block_list(const struct block *b)
{
    return b->free == BLOCK_FRAMES ? &block_whole : &block_partial;
}

void block_unlist(uint32_t n)
{
    struct block *b = &block_table[n];
    if (!b->listed)
        return;
    if (b->prev == NO_BLOCK)
        *block_list(b) = b->next;
    else
        block_table[b->prev].next = b->next;
    if (b->next != NO_BLOCK)
        block_table[b->next].prev = b->prev;
    b->listed = false;
    if (b->free == BLOCK_FRAMES)
        frame_counts.whole--;
}

void block_enlist(uint32_t n)
{
    struct block *b = &block_table[n];
    if (b->kind != BLOCK_RAM || b->free == 0)
        return;
    uint32_t *head = block_list(b);
    b->prev = NO_BLOCK;
    b->next = *head;
    if (b->next != NO_BLOCK)
        block_table[b->next].prev = n;
    *head = n;
    b->listed = true;
    if (b->free == BLOCK_FRAMES)
        frame_counts.whole++;
}

/* Every frame becomes one of a kind: FREE ones are chained. */
static void block_fill(uint32_t n, enum frame_kind kind)
{
    struct block *b = &block_table[n];
    b->free_head = b->free_tail = FRAME_NONE;
    b->free = 0;
    for (frame_t f = (n + 1) * BLOCK_FRAMES; f-- > n * BLOCK_FRAMES;) {
        frame_set_kind(f, kind);
        if (kind != FRAME_FREE)
            continue;
        frame_table[f].count = 0;
        frame_table[f].prev = 0;
        frame_table[f].next = b->free_head;
        if (b->free_head)
            frame_table[b->free_head].prev = f;
        else
            b->free_tail = f;
        b->free_head = f;
        b->free++;
    }
}

void block_init(struct block *records, const struct boot_info *info)
{
    block_table = records;
    block_partial = block_whole = NO_BLOCK;
    for (uint32_t n = 0; n < block_count; n++) {
        block_table[n].kind = info->block_kind[n];
        if (block_table[n].kind != BLOCK_RAM)
            continue;
        block_fill(n, FRAME_FREE);
        block_enlist(n);
        frame_counts.owned += BLOCK_FRAMES;
    }
}

void block_keep_reserve(void)
{
    uint64_t share = frame_counts.whole / RESERVE_SHARE;
    block_reserve = (uint32_t)(share < RESERVE_MIN ? RESERVE_MIN : share > RESERVE_MAX ? RESERVE_MAX : share);
}

/* ---- whole blocks ---- */

int block_claim(frame_t *first)
{
    uint64_t plenty = block_reserve + HUGE_SPARE + frame_counts.owned / BLOCK_FRAMES / HUGE_SHARE;
    if (frame_counts.whole <= plenty)
        return E_NOMEM;
    uint32_t n = block_whole;
    struct block *b = &block_table[n];
    block_unlist(n);
    b->free = 0;
    b->free_head = b->free_tail = FRAME_NONE;
    *first = n * BLOCK_FRAMES;
    for (frame_t f = *first; f < *first + BLOCK_FRAMES; f++)
        frame_table[f] = (struct frame){.count = 1, .kind = FRAME_STOCK};
    frame_counts.kind[FRAME_FREE] -= BLOCK_FRAMES;
    frame_counts.kind[FRAME_STOCK] += BLOCK_FRAMES;
    return 0;
}

void block_ready(frame_t first)
{
    struct frame *f = &frame_table[first];
#pragma GCC unroll 16
    for (uint32_t i = 0; i < BLOCK_FRAMES; i++)
        f[i].kind = FRAME_ANON;
    frame_counts.kind[FRAME_STOCK] -= BLOCK_FRAMES;
    frame_counts.kind[FRAME_ANON] += BLOCK_FRAMES;
}

/* Nobody else has any of the block's frames: it is whole again. */
static void block_release(uint32_t n)
{
    struct block *b = &block_table[n];
    frame_t first = n * BLOCK_FRAMES, last = first + BLOCK_FRAMES - 1;
    for (frame_t f = first; f <= last; f++)
        frame_table[f] = (struct frame){.kind = FRAME_FREE,
                                        .next = f < last ? f + 1 : FRAME_NONE,
                                        .prev = f > first ? f - 1 : FRAME_NONE};
    frame_counts.kind[FRAME_ANON] -= BLOCK_FRAMES;
    frame_counts.kind[FRAME_FREE] += BLOCK_FRAMES;
    b->free_head = first;
    b->free_tail = last;
    b->free = BLOCK_FRAMES;
    block_enlist(n);
}

void block_put(frame_t first)
{
    uint32_t others = 0;
    for (frame_t f = first; f < first + BLOCK_FRAMES; f++)
        others |= frame_table[f].count ^ 1;
    if (!others)
        block_release(first / BLOCK_FRAMES);
    for (frame_t f = first; others && f < first + BLOCK_FRAMES; f++)
        frame_put(f);
}

uint32_t *block_links(frame_t first)
{
    return &block_table[first / BLOCK_FRAMES].links;
}

bool block_saw_huge(frame_t first)
{
    return block_table[first / BLOCK_FRAMES].seen++ == 0;
}

/* ---- trade with the kernel ---- */

static int block_give(enum block_kind kind)
{
    for (uint32_t n = block_whole; n != NO_BLOCK; n = block_table[n].next) {
        paddr_t address = (paddr_t)n * HUGE_SIZE;
        if (machine_window(address, false))
            continue;
        if (machine_block(BLOCK_GIVE, address, kind, NULL)) { /* an entry of a dying space, perhaps */
            int error = machine_window(address, true);
            PAGER_ASSERT(!error);
            continue;
        }
        block_unlist(n);
        block_table[n].kind = kind;
        block_fill(n, FRAME_GIVEN);
        frame_counts.owned -= BLOCK_FRAMES;
        frame_counts.given[kind]++;
        return 0;
    }
    return E_NOMEM;
}

int block_feed(void)
{
    uint64_t need = 0;
    int error = E_AGAIN;
    if (machine_block(BLOCK_NEED, 0, 0, &need))
        return E_NOMEM;
    if ((uint32_t)need < NEED_LOW) /* first: records of tables take slab pages */
        error = block_give(BLOCK_KERNEL);
    if (need >> 32 < NEED_LOW && (error == 0 || error == E_AGAIN))
        error = block_give(BLOCK_TABLE);
    return error;
}

bool block_reap(void)
{
    bool any = false;
    uint64_t address;
    while (machine_block(BLOCK_TAKE, 0, 0, &address) == 0) {
        uint32_t n = (uint32_t)(address / HUGE_SIZE);
        PAGER_ASSERT(n < block_count && block_table[n].kind != BLOCK_RAM);
        if (machine_window(address, true))
            machine_panic("block %lx cannot be mapped again", (unsigned long)address);
        if (frame_counts.given[block_table[n].kind]) /* else the kernel's own since boot */
            frame_counts.given[block_table[n].kind]--;
        block_table[n].kind = BLOCK_RAM;
        block_fill(n, FRAME_FREE);
        frame_counts.owned += BLOCK_FRAMES;
        block_enlist(n);
        any = true;
    }
    return any;
}

/* ---- checks ---- */

uint64_t block_check(uint32_t n)
{
    struct block *b = &block_table[n];
    uint64_t errors = 0, free = 0, mappings = 1, info = 0; /* 1: our own window */
    bool countable = b->kind == BLOCK_RAM; /* entries of ours and of DMA memory are not in `seen` */
    for (frame_t f = b->free_head; f && free <= BLOCK_FRAMES; f = frame_table[f].next, free++)
        errors += frame_table[f].kind != FRAME_FREE || frame_table[f].count != 0 || f / BLOCK_FRAMES != n;
    errors += free != b->free || b->listed != (b->kind == BLOCK_RAM && free > 0);
    for (frame_t f = n * BLOCK_FRAMES; f < (n + 1) * BLOCK_FRAMES; f++) {
        mappings += frame_table[f].seen;
        countable = countable && frame_table[f].kind != FRAME_PAGER && frame_table[f].kind != FRAME_DMA;
    }
    if (b->seen) /* together they were seen as one entry of each frame */
        mappings += b->seen - (uint64_t)BLOCK_FRAMES;
    errors += b->seen != b->links;
    b->seen = 0;
    errors += machine_block(BLOCK_INFO, (paddr_t)n * HUGE_SIZE, 0, &info) != 0;
    errors += (info & 0xff) != b->kind || (countable && info >> 32 != mappings);
    if (errors)
        machine_log("check: block %u is wrong: kind %u, %u free, %lu mappings; the kernel has %lx", n,
                    b->kind, b->free, (unsigned long)mappings, (unsigned long)info);
    return errors;
}
