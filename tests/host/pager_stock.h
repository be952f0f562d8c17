/* Frames zeroed ahead of need, and the short way of a fault that takes one. */

static uint64_t stocked(void)
{
    return frame_counts.kind[FRAME_STOCK];
}

/* What the zeroing thread does until it has nothing left. */
static uint32_t stock_fill(void)
{
    uint32_t zeroed = 0, before;
    do {
        before = zeroed;
        stock_buy();
        while (stock_zero())
            zeroed++;
    } while (zeroed > before);
    return zeroed;
}

static void pager_stock(void)
{
    uint64_t pages = 200;
    struct space *s = space_new(1000);
    vaddr_t va;
    uint32_t wakes = sim_wakes;
    CHECK(s && map(s, 0, pages * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    for (uint64_t i = 0; i < pages; i++) /* frames are not zero when they are bought */
        CHECK(store(s, va + i * PAGE_SIZE, ~i) == 0);
    CHECK(space_unmap(s, va, pages * PAGE_SIZE) == 0 && stock_ready() == 0);
    uint32_t full = stock_fill();
    CHECK(full > 0 && stock_ready() == full && stocked() == full && stock_fill() == 0);
    CHECK(faults_found() == 0 && sim_wakes == wakes);
    stock_sleep(true);
    for (uint32_t i = 0; i < full; i++) {
        frame_t f = stock_take();
        const uint8_t *m = f ? frame_memory(f) : NULL;
        CHECK(f && frame_table[f].kind == FRAME_ANON && frame_table[f].count == 1);
        CHECK(m[0] == 0 && memcmp(m, m + 1, PAGE_SIZE - 1) == 0);
        CHECK(sim_wakes == wakes || i >= full / 2 - 1); /* woken only when it is worth it */
        frame_put(f);
    }
    CHECK(sim_wakes > wakes && stock_take() == FRAME_NONE && stock_ready() == 0 && stocked() == 0);
    stock_sleep(false);
    CHECK(faults_found() == 0);
    space_destroy(s);
}

/* Frames that are sold before they were zeroed, after, and between. */
static void pager_stock_sold(void)
{
    CHECK(!stock_sell());
    stock_buy();
    uint64_t bought = stocked();
    CHECK(bought > 4 && stock_zero() && stock_zero() && stock_ready() == 2 && faults_found() == 0);
    CHECK(stock_sell() && stocked() == 0 && stock_ready() == 0 && stock_take() == FRAME_NONE);
    CHECK(faults_found() == 0);
    stock_buy(); /* behind the empty slots */
    CHECK(stocked() > 0);
    while (stock_zero())
        ;
    frame_t f = stock_take();
    CHECK(f && stock_ready() == stocked() && stocked() > 0);
    frame_put(f);
    stock_sell();
    CHECK(faults_found() == 0);
}

/* Memory in the stock is memory still: a promise is kept with it. */
static void pager_stock_short(void)
{
    struct space *s = space_new(1000);
    uint64_t usable = frame_usable() - 8, i = 0; /* some are for records */
    vaddr_t va;
    CHECK(stock_fill() > 0);
    CHECK(s && map(s, 0, usable * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    while (i < usable && store(s, va + i * PAGE_SIZE, i) == 0)
        i++;
    CHECK(i == usable && faults_found() == 0);
    stock_buy(); /* nothing is to be had */
    CHECK(stocked() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0);
}

/* A fault's answer by the short way and by the general one: all but the frame is the same. */
static void pager_first_look(void)
{
    struct space *side[2] = {space_new(1000), space_new(1000)};
    uint64_t state = 7, taken = stock_counts.taken;
    vaddr_t va;
    for (int k = 0; k < 2; k++) {
        CHECK(side[k] && map(side[k], BASE, 2048 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
        CHECK(map(side[k], BASE + 4096 * PAGE_SIZE, 64 * PAGE_SIZE, VMS_READ, PAGER_FIXED, NULL, 0, &va) ==
              0);
        CHECK(map(side[k], BASE + 8192 * PAGE_SIZE, 64 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_STACK, NULL, 0,
                  &va) == 0);
        CHECK(map(side[k], BASE + 9000 * PAGE_SIZE, 64 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_NO_RESERVE, NULL,
                  0, &va) == 0);
    }
    for (int i = 0; i < 3000; i++) {
        static const uint32_t place[] = {0, 0, 0, 600, 4096, 8192, 9000};
        struct fault_answer answer[2] = {0};
        uint32_t page =
            place[check_random(&state) % 7] + (uint32_t)(check_random(&state) % (i % 2 ? 64 : 500));
        uint32_t access = check_random(&state) % 4 ? FAULT_WRITE : 0;
        vaddr_t at = BASE + page * PAGE_SIZE;
        stock_fill();
        for (int k = 0; k < 2; k++) {
            struct sim_caller c = {0};
            struct fault f = {side[k]->id, next_thread++, access, at, 0x400000};
            if (sim_entry(sim_task(side[k]->task), at))
                continue;
            fault_looks_first = k == 0;
            sim_caller = &c;
            int later = fault_handle(&f, &answer[k]);
            sim_caller = NULL;
            if (later) {
                struct pager_exception x;
                CHECK(channel_next_exception(admin, 1, &x) == 0 &&
                      exception_done(admin, x.cookie, true) == 0);
                answer[k].word[0] = x.code;
            } else if (answer[k].label == FAULT_MAP) {
                CHECK(sim_set_one(sim_task(side[k]->task), answer[k].word[0], answer[k].word[1],
                                  answer[k].word[2]) == 0);
                const uint8_t *m = MACHINE_RAM + answer[k].word[1];
                CHECK(m[0] == 0 && memcmp(m, m + 1, PAGE_SIZE - 1) == 0);
            }
            fault_settle();
        }
        fault_looks_first = true;
        CHECK(answer[0].label == answer[1].label && answer[0].word[0] == answer[1].word[0] &&
              answer[0].word[2] == answer[1].word[2]);
        const struct region *r = region_find(side[0], at), *q = region_find(side[1], at);
        CHECK((!r && !q) ||
              (r->next_fault == q->next_fault && r->around == q->around && r->touched == q->touched));
    }
    CHECK(side[0]->charged == side[1]->charged && stock_counts.taken > taken && faults_found() == 0);
    space_destroy(side[0]);
    space_destroy(side[1]);
    CHECK(faults_found() == 0);
}
