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

/* At its limits a space may put a mapping in the place of one of the same size, and not of a smaller one. */
static void pager_limits_replace(void)
{
    static const uint32_t kinds[] = {0, PAGER_NO_RESERVE, PAGER_RESIDENT};
    struct space *s = space_new(1000);
    vaddr_t va;
    CHECK(s && map(s, BASE, 10 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    s->limit = (struct space_limits){10, 10, UINT64_MAX, UINT64_MAX};
    for (int i = 0; i < 3; i++)
        CHECK(map(s, BASE, 10 * PAGE_SIZE, RW, PAGER_FIXED | kinds[i], NULL, 0, &va) == 0 &&
              store(s, BASE, 1) == 0 && s->pages == 10 && faults_found() == 0);
    CHECK(map(s, BASE, 11 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM);
    CHECK(map(s, BASE + PAGE_SIZE, 10 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM);
    CHECK(map(s, BASE, 10 * PAGE_SIZE, RW, PAGER_FIXED | PAGER_NO_REPLACE, NULL, 0, &va) != 0);
    CHECK(holds(s, BASE, 1) && s->pages == 10 && s->charged == 10); /* refused, and nothing has happened */
    CHECK(map(s, BASE + 3 * PAGE_SIZE, 4 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && s->pages == 10);
    CHECK(map(s, BASE, 5 * PAGE_SIZE, VMS_READ, PAGER_FIXED, NULL, 0, &va) == 0 && s->charged == 5);
    s->limit.size = 11;
    CHECK(map(s, BASE, 11 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM && s->pages == 10);
    s->limit = (struct space_limits){UINT64_MAX, UINT64_MAX, UINT64_MAX, 4};
    s->lock_future = true;
    CHECK(map(s, BASE, 4 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && s->locked == 4);
    CHECK(map(s, BASE + PAGE_SIZE, 3 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && s->locked == 4);
    CHECK(map(s, BASE + PAGE_SIZE, 4 * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM);
    CHECK(faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0 && space_committed == 0);
}

/* Nor what is promised to all spaces together. */
static void pager_promise_replaced(void)
{
    struct space *s = space_new(1000);
    uint64_t pages = frame_usable() - 16;
    vaddr_t va;
    CHECK(s && map(s, BASE, pages * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0);
    CHECK(map(s, BASE, pages * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 && space_committed == pages);
    CHECK(map(s, BASE, (pages + 64) * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == E_NOMEM);
    space_destroy(s);
    CHECK(faults_found() == 0 && space_committed == 0);
}

/* ---- pages of 2 MiB ---- */

#define SPAN_PAGES 512u

static int sweep(struct space *s, vaddr_t va, uint32_t pages, uint64_t value)
{
    int code = 0;
    for (uint32_t i = 0; i < pages && !code; i++)
        code = store(s, va + i * PAGE_SIZE, value + i);
    return code;
}

static bool sweep_holds(struct space *s, vaddr_t va, uint32_t pages, uint64_t value)
{
    for (uint32_t i = 0; i < pages; i++)
        if (!holds(s, va + i * PAGE_SIZE, value + i))
            return false;
    return true;
}

static struct space *large_space(uint32_t quota, uint32_t spans)
{
    struct space *s = space_new(quota);
    vaddr_t va;
    large_pages = true;
    bool fine = s && map(s, BASE, spans * HUGE_SIZE, RW, PAGER_FIXED, NULL, 0, &va) == 0 &&
                sweep(s, BASE, spans * SPAN_PAGES, 1) == 0;
    large_pages = false;
    return fine ? s : NULL;
}

/* They come when a region is written in order, and go with whatever concerns a part of one. */
static void pager_large_pages(void)
{
    uint64_t free = frame_counts.kind[FRAME_FREE], whole = frame_counts.whole, pages, tables, absent;
    struct space *s = large_space(1000, 6), *child;
    uint8_t there[2];
    vaddr_t to;
    CHECK(s && s->huge == 5 && huge_pages == 5 && faults_found() == 0);
    CHECK(sweep_holds(s, BASE, 6 * SPAN_PAGES, 1));
    space_resident(s, BASE, BASE + 6 * HUGE_SIZE, &pages, &tables);
    CHECK(pages == 6 * SPAN_PAGES && tables == 1);
    CHECK(space_residency(s, BASE + 2 * HUGE_SIZE + 7 * PAGE_SIZE, 2, there) == 0 && there[0] && there[1]);
    /* unmap and protect whole and part */
    CHECK(space_unmap(s, BASE + HUGE_SIZE, HUGE_SIZE) == 0 && s->huge == 4 && faults_found() == 0);
    CHECK(store(s, BASE + HUGE_SIZE, 1) == PAGER_EXC_UNMAPPED);
    CHECK(space_protect(s, BASE + 2 * HUGE_SIZE, HUGE_SIZE, VMS_READ) == 0 && s->huge == 4);
    CHECK(store(s, BASE + 2 * HUGE_SIZE, 1) == PAGER_EXC_DENIED && faults_found() == 0);
    CHECK(space_protect(s, BASE + 2 * HUGE_SIZE, HUGE_SIZE, RW) == 0 &&
          store(s, BASE + 2 * HUGE_SIZE, 1025) == 0);
    CHECK(space_unmap(s, BASE + 3 * HUGE_SIZE + 5 * PAGE_SIZE, PAGE_SIZE) == 0 && s->huge == 3);
    CHECK(holds(s, BASE + 3 * HUGE_SIZE + 4 * PAGE_SIZE, 3 * SPAN_PAGES + 5) && faults_found() == 0);
    struct pager_advise ask = {BASE + 4 * HUGE_SIZE + PAGE_SIZE, PAGE_SIZE, PAGER_DISCARD};
    CHECK(space_advise(s, &ask, &absent) == 0 && s->huge == 2 && holds(s, ask.address, 0));
    ask = (struct pager_advise){BASE + 5 * HUGE_SIZE, HUGE_SIZE, PAGER_DISCARD};
    CHECK(space_advise(s, &ask, &absent) == 0 && s->huge == 1 && holds(s, ask.address, 0) &&
          faults_found() == 0);
    /* fork: the last one is seen by both, and whoever writes has it cut */
    CHECK(space_fork(s, sim_task_new(1000), admin, &session, &child) == 0 && child->huge == 1 &&
          huge_pages == 2);
    CHECK(faults_found() == 0 && holds(child, BASE + 2 * HUGE_SIZE + 9 * PAGE_SIZE, 2 * SPAN_PAGES + 10));
    CHECK(store(child, BASE + 2 * HUGE_SIZE + 9 * PAGE_SIZE, 5) == 0 && child->huge == 0 && s->huge == 1);
    CHECK(holds(s, BASE + 2 * HUGE_SIZE + 9 * PAGE_SIZE, 2 * SPAN_PAGES + 10) && faults_found() == 0);
    space_destroy(child);
    CHECK(store(s, BASE + 2 * HUGE_SIZE + 9 * PAGE_SIZE, 6) == 0 && s->huge == 1 && faults_found() == 0);
    struct pager_remap move = {BASE + 2 * HUGE_SIZE, HUGE_SIZE, 2 * HUGE_SIZE, 0, PAGER_MAY_MOVE};
    CHECK(space_remap(s, &move, &to) == 0 && s->huge == 0 && holds(s, to + 9 * PAGE_SIZE, 6));
    CHECK(holds(s, to + 10 * PAGE_SIZE, 2 * SPAN_PAGES + 11) && faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0 && space_committed == 0 && huge_pages == 0);
    CHECK(frame_counts.kind[FRAME_FREE] == free && frame_counts.whole == whole);
}

/* No table to cut one with: the call is refused, and the page is whole as before. */
static void pager_large_refused(void)
{
    struct space *s = large_space(3, 3); /* two upper tables, and one for the first 2 MiB */
    vaddr_t part = BASE + HUGE_SIZE + 3 * PAGE_SIZE;
    uint64_t absent;
    CHECK(s && s->huge == 2);
    CHECK(space_unmap(s, part, PAGE_SIZE) == E_QUOTA &&
          space_protect(s, part, PAGE_SIZE, VMS_READ) == E_QUOTA);
    struct pager_advise ask = {part, PAGE_SIZE, PAGER_DISCARD};
    CHECK(space_advise(s, &ask, &absent) == E_QUOTA);
    CHECK(s->huge == 2 && s->region_count == 1 && sweep_holds(s, BASE, 3 * SPAN_PAGES, 1) &&
          faults_found() == 0);
    CHECK(space_unmap(s, BASE + HUGE_SIZE, 2 * HUGE_SIZE) == 0 && s->huge == 0 && faults_found() == 0);
    space_destroy(s);
    CHECK(faults_found() == 0 && space_committed == 0);
}

/* ---- random traffic on few large regions, against a model ---- */

#define LARGE_SPACES 3u
#define LARGE_SPANS  4u
#define LARGE_PAGES  (LARGE_SPANS * SPAN_PAGES)
static struct large_model {
    struct space *space;
    uint64_t value[LARGE_PAGES];
    uint8_t prot[LARGE_PAGES]; /* 0: not mapped */
} large_model[LARGE_SPACES];

static bool large_new(struct large_model *m)
{
    *m = (struct large_model){.space = large_space(1000, LARGE_SPANS)};
    for (uint32_t i = 0; i < LARGE_PAGES; i++) {
        m->value[i] = i + 1;
        m->prot[i] = RW;
    }
    return m->space != NULL;
}

/* One thing done to [first, first + count). */
static bool large_step(struct large_model *m, uint64_t *seed, uint32_t first, uint32_t count)
{
    vaddr_t at = BASE + first * PAGE_SIZE, out;
    uint64_t absent, value = check_random(seed) | 1;
    struct pager_advise drop = {at, count * PAGE_SIZE, PAGER_DISCARD}, small = drop;
    struct pager_remap back = {at, count * PAGE_SIZE, count * PAGE_SIZE, BASE + (1ul << 40),
                               PAGER_FIXED | PAGER_MAY_MOVE};
    bool mapped = true, fine = true;
    for (uint32_t i = 0; i < count; i++)
        mapped = mapped && m->prot[first + i];
    switch (check_random(seed) % 8) {
    case 0:
        fine = space_unmap(m->space, at, count * PAGE_SIZE) == 0;
        memset(m->prot + first, 0, count);
        break;
    case 1:
        large_pages = true;
        fine = map(m->space, at, count * PAGE_SIZE, RW, PAGER_FIXED, NULL, 0, &out) == 0;
        large_pages = false;
        memset(m->prot + first, RW, count);
        memset(m->value + first, 0, count * sizeof m->value[0]);
        break;
    case 2:
    case 3:
        if (!mapped)
            break;
        uint32_t prot = check_random(seed) % 2 ? RW : VMS_READ;
        fine = space_protect(m->space, at, count * PAGE_SIZE, prot) == 0;
        memset(m->prot + first, (int)prot, count);
        break;
    case 4:
        if (!mapped)
            break;
        fine = space_advise(m->space, &drop, &absent) == 0;
        memset(m->value + first, 0, count * sizeof m->value[0]);
        break;
    case 5:
        small.advice = check_random(seed) % 2 ? PAGER_SMALL_PAGES : PAGER_LARGE_PAGES;
        fine = !mapped || space_advise(m->space, &small, &absent) == 0;
        break;
    case 6: /* there and back; what is several regions is refused */
        if (!mapped || space_remap(m->space, &back, &out))
            break;
        back = (struct pager_remap){back.to, back.length, back.length, at, back.flags};
        fine = space_remap(m->space, &back, &out) == 0;
        break;
    default:
        for (uint32_t i = 0; i < count && fine; i++)
            if (m->prot[first + i] == RW) {
                m->value[first + i] = value + i;
                fine = store(m->space, at + i * PAGE_SIZE, value + i) == 0;
            }
    }
    return fine;
}

static bool large_right(const struct large_model *m)
{
    uint8_t *memory;
    for (uint32_t i = 0; i < LARGE_PAGES; i++) {
        vaddr_t at = BASE + i * PAGE_SIZE;
        int code = m->prot[i] ? (holds(m->space, at, m->value[i]) ? 0 : -1)
                              : touch(m->space, at, READ, &memory, NULL);
        if (code != (m->prot[i] ? 0 : PAGER_EXC_UNMAPPED))
            return false;
        if (m->prot[i] == VMS_READ && i % 64 == 0 &&
            touch(m->space, at, WRITE, &memory, NULL) != PAGER_EXC_DENIED)
            return false;
    }
    return true;
}

static void pager_large_random(void)
{
    uint64_t seed = 20261121, most = 0, free = frame_counts.kind[FRAME_FREE];
    CHECK(large_new(&large_model[0]));
    for (uint32_t step = 0; step < 3000; step++) {
        struct large_model *m = &large_model[check_random(&seed) % LARGE_SPACES];
        struct large_model *other = &large_model[check_random(&seed) % LARGE_SPACES];
        uint64_t kind = check_random(&seed) % 40;
        most = huge_pages > most ? huge_pages : most;
        if (m->space && m != other && (kind == 0 || !other->space)) {
            if (other->space)
                space_destroy(other->space);
            *other = *m;
            CHECK(space_fork(m->space, sim_task_new(1000), admin, &session, &other->space) == 0);
        } else if (kind == 1 && m->space) {
            space_destroy(m->space);
            m->space = NULL;
        } else if (!m->space) {
            CHECK(kind > 4 || large_new(m));
        } else {
            uint32_t first = (uint32_t)(check_random(&seed) % LARGE_PAGES), count = LARGE_PAGES - first;
            bool whole = kind % 2; /* spans, or any pages */
            first = whole ? first & ~(SPAN_PAGES - 1) : first;
            count = whole ? SPAN_PAGES * (1 + count / SPAN_PAGES / 2)
                          : 1 + (uint32_t)(check_random(&seed) % 700) % count;
            count = count < LARGE_PAGES - first ? count : LARGE_PAGES - first;
            CHECK(large_step(m, &seed, first, count));
        }
        CHECK(step % 10 || faults_found() == 0);
        CHECK(step % 50 || !m->space || large_right(m));
    }
    CHECK(most >= 8);
    for (uint32_t i = 0; i < LARGE_SPACES; i++) {
        CHECK(!large_model[i].space || large_right(&large_model[i]));
        if (large_model[i].space)
            space_destroy(large_model[i].space);
    }
    CHECK(faults_found() == 0 && space_committed == 0 && frame_counts.kind[FRAME_FREE] == free &&
          huge_pages == 0);
}
