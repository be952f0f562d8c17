/* Forks: tables shared, copied, left alone. Included by pager_test.c alone. */

static void pager_fork_copies(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *parent = space_new(1000), *child, *grandchild;
    vaddr_t va, guard, none;
    CHECK(parent && map(parent, 0, 1200 * PAGE_SIZE, RW, 0, NULL, 0, &va) == 0);
    CHECK(map(parent, 0, PAGE_SIZE, 0, PAGER_GUARD, NULL, 0, &guard) == 0);
    CHECK(map(parent, 0, PAGE_SIZE, RW, PAGER_NO_INHERIT, NULL, 0, &none) == 0 &&
          store(parent, none, 5) == 0);
    for (int i = 0; i < 1200; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    uint64_t anon = frame_counts.kind[FRAME_ANON];
    CHECK(space_fork(parent, sim_task_new(1000), admin, &session, &child) == 0);
    CHECK(frame_counts.kind[FRAME_ANON] == anon && faults_found() == 0);
    for (int i = 0; i < 1200; i++) {
        CHECK(holds(child, va + i * PAGE_SIZE, i));
        CHECK(store(i % 2 ? child : parent, va + i * PAGE_SIZE, 100000 + i) == 0);
    }
    CHECK(store(child, guard, 1) == PAGER_EXC_GUARD && store(child, none, 1) == PAGER_EXC_UNMAPPED);
    CHECK(faults_found() == 0);
    CHECK(space_fork(child, sim_task_new(1000), admin, &session, &grandchild) == 0);
    for (int i = 0; i < 1200; i++) {
        CHECK(holds(parent, va + i * PAGE_SIZE, i % 2 ? i : 100000 + i));
        CHECK(holds(child, va + i * PAGE_SIZE, i % 2 ? 100000 + i : i));
        CHECK(holds(grandchild, va + i * PAGE_SIZE, i % 2 ? 100000 + i : i));
    }
    space_destroy(child);
    CHECK(faults_found() == 0);
    for (int i = 0; i < 1200; i++)
        CHECK(store(grandchild, va + i * PAGE_SIZE, 7) == 0);
    CHECK(holds(parent, va + PAGE_SIZE, 1) && faults_found() == 0);
    space_destroy(parent);
    space_destroy(grandchild);
    CHECK(frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0 && space_committed == 0);
}

/* Is the leaf table of va linked by several spaces, as the kernel has it? */
static bool is_shared(struct space *s, vaddr_t va)
{
    uint32_t missing;
    tables_entry(s, va, &missing);
    return missing == TABLE_SHARED;
}

static struct space *fork_of(struct space *parent)
{
    struct space *child;
    return space_fork(parent, sim_task_new(1000), admin, &session, &child) ? NULL : child;
}

static void pager_fork_shares(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    struct space *parent = space_new(1000), *child;
    vaddr_t va;
    CHECK(parent && map(parent, BASE, 1024 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(map(parent, BASE + (1ul << 40), 20 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 600; i++)
        CHECK(store(parent, BASE + i * PAGE_SIZE, i) == 0);
    for (int i = 0; i < 20; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    uint64_t entries = sim_entries(), shared = table_counts.shared;
    uint32_t tables = sim_tables_free();
    CHECK((child = fork_of(parent)) != NULL);
    CHECK(table_counts.shared == shared + 2 && sim_entries() == entries + 20); /* the small one is copied */
    CHECK(sim_tables_free() == tables - 2 - 3);
    CHECK(is_shared(parent, BASE) && is_shared(child, BASE) && !is_shared(child, va) &&
          !is_shared(parent, va));
    CHECK(holds(child, BASE + 99 * PAGE_SIZE, 99) && is_shared(child, BASE) && faults_found() == 0);
    /* the first write copies the table, and this page */
    uint64_t cow = fault_counts.cow;
    CHECK(store(child, BASE + 5 * PAGE_SIZE, 500) == 0 && !is_shared(child, BASE) && is_shared(parent, BASE));
    CHECK(fault_counts.cow == cow + 1 && sim_entries() == entries + 20 + 512 && faults_found() == 0);
    CHECK(holds(parent, BASE + 5 * PAGE_SIZE, 5) && holds(child, BASE + 6 * PAGE_SIZE, 6));
    /* the other has it alone again: no copy of the table; and of a page only where the child shares it */
    CHECK(store(parent, BASE + 5 * PAGE_SIZE, 501) == 0 && !is_shared(parent, BASE));
    CHECK(fault_counts.cow == cow + 1 && sim_entries() == entries + 20 + 512 && faults_found() == 0);
    CHECK(store(parent, BASE + 7 * PAGE_SIZE, 7) == 0 && fault_counts.cow == cow + 2);
    /* what is not there yet */
    CHECK(is_shared(parent, BASE + 1000 * PAGE_SIZE) && store(parent, BASE + 1000 * PAGE_SIZE, 1) == 0);
    CHECK(holds(child, BASE + 1000 * PAGE_SIZE, 0) && faults_found() == 0);
    space_destroy(child);
    CHECK(faults_found() == 0);
    space_destroy(parent);
    CHECK(frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0 && space_committed == 0);
}

/* A child that leaves without having written costs its parent nothing but the first fault of each table. */
static void pager_fork_leaves(void)
{
    struct space *parent = space_new(1000), *child;
    vaddr_t va;
    CHECK(parent && map(parent, BASE, 512 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 512; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    for (int round = 0; round < 3; round++) {
        CHECK((child = fork_of(parent)) != NULL);
        space_destroy(child);
    }
    uint64_t faults = fault_counts.faults, cow = fault_counts.cow;
    CHECK(is_shared(parent, va) && faults_found() == 0);
    for (int i = 0; i < 512; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, 1000 + i) == 0);
    CHECK(fault_counts.faults == faults + 1 && fault_counts.cow == cow && faults_found() == 0);
    space_destroy(parent);
}

/* Chains of forks, and their members' ends in each order. */
static void pager_fork_chains(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE];
    for (uint32_t order = 0; order < 24; order++) {
        struct space *s[4] = {space_new(1000)};
        vaddr_t va;
        CHECK(s[0] && map(s[0], BASE, 700 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
        for (int i = 0; i < 700; i++)
            CHECK(store(s[0], va + i * PAGE_SIZE, i) == 0);
        for (int n = 1; n < 4; n++) {
            CHECK((s[n] = fork_of(s[order % 2 ? n - 1 : 0])) != NULL);
            if (order % 3 == 0)
                CHECK(store(s[n], va + n * PAGE_SIZE, 1000 + n) == 0);
        }
        for (int n = 0; n < 4; n++)
            for (int i = 20; i < 700; i += 50)
                CHECK(holds(s[n], va + i * PAGE_SIZE, i));
        uint32_t left[4] = {0, 1, 2, 3}, choice = order;
        for (uint32_t n = 4; n > 0; choice /= n, n--) {
            uint32_t k = choice % n, who = left[k];
            CHECK(faults_found() == 0 && holds(s[who], va + 699 * PAGE_SIZE, 699));
            CHECK(order % 3 || who == 0 || holds(s[who], va + who * PAGE_SIZE, 1000 + who));
            CHECK(order % 4 || store(s[who], va + 30 * PAGE_SIZE, 3) == 0);
            space_destroy(s[who]);
            left[k] = left[n - 1];
        }
        CHECK(frame_counts.kind[FRAME_FREE] == free && sim_entries() == 0 && faults_found() == 0);
    }
}

/* Parts of a shared table are unmapped, protected, moved, discarded; and all of it at once. */
static void pager_fork_parts(void)
{
    struct space *parent = space_new(1000), *child;
    uint8_t *m;
    vaddr_t va, to;
    uint64_t absent;
    CHECK(parent && map(parent, BASE, 1024 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 1024; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    for (int part = 0; part < 6; part++) {
        struct pager_advise discard = {va + 10 * PAGE_SIZE, 20 * PAGE_SIZE, PAGER_DISCARD, 0};
        struct pager_remap move = {.old = va + 10 * PAGE_SIZE,
                                   .old_length = 20 * PAGE_SIZE,
                                   .length = 20 * PAGE_SIZE,
                                   .to = BASE + (1ul << 40),
                                   .flags = PAGER_FIXED | PAGER_MAY_MOVE};
        CHECK((child = fork_of(parent)) != NULL && is_shared(child, va));
        switch (part) {
        case 0: CHECK(space_unmap(child, va + 10 * PAGE_SIZE, 20 * PAGE_SIZE) == 0); break;
        case 1: CHECK(space_protect(child, va + 10 * PAGE_SIZE, 20 * PAGE_SIZE, VMS_READ) == 0); break;
        case 2: CHECK(space_advise(child, &discard, &absent) == 0); break;
        case 3: CHECK(space_remap(child, &move, &to) == 0 && holds(child, to + 3 * PAGE_SIZE, 13)); break;
        case 4: CHECK(space_unmap(child, va, 1024 * PAGE_SIZE) == 0); break;
        case 5: CHECK(space_unmap(child, va, 500 * PAGE_SIZE) == 0); break;
        }
        CHECK(faults_found() == 0 && is_shared(parent, va));
        CHECK(part != 0 || touch(child, va + 15 * PAGE_SIZE, READ, &m, NULL) == PAGER_EXC_UNMAPPED);
        CHECK(part != 1 || touch(child, va + 15 * PAGE_SIZE, WRITE, &m, NULL) == PAGER_EXC_DENIED);
        CHECK(part != 2 || holds(child, va + 15 * PAGE_SIZE, 0));
        CHECK(part != 3 || (store(child, to, 77) == 0 && store(child, to + PAGE_SIZE, 78) == 0));
        CHECK(part >= 4 ||
              (holds(child, va + 40 * PAGE_SIZE, 40) && store(child, va + 40 * PAGE_SIZE, 1) == 0));
        for (int i = 0; i < 50; i++)
            CHECK(holds(parent, va + i * PAGE_SIZE, i));
        CHECK(faults_found() == 0);
        if (part % 2) { /* and the parent, while the child has its own */
            CHECK(store(parent, va + 11 * PAGE_SIZE, 11) == 0);
            CHECK(part != 1 || holds(child, va + 11 * PAGE_SIZE, 11));
        }
        space_destroy(child);
        CHECK(faults_found() == 0);
    }
    space_destroy(parent);
    CHECK(faults_found() == 0 && sim_entries() == 0);
}

/* Shared objects below shared tables: stores are seen by both, before and after. */
static void pager_fork_objects(void)
{
    struct object *o;
    struct space *a = space_new(1000), *b;
    vaddr_t va;
    CHECK(a && object_create(OBJECT_ANON, 200 * PAGE_SIZE, 0, NULL, &session, &o) == 0);
    CHECK(map(a, 0, 200 * PAGE_SIZE, RW, PAGER_SHARED, o, 0, &va) == 0);
    for (int i = 0; i < 190; i++)
        CHECK(store(a, va + i * PAGE_SIZE, i) == 0);
    CHECK((b = fork_of(a)) != NULL && is_shared(b, va));
    CHECK(store(b, va + PAGE_SIZE, 44) == 0 && holds(a, va + PAGE_SIZE, 44) && is_shared(a, va));
    CHECK(store(a, va + 2 * PAGE_SIZE, 45) == 0 && holds(b, va + 2 * PAGE_SIZE, 45) && !is_shared(a, va));
    CHECK(store(b, va + 195 * PAGE_SIZE, 46) == 0 && holds(a, va + 195 * PAGE_SIZE, 46) &&
          faults_found() == 0);
    o->sessions = 0;
    object_unhold(o);
    space_destroy(a);
    CHECK(faults_found() == 0 && holds(b, va + 50 * PAGE_SIZE, 50));
    space_destroy(b);
    CHECK(object_count == 1 && faults_found() == 0 && sim_entries() == 0);
}

/* The few pages that may be written are the child's own at once, and stay as they are in the parent; more are
 * not, nor those that were only read since the last fork, nor any every sixteenth time. */
static void pager_fork_hot(void)
{
    struct space *parent = space_new(1000), *child;
    vaddr_t va;
    CHECK(parent && map(parent, BASE, 40 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 20; i++)
        CHECK(store(parent, va + 2 * i * PAGE_SIZE, i) == 0);
    uint64_t anon = frame_counts.kind[FRAME_ANON], cow = fault_counts.cow;
    for (int n = 1; n <= 40; n++) {
        bool copies = n > 1 && n % 16; /* and the time after that begins with what was written since */
        CHECK((child = fork_of(parent)) != NULL && faults_found() == 0);
        CHECK(frame_counts.kind[FRAME_ANON] == anon + (copies ? 3 : 0));
        for (int i = 0; i < 20; i++)
            CHECK(holds(child, va + 2 * i * PAGE_SIZE, i < 3 && n > 1 ? n - 1 : i));
        for (int i = 0; i < 3; i++)
            CHECK(store(parent, va + 2 * i * PAGE_SIZE, n) == 0 &&
                  holds(child, va + 2 * i * PAGE_SIZE, n > 1 ? n - 1 : i));
        CHECK(fault_counts.cow == cow + (copies ? 0 : 3));
        CHECK(store(child, va, 77) == 0 && holds(parent, va, n) &&
              fault_counts.cow == cow + (copies ? 0 : 3));
        cow = fault_counts.cow;
        space_destroy(child);
        CHECK(faults_found() == 0 && frame_counts.kind[FRAME_ANON] == anon);
    }
    for (int i = 0; i < 9; i++)
        CHECK(store(parent, va + 2 * i * PAGE_SIZE, i) == 0);
    CHECK((child = fork_of(parent)) != NULL && frame_counts.kind[FRAME_ANON] == anon);
    space_destroy(parent);
    space_destroy(child);
    CHECK(faults_found() == 0 && sim_entries() == 0);
}

/* No table for the copy: the call or the fault says so, and nothing has changed. */
static void pager_fork_no_table(void)
{
    struct space *parent = space_new(1000), *child;
    uint8_t *m;
    vaddr_t va;
    CHECK(parent && map(parent, BASE, 512 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 512; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    CHECK((child = fork_of(parent)) != NULL);
    sim_fail_unshare = 4;
    CHECK(space_unmap(child, va, PAGE_SIZE) == E_QUOTA &&
          space_protect(child, va, PAGE_SIZE, VMS_READ) == E_QUOTA);
    CHECK(touch(child, va, WRITE, &m, NULL) == PAGER_EXC_NOMEM && faults_found() == 0);
    sim_fail_unshare = 0;
    CHECK(holds(child, va + 5 * PAGE_SIZE, 5) && store(child, va + 5 * PAGE_SIZE, 6) == 0);
    CHECK(holds(parent, va + 5 * PAGE_SIZE, 5) && faults_found() == 0);
    space_destroy(parent);
    space_destroy(child);
    CHECK(faults_found() == 0 && sim_entries() == 0);
}

static void pager_fork_fails_clean(void)
{
    struct space *parent = space_new(1000), *child;
    vaddr_t va;
    CHECK(parent && map(parent, BASE, 3 * 512 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    for (int i = 0; i < 3 * 512; i++)
        CHECK(store(parent, va + i * PAGE_SIZE, i) == 0);
    uint64_t free = frame_counts.kind[FRAME_FREE], entries = sim_entries();
    for (uint32_t quota = 0; quota < 5; quota++) {
        CHECK(space_fork(parent, sim_task_new(quota), admin, &session, &child) == E_QUOTA);
        CHECK(faults_found() == 0 && frame_counts.kind[FRAME_FREE] == free && sim_entries() == entries);
    }
    sim_fail_mint = 1;
    CHECK(space_fork(parent, sim_task_new(100), admin, &session, &child) == E_QUOTA);
    for (int i = 0; i < 3 * 512; i++)
        CHECK(holds(parent, va + i * PAGE_SIZE, i) && store(parent, va + i * PAGE_SIZE, i + 1) == 0);
    space_destroy(parent);
}
