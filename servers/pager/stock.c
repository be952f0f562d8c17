#include "stock.h"

#define STOCK_SHARE 256u /* one frame in this many */
#define STOCK_LEAST 32u
#define BUY_MOST    32u /* frames bought at once */

/* A slot: the frame's number, and what is to be done with it. 0: empty. */
#define SLOT_DIRTY (1u << 31)
#define SLOT_BUSY  (1u << 30) /* being zeroed */

static uint32_t slots[STOCK_MAX];
static uint32_t target;
static uint32_t taken, bought; /* the pager's thread's */
static uint32_t zeroed;        /* the zeroing thread's */
static bool sleeping;
struct stock_counts stock_counts;

void stock_init(uint64_t frames)
{
    uint64_t share = frames / STOCK_SHARE;
    target = (uint32_t)(share < STOCK_LEAST ? STOCK_LEAST : share > STOCK_MAX ? STOCK_MAX : share);
    __builtin_memset(slots, 0, sizeof slots);
    taken = bought = zeroed = 0;
    sleeping = false;
    stock_counts = (struct stock_counts){0};
}

/* Debug: it is what it is said to be. */
static void zero_check(frame_t frame)
{
#ifdef OUROS_DEBUG
    const uint64_t *word = frame_memory(frame);
    uint64_t any = 0;
    for (uint32_t i = 0; i < PAGE_SIZE / sizeof *word; i++)
        any |= word[i];
    PAGER_ASSERT(any == 0 && frame_table[frame].kind == FRAME_STOCK && frame_table[frame].count == 1);
#else
    (void)frame;
#endif
}

/* Zeroed slots that were not looked at yet. */
static uint32_t left(void)
{
    return __atomic_load_n(&zeroed, __ATOMIC_ACQUIRE) - taken;
}

uint32_t stock_ready(void)
{
    uint32_t ready = 0;
    for (uint32_t n = left(), i = 0; i < n; i++)
        ready += slots[(taken + i) % STOCK_MAX] != 0;
    return ready;
}

frame_t stock_take(void)
{
    frame_t frame = FRAME_NONE;
    uint32_t n = left();
    if (n <= target / 2 && __atomic_load_n(&sleeping, __ATOMIC_RELAXED))
        machine_wake();
    while (n-- > 0 && !frame) {
        uint32_t *slot = &slots[taken++ % STOCK_MAX];
        frame = *slot;
        *slot = 0;
    }
    if (!frame)
        return FRAME_NONE;
    zero_check(frame);
    stock_counts.taken++;
    frame_set_kind(frame, FRAME_ANON);
    return frame;
}

void stock_buy(void)
{
    frame_t frames[BUY_MOST];
    uint32_t room = target - (bought - taken);
    if (bought - taken >= target || frame_counts.kind[FRAME_FREE] < frame_counts.owned / 16)
        return;
    uint32_t got = frame_alloc_many(FRAME_STOCK, 0, room < BUY_MOST ? room : BUY_MOST, frames);
    for (uint32_t i = 0; i < got; i++)
        slots[(bought + i) % STOCK_MAX] = frames[i] | SLOT_DIRTY;
    __atomic_store_n(&bought, bought + got, __ATOMIC_RELEASE);
}

bool stock_sell(void)
{
    bool any = false;
    for (uint32_t at = taken; at != bought; at++) {
        uint32_t *slot = &slots[at % STOCK_MAX], was = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
        if (was == 0 || was & SLOT_BUSY ||
            !__atomic_compare_exchange_n(slot, &was, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        frame_put(was & ~SLOT_DIRTY);
        any = true;
    }
    return any;
}

bool stock_zero(void)
{
    uint32_t end = __atomic_load_n(&bought, __ATOMIC_ACQUIRE);
    if (zeroed == end)
        return false;
    uint32_t *slot = &slots[zeroed % STOCK_MAX], was = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    frame_t frame = was & ~SLOT_DIRTY;
    if (was && __atomic_compare_exchange_n(slot, &was, frame | SLOT_BUSY, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED)) {
        machine_zero(frame_memory(frame));
        __atomic_store_n(slot, frame, __ATOMIC_RELEASE);
        stock_counts.zeroed++;
    }
    __atomic_store_n(&zeroed, zeroed + 1, __ATOMIC_RELEASE);
    return true;
}

void stock_sleep(bool asleep)
{
    __atomic_store_n(&sleeping, asleep, __ATOMIC_SEQ_CST);
}
