/* Pages of 2 MiB in the making. Included by pager_test.c alone. */

/* A write fault by a thread of its own. True: it waits. */
static bool fault_waits(struct space *s, vaddr_t va, struct sim_caller *c)
{
    struct fault f = {.space = s->id, .thread = next_thread++, .va = va, .access = FAULT_WRITE};
    struct fault_answer answer = {0};
    *c = (struct sim_caller){0};
    sim_caller = c;
    int later = fault_handle(&f, &answer);
    sim_caller = NULL;
    if (!later && answer.label == FAULT_MAP)
        CHECK(sim_set_one(sim_task(s->task), answer.word[0], answer.word[1], answer.word[2]) == 0);
    fault_settle();
    return later;
}

/* A space of so many spans, the first of which is touched in order: the next fault begins 2 MiB. */
static struct space *about_to_fill(uint32_t quota, uint32_t spans)
{
    struct space *s = space_new(quota);
    vaddr_t va;
    large_pages = true;
    CHECK(s && map(s, BASE, spans * HUGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    large_pages = false;
    CHECK(sweep(s, BASE, SPAN_PAGES, 1) == 0 && s->huge == 0);
    return s;
}

static bool work_done(void)
{
    bool any = chore_work();
    chores_go_on();
    return any;
}

/* Whoever touches a page of it waits; nobody else does. */
static void pager_fill(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s = about_to_fill(1000, 3), *other = space_new(100);
    struct sim_caller first, second, third;
    vaddr_t va;
    CHECK(other && map(other, BASE, 9 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(fault_waits(s, BASE + HUGE_SIZE + 8, &first) &&
          fault_waits(s, BASE + HUGE_SIZE + 99 * PAGE_SIZE, &second));
    CHECK(faults_found() == 0 && !fault_waits(other, BASE, &third) && holds(other, BASE, 0));
    CHECK(!fault_waits(s, BASE + 2 * HUGE_SIZE, &third) && !first.answered && !second.answered);
    chores_go_on(); /* told too early */
    CHECK(!first.answered && work_done() && first.answered && second.answered && s->huge == 1);
    CHECK(first.label == FAULT_RESUME && second.label == FAULT_RESUME && waiter_live() == 0);
    for (uint32_t i = 0; i < SPAN_PAGES; i++)
        CHECK(holds(s, BASE + HUGE_SIZE + i * PAGE_SIZE, 0));
    CHECK(!work_done() && faults_found() == 0);
    space_destroy(s);
    space_destroy(other);
    CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0);
}

/* What may happen meanwhile: the block is given back, and who waits goes on. */
static void pager_fill_overtaken(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE], absent;
    struct sim_caller c;
    struct pager_advise small = {BASE + HUGE_SIZE, HUGE_SIZE, PAGER_SMALL_PAGES};
    vaddr_t va, at = BASE + HUGE_SIZE;
    for (int what = 0; what < 8; what++) {
        struct space *s = about_to_fill(1000, 3), *child = NULL;
        CHECK(fault_waits(s, at, &c) && frame_counts.kind[FRAME_STOCK] >= SPAN_PAGES);
        switch (what) {
        case 0: CHECK(space_unmap(s, at, HUGE_SIZE) == 0); break;
        case 1: CHECK(space_unmap(s, at + HUGE_SIZE - PAGE_SIZE, PAGE_SIZE) == 0); break;
        case 2: CHECK(space_protect(s, at, HUGE_SIZE, VMS_READ) == 0); break;
        case 3: CHECK(map(s, at, PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0); break;
        case 4: CHECK(space_advise(s, &small, &absent) == 0); break;
        case 5: CHECK(region_populate(s, at, at + PAGE_SIZE, &absent) == 0); break;
        case 6: CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0); break;
        default: space_destroy(s); s = NULL;
        }
        CHECK(faults_found() == 0 && work_done() && faults_found() == 0);
        CHECK(what == 7 ? c.closed : what == 0 || what == 2 ? admin->pending.first != NULL : c.answered);
        struct pager_exception x;
        if (admin->pending.first)
            CHECK(channel_next_exception(admin, 1, &x) == 0 && exception_done(admin, x.cookie, true) == 0 &&
                  c.answered);
        if (what == 6)
            CHECK(s->huge == 1 && child->huge == 0 && store(s, at, 1) == 0 && holds(child, at, 0));
        else
            CHECK(huge_pages == 0);
        if (child)
            space_destroy(child);
        if (s)
            space_destroy(s);
        while (work_done())
            ;
        CHECK(faults_found() == 0 && sim_entries() == 0 && space_committed == 0 && waiter_live() == 0);
    }
    block_reap();
    CHECK(frame_counts.kind[FRAME_FREE] + frame_counts.kind[FRAME_STOCK] >= free);
}

/* Several at once, one after the other. */
static void pager_fill_several(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s[4];
    struct sim_caller c[4];
    for (uint32_t i = 0; i < 4; i++) {
        s[i] = about_to_fill(1000, 2);
        CHECK(fault_waits(s[i], BASE + HUGE_SIZE, &c[i]));
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(!c[i].answered && work_done() && c[i].answered && s[i]->huge == 1);
        CHECK(store(s[i], BASE + HUGE_SIZE, i) == 0 && faults_found() == 0);
    }
    CHECK(!work_done());
    for (uint32_t i = 0; i < 4; i++)
        space_destroy(s[i]);
    CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0);
}
