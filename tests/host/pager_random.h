/* Random operations on several spaces, each page of which a model follows. */

#define WINDOW 1600u /* pages of each space that take part: four leaf tables */
#define SPACES 6u
#define ROUNDS 60000u

struct model_page {
    bool mapped, guard, shared, own; /* own: private and written */
    uint8_t prot;
    int8_t file; /* -1: anonymous */
    uint16_t page;
    uint64_t value; /* of an own or anonymous page */
    bool pinned, locked;
};
static struct model_space {
    struct space *space;
    struct model_page page[WINDOW];
} model[SPACES];
static uint64_t seed = 88172645463325252ul;

static uint32_t pick(uint32_t n)
{
    return (uint32_t)(check_random(&seed) % n);
}

static uint64_t file_value(uint32_t file, uint32_t page)
{
    frame_t f = object_page(files[file], page);
    uint64_t value = disk[file][page];
    if (f)
        memcpy(&value, frame_memory(f), 8);
    return value;
}

/* What an access must come to, and what it must find. */
static int model_access(const struct model_page *p, enum access access, uint64_t *value)
{
    static const uint32_t need[] = {ANY, VMS_WRITE, VMS_EXEC};
    if (!p->mapped)
        return PAGER_EXC_UNMAPPED;
    if (p->guard)
        return PAGER_EXC_GUARD;
    if (!(p->prot & need[access]))
        return PAGER_EXC_DENIED;
    if (p->file >= 0 && !p->own && p->page >= FILE_PAGES)
        return PAGER_EXC_END;
    *value = p->file >= 0 && !p->own ? file_value((uint32_t)p->file, p->page) : p->value;
    return 0;
}

static bool random_access(struct model_space *m, uint32_t i)
{
    struct model_page *p = &m->page[i];
    enum access access = (enum access)pick(3);
    uint64_t value = 0, fresh = check_random(&seed);
    uint8_t *memory;
    int want = model_access(p, access, &value);
    int code = touch(m->space, BASE + i * PAGE_SIZE, access, &memory, &seed);
    if (code == PAGER_EXC_NOMEM)
        return true;
    if (code != want || (!code && !page_is(memory, value)))
        return false;
    if (code || access != WRITE)
        return true;
    page_fill(memory, fresh);
    if (p->file >= 0 && p->shared)
        return true;
    p->own = true;
    p->value = fresh;
    return true;
}

static bool random_map(struct model_space *m, uint32_t i, uint32_t n)
{
    static const uint8_t prots[] = {0, VMS_READ, RW, RW, RX};
    struct model_page p = {.mapped = true, .file = -1, .prot = prots[pick(5)]};
    uint32_t flags = PAGER_FIXED, page = 0;
    vaddr_t va;
    if (pick(2)) {
        p.file = (int8_t)pick(FILES);
        page = pick(FILE_PAGES + 4);
        p.shared = pick(2);
        flags |= p.shared ? PAGER_SHARED : 0;
    } else if (pick(8) == 0) {
        p.guard = true;
        flags |= PAGER_GUARD;
    } else if (pick(8) == 0) {
        flags |= PAGER_RESIDENT;
        p.pinned = true;
    } else if (pick(4) == 0) {
        flags |= PAGER_NO_RESERVE;
    }
    int error = map(m->space, BASE + i * PAGE_SIZE, n * PAGE_SIZE, p.prot, flags,
                    p.file < 0 ? NULL : files[p.file], page * PAGE_SIZE, &va);
    if ((error == E_NOMEM || error == E_QUOTA) && flags & PAGER_RESIDENT) { /* what was there is gone */
        memset(m->page + i, 0, n * sizeof p);
        return space_unmap(m->space, BASE + i * PAGE_SIZE, n * PAGE_SIZE) == 0;
    }
    if (error)
        return error == E_NOMEM;
    for (uint32_t k = 0; k < n; k++) {
        m->page[i + k] = p;
        m->page[i + k].page = (uint16_t)(page + k);
    }
    return true;
}

static bool random_protect(struct model_space *m, uint32_t i, uint32_t n)
{
    static const uint8_t prots[] = {0, VMS_READ, RW, RX};
    uint8_t prot = prots[pick(4)];
    int want = 0;
    for (uint32_t k = 0; k < n && !want; k++)
        want = !m->page[i + k].mapped ? E_NOMEM : m->page[i + k].guard ? E_ACCES : 0;
    int error = space_protect(m->space, BASE + i * PAGE_SIZE, n * PAGE_SIZE, prot);
    if (error != want)
        return error == E_NOMEM && !want;
    for (uint32_t k = 0; k < n && !error; k++)
        m->page[i + k].prot = prot;
    return true;
}

static bool random_remote(struct model_space *m, uint32_t i)
{
    uint64_t value = 0, fresh = check_random(&seed), done;
    static uint8_t in[PAGE_SIZE], out[PAGE_SIZE];
    struct model_page *p = &m->page[i];
    struct sim_caller c = {.in = in, .in_len = PAGE_SIZE, .out = out, .out_len = PAGE_SIZE};
    bool write = pick(2);
    page_fill(in, fresh);
    int want = !p->mapped || p->guard || (write && p->shared && !(p->prot & VMS_WRITE)) ? E_FAULT
               : p->file >= 0 && !p->own && p->page >= FILE_PAGES                       ? E_IO
                                                                                        : 0;
    int error;
    for (;;) {
        c.reply = 0;
        c.answered = false;
        sim_caller = &c;
        error = remote_copy(m->space, 9, BASE + i * PAGE_SIZE, PAGE_SIZE, write ? PAGE_WRITE : 0, &done);
        sim_caller = NULL;
        if (error != PAGER_PARKED && error != E_TOUCH)
            break;
        while (error == PAGER_PARKED && !c.answered)
            if (!manager_step(&seed))
                return false;
    }
    if (error == E_NOMEM)
        return true;
    if (error || want)
        return error == want;
    model_access(&(struct model_page){true, false, p->shared, p->own, ANY, p->file, p->page, p->value}, READ,
                 &value);
    if (!write)
        return page_is(out, value);
    if (!(p->file >= 0 && p->shared)) {
        p->own = true;
        p->value = fresh;
    }
    return true;
}

static bool random_space(struct model_space *m)
{
    struct model_space *other = &model[pick(SPACES)];
    if (other == m || pick(3)) {
        space_destroy(m->space);
        memset(m, 0, sizeof *m);
        m->space = space_new(pick(4) ? 1000 : 6);
        return m->space != NULL;
    }
    struct space *child;
    int error = space_fork(other->space, sim_task_new(pick(4) ? 1000 : pick(8)), admin, &session, &child);
    if (error)
        return error == E_NOMEM || error == E_QUOTA;
    space_destroy(m->space);
    memcpy(m, other, sizeof *m);
    m->space = child;
    for (uint32_t i = 0; i < WINDOW; i++)
        m->page[i].pinned = m->page[i].locked = false;
    return true;
}

static bool random_remap(struct model_space *m, uint32_t i, uint32_t n)
{
    static struct model_page moved[WINDOW];
    uint32_t j = pick(WINDOW), to = 1 + pick(WINDOW - j), left = n < to ? n : to;
    bool fixed = pick(2);
    struct pager_remap ask = {.old = BASE + i * PAGE_SIZE,
                              .old_length = n * PAGE_SIZE,
                              .length = to * PAGE_SIZE,
                              .to = BASE + j * PAGE_SIZE,
                              .flags = fixed ? PAGER_FIXED | PAGER_MAY_MOVE : 0};
    vaddr_t va;
    if (!fixed && i + to > WINDOW)
        return true;
    int error = space_remap(m->space, &ask, &va);
    j = fixed ? j : i;
    if (error == E_NOMEM || error == E_QUOTA) { /* what was to be replaced may be gone */
        if (left < n) {
            memset(m->page + i + left, 0, (n - left) * sizeof moved[0]);
            space_unmap(m->space, BASE + (i + left) * PAGE_SIZE, (n - left) * PAGE_SIZE);
        }
        if (fixed) {
            memset(m->page + j, 0, to * sizeof moved[0]);
            space_unmap(m->space, BASE + j * PAGE_SIZE, to * PAGE_SIZE);
        }
        return true;
    }
    if (error)
        return error == E_FAULT || error == E_INVAL;
    for (uint32_t k = 0; k < n; k++)
        if (!m->page[i + k].mapped || m->page[i + k].guard || m->page[i + k].pinned)
            return false;
    memcpy(moved, m->page + i, n * sizeof moved[0]);
    memset(m->page + i, 0, n * sizeof moved[0]);
    for (uint32_t k = 0; k < to; k++) {
        struct model_page p = k < n ? moved[k] : moved[0];
        if (k >= n) {
            p.page = (uint16_t)(moved[0].page + k);
            p.own = false;
            p.value = 0;
        }
        m->page[j + k] = p;
    }
    return va == BASE + j * PAGE_SIZE;
}

static bool random_advise(struct model_space *m, uint32_t i, uint32_t n)
{
    static const uint32_t advice[] = {PAGER_DISCARD, PAGER_DISCARD, PAGER_FETCH, PAGER_LOCK, PAGER_UNLOCK};
    struct pager_advise ask = {BASE + i * PAGE_SIZE, n * PAGE_SIZE, advice[pick(5)]};
    uint64_t absent;
    bool hole = false, fixed = false;
    int error = space_advise(m->space, &ask, &absent);
    for (uint32_t k = 0; k < n; k++)
        hole = hole || !m->page[i + k].mapped;
    for (uint32_t k = 0; k < n && !fixed && ask.advice == PAGER_DISCARD; k++) {
        struct model_page *p = &m->page[i + k];
        fixed = p->guard || p->pinned || p->locked;
        if (!fixed && !(p->shared && p->file >= 0)) {
            p->own = false;
            p->value = 0;
        }
    }
    bool lock = ask.advice == PAGER_LOCK || ask.advice == PAGER_UNLOCK;
    for (uint32_t k = 0; k < n && lock && !hole; k++)
        m->page[i + k].locked = !error && ask.advice == PAGER_LOCK && m->page[i + k].mapped &&
                                !m->page[i + k].guard && !m->page[i + k].pinned;
    if (fixed)
        return error == E_INVAL;
    return hole ? error == E_NOMEM : !error || (lock && (error == E_NOMEM || error == E_QUOTA));
}

static bool random_residency(struct model_space *m, uint32_t i, uint32_t n)
{
    static uint8_t there[WINDOW];
    bool hole = false, wrong = false;
    int error = space_residency(m->space, BASE + i * PAGE_SIZE, n, there);
    for (uint32_t k = 0; k < n; k++) {
        hole = hole || !m->page[i + k].mapped;
        wrong = wrong || (!hole && m->page[i + k].own && !there[k]);
    }
    return hole ? error == E_NOMEM : !error && !wrong;
}

/* The manager writes dirty pages back. */
static void random_writeback(uint32_t file)
{
    uint64_t offsets[64];
    uint32_t n = writeback_list(files[file], offsets, 1 + pick(64));
    if (writeback_take(files[file], offsets, n))
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t page = (uint32_t)(offsets[i] / PAGE_SIZE);
        memcpy(&disk[file][page], frame_memory(object_page(files[file], page)), 8);
        writeback_written(files[file], offsets[i], 0);
    }
}

/* A driver asks for memory, which is made a step at a time; what it has the device writes to. */
static struct {
    struct space *space;
    struct sim_caller caller;
    struct pager_dma ask;
    bool pending;
    uint32_t got, in_vain;
} driver;

static bool driver_answered(int error, const struct pager_dma_reply *reply)
{
    uint64_t pages = object_size_pages(driver.ask.length);
    driver.pending = false;
    driver.in_vain += error != 0;
    driver.got += !error;
    if (error)
        return error == E_NOMEM || error == E_QUOTA;
    if (!dma_right(driver.space, reply->address, reply->physical, pages) ||
        (driver.ask.limit && reply->physical + pages * PAGE_SIZE > driver.ask.limit) ||
        (driver.ask.align && reply->physical % driver.ask.align))
        return false;
    memset(machine_ram + reply->physical, 0xdd, pages * PAGE_SIZE);
    return pick(4) == 0 || space_unmap(driver.space, reply->address, pages * PAGE_SIZE) == 0;
}

static bool driver_dies(void)
{
    uint64_t id = driver.space ? driver.space->id : 0;
    if (driver.space)
        space_destroy(driver.space);
    space_dma_release(id);
    bool fine = !driver.pending || driver.caller.closed || driver.caller.answered;
    driver.pending = false;
    driver.space = space_new(1000);
    return fine && driver.space;
}

static bool random_dma(void)
{
    struct pager_dma_reply reply;
    if (!driver.space || pick(200) == 0)
        return driver_dies();
    for (uint32_t steps = pick(20); driver.pending && !driver.caller.answered && steps > 0; steps--)
        if (!work_done())
            return false;
    if (driver.pending && driver.caller.answered) {
        memcpy(&reply, driver.caller.word, sizeof reply);
        return driver_answered((int)driver.caller.label, &reply);
    }
    if (driver.pending)
        return true;
    driver.ask =
        (struct pager_dma){(1 + pick(pick(3) ? 40 : 1300)) * PAGE_SIZE,
                           pick(2) ? 0 : (4 + pick(36)) * HUGE_SIZE, pick(2) ? 0 : 1ul << (10 + pick(12))};
    driver.caller = (struct sim_caller){0};
    sim_caller = &driver.caller;
    int error = space_map_dma(driver.space, next_thread++, &driver.ask, &reply);
    sim_caller = NULL;
    driver.pending = error == PAGER_PARKED;
    return driver.pending || driver_answered(error, &reply);
}

static uint32_t last_step;

static bool random_step(void)
{
    struct model_space *m = &model[pick(SPACES)];
    uint32_t i = pick(WINDOW), n = 1 + pick(pick(4) ? 12 : 700);
    if (n > WINDOW - i)
        n = WINDOW - i;
    switch (last_step = pick(40)) {
    case 0 ... 3: return random_map(m, i, n);
    case 4 ... 5:
        memset(m->page + i, 0, n * sizeof m->page[0]);
        return space_unmap(m->space, BASE + i * PAGE_SIZE, n * PAGE_SIZE) == 0;
    case 6 ... 8: return random_protect(m, i, n);
    case 9: return pick(6) ? true : random_space(m);
    case 10 ... 11: return random_remote(m, i);
    case 12: random_writeback(pick(FILES)); return true;
    case 13: object_reclaim(); return true;
    case 21 ... 22: return random_remap(m, i, n);
    case 23 ... 25: return random_advise(m, i, n);
    case 26: return random_residency(m, i, n);
    case 27: fault_looks_first = pick(2); return true;
    case 28: stock_buy(); return true;
    case 29:
        for (uint32_t k = pick(30); k > 0 && stock_zero(); k--)
            ;
        return true;
    case 30 ... 31: return random_dma();
    case 14: block_feed(); return true;
    case 15: return pick(8) ? true : (block_reap(), true);
    case 16 ... 20: /* a walk in order */
        for (uint32_t k = 0; k < 40 && i + k < WINDOW; k++)
            if (!random_access(m, i + k))
                return false;
        return true;
    default: return random_access(m, i);
    }
}

static void pager_random(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE] + frame_counts.owned; /* blocks go to and fro */
    (void)free;
    uint64_t most = writeback_most;
    uint32_t moved = sim_moved;
    sim_quiet = false;
    sim_touch_every = 50;
    writeback_most = 40; /* stores have to wait, too */
    for (uint32_t f = 0; f < FILES; f++) {
        for (uint32_t i = 0; i < FILE_PAGES; i++)
            disk[f][i] = check_random(&seed);
        CHECK(object_create(OBJECT_FILE, FILE_PAGES * PAGE_SIZE, f, manager, &session, &files[f]) == 0);
    }
    for (uint32_t s = 0; s < SPACES; s++)
        CHECK((model[s].space = space_new(1000)) != NULL);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool right = random_step();
        if (!right)
            printf("# round %u, step %u\n", round, last_step);
        CHECK(right);
        if (round % 400 == 0)
            CHECK(faults_found() == 0);
    }
    CHECK(driver.got > 200 && sim_moved - moved > 1000);
    CHECK(driver_dies());
    space_destroy(driver.space);
    while (work_done())
        ;
    for (uint32_t s = 0; s < SPACES; s++)
        space_destroy(model[s].space);
    for (uint32_t f = 0; f < FILES; f++) {
        files[f]->sessions = 0;
        CHECK(object_destroy(files[f]) == 0);
    }
    block_reap();
    writeback_most = most;
    CHECK(table_counts.shared > 50 && table_counts.unshared > 50); /* it was about these, too */
    CHECK(faults_found() == 0 && sim_entries() == 0 && space_committed == 0 && region_live() == 0);
    CHECK(waiter_live() == 0 && frame_counts.kind[FRAME_ANON] == 0 && frame_counts.kind[FRAME_POOL] < 8);
    sim_touch_every = 0;
}

/* Arguments from nowhere: an error, or a mapping that can be taken away again. */
static void pager_garbage(void)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   4095,
                                   PAGE_SIZE,
                                   USER_MIN,
                                   BASE,
                                   BASE + PAGE_SIZE,
                                   USER_END - PAGE_SIZE,
                                   USER_END,
                                   1ul << 47,
                                   UINT64_MAX,
                                   UINT64_MAX - PAGE_SIZE + 1,
                                   1ul << 63,
                                   HUGE_SIZE,
                                   3 * HUGE_SIZE,
                                   USER_MMAP_BASE,
                                   USER_MMAP_END};
    uint64_t state = 99, pages = sizeof odd / sizeof *odd, done;
    struct space *s = space_new(40);
    struct object *o;
    static uint8_t buffer[PAGE_SIZE];
    CHECK(s && object_create(OBJECT_ANON, 7 * PAGE_SIZE, 0, NULL, &session, &o) == 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t a = odd[check_random(&state) % pages], b = odd[check_random(&state) % pages];
        uint64_t c = odd[check_random(&state) % pages],
                 f = check_random(&state) & 0x7f & check_random(&state);
        struct mapping m = {
            a, b, c, check_random(&state) % 17, (uint32_t)f, ANY, check_random(&state) % 4 ? NULL : o};
        struct sim_caller caller = {.in = buffer, .in_len = PAGE_SIZE, .out = buffer, .out_len = PAGE_SIZE};
        struct fault_answer answer;
        vaddr_t va;
        paddr_t pa;
        sim_caller = &caller;
        if (m.flags & PAGER_RESIDENT && b > 4 * HUGE_SIZE)
            m.flags &= ~(uint32_t)PAGER_RESIDENT;
        switch (check_random(&state) % 10) {
        case 0 ... 2: space_map(s, &m, &va); break;
        case 3: space_unmap(s, a, b); break;
        case 4: space_protect(s, a, b, (uint32_t)c & 15); break;
        case 5: remote_copy(s, 1, a, b % (PAGE_SIZE + 1), c & 1, &done); break;
        case 6:
            if (b <= 3 * HUGE_SIZE)
                dma_map(s, b, c, odd[f % pages], &va, &pa);
            break;
        case 8:
            space_remap(s, &(struct pager_remap){a, b, c, odd[f % pages], (uint32_t)f << 1 & 0x101}, &va);
            break;
        case 9:
            space_advise(s, &(struct pager_advise){a, b, (uint32_t)f % 9}, &done);
            space_residency(s, a, (uint32_t)(b % PAGE_SIZE), buffer);
            break;
        case 7:
            sim_quiet = true;
            if (fault_handle(&(struct fault){s->id, 1, FAULT_TOUCH | (uint32_t)(f & 3), a, c}, &answer) ==
                    0 &&
                answer.label == FAULT_MAP)
                sim_set_one(sim_task(s->task), answer.word[0], answer.word[1], answer.word[2]);
            fault_settle();
            sim_quiet = false;
        }
        if (i % 500 == 0)
            CHECK(faults_found() == 0);
    }
    sim_caller = NULL;
    uint64_t id = s->id;
    space_destroy(s);
    space_dma_release(id);
    o->sessions = 0;
    object_unhold(o);
    CHECK(faults_found() == 0 && sim_entries() == 0 && frame_counts.kind[FRAME_DMA] == 0);
}
