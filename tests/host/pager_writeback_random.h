/* For pager_test.c alone: random traffic on a file with a slow, failing and dying manager, against a model. */

#define DIRTY_SPACES 4u
#define DIRTY_ROUNDS 20000u

/* Stores are numbered: a page's content is the number of the last store to it. */
static struct dirty_model {
    struct object *file;
    uint64_t value[FILE_PAGES]; /* what every mapping shows */
    uint32_t pages;             /* its size */
    struct pager_request taken[8];
    uint32_t taken_count;
    struct space *space[DIRTY_SPACES];
    vaddr_t at[DIRTY_SPACES]; /* 0: not mapped */
    struct sim_caller call;   /* a sync under way */
    uint64_t wanted[FILE_PAGES];
    bool syncing, failed;
} world;

static uint64_t dirty_state = 4711;

static uint32_t dirty_pick(uint32_t n)
{
    return (uint32_t)(check_random(&dirty_state) % n);
}

/* The manager completes, or fails, one of the requests that it has taken; or takes one more. */
static bool dirty_manager(void)
{
    struct pager_request r;
    static uint8_t data[WRITEBACK_PAGES * PAGE_SIZE];
    struct sim_caller c = {.out = data, .out_len = sizeof data};
    uint64_t count;
    writeback_settle();
    if (world.taken_count < 8 && dirty_pick(2)) {
        if (object_next_request(manager, &r)) {
            MUST(r.kind == PAGER_PAGE_IN);
            for (uint32_t i = 0; i < r.pages; i++)
                page_fill(data + i * PAGE_SIZE, disk[0][r.offset / PAGE_SIZE + i]);
            supply(world.file, r.offset, 0, data, r.pages * PAGE_SIZE);
            return true;
        }
        if (writeback_next(manager, &world.taken[world.taken_count])) {
            world.taken_count++;
            return true;
        }
    }
    if (world.taken_count == 0)
        return false;
    uint32_t i = dirty_pick(world.taken_count);
    r = world.taken[i];
    world.taken[i] = world.taken[--world.taken_count];
    int status = dirty_pick(20) ? 0 : E_IO;
    world.failed = world.failed || status;
    for (uint32_t k = 0; k < r.pages; k++) {
        uint64_t offset = r.offset + k * PAGE_SIZE, page = offset / PAGE_SIZE;
        sim_caller = &c;
        int error = object_read(world.file, offset, PAGE_SIZE, &count);
        sim_caller = NULL;
        if (!error && !status)
            memcpy(&disk[0][page], data, 8);
        writeback_written(world.file, offset, status);
    }
    return true;
}

static bool dirty_serve(struct sim_caller *c)
{
    struct pager_exception x;
    for (int i = 0; i < 1000; i++) {
        requests_settle();
        writeback_settle();
        if (c->answered)
            return true;
        if (admin->pending.first) {
            MUST(channel_next_exception(admin, 1, &x) == 0 && x.code == PAGER_EXC_IO);
            return exception_done(admin, x.cookie, true) == 0 && c->answered;
        }
        dirty_manager();
    }
    return false; /* a hang */
}

static bool dirty_store(uint32_t k, uint32_t page)
{
    static uint64_t serial;
    struct sim_task *task = sim_task(world.space[k]->task);
    vaddr_t va = world.at[k] + page * PAGE_SIZE;
    struct sim_caller c;
    for (int tries = 0; tries < 100; tries++) {
        pte_t e = sim_entry(task, va);
        if (pte_present(e) && pte_writable(e)) {
            world.value[page] = ++serial;
            page_fill(machine_ram + pte_frame(e, PTEP_LEAF), serial);
            return true;
        }
        bool io = false;
        if (store_waits(world.space[k], va, &c)) {
            io = !dirty_serve(&c);
            if (io)
                return false;
            if (dirty_pick(2) && world.failed)
                return true; /* it was SIGBUS, perhaps */
        }
    }
    return true;
}

static bool dirty_load(uint32_t k, uint32_t page)
{
    struct fault_answer answer;
    struct sim_task *task = sim_task(world.space[k]->task);
    vaddr_t va = world.at[k] + page * PAGE_SIZE;
    for (int tries = 0; tries < 100; tries++) {
        pte_t e = sim_entry(task, va);
        if (pte_present(e))
            return page_is(machine_ram + pte_frame(e, PTEP_LEAF), world.value[page]);
        struct sim_caller c = {0};
        sim_caller = &c;
        int later = fault_handle(&(struct fault){world.space[k]->id, next_thread++, 0, va, 0}, &answer);
        sim_caller = NULL;
        if (!later && answer.label == FAULT_MAP)
            MUST(!sim_set_one(task, answer.word[0], answer.word[1], answer.word[2]));
        fault_settle();
        if (later && !dirty_serve(&c))
            return false;
    }
    return false;
}

static bool dirty_sync(uint32_t k)
{
    if (world.syncing) {
        if (!world.call.answered)
            return dirty_manager() || true;
        world.syncing = false;
        for (uint32_t i = 0; i < world.pages && world.call.label == 0; i++)
            if (disk[0][i] < world.wanted[i])
                return false; /* it said that this was written */
        return world.call.label == 0 || world.call.label == E_IO || world.call.label == E_NOMEM ||
               world.call.label == E_SRCH;
    }
    int error = sync_begin(world.space[k], world.at[k], FILE_PAGES, &world.call);
    memcpy(world.wanted, world.value, sizeof world.wanted);
    world.syncing = error == PAGER_PARKED;
    if (world.syncing)
        return true;
    for (uint32_t i = 0; i < world.pages && !error; i++)
        if (disk[0][i] != world.value[i])
            return false;
    return error == 0 || error == E_IO || error == E_NOMEM;
}

static bool dirty_space(uint32_t k)
{
    uint32_t from = dirty_pick(DIRTY_SPACES);
    space_destroy(world.space[k]);
    if (from != k && world.at[from]) {
        world.at[k] = world.at[from];
        return space_fork(world.space[from], sim_task_new(1000), admin, &session, &world.space[k]) == 0;
    }
    world.space[k] = space_new(1000);
    return world.space[k] &&
           map(world.space[k], 0, FILE_PAGES * PAGE_SIZE, RW, PAGER_SHARED, world.file, 0, &world.at[k]) == 0;
}

static bool dirty_resize(void)
{
    uint32_t pages = 1 + dirty_pick(FILE_PAGES);
    for (uint32_t i = pages; i < world.pages; i++)
        world.value[i] = world.wanted[i] = disk[0][i] = 0;
    world.pages = pages;
    return object_resize(world.file, pages * PAGE_SIZE) == 0;
}

static bool dirty_step(void)
{
    uint32_t k = dirty_pick(DIRTY_SPACES), page = dirty_pick(world.pages);
    switch (dirty_pick(40)) {
    case 0: return dirty_pick(10) ? true : dirty_space(k);
    case 1: return dirty_pick(20) ? true : dirty_resize();
    case 2: /* the manager's next instance */
        if (dirty_pick(20) == 0) {
            world.taken_count = 0;
            object_requeue(manager);
        }
        return true;
    case 3: object_reclaim(); return true;
    case 4 ... 5: return dirty_sync(k);
    case 6 ... 12: dirty_manager(); return true;
    case 13 ... 24: return dirty_load(k, page);
    case 25: sim_fail_unshare = dirty_pick(3) == 0; return true;
    default: return dirty_store(k, page);
    }
}

static void pager_dirty_random(void)
{
    uint64_t most = writeback_most;
    disk_fails = 0;
    memset(disk[0], 0, sizeof disk[0]);
    world.pages = FILE_PAGES;
    CHECK(object_create(OBJECT_FILE, FILE_PAGES * PAGE_SIZE, 0, manager, &session, &world.file) == 0);
    for (uint32_t k = 0; k < DIRTY_SPACES; k++) {
        world.space[k] = space_new(1000);
        CHECK(world.space[k] && map(world.space[k], 0, FILE_PAGES * PAGE_SIZE, RW, PAGER_SHARED, world.file,
                                    0, &world.at[k]) == 0);
    }
    writeback_most = 24;
    for (uint32_t round = 0; round < DIRTY_ROUNDS; round++) {
        bool right = dirty_step();
        if (!right)
            printf("# round %u\n", round);
        CHECK(right);
        if (round % 100 == 0)
            CHECK(faults_found() == 0);
    }
    sim_fail_unshare = 0;
    for (uint32_t k = 0; k < DIRTY_SPACES; k++)
        space_destroy(world.space[k]);
    while (dirty_manager() || world.taken_count > 0)
        ;
    told_unused = 0;
    object_closed(world.file);
    while (manager_step(NULL))
        ;
    for (uint32_t i = 0; i < world.pages; i++)
        CHECK(disk[0][i] == world.value[i]);
    writeback_most = most;
    CHECK(told_unused == 1 && writeback_counts.dirty == 0 && waiter_live() == 0 && faults_found() == 0);
}
