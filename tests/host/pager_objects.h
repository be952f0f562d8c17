/* Cases of objects and their managers, of exceptions, of other spaces, of short memory. Included by
 * pager_test.c alone. */

static void pager_shared_object(void)
{
    struct object *o;
    struct space *a = space_new(1000), *b = space_new(1000), *c;
    vaddr_t va, vb, vc;
    CHECK(a && b && object_create(OBJECT_ANON, 10 * PAGE_SIZE, 0, NULL, &session, &o) == 0);
    CHECK(map(a, 0, 10 * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &va) == 0);
    CHECK(map(b, BASE, 4 * PAGE_SIZE, RW, PAGER_SHARED, o, 2 * PAGE_SIZE, &vb) == 0);
    CHECK(map(b, 0, 12 * PAGE_SIZE, RW, 0, o, 0, &vc) == 0);
    CHECK(store(a, va + 3 * PAGE_SIZE, 33) == 0 && holds(b, vb + PAGE_SIZE, 33) &&
          holds(b, vc + 3 * PAGE_SIZE, 33));
    CHECK(store(b, vc + 3 * PAGE_SIZE, 34) == 0 && holds(a, va + 3 * PAGE_SIZE, 33));
    CHECK(store(b, vc + 10 * PAGE_SIZE, 1) == PAGER_EXC_END);
    CHECK(space_fork(a, sim_task_new(1000), admin, &session, &c) == 0);
    CHECK(store(c, va + 4 * PAGE_SIZE, 44) == 0 && holds(a, va + 4 * PAGE_SIZE, 44));
    CHECK(faults_found() == 0);
    o->sessions = 0;
    object_unhold(o);
    space_destroy(a);
    space_destroy(c);
    CHECK(object_count == 2 && holds(b, vb + PAGE_SIZE, 33));
    space_destroy(b);
    CHECK(object_count == 1 && faults_found() == 0 && space_committed == 0); /* the bundle's is left */
}

static void pager_bundle_pages(void)
{
    struct space *s = space_new(100);
    uint8_t *m;
    vaddr_t va;
    CHECK(s && map(s, 0, BUNDLE, VMS_READ, PAGER_RESIDENT, bundle_of_test, 0, &va) == 0);
    for (uint64_t i = 0; i < BUNDLE; i += 511) {
        CHECK(touch(s, va + i, READ, &m, NULL) == 0);
        CHECK(m[i % PAGE_SIZE] == (uint8_t)(i / PAGE_SIZE * 7 + i));
    }
    CHECK(touch(s, va + BUNDLE, READ, &m, NULL) == 0 && m[BUNDLE % PAGE_SIZE] == 0);
    CHECK(faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0);
}

static void pager_file_pages(void)
{
    struct object *o;
    struct space *s = space_new(100);
    vaddr_t va, vp;
    told_unused = 0;
    for (uint32_t i = 0; i < FILE_PAGES; i++)
        disk[0][i] = 1000 + i;
    CHECK(s && object_create(OBJECT_FILE, 50 * PAGE_SIZE + 5, FILES, manager, &session, &o) == 0);
    CHECK(map(s, 0, 60 * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &va) == 0);
    CHECK(map(s, 0, 60 * PAGE_SIZE, RW, 0, o, 0, &vp) == 0);
    for (int i = 0; i < 50; i++)
        CHECK(holds(s, va + i * PAGE_SIZE, 1000 + i));
    CHECK(store(s, vp + 7 * PAGE_SIZE, 5) == 0 && holds(s, va + 7 * PAGE_SIZE, 1007) && o->dirty == 0);
    CHECK(store(s, va + 8 * PAGE_SIZE, 6) == 0 && holds(s, vp + 8 * PAGE_SIZE, 6) && o->dirty == 1);
    CHECK(store(s, va + 51 * PAGE_SIZE, 6) == PAGER_EXC_END);
    CHECK(faults_found() == 0);
    uint64_t offsets[4];
    CHECK(writeback_list(o, offsets, 4) == 1 && offsets[0] == 8 * PAGE_SIZE);
    CHECK(writeback_take(o, offsets, 1) == 0);
    CHECK(faults_found() == 0 && o->dirty == 1 && writeback_list(o, offsets, 4) == 0);
    CHECK(store(s, va + 8 * PAGE_SIZE, 9) == 0 && writeback_list(o, offsets, 4) == 0);
    writeback_written(o, 8 * PAGE_SIZE, 0);
    CHECK(o->dirty == 1 && writeback_list(o, offsets, 4) == 1);
    CHECK(writeback_take(o, offsets, 1) == 0);
    writeback_written(o, 8 * PAGE_SIZE, 0);
    CHECK(o->dirty == 0 && faults_found() == 0);
    CHECK(object_resize(o, 8 * PAGE_SIZE) == 0 && faults_found() == 0);
    CHECK(store(s, va + 8 * PAGE_SIZE, 6) == PAGER_EXC_END && holds(s, va + 7 * PAGE_SIZE, 1007));
    o->sessions = 0;
    object_unhold(o);
    space_destroy(s);
    while (manager_step(NULL))
        ;
    CHECK(told_unused == 1 && object_count == 1 && faults_found() == 0);
}

static void pager_file_error(void)
{
    struct object *o;
    struct space *s = space_new(100);
    struct pager_request r;
    struct pager_exception x;
    vaddr_t va;
    CHECK(s && object_create(OBJECT_FILE, 50 * PAGE_SIZE, FILES, manager, &session, &o) == 0);
    CHECK(map(s, 0, 50 * PAGE_SIZE, RW, 0, o, 0, &va) == 0);
    struct sim_caller c[3] = {0};
    struct fault_answer answer;
    for (uint32_t i = 0; i < 3; i++) {
        sim_caller = &c[i];
        CHECK(fault_handle(&(struct fault){s->id, 100 + i, i ? 0 : FAULT_WRITE, va + i * PAGE_SIZE, 0},
                           &answer) == FAULT_LATER);
    }
    sim_caller = NULL;
    CHECK(object_next_request(manager, &r) && r.pages == 16 && !object_next_request(manager, &r));
    waiters_cancel(101, true);
    CHECK(c[1].closed && !c[1].answered);
    object_requeue(manager);
    CHECK(object_next_request(manager, &r) && r.offset == 0);
    CHECK(supply(o, 0, E_IO, NULL, 0) == 0);
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.code == PAGER_EXC_IO && x.thread == 100);
    CHECK(exception_done(manager, x.cookie, true) == E_PERM && exception_done(admin, 999, true) == E_SRCH);
    CHECK(exception_done(admin, x.cookie, false) == 0 && !c[0].answered);
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.thread == 102);
    CHECK(exception_done(admin, x.cookie, true) == 0 && c[2].answered && c[2].label == FAULT_RESUME);
    sim_caller = &c[1];
    memset(c + 1, 0, sizeof c[1]);
    CHECK(fault_handle(&(struct fault){s->id, 103, 0, va, 0}, &answer) == FAULT_LATER);
    space_destroy(s);
    CHECK(c[0].closed && c[1].closed && waiter_live() == 0);
    CHECK(object_destroy(o) == E_BUSY);
    o->sessions = 0;
    CHECK(object_destroy(o) == 0 && object_count == 1 && faults_found() == 0);
}

static void pager_unmapped_while_waiting(void)
{
    struct object *o;
    struct space *s = space_new(100);
    struct pager_request r;
    struct pager_exception x;
    struct fault_answer answer;
    struct sim_caller c = {0};
    vaddr_t va;
    CHECK(s && object_create(OBJECT_FILE, 50 * PAGE_SIZE, FILES, manager, &session, &o) == 0);
    CHECK(map(s, 0, 50 * PAGE_SIZE, RW, 0, o, 0, &va) == 0);
    sim_caller = &c;
    CHECK(fault_handle(&(struct fault){s->id, 7, 0, va, 0}, &answer) == FAULT_LATER);
    o->sessions = 0;
    CHECK(space_unmap(s, va, 50 * PAGE_SIZE) == 0);
    CHECK(channel_next_request(manager, 51, &r) == 0 && r.kind == PAGER_PAGE_IN);
    CHECK(channel_next_request(manager, 51, &r) == 0 && r.kind == PAGER_UNUSED);
    requests_settle();
    CHECK(channel_next_exception(admin, 9, &x) == 0 && x.code == PAGER_EXC_UNMAPPED && x.address == va);
    CHECK(exception_done(admin, x.cookie, true) == 0 && c.answered && object_count == 1);
    space_destroy(s);
    CHECK(waiter_live() == 0 && faults_found() == 0);
}

/* The manager's own pages are an object's: both sides see the same memory; each may go first. */
static void pager_lent_pages(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *lender = space_new(1000), *s = space_new(1000), *t;
    struct object *o;
    struct pager_request r;
    vaddr_t own, va, private;
    CHECK(lender && s && map(lender, 0, 4 * PAGE_SIZE, RW, PAGER_RESIDENT, NULL, 0, &own) == 0);
    CHECK(object_create(OBJECT_FILE, 5 * PAGE_SIZE, 0, manager, &session, &o) == 0);
    o->lent = true;
    uint64_t at[] = {own + PAGE_SIZE, own, own + 7}, other[] = {own + 9 * PAGE_SIZE};
    CHECK(store(lender, own, 10) == 0 && store(lender, own + PAGE_SIZE, 11) == 0);
    CHECK(object_lend(o, lender, 0, at, 3) == E_INVAL); /* the first two are lent */
    CHECK(object_lend(o, lender, 0, at, 2) == 0 && object_lend(o, lender, 1, at, 1) == E_EXISTS);
    CHECK(object_lend(o, lender, 3, other, 1) == E_INVAL && object_lend(o, lender, 5, at, 1) == E_INVAL);
    CHECK(object_lend(o, lender, 3, at, 1) == E_INVAL &&
          object_lend(o, lender, UINT32_MAX, at, 2) == E_INVAL);
    CHECK(map(s, 0, 5 * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &va) == 0);
    CHECK(map(s, 0, 5 * PAGE_SIZE, RW, 0, o, 0, &private) == 0);
    CHECK(holds(s, va, 11) && holds(s, va + PAGE_SIZE, 10) && holds(s, private, 11));
    CHECK(store(s, va, 12) == 0 && holds(lender, own + PAGE_SIZE, 12) && holds(s, private, 12));
    CHECK(store(lender, own, 13) == 0 && holds(s, va + PAGE_SIZE, 13) && o->dirty == 0);
    CHECK(store(s, private + PAGE_SIZE, 1) == 0 && holds(s, va + PAGE_SIZE, 13) && faults_found() == 0);
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &t) == 0 && store(t, va, 14) == 0);
    CHECK(holds(s, va, 14) && holds(lender, own + PAGE_SIZE, 14) && faults_found() == 0);
    space_destroy(t);
    CHECK(!object_next_request(manager, &r) && !object_reclaim());
    CHECK(object_resize(o, PAGE_SIZE) == 0 && store(s, va + PAGE_SIZE, 1) == PAGER_EXC_END);
    CHECK(space_unmap(lender, own, PAGE_SIZE) == 0 && faults_found() == 0); /* its own again, and gone */
    handle_t again;
    CHECK(object_session(o, &again) == 0 && o->sessions == 2);
    object_closed(o);
    object_closed(o);
    space_destroy(lender); /* the page stays with who maps it */
    CHECK(store(s, va, 15) == 0 && faults_found() == 0);
    space_destroy(s);
    CHECK(object_session(o, &again) == 0 && !object_next_request(manager, &r)); /* in time */
    object_closed(o);
    CHECK(object_next_request(manager, &r) && r.kind == PAGER_UNUSED);
    CHECK(object_count == 1 && faults_found() == 0 && frame_counts.kind[FRAME_FREE] + 1 >= free);
}

static void pager_exceptions_without_ear(void)
{
    struct space *s = space_new(100);
    struct channel *other;
    struct fault_answer answer;
    struct sim_caller c = {0};
    CHECK(s && channel_create(CHANNEL_ADMIN, &session, &other) == 0);
    sim_quiet = true;
    s->admin = other;
    other->boot = true;
    CHECK(fault_handle(&(struct fault){s->id, 1, 0, BASE, 0}, &answer) == 0 && answer.label == FAULT_REFUSE);
    other->boot = false;
    sim_caller = &c;
    CHECK(fault_handle(&(struct fault){s->id, 1, FAULT_TOUCH, BASE, 0}, &answer) == 0);
    CHECK(answer.label == FAULT_REFUSE);
    CHECK(fault_exception(s->id, 2, 13, 0x1000, 0, &answer) == FAULT_LATER && !c.answered);
    channel_closed(other);
    CHECK(c.answered && c.label == FAULT_REFUSE && !s->admin);
    CHECK(fault_exception(s->id, 2, 13, 0x1000, 0, &answer) == 0 && answer.label == FAULT_REFUSE);
    CHECK(fault_handle(&(struct fault){12345, 1, 0, BASE, 0}, &answer) == 0 && answer.label == FAULT_REFUSE);
    sim_quiet = false;
    space_destroy(s);
    CHECK(waiter_live() == 0);
}

static void pager_parked_calls(void)
{
    struct space *s = space_new(100);
    struct sim_caller a = {0}, b = {0};
    struct fault_answer answer;
    struct pager_exception x;
    struct pager_request r;
    sim_caller = &a;
    CHECK(s && channel_next_exception(admin, 50, &x) == PAGER_PARKED);
    sim_caller = &b;
    CHECK(fault_handle(&(struct fault){s->id, 60, FAULT_WRITE, BASE, 0x1234}, &answer) == FAULT_LATER);
    memcpy(&x, a.word, sizeof x);
    CHECK(a.answered && a.label == 0 && x.space == s->id && x.address == BASE && x.rip == 0x1234);
    CHECK(exception_done(admin, x.cookie, true) == 0 && b.answered);
    memset(&a, 0, sizeof a);
    sim_caller = &a;
    CHECK(channel_next_request(manager, 51, &r) == PAGER_PARKED);
    waiters_cancel(51, false);
    CHECK(a.answered && a.label == E_CANCELLED && waiter_live() == 0);
    space_destroy(s);
}

static void pager_out_of_memory(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s = space_new(1000), *t = space_new(1000);
    vaddr_t va, more;
    uint64_t usable = frame_usable();
    CHECK(s && t && map(s, 0, (usable + 1) * PAGE_SIZE, RW, 0, NULL, 0, &va) == E_NOMEM);
    CHECK(map(s, 0, (usable - 200) * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    CHECK(map(t, 0, 300 * PAGE_SIZE, RW, PAGER_RESIDENT, NULL, 0, &more) == E_NOMEM);
    CHECK(map(t, 0, 300 * PAGE_SIZE, VMS_READ, 0, NULL, 0, &more) == 0);
    CHECK(space_protect(t, more, 300 * PAGE_SIZE, RW) == E_NOMEM);
    uint64_t i = 0;
    for (; i < usable - 200; i++)
        if (store(s, va + i * PAGE_SIZE, i))
            break;
    CHECK(i == usable - 200 && faults_found() == 0);
    CHECK(frame_counts.whole >= 2); /* the last whole blocks stay */
    CHECK(block_feed() != E_NOMEM);
    for (i = 0; i < 300 && holds(t, more + i * PAGE_SIZE, 0); i++)
        ;
    CHECK(i == 300); /* reading what was never written takes no frame */
    CHECK(map(t, 0, 300 * PAGE_SIZE, RW, PAGER_NO_RESERVE, NULL, 0, &more) == 0);
    for (i = 0; i < 300 && store(t, more + i * PAGE_SIZE, 1) == 0; i++)
        ;
    CHECK(i < 300 && store(t, more + i * PAGE_SIZE, 1) == PAGER_EXC_NOMEM);
    CHECK(faults_found() == 0);
    space_destroy(s);
    space_destroy(t);
    block_reap();
    CHECK(frame_counts.kind[FRAME_FREE] >= free - 512 && sim_entries() == 0 && faults_found() == 0);
}

static void pager_feeds_kernel(void)
{
    struct space *spaces[500];
    vaddr_t va;
    uint32_t n = 0;
    for (; n < 400; n++) {
        spaces[n] = space_new(10);
        CHECK(spaces[n] && map(spaces[n], 0, 4 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
        CHECK(store(spaces[n], va, n) == 0 && store(spaces[n], va + 2 * PAGE_SIZE, n + 1) == 0);
    }
    CHECK(faults_found() == 0 && sim_tables_free() > 0);
    for (uint32_t i = 0; i < n; i++)
        CHECK(holds(spaces[i], USER_MMAP_BASE, i));
    for (uint32_t i = 0; i < n; i++)
        space_destroy(spaces[i]);
    CHECK(block_reap() && faults_found() == 0 && sim_entries() == 0);
}
