/* Cases of limits, of large pages, of memory for devices. Included by pager_test.c alone. */

/* Each limit by itself: what is had stays, what would exceed it is refused, and it goes on to a copy. */
static void pager_limits(void)
{
    struct space *s = space_new(1000), *child;
    struct object *o;
    uint64_t absent;
    vaddr_t va, other, low = USER_STACK_TOP - 64 * PAGE_SIZE;
    CHECK(s && map(s, BASE, 10 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    s->limit.size = 20;
    CHECK(map(s, 0, 11 * PAGE_SIZE, 0, 0, NULL, 0, &other) == E_NOMEM);
    CHECK(map(s, 0, 11 * PAGE_SIZE, 0, PAGER_GUARD, NULL, 0, &other) == 0);
    struct pager_remap grow = {BASE, 10 * PAGE_SIZE, 21 * PAGE_SIZE, 0, PAGER_MAY_MOVE};
    CHECK(space_remap(s, &grow, &other) == E_NOMEM);
    grow.length = 20 * PAGE_SIZE;
    CHECK(space_remap(s, &grow, &other) == 0 && s->pages == 20);
    s->limit = (struct space_limits){UINT64_MAX, 30, UINT64_MAX, 8};
    CHECK(map(s, 0, 11 * PAGE_SIZE, RW, 0, NULL, 0, &other) == E_NOMEM);
    CHECK(map(s, 0, 11 * PAGE_SIZE, VMS_READ, 0, NULL, 0, &other) == 0);
    CHECK(space_protect(s, other, 11 * PAGE_SIZE, RW) == E_NOMEM);
    CHECK(space_protect(s, other, 10 * PAGE_SIZE, RW) == 0 && s->charged == 30);
    CHECK(map(s, 0, 100 * PAGE_SIZE, RW, PAGER_NO_RESERVE, NULL, 0, &other) == 0);
    CHECK(store(s, other, 1) == PAGER_EXC_NOMEM && holds(s, BASE, 0) && store(s, BASE, 1) == 0);
    CHECK(space_unmap(s, BASE + 19 * PAGE_SIZE, PAGE_SIZE) == 0 && store(s, other, 1) == 0);
    struct pager_advise lock = {BASE, 9 * PAGE_SIZE, PAGER_LOCK};
    CHECK(space_advise(s, &lock, &absent) == E_NOMEM && s->locked == 0);
    lock.length = 8 * PAGE_SIZE;
    CHECK(space_advise(s, &lock, &absent) == 0 && space_advise(s, &lock, &absent) == 0 && s->locked == 8);
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0);
    CHECK(child->limit.data == 30 && child->locked == 0 && faults_found() == 0);
    CHECK(map(child, 0, 2 * PAGE_SIZE, RW, 0, NULL, 0, &other) == E_NOMEM);
    s->limit = (struct space_limits){UINT64_MAX, UINT64_MAX, 4, UINT64_MAX};
    CHECK(map(s, low, 64 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_STACK, NULL, 0, &va) == 0);
    CHECK(store(s, USER_STACK_TOP - 4 * PAGE_SIZE, 1) == 0);
    CHECK(store(s, USER_STACK_TOP - 5 * PAGE_SIZE, 1) == PAGER_EXC_GUARD);
    s->limit.stack = UINT64_MAX;
    CHECK(store(s, low + PAGE_SIZE, 1) == 0 && store(s, low, 1) == PAGER_EXC_GUARD);
    CHECK(object_create(OBJECT_ANON, 3 * PAGE_SIZE, 0, NULL, &session, &o) == 0);
    o->payer = s->id;
    s->objects += o->charged;
    s->limit.data = s->charged + 3;
    CHECK(map(s, 0, PAGE_SIZE, RW, 0, NULL, 0, &other) == E_NOMEM);
    o->sessions = 0;
    object_unhold(o);
    CHECK(s->objects == 0 && map(s, 0, PAGE_SIZE, RW, 0, NULL, 0, &other) == 0 && faults_found() == 0);
    space_destroy(s);
    space_destroy(child);
    CHECK(faults_found() == 0 && space_committed == 0);
}
