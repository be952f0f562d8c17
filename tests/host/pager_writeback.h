/* Dirty pages: their states, their bound, who waits for them, what a failing disk comes to. Included by
 * pager_test.c alone. */

static struct space *writer;
static vaddr_t shared_at;

/* A file of FILE_PAGES pages, of the values 1000 and on, and a space that maps it to write. */
static struct object *file_mapped(void)
{
    struct object *o;
    disk_fails = 0;
    told_unused = 0;
    for (uint32_t i = 0; i < FILE_PAGES; i++)
        disk[0][i] = 1000 + i;
    writer = space_new(1000);
    if (!writer || object_create(OBJECT_FILE, FILE_PAGES * PAGE_SIZE, 0, manager, &session, &o) ||
        map(writer, 0, FILE_PAGES * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &shared_at))
        return NULL;
    for (uint32_t i = 0; i < FILE_PAGES; i++)
        if (!holds(writer, shared_at + i * PAGE_SIZE, 1000 + i))
            return NULL;
    return o;
}

static bool file_gone(struct object *o)
{
    uint64_t id = o->id;
    space_destroy(writer);
    if (o->sessions > 0)
        object_closed(o);
    while (manager_step(NULL))
        ;
    return !object_by_id(id) && told_unused == 1 && writeback_counts.dirty == 0 &&
           writeback_counts.writing == 0 && waiter_live() == 0 && faults_found() == 0;
}

static int store_page(uint32_t page, uint64_t value)
{
    return store(writer, shared_at + page * PAGE_SIZE, value);
}

/* A store that is not served by anybody: true if it waits. */
static bool store_waits(struct space *space, vaddr_t va, struct sim_caller *c)
{
    struct fault_answer answer;
    memset(c, 0, sizeof *c);
    sim_caller = c;
    int later = fault_handle(&(struct fault){space->id, next_thread++, FAULT_WRITE, va, 0x400000}, &answer);
    sim_caller = NULL;
    writeback_settle(); /* before the reply is carried out, as in the pager's loop */
    if (!later && answer.label == FAULT_MAP)
        MUST(!sim_set_one(sim_task(space->task), answer.word[0], answer.word[1], answer.word[2]));
    fault_settle();
    return later == FAULT_LATER && !c->answered;
}

static int sync_begin(struct space *space, vaddr_t start, uint32_t pages, struct sim_caller *c)
{
    memset(c, 0, sizeof *c);
    sim_caller = c;
    int error = writeback_sync(space, next_thread++, start, start + pages * PAGE_SIZE, true);
    sim_caller = NULL;
    writeback_settle();
    return error;
}

static enum page_state state_of(const struct object *o, uint32_t page)
{
    return page_state(frame_table[object_page(o, page)].flags);
}

static void pager_dirty_states(void)
{
    struct object *o = file_mapped();
    struct pager_request r;
    uint64_t written = writeback_counts.written;
    CHECK(o && o->dirty == 0 && store_page(3, 7) == 0 && store_page(4, 8) == 0 && store_page(9, 9) == 0);
    CHECK(o->dirty == 3 && manager->dirty == 3 && writeback_counts.dirty == 3 &&
          state_of(o, 3) == PAGE_DIRTY);
    CHECK(!writeback_next(manager, &r)); /* nobody has asked */
    CHECK(writeback_sync(writer, 1, shared_at, shared_at + FILE_PAGES * PAGE_SIZE, false) == 0);
    CHECK(state_of(o, 3) == PAGE_ASKED && state_of(o, 9) == PAGE_ASKED && faults_found() == 0);
    CHECK(store_page(3, 17) == 0); /* may be stored to until it is handed out */
    CHECK(writeback_next(manager, &r) && r.kind == PAGER_WRITE_BACK && r.object == o->id);
    CHECK(r.offset == 3 * PAGE_SIZE && r.pages == 2 && state_of(o, 4) == PAGE_WRITING);
    CHECK(writeback_counts.writing == 2 && faults_found() == 0);
    CHECK(store_page(4, 18) == 0 && state_of(o, 4) == PAGE_WRITING); /* noticed */
    writeback_written(o, 3 * PAGE_SIZE, 0);
    writeback_written(o, 4 * PAGE_SIZE, 0);
    writeback_written(o, 4 * PAGE_SIZE, 0); /* again; and what is no page of it */
    writeback_written(o, 4 * PAGE_SIZE + 1, 0);
    writeback_written(o, UINT64_MAX & ~(PAGE_SIZE - 1), 0);
    CHECK(state_of(o, 3) == PAGE_CLEAN && state_of(o, 4) == PAGE_DIRTY && o->dirty == 2);
    CHECK(writeback_next(manager, &r) && r.offset == 9 * PAGE_SIZE && r.pages == 1);
    CHECK(!writeback_next(manager, &r) && faults_found() == 0);
    writeback_written(o, 9 * PAGE_SIZE, 0);
    CHECK(writeback_counts.written == written + 3 && o->dirty == 1 && faults_found() == 0);
    CHECK(file_gone(o) && disk[0][4] == 18); /* what was dirty at the end was written first */
}

/* One page more than may be dirty: its store waits, and what it waits for is asked of the manager. */
static void pager_dirty_bound(void)
{
    uint64_t most = writeback_most;
    struct object *o = file_mapped();
    struct sim_caller c, parked = {0};
    struct pager_request r;
    writeback_most = 20;
    CHECK(o);
    for (uint32_t i = 0; i < 10; i++)
        CHECK(store_page(2 * i, 50 + i) == 0);
    CHECK(!writeback_next(manager, &r));                           /* half of the share asks for nothing */
    CHECK(store_page(20, 60) == 0 && writeback_next(manager, &r)); /* more does */
    for (uint32_t i = 0; i < r.pages; i++)
        writeback_written(o, r.offset + i * PAGE_SIZE, 0);
    while (manager_step(NULL))
        ;
    CHECK(o->dirty <= 6 && o->dirty > 0);
    sim_caller = &parked; /* the manager listens now: each answer is a request */
    CHECK(channel_next_request(manager, 51, &r) == PAGER_PARKED);
    sim_caller = NULL;
    for (uint32_t i = 31; manager->dirty < 20; i++)
        CHECK(!store_waits(writer, shared_at + i * PAGE_SIZE, &c));
    CHECK(parked.answered && manager->dirty == 20 && faults_found() == 0);
    memcpy(&r, parked.word, sizeof r);
    CHECK(r.kind == PAGER_WRITE_BACK && r.pages > 0);
    CHECK(store_waits(writer, shared_at + 70 * PAGE_SIZE, &c) && manager->dirty == 20);
    CHECK(!store_waits(writer, shared_at + 31 * PAGE_SIZE, &parked)); /* is dirty already */
    writeback_written(o, r.offset, 0);
    writeback_settle();
    CHECK(c.answered && c.label == FAULT_RESUME && manager->dirty == 20 && state_of(o, 70) == PAGE_DIRTY);
    for (uint32_t i = 1; i < r.pages; i++)
        writeback_written(o, r.offset + i * PAGE_SIZE, 0);
    writeback_most = most;
    CHECK(file_gone(o));
}

/* The store that makes one page too many is carried out when its page has been handed out already. */
static void pager_dirty_reply(void)
{
    uint64_t most = writeback_most;
    struct object *o = file_mapped();
    struct sim_caller c, parked = {0};
    struct pager_request r;
    writeback_most = 2;
    sim_caller = &parked;
    CHECK(o && channel_next_request(manager, 51, &r) == PAGER_PARKED);
    CHECK(!store_waits(writer, shared_at, &c) && !parked.answered);
    CHECK(!store_waits(writer, shared_at + PAGE_SIZE, &c) && parked.answered);
    memcpy(&r, parked.word, sizeof r);
    CHECK(r.kind == PAGER_WRITE_BACK && r.pages == 2 && faults_found() == 0);
    uint8_t *page = machine_ram + (uint64_t)object_page(o, 1) * PAGE_SIZE;
    CHECK(pte_writable(sim_entry(sim_task(writer->task), shared_at + PAGE_SIZE)));
    page_fill(page, 77); /* no fault tells of it */
    writeback_written(o, 0, 0);
    writeback_written(o, PAGE_SIZE, 0);
    CHECK(o->dirty == 1 && state_of(o, 1) == PAGE_DIRTY);
    writeback_most = most;
    CHECK(file_gone(o) && disk[0][1] == 77);
}

/* The share of all managers together. */
static void pager_dirty_all_managers(void)
{
    uint64_t most = writeback_most_all;
    struct object *o = file_mapped(), *of_other;
    struct channel *other;
    struct space *s = space_new(1000);
    struct sim_caller c;
    struct pager_request r;
    handle_t h;
    vaddr_t va;
    uint8_t *page = calloc(1, PAGE_SIZE);
    CHECK(o && s && page && channel_create(CHANNEL_MANAGER, &h, &other) == 0);
    CHECK(object_create(OBJECT_FILE, PAGE_SIZE, 5, other, &session, &of_other) == 0);
    CHECK(map(s, 0, PAGE_SIZE, RW, PAGER_SHARED, of_other, 0, &va) == 0);
    CHECK(supply(of_other, 0, 0, page, PAGE_SIZE) == 0);
    for (uint32_t i = 0; i < 8; i++)
        CHECK(store_page(i, i) == 0);
    writeback_most_all = 8;
    CHECK(store_waits(s, va, &c) && other->room.first); /* the other's pages are in the way */
    while (!c.answered && manager_step(NULL))
        ;
    CHECK(c.answered && c.label == FAULT_RESUME && of_other->dirty == 1 && faults_found() == 0);
    writeback_most_all = most;
    sim_quiet = true;      /* it says what is lost */
    channel_closed(other); /* its object's page can be used, but nobody writes it */
    sim_quiet = false;
    CHECK(writeback_counts.dirty == manager->dirty && store(s, va, 3) == 0 && faults_found() == 0);
    CHECK(sync_begin(s, va, 1, &c) == E_IO && sync_begin(s, va, 1, &c) == 0);
    space_destroy(s);
    object_closed(of_other);
    CHECK(!writeback_next(manager, &r) && file_gone(o));
    free(page);
}

/* A disk that fails: who waits is told, nothing is lost, nothing goes on for ever. */
static void pager_dirty_fails(void)
{
    uint64_t most = writeback_most;
    struct object *o = file_mapped();
    struct sim_caller c[2];
    struct pager_request r;
    struct pager_exception x;
    CHECK(o);
    writeback_most = 4;
    for (uint32_t i = 0; i < 3; i++)
        CHECK(store_page(i, 50 + i) == 0);
    disk_fails = 1;
    while (manager_step(NULL))
        ; /* what more than half of the share has asked for */
    CHECK(o->dirty == 3 && o->write_error == E_IO && !writeback_next(manager, &r));
    CHECK(store_page(3, 53) == 0 && store_page(4, 54) == PAGER_EXC_IO);
    CHECK(o->dirty == 4 && faults_found() == 0);
    CHECK(holds(writer, shared_at, 50) && holds(writer, shared_at + 4 * PAGE_SIZE, 1004));
    CHECK(sync_begin(writer, shared_at, 9, &c[0]) == PAGER_PARKED);
    while (manager_step(NULL))
        ;
    CHECK(c[0].answered && c[0].label == E_IO && o->write_error == 0); /* said once */
    CHECK(store_waits(writer, shared_at + 5 * PAGE_SIZE, &c[1]));
    while (manager_step(NULL))
        ;
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.code == PAGER_EXC_IO && !c[1].answered);
    CHECK(exception_done(admin, x.cookie, true) == 0 && c[1].answered);
    disk_fails = 0;
    CHECK(sync_begin(writer, shared_at, 9, &c[0]) == PAGER_PARKED);
    while (manager_step(NULL))
        ;
    CHECK(c[0].answered && c[0].label == E_IO && o->dirty == 0); /* that store's attempt had failed */
    CHECK(sync_begin(writer, shared_at, 9, &c[0]) == 0);
    CHECK(disk[0][0] == 50 && disk[0][3] == 53 && disk[0][4] == 1004);
    writeback_most = most;
    CHECK(store_page(1, 70) == 0);
    disk_fails = 1; /* also at the very end: the manager is told what it did not write */
    space_destroy(writer);
    object_closed(o);
    writeback_settle();
    CHECK(writeback_next(manager, &r) && r.pages == 1 && !object_next_request(manager, &r));
    writeback_written(o, PAGE_SIZE, E_NOSPC);
    object_unhold(o);
    CHECK(object_next_request(manager, &r) && r.kind == PAGER_UNUSED && r.pages == 1);
    CHECK(faults_found() == 0 && o->dirty == 1 && !writeback_next(manager, &r));
    CHECK(object_destroy(o) == 0 && writeback_counts.dirty == 0 && faults_found() == 0);
}

/* A sync waits for what was dirty when it began, and for no more than that. */
static void pager_dirty_sync(void)
{
    struct object *o = file_mapped();
    struct sim_caller c[3];
    struct pager_request r, r2;
    CHECK(o && sync_begin(writer, shared_at, FILE_PAGES, &c[0]) == 0); /* nothing is dirty */
    CHECK(store_page(0, 1) == 0 && store_page(40, 2) == 0);
    CHECK(sync_begin(writer, shared_at, 10, &c[0]) == PAGER_PARKED);
    CHECK(state_of(o, 40) == PAGE_DIRTY && writeback_next(manager, &r) && r.pages == 1);
    CHECK(store_page(0, 11) == 0);                                   /* while it is being written */
    CHECK(sync_begin(writer, shared_at, 10, &c[1]) == PAGER_PARKED); /* wants that store, too */
    CHECK(sync_begin(writer, shared_at + 40 * PAGE_SIZE, 1, &c[2]) == PAGER_PARKED);
    CHECK(writeback_next(manager, &r2) && r2.offset == 40 * PAGE_SIZE);
    disk[0][0] = 1;
    writeback_written(o, 0, 0);
    writeback_settle();
    CHECK(!c[1].answered && !c[2].answered && faults_found() == 0);
    CHECK(writeback_next(manager, &r) && r.offset == 0);
    writeback_written(o, 0, 0);
    writeback_settle();
    CHECK(c[0].answered && c[0].label == 0);
    writeback_written(o, 40 * PAGE_SIZE, 0);
    writeback_settle();
    CHECK(c[1].answered && c[2].answered && c[1].label == 0 && c[2].label == 0 && o->dirty == 0);
    CHECK(store_page(7, 3) == 0 && sync_begin(writer, shared_at, 10, &c[0]) == PAGER_PARKED);
    CHECK(store_page(8, 3) == 0 && writeback_next(manager, &r)); /* later stores prolong nothing */
    for (uint32_t i = 0; i < r.pages; i++)
        writeback_written(o, r.offset + i * PAGE_SIZE, 0);
    writeback_settle();
    CHECK(c[0].answered && faults_found() == 0);
    CHECK(store_page(9, 3) == 0 && sync_begin(writer, shared_at, 10, &c[0]) == PAGER_PARKED);
    waiters_cancel(next_thread - 1, false);
    CHECK(c[0].answered && c[0].label == E_CANCELLED);
    CHECK(sync_begin(writer, shared_at, 10, &c[0]) == PAGER_PARKED);
    waiters_cancel(next_thread - 1, true);
    CHECK(c[0].closed && faults_found() == 0);
    CHECK(sync_begin(writer, shared_at, 10, &c[0]) == PAGER_PARKED);
    CHECK(file_gone(o) && c[0].answered && c[0].label == E_SRCH);
}

/* A file that is cut while its pages are dirty, asked for, and being written. */
static void pager_dirty_cut(void)
{
    struct object *o = file_mapped();
    struct sim_caller c[2];
    struct pager_request r;
    uint64_t most = writeback_most, count;
    uint8_t page[PAGE_SIZE];
    CHECK(o);
    for (uint32_t i = 0; i < 40; i++)
        CHECK(store_page(i, i) == 0);
    writeback_most = o->dirty;
    CHECK(sync_begin(writer, shared_at, 30, &c[0]) == PAGER_PARKED && writeback_next(manager, &r));
    CHECK(r.pages == 16 && store_waits(writer, shared_at + 50 * PAGE_SIZE, &c[1]));
    CHECK(object_resize(o, 5 * PAGE_SIZE + 100) == 0 && o->dirty == 6 && faults_found() == 0);
    writeback_settle();
    struct pager_exception x;
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.code == PAGER_EXC_END);
    CHECK(exception_done(admin, x.cookie, true) == 0 && c[1].answered && !c[0].answered);
    sim_caller = &(struct sim_caller){.out = page, .out_len = sizeof page};
    memset(page, 9, sizeof page);
    CHECK(object_read(o, 5 * PAGE_SIZE, PAGE_SIZE, &count) == 0 && count == PAGE_SIZE);
    CHECK(page[0] == 5 && page[100] == 0 && page[PAGE_SIZE - 1] == 0); /* not what lies behind the end */
    CHECK(object_read(o, 6 * PAGE_SIZE, PAGE_SIZE, &count) == E_NOENT);
    CHECK(object_read(o, 1, PAGE_SIZE, &count) == E_INVAL && object_read(o, 0, 1, &count) == E_INVAL);
    CHECK(object_read(o, UINT64_MAX & ~(PAGE_SIZE - 1), PAGE_SIZE, &count) == E_NOENT);
    sim_caller = NULL;
    for (uint32_t i = 0; i < r.pages; i++)
        writeback_written(o, r.offset + i * PAGE_SIZE, 0);
    writeback_settle();
    CHECK(c[0].answered && c[0].label == 0 && o->dirty == 0 && faults_found() == 0);
    writeback_most = most;
    CHECK(file_gone(o));
}

/* Who stored is gone: the pages are written all the same, and only then is the object unused. */
static void pager_dirty_unused(void)
{
    struct object *o = file_mapped();
    struct pager_request r;
    handle_t h;
    uint64_t id;
    CHECK(o && store_page(2, 22) == 0 && store_page(3, 23) == 0);
    object_closed(o);
    CHECK(!writeback_next(manager, &r)); /* it is mapped yet */
    CHECK(space_unmap(writer, shared_at, FILE_PAGES * PAGE_SIZE) == 0 && o->pages == 2);
    CHECK(!object_next_request(manager, &r) && object_session(o, &h) == 0); /* somebody comes back */
    CHECK(map(writer, 0, FILE_PAGES * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &shared_at) == 0);
    CHECK(holds(writer, shared_at + 2 * PAGE_SIZE, 22) && store_page(5, 25) == 0);
    CHECK(writeback_next(manager, &r) && r.pages == 2 && faults_found() == 0);
    CHECK(store_page(2, 32) == 0);
    object_closed(o);
    CHECK(space_unmap(writer, shared_at, FILE_PAGES * PAGE_SIZE) == 0);
    writeback_written(o, 3 * PAGE_SIZE, 0);
    object_unhold(o);
    CHECK(!object_next_request(manager, &r) && faults_found() == 0);
    writeback_written(o, 2 * PAGE_SIZE, 0);
    object_unhold(o);
    id = o->id;
    while (manager_step(NULL))
        CHECK(told_unused == 0 || writeback_counts.dirty == 0);
    CHECK(told_unused == 1 && !object_by_id(id) && disk[0][2] == 32 && disk[0][5] == 25);
    space_destroy(writer);
    CHECK(faults_found() == 0);
}

/* Tables that fork has shared: nobody stores to a page in write-back unnoticed, on whichever side. */
static void pager_dirty_forked(void)
{
    struct object *o = file_mapped();
    struct space *child;
    struct sim_caller c;
    struct pager_request r;
    CHECK(o);
    for (uint32_t i = 0; i < FILE_PAGES; i++)
        CHECK(store_page(i, i) == 0);
    CHECK(space_fork(writer, sim_task_new(1000), admin, &session, &child) == 0);
    CHECK(sync_begin(writer, shared_at, 20, &c) == PAGER_PARKED);
    waiters_cancel(next_thread - 1, true);
    sim_fail_unshare = 1; /* no table: the run is not taken */
    CHECK(writeback_next(manager, &r) && r.offset != 0 && o->write_error == E_NOMEM);
    CHECK(state_of(o, 0) == PAGE_DIRTY && faults_found() == 0);
    uint32_t in = (uint32_t)(r.offset / PAGE_SIZE);
    CHECK(store(child, shared_at + in * PAGE_SIZE, 5) == 0 && holds(writer, shared_at + in * PAGE_SIZE, 5));
    CHECK(store(writer, shared_at + (in + 1) * PAGE_SIZE, 6) == 0 && faults_found() == 0);
    space_destroy(child);
    CHECK(store(writer, shared_at + (in + 2) * PAGE_SIZE, 7) == 0 && faults_found() == 0);
    for (uint32_t i = 0; i < r.pages; i++)
        writeback_written(o, r.offset + i * PAGE_SIZE, 0);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(state_of(o, in + i) == PAGE_DIRTY);
    CHECK(state_of(o, in + 3) == PAGE_CLEAN && faults_found() == 0 && file_gone(o));
    CHECK(disk[0][in] == 5 && disk[0][in + 1] == 6 && disk[0][in + 2] == 7);
}

/* What its predecessor had taken is handed out to a manager's next instance. */
static void pager_dirty_manager_dies(void)
{
    struct object *o = file_mapped();
    struct sim_caller c;
    struct pager_request r;
    uint64_t offset;
    CHECK(o && store_page(1, 1) == 0 && store_page(20, 2) == 0 && store_page(30, 3) == 0);
    CHECK(sync_begin(writer, shared_at, 25, &c) == PAGER_PARKED && writeback_next(manager, &r));
    offset = 30 * PAGE_SIZE; /* and by take_dirty */
    CHECK(writeback_take(o, &offset, 1) == 0 && store_page(1, 11) == 0);
    object_requeue(manager);
    CHECK(writeback_counts.writing == 0 && faults_found() == 0 && !c.answered);
    while (manager_step(NULL))
        ;
    CHECK(c.answered && c.label == 0 && o->dirty == 0);
    CHECK(disk[0][1] == 11 && disk[0][20] == 2 && disk[0][30] == 3 && file_gone(o));
}

/* Memory is full of promised private pages and of dirty ones: a touch waits for a page to be written. */
static void pager_dirty_memory(void)
{
    struct object *o = file_mapped();
    struct space *s = space_new(1000);
    struct sim_caller c;
    struct pager_exception x;
    vaddr_t va;
    uint64_t usable = frame_usable(), i = 0;
    CHECK(o && s && map(s, 0, usable * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    for (uint32_t k = 0; k < FILE_PAGES; k++)
        CHECK(store_page(k, k) == 0);
    while (i < usable && !store_waits(s, va + i * PAGE_SIZE, &c))
        i++;
    CHECK(i < usable && writeback_counts.dirty == FILE_PAGES); /* this one waits */
    CHECK(!c.answered && manager->under_way > 0 && faults_found() == 0);
    CHECK(manager_step(NULL) && manager_step(NULL) && c.answered && c.label == FAULT_RESUME);
    for (uint64_t end = i + FILE_PAGES - 10; i < end && i < usable; i++) /* what was promised is kept */
        CHECK(store(s, va + i * PAGE_SIZE, i) == 0);
    while (manager_step(NULL))
        ;
    for (uint32_t k = 0; k < FILE_PAGES; k++)
        CHECK(disk[0][k] == k || writeback_counts.dirty > 0);
    CHECK(space_unmap(s, va, 40 * PAGE_SIZE) == 0);
    for (uint32_t k = 0; k < 30; k++)
        CHECK(store_page(k, k + 7) == 0);
    CHECK(map(s, va, 40 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    disk_fails = 1; /* now nothing can be written: a promise is broken, and whoever meets that is told */
    for (i = 0; i < 40 && !store_waits(s, va + i * PAGE_SIZE, &c); i++)
        ;
    CHECK(i < 40);
    while (manager_step(NULL))
        ;
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.code == PAGER_EXC_NOMEM && !c.answered);
    CHECK(exception_done(admin, x.cookie, true) == 0 && faults_found() == 0);
    disk_fails = 0;
    space_destroy(s);
    CHECK(file_gone(o) && disk[0][3] == 10);
}
