/* Access to another space by its pages: whatever its state, what comes of it, and that it leaves no trace. Included
 * by pager_test.c alone. */

static struct sim_caller remote_caller;
static uint8_t remote_in[80 << 10], remote_out[80 << 10];

/* One call; *done bytes. */
static int remote_call(struct space *s, vaddr_t va, uint64_t length, uint32_t wish, uint64_t *done)
{
    remote_caller = (struct sim_caller){
        .in = remote_in, .in_len = sizeof remote_in, .out = remote_out, .out_len = sizeof remote_out};
    sim_caller = &remote_caller;
    int error = remote_copy(s, 1, va, length, wish, done);
    sim_caller = NULL;
    return error;
}

static bool peeks(struct space *s, vaddr_t va, uint64_t value)
{
    uint64_t done;
    return remote_call(s, va, PAGE_SIZE, 0, &done) == 0 && done == PAGE_SIZE && page_is(remote_out, value);
}

static bool pokes(struct space *s, vaddr_t va, uint64_t value)
{
    uint64_t done;
    page_fill(remote_in, value);
    return remote_call(s, va, PAGE_SIZE, PAGE_WRITE, &done) == 0 && done == PAGE_SIZE;
}

static void pager_remote(void)
{
    static uint8_t in[5 * PAGE_SIZE], out[6 * PAGE_SIZE];
    struct space *s = space_new(100), *child;
    struct sim_caller c = {.in = in, .in_len = sizeof in, .out = out, .out_len = sizeof out};
    uint64_t done;
    vaddr_t va;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 13 + i / 4096);
    CHECK(s && map(s, BASE, 6 * PAGE_SIZE, RX, PAGER_FIXED, NULL, 0, &va) == 0);
    sim_caller = &c;
    CHECK(remote_copy(s, 1, BASE + 100, 4 * PAGE_SIZE, PAGE_WRITE, &done) == 0 && done == 4 * PAGE_SIZE);
    CHECK(remote_copy(s, 1, BASE, 6 * PAGE_SIZE, 0, &done) == 0 && done == 6 * PAGE_SIZE);
    CHECK(memcmp(out + 100, in, 4 * PAGE_SIZE) == 0 && out[99] == 0 && out[5 * PAGE_SIZE] == 0);
    CHECK(store(s, BASE, 1) == PAGER_EXC_DENIED);
    CHECK(space_fork(s, sim_task_new(100), admin, &session, &child) == 0);
    sim_caller = &c;
    CHECK(remote_copy(child, 1, BASE, PAGE_SIZE, PAGE_WRITE, &done) == 0 && faults_found() == 0);
    CHECK(remote_copy(s, 1, BASE + 100, 64, 0, &done) == 0 && memcmp(out, in, 64) == 0);
    CHECK(remote_copy(s, 1, BASE + 5 * PAGE_SIZE, 2 * PAGE_SIZE, 0, &done) == 0 && done == PAGE_SIZE);
    CHECK(remote_copy(s, 1, BASE + 6 * PAGE_SIZE, 1, 0, &done) == E_FAULT);
    CHECK(remote_copy(s, 1, UINT64_MAX - 10, 100, 0, &done) == E_FAULT);
    space_destroy(child);
    space_destroy(s);
}

static void pager_remote_waits(void)
{
    struct object *o;
    struct space *s = space_new(100);
    uint8_t out[64];
    struct sim_caller c = {.out = out, .out_len = sizeof out};
    uint64_t done;
    vaddr_t va;
    disk[0][3] = 77;
    CHECK(s && object_create(OBJECT_FILE, 9 * PAGE_SIZE, FILES, manager, &session, &o) == 0);
    CHECK(map(s, 0, 9 * PAGE_SIZE, VMS_READ, 0, o, 0, &va) == 0);
    sim_caller = &c;
    CHECK(remote_copy(s, 5, va + 3 * PAGE_SIZE, 64, 0, &done) == PAGER_PARKED);
    while (manager_step(NULL))
        ;
    CHECK(c.answered && c.label == E_TOUCH && c.word[1] == FAULT_WRITE);
    c = (struct sim_caller){.out = out, .out_len = sizeof out};
    sim_caller = &c;
    CHECK(remote_copy(s, 5, va + 3 * PAGE_SIZE, 64, 0, &done) == 0 && out[0] == 77);
    space_destroy(s);
    o->sessions = 0;
    object_unhold(o);
    while (manager_step(NULL))
        ;
    CHECK(object_count == 1);
}

/* Pages that nobody has touched: reading makes none, writing as many as are written. */
static void pager_remote_absent(void)
{
    struct space *s = space_new(100);
    uint64_t done, before = sim_entries(), anon = frame_counts.kind[FRAME_ANON];
    vaddr_t va;
    CHECK(s && map(s, BASE, 32 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    memset(remote_out, 1, sizeof remote_out);
    CHECK(remote_call(s, BASE + 5, 9 * PAGE_SIZE, 0, &done) == 0 && done == 9 * PAGE_SIZE);
    for (uint32_t i = 0; i < 9 * PAGE_SIZE; i++)
        CHECK(remote_out[i] == 0);
    CHECK(sim_entries() == before && frame_counts.kind[FRAME_ANON] == anon);
    memset(remote_in, 3, sizeof remote_in);
    CHECK(remote_call(s, BASE + 4 * PAGE_SIZE - 1, PAGE_SIZE + 2, PAGE_WRITE, &done) == 0 &&
          done == PAGE_SIZE + 2);
    CHECK(sim_entries() == before + 3 &&
          frame_counts.kind[FRAME_ANON] == anon + 3); /* in its own tables only */
    CHECK(remote_call(s, BASE + 3 * PAGE_SIZE, 3 * PAGE_SIZE, 0, &done) == 0);
    CHECK(remote_out[PAGE_SIZE - 2] == 0 && remote_out[PAGE_SIZE - 1] == 3 &&
          remote_out[2 * PAGE_SIZE] == 3 && remote_out[2 * PAGE_SIZE + 1] == 0);
    CHECK(remote_call(s, BASE, 0, 0, &done) == 0 && done == 0 && faults_found() == 0);
    space_destroy(s);
}

/* Protection does not count; what is no memory does. */
static void pager_remote_kinds(void)
{
    struct space *s = space_new(100);
    struct object *o;
    uint64_t done;
    vaddr_t va;
    paddr_t pa;
    CHECK(s && map(s, BASE, 4 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && store(s, BASE, 7) == 0);
    CHECK(space_protect(s, BASE, PAGE_SIZE, VMS_READ) == 0 && pokes(s, BASE, 8) && peeks(s, BASE, 8));
    CHECK(store(s, BASE, 1) == PAGER_EXC_DENIED && holds(s, BASE, 8));
    CHECK(space_protect(s, BASE, 4 * PAGE_SIZE, 0) == 0 && peeks(s, BASE, 8) && pokes(s, BASE, 9));
    CHECK(pokes(s, BASE + PAGE_SIZE, 10) && peeks(s, BASE + PAGE_SIZE, 10)); /* was never there */
    CHECK(store(s, BASE, 1) == PAGER_EXC_DENIED && faults_found() == 0);
    CHECK(space_protect(s, BASE, 4 * PAGE_SIZE, VMS_READ) == 0 && holds(s, BASE, 9) &&
          holds(s, BASE + PAGE_SIZE, 10));
    CHECK(map(s, BASE + 4 * PAGE_SIZE, PAGE_SIZE, 0, PAGER_FIXED | PAGER_GUARD, NULL, 0, &va) == 0);
    CHECK(remote_call(s, va, 1, 0, &done) == E_FAULT && remote_call(s, va, 1, PAGE_WRITE, &done) == E_FAULT);
    CHECK(remote_call(s, va - 10, 20, PAGE_WRITE, &done) == 0 && done == 10);
    CHECK(map(s, BASE + 64 * PAGE_SIZE, 8 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_STACK, NULL, 0, &va) == 0);
    CHECK(remote_call(s, va, 1, PAGE_WRITE, &done) == E_FAULT && remote_call(s, va, 1, 0, &done) == E_FAULT);
    CHECK(pokes(s, va + PAGE_SIZE, 4) && holds(s, va + PAGE_SIZE, 4));
    s->limit.stack = 4;
    CHECK(remote_call(s, va + 2 * PAGE_SIZE, 1, PAGE_WRITE, &done) == E_FAULT &&
          pokes(s, va + 4 * PAGE_SIZE, 4));
    CHECK(dma_map(s, 2 * PAGE_SIZE, 0, 0, &va, &pa) == 0 && pokes(s, va, 11) &&
          page_is(machine_ram + pa, 11));
    CHECK(object_create(OBJECT_ANON, 2 * PAGE_SIZE, 0, NULL, &session, &o) == 0);
    CHECK(map(s, 0, 2 * PAGE_SIZE, VMS_READ, PAGER_SHARED, o, 0, &va) == 0 && peeks(s, va, 0));
    CHECK(remote_call(s, va, 1, PAGE_WRITE, &done) ==
          E_FAULT); /* others see it: not to be written behind them */
    CHECK(map(s, 0, 2 * PAGE_SIZE, VMS_READ, 0, o, 0, &va) == 0 && pokes(s, va, 12) && holds(s, va, 12));
    CHECK(page_is(frame_memory(object_page(o, 0)), 0) && faults_found() == 0);
    CHECK(space_unmap(s, va, PAGE_SIZE) == 0 && faults_found() == 0);
    uint64_t id = s->id;
    space_destroy(s);
    space_dma_release(id);
    o->sessions = 0;
    object_unhold(o);
    CHECK(faults_found() == 0 && sim_entries() == 0);
}

/* What a fork shares: a store reaches the one side only, be it a page, a table or 2 MiB. */
static void pager_remote_shared(void)
{
    struct space *s = space_new(1000), *child;
    vaddr_t va;
    CHECK(s && map(s, BASE, 300 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(map(s, BASE + HUGE_SIZE, 9 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (uint32_t i = 0; i < 300; i++) /* a table that is shared, and one that is copied */
        CHECK(store(s, BASE + i * PAGE_SIZE, i + 1) == 0);
    CHECK(store(s, va, 1) == 0);
    uint64_t shared = table_counts.shared;
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0 &&
          table_counts.shared == shared + 1);
    CHECK(peeks(child, BASE + 5 * PAGE_SIZE, 6));
    CHECK(pokes(child, BASE + 5 * PAGE_SIZE, 99) && pokes(s, BASE + 6 * PAGE_SIZE, 98) &&
          pokes(child, va, 97));
    CHECK(holds(s, BASE + 5 * PAGE_SIZE, 6) && holds(child, BASE + 6 * PAGE_SIZE, 7) && holds(s, va, 1));
    CHECK(holds(child, BASE + 5 * PAGE_SIZE, 99) && holds(s, BASE + 6 * PAGE_SIZE, 98) &&
          holds(child, va, 97));
    CHECK(faults_found() == 0);
    space_destroy(child);
    space_destroy(s);
    s = large_space(1000, 3);
    CHECK(s && s->huge == 2 && peeks(s, BASE + HUGE_SIZE + PAGE_SIZE, SPAN_PAGES + 2));
    CHECK(pokes(s, BASE + HUGE_SIZE, 5) && s->huge == 2 && holds(s, BASE + HUGE_SIZE, 5));
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0 && child->huge == 2);
    CHECK(pokes(child, BASE + HUGE_SIZE, 6) && pokes(s, BASE + 2 * HUGE_SIZE + PAGE_SIZE, 7));
    CHECK(holds(s, BASE + HUGE_SIZE, 5) && holds(child, BASE + HUGE_SIZE, 6) &&
          holds(child, BASE + 2 * HUGE_SIZE + PAGE_SIZE, 2 * SPAN_PAGES + 2));
    CHECK(faults_found() == 0);
    space_destroy(s);
    space_destroy(child);
    CHECK(faults_found() == 0 && sim_entries() == 0 && space_committed == 0);
}

/* Several regions in one call, holes, odd places, and no more than is said at once. */
static void pager_remote_ranges(void)
{
    struct space *s = space_new(100);
    uint64_t done, before;
    vaddr_t va;
    CHECK(s && map(s, BASE, 40 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(space_protect(s, BASE + PAGE_SIZE, PAGE_SIZE, RX) == 0 &&
          space_protect(s, BASE + 2 * PAGE_SIZE, PAGE_SIZE, 0) == 0 && s->region_count == 4);
    for (uint32_t i = 0; i < sizeof remote_in; i++)
        remote_in[i] = (uint8_t)(i * 7 + i / 251);
    CHECK(remote_call(s, BASE + 77, 20001, PAGE_WRITE, &done) == 0 && done == 20001);
    CHECK(remote_call(s, BASE + 77, 20001, 0, &done) == 0 && memcmp(remote_in, remote_out, 20001) == 0);
    CHECK(remote_call(s, BASE + 78, 3 * PAGE_SIZE, 0, &done) == 0 &&
          memcmp(remote_in + 1, remote_out, 3 * PAGE_SIZE) == 0);
    CHECK(s->region_count == 4 && faults_found() == 0);
    CHECK(remote_call(s, BASE, sizeof remote_in, PAGE_WRITE, &done) == 0 && done == PAGER_COPY_MAX);
    CHECK(remote_call(s, BASE, UINT64_MAX, 0, &done) == 0 && done == PAGER_COPY_MAX);
    CHECK(space_unmap(s, BASE + 4 * PAGE_SIZE, PAGE_SIZE) == 0);
    before = sim_entries();
    CHECK(remote_call(s, BASE + PAGE_SIZE + 1, 8 * PAGE_SIZE, 0, &done) == 0 && done == 3 * PAGE_SIZE - 1);
    CHECK(remote_call(s, BASE + 4 * PAGE_SIZE, 8, 0, &done) == E_FAULT && done == 0);
    static const vaddr_t bad[] = {0,         USER_MIN - 1,   USER_END - 1, USER_END,
                                  1ul << 63, UINT64_MAX - 3, BASE - 1};
    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (uint32_t wish = 0; wish <= PAGE_WRITE; wish += PAGE_WRITE)
            CHECK(remote_call(s, bad[i], 8, wish, &done) == E_FAULT && done == 0);
    CHECK(map(s, USER_END - PAGE_SIZE, PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(remote_call(s, USER_END - 4, 8, PAGE_WRITE, &done) == 0 && done == 4);
    CHECK(remote_call(s, USER_END - 4, UINT64_MAX, 0, &done) == 0 && done == 4);
    CHECK(sim_entries() == before + 1 && faults_found() == 0);
    space_destroy(s);
}

/* The caller's buffer is shorter than it says, or not there yet: no page is lost. */
static void pager_remote_buffers(void)
{
    struct space *s = space_new(100);
    struct sim_caller c = {.in = remote_in, .in_len = PAGE_SIZE + 5, .out = remote_out, .out_len = 3};
    uint64_t done;
    vaddr_t va;
    CHECK(s && map(s, BASE, 8 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    sim_caller = &c;
    CHECK(remote_copy(s, 1, BASE, 3 * PAGE_SIZE, PAGE_WRITE, &done) == E_SIZE);
    CHECK(remote_copy(s, 1, BASE, 3 * PAGE_SIZE, 0, &done) == E_SIZE && faults_found() == 0);
    sim_touch_every = 2;
    int touches = 0, error;
    c.in_len = 3 * PAGE_SIZE;
    while ((error = remote_copy(s, 1, BASE + touches * PAGE_SIZE, PAGE_SIZE, PAGE_WRITE, &done)) == 0 ||
           error == E_TOUCH)
        if (++touches == 6)
            break;
    sim_touch_every = 0;
    sim_caller = NULL;
    CHECK(touches == 6 && faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0 && sim_entries() == 0);
}

/* A page that its manager cannot bring, one beyond the end, and a space that goes while somebody waits. */
static void pager_remote_file(void)
{
    struct object *o;
    struct space *s = space_new(100);
    struct pager_request r;
    uint64_t done;
    vaddr_t va;
    disk[1][2] = 55;
    CHECK(s && object_create(OBJECT_FILE, 3 * PAGE_SIZE, FILES + 1, manager, &session, &o) == 0);
    CHECK(map(s, 0, 5 * PAGE_SIZE, RW, 0, o, 0, &va) == 0);
    CHECK(remote_call(s, va + 3 * PAGE_SIZE, 8, 0, &done) == E_IO);
    CHECK(remote_call(s, va, 8, PAGE_WRITE, &done) == PAGER_PARKED && object_next_request(manager, &r));
    CHECK(supply(o, r.offset, E_IO, NULL, 0) == 0 && remote_caller.answered && remote_caller.label == E_IO);
    CHECK(remote_call(s, va + 2 * PAGE_SIZE, PAGE_SIZE, PAGE_WRITE, &done) == PAGER_PARKED &&
          manager_step(NULL));
    CHECK(remote_caller.answered && remote_caller.label == E_TOUCH);
    CHECK(peeks(s, va + 2 * PAGE_SIZE, 55) && pokes(s, va + 2 * PAGE_SIZE, 56) &&
          holds(s, va + 2 * PAGE_SIZE, 56));
    CHECK(page_is(frame_memory(object_page(o, 2)), 55) && faults_found() == 0); /* not in the file */
    object_resize(o, PAGE_SIZE);
    object_resize(o, 3 * PAGE_SIZE); /* nothing of it is there now */
    CHECK(space_unmap(s, va, 5 * PAGE_SIZE) == 0 && map(s, 0, 3 * PAGE_SIZE, VMS_READ, 0, o, 0, &va) == 0);
    CHECK(remote_call(s, va + PAGE_SIZE, 8, 0, &done) == PAGER_PARKED && !remote_caller.answered);
    space_destroy(s);
    CHECK(remote_caller.answered && remote_caller.label == E_SRCH && waiter_live() == 0);
    o->sessions = 0;
    object_unhold(o);
    while (manager_step(NULL))
        ;
    CHECK(object_count == 1 && faults_found() == 0);
}
