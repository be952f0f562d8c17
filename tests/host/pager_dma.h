/* Memory for devices, also where other memory has to make room. Included by pager_test.c alone. */

/* map_dma as its caller has it: the steps of the chore included. */
static int dma_map(struct space *s, uint64_t length, uint64_t limit, uint64_t align, vaddr_t *va, paddr_t *pa)
{
    struct pager_dma ask = {length, limit, align};
    struct pager_dma_reply reply = {0};
    struct sim_caller c = {0};
    sim_caller = &c;
    int error = space_map_dma(s, next_thread++, &ask, &reply);
    sim_caller = NULL;
    while (error == PAGER_PARKED && !c.answered && work_done())
        ;
    if (error == PAGER_PARKED) {
        error = c.answered ? (int)c.label : -3;
        memcpy(&reply, c.word, sizeof reply);
    }
    *va = reply.address;
    *pa = reply.physical;
    return error;
}

/* Is it what was asked for: mapped in order, zeroed, pinned? */
static bool dma_right(struct space *s, vaddr_t va, paddr_t pa, uint64_t pages)
{
    static const uint8_t zero[PAGE_SIZE];
    for (uint64_t p = 0; p < pages; p++) {
        pte_t e = sim_entry(sim_task(s->task), va + p * PAGE_SIZE);
        const struct frame *f = &frame_table[(pa >> PAGE_SHIFT) + p];
        if (pte_frame(e, PTEP_LEAF) != pa + p * PAGE_SIZE || !pte_writable(e) || f->kind != FRAME_DMA ||
            f->count != 1 || f->flags || memcmp(machine_ram + pa + p * PAGE_SIZE, zero, PAGE_SIZE))
            return false;
    }
    return true;
}

static void pager_dma(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s = space_new(100);
    vaddr_t va[3];
    paddr_t pa[3];
    static const uint64_t pages[] = {3, 512, 700};
    CHECK(s);
    for (int i = 0; i < 3; i++) {
        CHECK(dma_map(s, pages[i] * PAGE_SIZE, 0, 0, &va[i], &pa[i]) == 0);
        for (uint64_t p = 0; p < pages[i]; p++)
            CHECK(pte_frame(sim_entry(sim_task(s->task), va[i] + p * PAGE_SIZE), PTEP_LEAF) ==
                  pa[i] + p * PAGE_SIZE);
    }
    CHECK(faults_found() == 0);
    CHECK(space_unmap(s, va[0], 3 * PAGE_SIZE) == 0 && frame_counts.kind[FRAME_DMA] == 1212);
    CHECK(dma_map(s, 1ul << 40, 0, 0, &va[0], &pa[0]) == E_NOMEM);
    uint64_t id = s->id;
    space_destroy(s);
    CHECK(frame_counts.kind[FRAME_DMA] == 1212 && faults_found() == 0 && sim_entries() == 0);
    space_dma_release(id + 1);
    CHECK(frame_counts.kind[FRAME_DMA] == 1212);
    space_dma_release(id);
    CHECK(frame_counts.kind[FRAME_DMA] == 0 && frame_counts.kind[FRAME_FREE] == free);
}

/* ---- memory that is all in use, a page here and a page there ---- */

#define CROWD       6u
#define CROWD_PAGES 2900u /* together nearly all there is */
static struct crowd {
    struct space *space;
    uint64_t value[CROWD_PAGES]; /* 0: not there */
} crowd[CROWD];

static uint64_t crowd_value(uint32_t who, uint32_t page)
{
    return ((uint64_t)who << 32 | page) + 1;
}

/* Every space touches all of its pages, in turns, and then gives every second one back. */
static void crowd_gather(void)
{
    uint64_t absent;
    vaddr_t va;
    for (uint32_t i = 0; i < CROWD; i++) {
        crowd[i].space = space_new(1000);
        CHECK(crowd[i].space && map(crowd[i].space, BASE, CROWD_PAGES * PAGE_SIZE, RW,
                                    PAGER_FIXED | PAGER_NO_RESERVE, NULL, 0, &va) == 0);
    }
    for (uint32_t k = 0; k < CROWD_PAGES; k++)
        for (uint32_t i = 0; i < CROWD; i++) {
            crowd[i].value[k] = crowd_value(i, k);
            CHECK(store(crowd[i].space, BASE + k * PAGE_SIZE, crowd[i].value[k]) == 0);
        }
    for (uint32_t k = 0; k < CROWD_PAGES; k += 2)
        for (uint32_t i = 0; i < CROWD; i++) {
            struct pager_advise drop = {BASE + (k + i % 2) * PAGE_SIZE, PAGE_SIZE, PAGER_DISCARD};
            CHECK(space_advise(crowd[i].space, &drop, &absent) == 0);
            crowd[i].value[k + i % 2] = 0;
        }
}

static bool crowd_is_there(void)
{
    for (uint32_t i = 0; i < CROWD; i++)
        for (uint32_t k = 0; k < CROWD_PAGES; k++) {
            pte_t e = sim_entry(sim_task(crowd[i].space->task), BASE + k * PAGE_SIZE);
            if (crowd[i].value[k]
                    ? !pte_present(e) || !page_is(machine_ram + pte_frame(e, PTEP_LEAF), crowd[i].value[k])
                    : pte_present(e))
                return false;
        }
    return true;
}

static void crowd_disperse(void)
{
    for (uint32_t i = 0; i < CROWD; i++)
        space_destroy(crowd[i].space);
}

/* The longest row of free frames below `end`. */
static uint32_t longest_row(frame_t end)
{
    uint32_t best = 0, have = 0;
    for (frame_t f = 0; f < end && f < frame_limit; f++) {
        have = frame_table[f].kind == FRAME_FREE ? have + 1 : 0;
        best = have > best ? have : best;
    }
    return best;
}

/* Runs are made of what lies in other programs' way, and they notice nothing. */
static void pager_dma_moves(void)
{
    static const struct {
        uint64_t pages, limit, align;
    } wish[] = {{BLOCK_FRAMES, 0, HUGE_SIZE}, {1024, 0, 0},
                {64, 16ul << 20, 0},          {1, 8ul << 20, 0},
                {100, 0, 1ul << 18},          {700, 48ul << 20, PAGE_SIZE}};
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s = space_new(1000);
    uint32_t moved = sim_moved;
    vaddr_t va;
    paddr_t pa;
    crowd_gather();
    CHECK(s && faults_found() == 0);
    uint64_t id = s->id, anon = frame_counts.kind[FRAME_ANON], committed = space_committed;
    CHECK(longest_row(frame_limit) < BLOCK_FRAMES * (block_reserve + 2));
    for (uint32_t i = 0; i < sizeof wish / sizeof *wish; i++) {
        CHECK(dma_map(s, wish[i].pages * PAGE_SIZE, wish[i].limit, wish[i].align, &va, &pa) == 0);
        CHECK(dma_right(s, va, pa, wish[i].pages) && (!wish[i].align || pa % wish[i].align == 0));
        CHECK(!wish[i].limit || pa + wish[i].pages * PAGE_SIZE <= wish[i].limit);
        CHECK(crowd_is_there() && faults_found() == 0 && frame_counts.kind[FRAME_ANON] == anon);
        CHECK(space_committed == committed && dma_promised == 0);
        memset(machine_ram + pa, 0xee, wish[i].pages * PAGE_SIZE); /* it is the device's alone */
    }
    CHECK(sim_moved - moved > 500 && crowd_is_there());
    for (uint32_t i = 0; i < CROWD; i++)
        for (uint32_t k = 0; k < CROWD_PAGES; k += 5)
            CHECK(store(crowd[i].space, BASE + k * PAGE_SIZE, 9) == 0 &&
                  holds(crowd[i].space, BASE + k * PAGE_SIZE, 9));
    CHECK(faults_found() == 0);
    space_destroy(s);
    space_dma_release(id);
    crowd_disperse();
    CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0);
    CHECK(space_committed == 0 && waiter_live() == 0);
}

/* What is asked for cannot be: an error, and nothing is taken. */
static void pager_dma_refused(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE] + frame_counts.kind[FRAME_STOCK];
    struct space *s = space_new(1000);
    vaddr_t va;
    paddr_t pa;
    CHECK(s && dma_map(s, 0, 0, 0, &va, &pa) == E_INVAL && dma_map(s, 1, 0, 3, &va, &pa) == E_INVAL);
    CHECK(dma_map(s, 1, 0, UINT64_MAX, &va, &pa) == E_INVAL &&
          dma_map(s, 1, 0, 1ul << 63, &va, &pa) == E_NOMEM);
    CHECK(dma_map(s, 1, 1, 0, &va, &pa) == E_NOMEM &&
          dma_map(s, 2 * PAGE_SIZE, PAGE_SIZE, 0, &va, &pa) == E_NOMEM);
    CHECK(dma_map(s, UINT64_MAX, 0, 0, &va, &pa) == E_NOMEM &&
          dma_map(s, 1ul << 62, UINT64_MAX, 0, &va, &pa) == E_NOMEM);
    CHECK(dma_map(s, PAGE_SIZE, 2 * HUGE_SIZE, 0, &va, &pa) == E_NOMEM);     /* the kernel's, all of it */
    CHECK(dma_map(s, 3 * HUGE_SIZE, 5 * HUGE_SIZE, 0, &va, &pa) == E_NOMEM); /* two blocks, and the bundle */
    CHECK(dma_map(s, PAGE_SIZE, 0, 1ul << 40, &va, &pa) == E_NOMEM);
    CHECK(dma_map(s, HUGE_SIZE, 5 * HUGE_SIZE, HUGE_SIZE, &va, &pa) == 0 && pa == 4 * HUGE_SIZE);
    CHECK(dma_map(s, HUGE_SIZE, 5 * HUGE_SIZE, HUGE_SIZE, &va, &pa) == E_NOMEM); /* pinned: not to be moved */
    CHECK(dma_map(s, PAGE_SIZE, UINT64_MAX, 0, &va, &pa) == 0);
    s->limit.data = 10;
    CHECK(dma_map(s, 11 * PAGE_SIZE, 0, 0, &va, &pa) == E_NOMEM &&
          dma_map(s, 10 * PAGE_SIZE, 0, 0, &va, &pa) == 0);
    uint64_t id = s->id;
    space_destroy(s);
    space_dma_release(id);
    CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] + frame_counts.kind[FRAME_STOCK] == free &&
          dma_promised == 0 && space_committed == 0 && waiter_live() == 0);
}

/* Every kind of page lies where a run is to be: those that can be are moved, the others are left alone. */
static void pager_dma_kinds(void)
{
    struct space *s = space_new(1000), *other = space_new(1000), *child, *driver = space_new(1000);
    uint64_t absent, offsets[4];
    struct object *shared, *file;
    vaddr_t va, at[2], small;
    paddr_t pa;
    for (uint32_t i = 0; i < FILE_PAGES; i++)
        disk[2][i] = 7000 + i;
    CHECK(s && other && driver &&
          object_create(OBJECT_ANON, 64 * PAGE_SIZE, 0, NULL, &session, &shared) == 0);
    CHECK(object_create(OBJECT_FILE, FILE_PAGES * PAGE_SIZE, FILES + 2, manager, &session, &file) == 0);
    /* a large page, a table that is shared, pages of objects, locked ones, some without access */
    large_pages = true;
    CHECK(map(s, BASE, 3 * HUGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    large_pages = false;
    CHECK(sweep(s, BASE, 3 * SPAN_PAGES, 1) == 0 && s->huge == 2);
    CHECK(map(s, BASE + (1ul << 30), 300 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &small) == 0 &&
          sweep(s, small, 300, 5000) == 0);
    CHECK(map(s, 0, 64 * PAGE_SIZE, RW, PAGER_SHARED, shared, 0, &at[0]) == 0 &&
          map(other, 0, 64 * PAGE_SIZE, RW, PAGER_SHARED, shared, 0, &at[1]) == 0);
    CHECK(sweep(s, at[0], 32, 100) == 0 && sweep(other, at[1] + 32 * PAGE_SIZE, 32, 132) == 0);
    CHECK(map(other, BASE, FILE_PAGES * PAGE_SIZE, RW, PAGER_FIXED | PAGER_SHARED, file, 0, &va) == 0);
    CHECK(store(other, BASE, 8000) == 0 && holds(other, BASE + 9 * PAGE_SIZE, 7009));
    CHECK(map(other, BASE + HUGE_SIZE, 8 * PAGE_SIZE, RW, PAGER_FIXED, file, 32 * PAGE_SIZE, &va) == 0);
    CHECK(store(other, BASE + HUGE_SIZE, 8001) == 0 && holds(other, BASE + HUGE_SIZE + PAGE_SIZE, 7033));
    CHECK(map(other, BASE + 2 * HUGE_SIZE, 40 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 &&
          sweep(other, va, 40, 9000) == 0);
    struct pager_advise lock = {va, 20 * PAGE_SIZE, PAGER_LOCK};
    CHECK(space_advise(other, &lock, &absent) == 0);
    CHECK(space_protect(other, va + 30 * PAGE_SIZE, 10 * PAGE_SIZE, 0) == 0);
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0 && child->huge == 2);
    CHECK(store(child, small, 4999) == 0 && store(s, small + PAGE_SIZE, 4998) == 0);
    uint64_t moves = sim_moved, id = driver->id;
    /* all memory below 64 MiB that is anybody's, piece by piece: each page that can move does */
    frame_t writeback = FRAME_NONE;
    uint32_t n = writeback_list(file, offsets, 1);
    CHECK(n == 1);
    CHECK(writeback_take(file, offsets, n) == 0);
    writeback = object_page(file, (uint32_t)(offsets[0] / PAGE_SIZE));
    uint32_t got = 0;
    for (frame_t end = 3 * BLOCK_FRAMES + 128; end < 39 * BLOCK_FRAMES; end += 128) {
        frame_table[writeback].avoid = 0;
        if (dma_map(driver, 64 * PAGE_SIZE, (uint64_t)end << PAGE_SHIFT, 64 * PAGE_SIZE, &va, &pa))
            continue;
        got++;
        CHECK(dma_right(driver, va, pa, 64));
        memset(machine_ram + pa, 0xcc, 64 * PAGE_SIZE);
        if (got % 16 == 0)
            CHECK(faults_found() == 0);
        if (got % 3)
            CHECK(space_unmap(driver, va, 64 * PAGE_SIZE) == 0);
    }
    CHECK(got > 100 && sim_moved - moves > 300 && faults_found() == 0);
    CHECK(object_page(file, (uint32_t)(offsets[0] / PAGE_SIZE)) == writeback); /* on its way to the disk */
    CHECK(sweep_holds(s, BASE, 3 * SPAN_PAGES, 1) && sweep_holds(child, BASE, 3 * SPAN_PAGES, 1));
    CHECK(holds(s, small, 5000) && holds(child, small, 4999) && holds(s, small + PAGE_SIZE, 4998) &&
          holds(child, small + PAGE_SIZE, 5001));
    CHECK(sweep_holds(s, small + 2 * PAGE_SIZE, 298, 5002) &&
          sweep_holds(child, small + 2 * PAGE_SIZE, 298, 5002));
    CHECK(sweep_holds(s, at[0], 64, 100) && sweep_holds(other, at[1], 64, 100) &&
          sweep_holds(child, at[0], 64, 100));
    CHECK(holds(other, BASE, 8000) && holds(other, BASE + 9 * PAGE_SIZE, 7009));
    CHECK(holds(other, BASE + HUGE_SIZE, 8001) && holds(other, BASE + HUGE_SIZE + PAGE_SIZE, 7033));
    CHECK(sweep_holds(other, BASE + 2 * HUGE_SIZE, 30, 9000));
    CHECK(space_protect(other, BASE + 2 * HUGE_SIZE, 40 * PAGE_SIZE, VMS_READ) == 0 &&
          sweep_holds(other, BASE + 2 * HUGE_SIZE, 40, 9000));
    for (uint32_t i = 0; i < 64; i++) /* one memory, still */
        CHECK(store(child, at[0] + i * PAGE_SIZE, i) == 0 && holds(other, at[1] + i * PAGE_SIZE, i));
    writeback_written(file, offsets[0], 0);
    CHECK(faults_found() == 0 && file->dirty == 0);
    space_destroy(s);
    space_destroy(child);
    space_destroy(other);
    space_destroy(driver);
    space_dma_release(id);
    shared->sessions = file->sessions = 0;
    object_unhold(shared);
    CHECK(object_destroy(file) == 0 && object_count == 1);
    CHECK(faults_found() == 0 && sim_entries() == 0 && space_committed == 0 && dma_promised == 0);
}

/* The driver dies, or is cancelled, after each number of steps. */
static void pager_dma_cut_off(void)
{
    crowd_gather();
    uint64_t anon = frame_counts.kind[FRAME_ANON];
    bool over = false;
    for (uint32_t steps = 0; !over; steps += 1 + steps / 8) {
        struct space *s = space_new(1000), *next = space_new(100);
        struct sim_caller c = {0}, behind = {0};
        struct pager_dma ask = {600 * PAGE_SIZE, 60ul << 20, 0}, small = {PAGE_SIZE, 32ul << 20, 0};
        struct pager_dma_reply reply;
        uint64_t ids[2] = {s->id, next->id};
        sim_caller = &c;
        CHECK(space_map_dma(s, 4000, &ask, &reply) == PAGER_PARKED);
        sim_caller = &behind;
        CHECK(space_map_dma(next, 4001, &small, &reply) == PAGER_PARKED);
        sim_caller = NULL;
        for (uint32_t i = 0; i < steps && !c.answered; i++)
            CHECK(work_done());
        over = c.answered;
        CHECK(faults_found() == 0);
        if (steps % 2)
            space_destroy(s);
        else
            waiters_cancel(4000, steps % 4 == 0);
        CHECK(faults_found() == 0 && (over || (c.closed || c.label == E_CANCELLED)));
        while (work_done())
            ;
        CHECK(behind.answered && behind.label == 0 && crowd_is_there() && dma_promised == 0);
        if (steps % 2 == 0)
            space_destroy(s);
        space_destroy(next);
        CHECK(over || frame_counts.kind[FRAME_DMA] <= 601);
        space_dma_release(ids[0]);
        space_dma_release(ids[1]);
        CHECK(frame_counts.kind[FRAME_DMA] == 0 && frame_counts.kind[FRAME_ANON] == anon &&
              faults_found() == 0);
        CHECK(waiter_live() == 0);
    }
    crowd_disperse();
    CHECK(frame_counts.kind[FRAME_ANON] == 0 && faults_found() == 0 && sim_entries() == 0 &&
          space_committed == 0);
}

/* Small pieces until the records of regions have needed frames of their own, and a large one that is given up while
 * its place is sought. */
static void pager_dma_small_and_none(void)
{
    struct space *s = space_new(1000);
    struct sim_caller c = {0};
    struct pager_dma_reply reply;
    uint64_t id = s->id, pool = frame_counts.kind[FRAME_POOL];
    uint32_t steps = 0;
    for (uint32_t i = 0; i < 400; i++) {
        struct pager_dma ask = {(1 + i % 4) * PAGE_SIZE, 0, 0};
        CHECK(space_map_dma(s, 4000, &ask, &reply) == 0);
        CHECK(frame_table[reply.physical >> PAGE_SHIFT].kind == FRAME_DMA && faults_found() == 0);
    }
    CHECK(frame_counts.kind[FRAME_POOL] > pool + 2);
    struct pager_dma large = {frame_usable() / 2 * PAGE_SIZE, 0, 0};
    sim_caller = &c;
    CHECK(space_map_dma(s, 4000, &large, &reply) == PAGER_PARKED);
    sim_caller = NULL;
    CHECK(work_done());
    waiters_cancel(4000, true);
    while (work_done())
        steps++;
    CHECK(steps <= 1 && (c.closed || c.label == E_CANCELLED)); /* nothing is claimed: nothing to give back */
    space_destroy(s);
    space_dma_release(id);
    CHECK(frame_counts.kind[FRAME_DMA] == 0 && faults_found() == 0 && sim_entries() == 0 &&
          space_committed == 0);
}
