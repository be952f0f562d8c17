/* Cases of one space and its regions. Included by pager_test.c alone. */

#define BASE 0x200000000000ul

static void pager_zero_fill(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *s = space_new(1000);
    vaddr_t va;
    CHECK(s);
    CHECK(map(s, 0, 300 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == USER_MMAP_BASE);
    for (int i = 0; i < 300; i++)
        CHECK(holds(s, va + i * PAGE_SIZE, 0) && store(s, va + i * PAGE_SIZE, i + 1) == 0);
    for (int i = 0; i < 300; i++)
        CHECK(holds(s, va + i * PAGE_SIZE, i + 1));
    CHECK(store(s, va - PAGE_SIZE, 1) == PAGER_EXC_UNMAPPED);
    CHECK(store(s, va + 300 * PAGE_SIZE, 1) == PAGER_EXC_UNMAPPED);
    CHECK(faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0);
    CHECK(space_committed == 0);
}

static void pager_protection(void)
{
    struct space *s = space_new(1000);
    uint8_t *m;
    vaddr_t va;
    CHECK(s && map(s, 0, 8 * PAGE_SIZE, RW | VMS_EXEC, 0, NULL, 0, &va) == E_ACCES);
    CHECK(map(s, 0, 8 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    CHECK(store(s, va + PAGE_SIZE, 7) == 0);
    CHECK(touch(s, va + PAGE_SIZE, EXEC, &m, NULL) == PAGER_EXC_DENIED);
    CHECK(space_protect(s, va, 4 * PAGE_SIZE, VMS_READ) == 0 && s->region_count == 2);
    CHECK(store(s, va + PAGE_SIZE, 8) == PAGER_EXC_DENIED && holds(s, va + PAGE_SIZE, 7));
    CHECK(space_protect(s, va, 4 * PAGE_SIZE, 0) == 0);
    CHECK(touch(s, va + PAGE_SIZE, READ, &m, NULL) == PAGER_EXC_DENIED);
    CHECK(space_protect(s, va, 2 * PAGE_SIZE, RX) == 0 && touch(s, va + PAGE_SIZE, EXEC, &m, NULL) == 0);
    CHECK(space_protect(s, va, 8 * PAGE_SIZE, RW) == 0 && s->region_count == 1);
    CHECK(holds(s, va + PAGE_SIZE, 7) && store(s, va + PAGE_SIZE, 9) == 0);
    CHECK(space_protect(s, va, 9 * PAGE_SIZE, RW) == E_NOMEM);
    CHECK(space_protect(s, va, PAGE_SIZE, RW | VMS_EXEC) == E_ACCES);
    CHECK(faults_found() == 0);
    space_destroy(s);
}

static void pager_arguments(void)
{
    struct space *s = space_new(1000);
    vaddr_t va;
    CHECK(s && map(s, 0, 0, RW, 0, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, 0, UINT64_MAX, RW, 0, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, 0, 1ul << 47, RW, 0, NULL, 0, &va) != 0);
    CHECK(map(s, 0, PAGE_SIZE, 64, 0, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, BASE + 1, PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, 0, PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, USER_END - PAGE_SIZE, 2 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, USER_END - PAGE_SIZE, PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 &&
          store(s, va, 1) == 0);
    CHECK(map(s, 0, PAGE_SIZE, RW, PAGER_SHARED, NULL, 0, &va) == E_INVAL);
    CHECK(map(s, BASE, 4 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && va == BASE);
    CHECK(map(s, BASE + PAGE_SIZE, PAGE_SIZE, RW, PAGER_FIXED | PAGER_NO_REPLACE, NULL, 0, &va) == E_EXISTS);
    CHECK(map(s, BASE, PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == BASE + 4 * PAGE_SIZE);
    CHECK(map(s, BASE + 7 * PAGE_SIZE, PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == BASE + 7 * PAGE_SIZE);
    CHECK(map(s, BASE + PAGE_SIZE, 3 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == BASE + 8 * PAGE_SIZE);
    CHECK(map(s, 0, PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == USER_MMAP_BASE);
    CHECK(map(s, USER_MIN, PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == USER_MIN);
    CHECK(map(s, USER_MIN, PAGE_SIZE, RW, 0, NULL, 0, &va) == 0 && va == USER_MMAP_BASE + PAGE_SIZE);
    CHECK(space_unmap(s, BASE, 0) == E_INVAL && space_unmap(s, 0, 4096) == E_INVAL);
    CHECK(space_unmap(s, USER_MIN, USER_END - USER_MIN) == 0 && s->region_count == 0);
    CHECK(faults_found() == 0);
    space_destroy(s);
}

static void pager_guard_and_stack(void)
{
    struct space *s = space_new(1000);
    vaddr_t va;
    CHECK(s && map(s, BASE, 64 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_STACK, NULL, 0, &va) == 0);
    for (int i = 63; i > 0; i--)
        CHECK(store(s, BASE + i * PAGE_SIZE, i) == 0);
    CHECK(store(s, BASE, 1) == PAGER_EXC_GUARD);
    CHECK(map(s, 0, 3 * PAGE_SIZE, 0, PAGER_GUARD, NULL, 0, &va) == 0);
    CHECK(store(s, va + PAGE_SIZE, 1) == PAGER_EXC_GUARD);
    CHECK(space_protect(s, va, PAGE_SIZE, RW) == E_ACCES);
    CHECK(faults_found() == 0);
    space_destroy(s);
}

static uint64_t value_at(struct space *s, vaddr_t va)
{
    uint8_t *memory;
    uint64_t value = UINT64_MAX;
    if (touch(s, va, READ, &memory, NULL) == 0)
        memcpy(&value, memory, 8);
    return value;
}

static void pager_moves(void)
{
    struct space *s = space_new(1000);
    struct pager_remap ask = {.old = BASE, .old_length = 600 * PAGE_SIZE, .length = 700 * PAGE_SIZE};
    vaddr_t va, to;
    CHECK(s && map(s, BASE, 600 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 600; i += 7)
        CHECK(store(s, BASE + i * PAGE_SIZE, i + 1) == 0);
    CHECK(space_remap(s, &ask, &to) == 0 && to == BASE && space_committed == 700);
    CHECK(map(s, BASE + 700 * PAGE_SIZE, PAGE_SIZE, RW, PAGER_FIXED | PAGER_GUARD, NULL, 0, &va) == 0);
    ask.old_length = 700 * PAGE_SIZE;
    ask.length = 900 * PAGE_SIZE;
    CHECK(space_remap(s, &ask, &to) == E_NOMEM);
    ask.flags = PAGER_MAY_MOVE;
    uint64_t free = frame_counts.kind[FRAME_FREE];
    CHECK(space_remap(s, &ask, &to) == 0 && to != BASE && space_committed == 900);
    CHECK(frame_counts.kind[FRAME_FREE] == free && faults_found() == 0);
    for (int i = 0; i < 600; i++)
        CHECK(value_at(s, to + i * PAGE_SIZE) == (i % 7 ? 0 : (uint64_t)i + 1));
    CHECK(store(s, BASE, 1) == PAGER_EXC_UNMAPPED && store(s, to + 899 * PAGE_SIZE, 1) == 0);
    ask = (struct pager_remap){to + 7 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, BASE, PAGER_FIXED | PAGER_MAY_MOVE};
    CHECK(space_remap(s, &ask, &va) == 0 && va == BASE && value_at(s, BASE) == 8);
    CHECK(store(s, BASE, 9) == 0 && store(s, to + 7 * PAGE_SIZE, 1) == PAGER_EXC_UNMAPPED);
    CHECK(space_remap(s, &(struct pager_remap){to, 9 * PAGE_SIZE, PAGE_SIZE, 0, 0}, &va) == E_FAULT);
    CHECK(space_remap(s, &(struct pager_remap){to, PAGE_SIZE, PAGE_SIZE, to, PAGER_FIXED}, &va) == E_INVAL);
    CHECK(faults_found() == 0);
    space_destroy(s);
    CHECK(space_committed == 0 && faults_found() == 0);
}

static void pager_discard_and_lock(void)
{
    struct space *s = space_new(1000);
    struct pager_advise ask = {BASE + 2 * PAGE_SIZE, 3 * PAGE_SIZE, PAGER_DISCARD};
    uint64_t absent;
    uint8_t there[8];
    vaddr_t va;
    CHECK(s && map(s, BASE, 8 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 8; i++)
        CHECK(store(s, BASE + i * PAGE_SIZE, 5) == 0);
    uint64_t free = frame_counts.kind[FRAME_FREE];
    CHECK(space_advise(s, &ask, &absent) == 0 && frame_counts.kind[FRAME_FREE] == free + 3);
    CHECK(space_residency(s, BASE, 8, there) == 0 && memcmp(there, "\1\1\0\0\0\1\1\1", 8) == 0);
    CHECK(space_residency(s, BASE, 9, there) == E_NOMEM);
    CHECK(value_at(s, BASE + 2 * PAGE_SIZE) == 0 && value_at(s, BASE + 5 * PAGE_SIZE) == 5);
    ask.advice = PAGER_LOCK;
    CHECK(space_advise(s, &ask, &absent) == 0 && absent == 0 && s->region_count == 3);
    CHECK(space_residency(s, BASE, 8, there) == 0 && memcmp(there, "\1\1\1\1\1\1\1\1", 8) == 0);
    ask.advice = PAGER_DISCARD;
    CHECK(space_advise(s, &ask, &absent) == E_INVAL);
    ask.length = 7 * PAGE_SIZE;
    CHECK(space_advise(s, &ask, &absent) == E_INVAL);
    ask.advice = PAGER_LOCK;
    CHECK(space_advise(s, &ask, &absent) == E_NOMEM);
    CHECK(space_advise(s, &(struct pager_advise){0, 0, PAGER_LOCK_FUTURE}, &absent) == 0);
    CHECK(map(s, 0, 4 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    CHECK(space_residency(s, va, 4, there) == 0 && memcmp(there, "\1\1\1\1", 4) == 0);
    CHECK(space_advise(s, &(struct pager_advise){0, 0, PAGER_UNLOCK_ALL}, &absent) == 0 &&
          faults_found() == 0);
    space_destroy(s);
    CHECK(space_committed == 0);
}

/* Memory that was not promised is committed as it is touched; reading costs nothing. */
static void pager_no_reserve(void)
{
    struct space *s = space_new(1000);
    uint64_t pages = frame_counts.owned * 8, before = frame_counts.kind[FRAME_FREE], usable = frame_usable();
    uint8_t *memory;
    vaddr_t va, other;
    CHECK(s && map(s, BASE, pages * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM);
    CHECK(map(s, BASE, pages * PAGE_SIZE, RW, PAGER_FIXED | PAGER_NO_RESERVE, NULL, 0, &va) == 0);
    CHECK(space_committed == 0 && store(s, BASE + 5 * PAGE_SIZE, 1) == 0 && space_committed == 1);
    CHECK(map(s, 0, (usable - 9) * PAGE_SIZE, RW, 0, NULL, 0, &other) == 0); /* promised to another use */
    int code = 0;
    uint64_t got = 1;
    for (; !code && got < 100; got++)
        code = store(s, BASE + (1000 + got) * PAGE_SIZE, 1);
    CHECK(code == PAGER_EXC_NOMEM && got < 100 && space_committed <= usable);
    CHECK(space_unmap(s, other, (usable - 9) * PAGE_SIZE) == 0);
    struct pager_advise ask = {BASE, 2000 * PAGE_SIZE, PAGER_DISCARD};
    CHECK(space_advise(s, &ask, &got) == 0 && space_committed == 0);
    CHECK(map(s, 0, 3000 * PAGE_SIZE, VMS_READ, 0, NULL, 0, &va) == 0);
    uint64_t free = frame_counts.kind[FRAME_FREE];
    for (uint64_t i = 0; i < 3000; i++)
        CHECK(touch(s, va + i * PAGE_SIZE, READ, &memory, NULL) == 0 && page_is(memory, 0));
    CHECK(frame_counts.kind[FRAME_FREE] + 1 >= free);
    CHECK(space_protect(s, va, 4 * PAGE_SIZE, RW) == 0 && store(s, va, 3) == 0 &&
          holds(s, va + PAGE_SIZE, 0));
    CHECK(faults_found() == 0);
    space_destroy(s);
    CHECK(space_committed == 0 && frame_counts.kind[FRAME_FREE] + 1 >= before && faults_found() == 0);
}
