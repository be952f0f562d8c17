// config: memory=128
/* Memory for devices where all memory is in use, a page here and a page there: pages of programs that go on reading
 * and writing make room, and nobody notices. */
#include "lib/ktest.h"

#include <proto/pager.h>

#define ADMIN  ipc_handle("pager-admin")
#define AT     0x200000000000ul /* the crowd's pages */
#define SHARED 0x210000000000ul /* what all have in common */
#define MIB    (1ul << 20)
#define CROWD  8u
#define WRITERS \
    6u /* the first ones write to their pages; the last two are forks of each other, and only read */
#define LOCKED 32u

/* In memory that all show. */
struct common {
    uint32_t pages; /* each one's */
    uint32_t go, stop;
    uint32_t ready[CROWD], wrong[CROWD], rounds[CROWD];
    uint32_t word, woken;                     /* of the sleeper */
    uint64_t there[16 * PAGE_SIZE / 8 - 128]; /* to be the same for all */
};
static struct common *common;
static handle_t common_session;

static struct member {
    struct ktask task;
    handle_t session;
} crowd[CROWD];

/* ---- the crowd ---- */

static volatile uint64_t *word_of(uint32_t page)
{
    return (volatile uint64_t *)(AT + page * PAGE_SIZE + page % 500 * 8);
}

static uint64_t value_of(uint32_t who, uint32_t page)
{
    return (uint64_t)(who < WRITERS ? who : WRITERS) << 32 | page << 8;
}

static bool kept(uint32_t page)
{
    return page % 2 == 0 || page < LOCKED;
}

static void member_touch(uint32_t who)
{
    struct common *c = (struct common *)SHARED;
    for (uint32_t i = 0; i < c->pages; i++)
        *word_of(i) = value_of(who, i);
}

/* All pages that are left are what they were; writers then write to them, and know what. */
static void member_round(uint32_t who, uint8_t round)
{
    struct common *c = (struct common *)SHARED;
    for (uint32_t i = 0; i < c->pages && !c->stop; i++) {
        uint64_t at = c->there[i % 1000];
        if (!kept(i))
            continue;
        c->wrong[who] += *word_of(i) != value_of(who, i) + (who < WRITERS ? round : 0) || at != i % 1000 * 3;
        if (who < WRITERS)
            *word_of(i) += 1;
        if (i % 64 == who)
            ipc_sleep_until(IPC_US(40));
    }
}

static void member_lives(void *argument)
{
    uint32_t who = (uint32_t)(uint64_t)argument;
    struct common *c = (struct common *)SHARED;
    while (!c->go)
        ipc_sleep_until(IPC_MS(1));
    for (uint8_t round = 0; !c->stop && round < 255; round++) {
        member_round(who, round);
        c->rounds[who]++;
    }
    sys_task_ctl(0, TASK_KILL, c->wrong[who], 0, 0, NULL);
}

static void member_begins(void *argument)
{
    uint32_t who = (uint32_t)(uint64_t)argument;
    member_touch(who);
    ((struct common *)SHARED)->ready[who] = 1;
    member_lives(argument);
}

/* ---- who makes it ---- */

static uint64_t map_there(uint64_t space, vaddr_t at, uint64_t length, uint32_t flags, handle_t object)
{
    struct ipc_transfer t = {.send = {object}, .send_count = object != HANDLE_NONE};
    struct pager_space_map map = {space, at, length, 0, VMS_READ | VMS_WRITE, flags | PAGER_FIXED};
    return (uint64_t)pager_space_map_with(ADMIN, &map, &(struct pager_space_map_reply){0}, &t);
}

static struct pager_stats stats(void)
{
    struct pager_stats s = {0};
    struct ipc_transfer t = {.out = &s, .out_len = sizeof s};
    CHECK_IS(pager_stats_with(HANDLE_FIRST(SLOT_PAGER), NULL, NULL, &t), 0);
    return s;
}

static void check_all(void)
{
    struct pager_check found = {0};
    CHECK_IS(pager_check(ADMIN, NULL, &found, DEADLINE_NEVER), 0);
    CHECK_IS(found.errors, 0);
}

static void common_make(void)
{
    struct ipc_transfer t = {0};
    struct pager_address at = {0};
    CHECK_IS(pager_memory_object_with(HANDLE_FIRST(SLOT_PAGER),
                                      &(struct pager_object_size){0, sizeof *common},
                                      &(struct pager_object){0}, &t),
             0);
    common_session = t.got[0];
    t = (struct ipc_transfer){.send = {common_session}, .send_count = 1};
    struct pager_map map = {0, sizeof *common, 0, VMS_READ | VMS_WRITE, PAGER_SHARED};
    CHECK_IS(pager_map_with(HANDLE_FIRST(SLOT_PAGER), &map, &at, &t), 0);
    common = (struct common *)at.address;
    memset(common, 0, sizeof *common);
    for (uint64_t i = 0; i < 1000; i++)
        common->there[i] = i * 3;
}

static void common_end(void)
{
    CHECK_IS(pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)common, sizeof *common},
                         NULL, DEADLINE_NEVER),
             0);
    sys_handle_close(common_session);
}

static void member_start(uint32_t who)
{
    struct member *m = &crowd[who];
    ktask_create_with(&m->task, &m->session);
    CHECK_IS(map_there(m->task.space, SHARED, sizeof *common, PAGER_SHARED, common_session), 0);
    CHECK_IS(
        map_there(m->task.space, AT, common->pages * PAGE_SIZE, PAGER_SMALL | PAGER_NO_RESERVE, HANDLE_NONE),
        0);
    ktask_start(&m->task, member_begins, (void *)(uint64_t)who);
}

/* A fork of another member. */
static void member_fork(uint32_t who, const struct member *parent)
{
    struct member *m = &crowd[who];
    struct pager_space space = {0};
    *m = (struct member){0};
    CHECK_IS(sys_port_create(&m->task.port), 0);
    CHECK_IS(sys_task_create(ipc_handle("task-maker"), 4 << 20, &m->task.task), 0);
    CHECK_IS(sys_task_ctl(m->task.task, TASK_WATCH, m->task.port, 1, 0, NULL), 0);
    struct ipc_transfer t = {.send = {m->task.task}, .send_count = 1};
    CHECK_IS(pager_space_fork_with(ADMIN, &(struct pager_space){parent->task.space}, &space, &t), 0);
    m->session = t.got[0];
    m->task.space = space.space;
    common->ready[who] = 1;
    ktask_start(&m->task, member_lives, (void *)(uint64_t)who);
}

/* Nearly all memory is touched, by one and the other in turns; then every second page is given back. */
static void crowd_gather(void)
{
    common_make();
    common->pages = (uint32_t)((stats().free_pages - 4000) / (CROWD - 1));
    if (common->pages > 6000)
        common->pages = 6000;
    for (uint32_t i = 0; i < CROWD - 1; i++)
        member_start(i);
    for (uint32_t i = 0; i < CROWD - 1; i++)
        while (!common->ready[i])
            ipc_sleep_until(IPC_MS(1));
    for (uint32_t page = LOCKED + 1; page < common->pages; page += 2)
        for (uint32_t i = 0; i < CROWD - 1; i++)
            CHECK_IS(pager_advise(crowd[i].session,
                                  &(struct pager_advise){AT + page * PAGE_SIZE, PAGE_SIZE, PAGER_DISCARD},
                                  NULL, DEADLINE_NEVER),
                     0);
    CHECK_IS(pager_advise(crowd[0].session, &(struct pager_advise){AT, LOCKED * PAGE_SIZE, PAGER_LOCK}, NULL,
                          DEADLINE_NEVER),
             0);
    member_fork(CROWD - 1, &crowd[CROWD - 2]);
}

static void crowd_disperse(void)
{
    common->stop = common->go = 1;
    for (uint32_t i = 0; i < CROWD; i++) {
        uint64_t wrong = 1;
        ktask_wait(&crowd[i].task, &wrong);
        sys_handle_close(crowd[i].session);
        CHECK_IS(wrong, 0);
    }
    common_end();
}

/* ---- the cases ---- */

static int dma(handle_t session, uint64_t length, uint64_t limit, uint64_t align, struct pager_dma_reply *out)
{
    *out = (struct pager_dma_reply){0};
    return pager_map_dma(session, &(struct pager_dma){length, limit, align}, out, DEADLINE_NEVER);
}

static bool is_zero(const struct pager_dma_reply *at, uint64_t length)
{
    const uint64_t *word = (const uint64_t *)at->address;
    for (uint64_t i = 0; i < length / 8; i++)
        if (word[i])
            return false;
    return true;
}

static void dma_free(const struct pager_dma_reply *at, uint64_t length)
{
    memset((void *)at->address, 0xee, length); /* the device's, and nobody else's */
    CHECK_IS(pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){at->address, length}, NULL,
                         DEADLINE_NEVER),
             0);
}

/* Long runs, aligned ones and low ones. */
static void fragmented(void)
{
    static const struct {
        uint64_t length, limit, align;
    } wish[] = {{2 * MIB, 0, 2 * MIB},
                {5 * MIB, 0, 0},
                {512ul << 10, 16 * MIB, 0},
                {PAGE_SIZE, 16 * MIB, 0},
                {2 * MIB, 64 * MIB, 1 * MIB},
                {8 * MIB, 1ul << 32, MIB},
                {3 * MIB, 0, 0},
                {64ul << 10, 0, 64ul << 10}};
    enum { WISHES = sizeof wish / sizeof *wish };
    struct pager_dma_reply got[WISHES];
    struct pager_stats before = stats();
    crowd_gather();
    common->go = 1;
    for (uint32_t i = 0; i < WISHES; i++) {
        uint64_t begun = ipc_now();
        CHECK_IS(dma(HANDLE_FIRST(SLOT_PAGER), wish[i].length, wish[i].limit, wish[i].align, &got[i]), 0);
        ipc_info("# %lu KiB at %lx after %lu us", wish[i].length >> 10, got[i].physical,
                 (ipc_now() - begun) / 1000);
        CHECK(got[i].physical && is_zero(&got[i], wish[i].length));
        CHECK(!wish[i].limit || got[i].physical + wish[i].length <= wish[i].limit);
        CHECK(!wish[i].align || got[i].physical % wish[i].align == 0);
    }
    check_all();
    for (uint32_t i = 0; i < WISHES; i++)
        dma_free(&got[i], wish[i].length);
    ipc_sleep_until(IPC_MS(5)); /* so that everybody looks again */
    crowd_disperse();
    check_all();
    CHECK_IS(stats().anon_pages, before.anon_pages);
    CHECK_IS(stats().pinned_pages - stats().pool_pages, before.pinned_pages - before.pool_pages);
}

/* Each MiB of memory is asked for: whatever can move there does, amid the work of its owner. */
static void everything_moves(void)
{
    struct pager_dma_reply got;
    struct pager_stats before = stats();
    uint32_t had = 0, rounds = 0;
    crowd_gather();
    common->go = 1;
    for (uint64_t end = MIB; end <= 128 * MIB; end += MIB) {
        if (dma(HANDLE_FIRST(SLOT_PAGER), MIB, end, MIB, &got))
            continue;
        had += got.physical == end - MIB;
        CHECK(is_zero(&got, MIB));
        dma_free(&got, MIB);
    }
    for (uint32_t i = 0; i < CROWD; i++)
        rounds += common->rounds[i];
    ipc_info("# %u MiB were to be had; %u rounds meanwhile", had, rounds);
    CHECK(had > 20);
    crowd_disperse();
    check_all();
    CHECK_IS(stats().anon_pages, before.anon_pages);
}

/* The driver dies while its memory is being made. */
static struct pager_dma_reply death_reply;
static volatile int death_error;
static handle_t death_session;
static void ask_for_death(void *unused)
{
    (void)unused;
    death_error = dma(death_session, 3 * MIB, 0, 2 * MIB, &death_reply);
}

static void driver_dies(void)
{
    struct pager_stats before = stats();
    uint32_t cut = 0;
    crowd_gather();
    common->go = 1;
    for (uint32_t i = 0; i < 12; i++) {
        struct ktask driver;
        struct kthread thread = {0};
        uint64_t pinned = stats().pinned_pages - stats().pool_pages;
        ktask_create_with(&driver, &death_session);
        kthread_start(&thread, ask_for_death, NULL, ipc_thread_priority());
        ipc_sleep_until(IPC_US(100 + 400 * i));
        uint64_t space = driver.space;
        ktask_kill(&driver);
        kthread_join(&thread);
        cut += death_error != 0;
        sys_handle_close(death_session);
        CHECK_IS(pager_dma_release(ADMIN, &(struct pager_space){space}, NULL, DEADLINE_NEVER), 0);
        ipc_sleep_until(IPC_MS(5)); /* what was under way is given back */
        CHECK_IS(stats().pinned_pages - stats().pool_pages, pinned);
        check_all();
    }
    CHECK(cut > 2);
    crowd_disperse();
    CHECK_IS(stats().anon_pages, before.anon_pages);
}

/* While room is made somebody else, less urgent than the pager, is woken by the clock again and again, and touches a
 * page: no step keeps him waiting for long. */
static void others_served(void)
{
    enum { LATE = 60000, WAKES = 4000 }; /* instructions */
    struct kthread thread = {0};
    struct pager_address mine = {0};
    uint64_t worst = 0, wakes = 0;
    crowd_gather();
    struct pager_map map = {0, WAKES * PAGE_SIZE, 0, VMS_READ | VMS_WRITE, PAGER_SMALL | PAGER_NO_RESERVE};
    CHECK_IS(pager_map(HANDLE_FIRST(SLOT_PAGER), &map, &mine, DEADLINE_NEVER), 0);
    for (uint32_t i = 0; i < 4; i++) {
        struct ktask driver;
        ktask_create_with(&driver, &death_session);
        death_error = -1;
        kthread_start(&thread, ask_for_death, NULL, PRIORITY_USER);
        while (death_error == -1 && wakes < WAKES) {
            uint64_t due = ipc_now() + 30000 + wakes % 11 * 1000;
            ipc_sleep_until(due);
            *(volatile uint8_t *)(mine.address + (WAKES - 1 - wakes++) * PAGE_SIZE) = 1;
            uint64_t late = ipc_now() - due;
            worst = late > worst ? late : worst;
        }
        kthread_join(&thread);
        CHECK_IS(death_error, 0);
        sys_handle_close(death_session);
        ktask_kill(&driver);
        CHECK_IS(pager_dma_release(ADMIN, &(struct pager_space){driver.space}, NULL, DEADLINE_NEVER), 0);
    }
    ipc_info("# %lu faults, at most %lu ns late", wakes, worst);
    CHECK(worst <= LATE);
    CHECK(wakes > 100);
    CHECK_IS(pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){mine.address, map.length}, NULL,
                         DEADLINE_NEVER),
             0);
    crowd_disperse();
    check_all();
}

static void refused(void)
{
    struct pager_dma_reply got;
    static const struct {
        uint64_t length, limit, align;
        int error;
    } wish[] = {{0, 0, 0, E_INVAL},
                {PAGE_SIZE, 0, 3, E_INVAL},
                {PAGE_SIZE, 0, UINT64_MAX, E_INVAL},
                {PAGE_SIZE, 1, 0, E_NOMEM},
                {UINT64_MAX, 0, 0, E_NOMEM},
                {2 * PAGE_SIZE, PAGE_SIZE, 0, E_NOMEM},
                {1ul << 40, 0, 0, E_NOMEM},
                {PAGE_SIZE, 0, 1ul << 63, E_NOMEM},
                {PAGE_SIZE, PAGE_SIZE, 0, E_NOMEM},
                {17 * MIB, 16 * MIB, 0, E_NOMEM},
                {16 * MIB, 16 * MIB, 0, E_NOMEM}};
    for (uint32_t i = 0; i < sizeof wish / sizeof *wish; i++)
        CHECK_IS(dma(HANDLE_FIRST(SLOT_PAGER), wish[i].length, wish[i].limit, wish[i].align, &got),
                 wish[i].error);
    check_all();
}

/* A task that sleeps at a word of a page that is moved is found by who wakes it there afterwards. */
static void sleeper(void *unused)
{
    struct common *c = (struct common *)SHARED;
    (void)unused;
    while (!c->word)
        sys_futex(FUTEX_WAIT | FUTEX_SHARED, &c->word, 0, DEADLINE_NEVER, 0, 0, NULL);
    c->woken = 1;
    sys_task_ctl(0, TASK_KILL, 0, 0, 0, NULL);
}

static uint64_t frame_of(uint64_t space, vaddr_t address)
{
    struct pager_entries_reply entries = {0};
    CHECK_IS(pager_entries(ADMIN, &(struct pager_entries){space, address}, &entries, DEADLINE_NEVER), 0);
    return entries.entry[3] & 0xffffffffff000ul;
}

static void futex_moves(void)
{
    enum { RUNS = 512 };
    static struct pager_dma_reply got[RUNS];
    struct ktask task;
    handle_t session;
    uint32_t runs = 0;
    common_make();
    ktask_create_with(&task, &session);
    sys_handle_close(session);
    CHECK_IS(map_there(task.space, SHARED, sizeof *common, PAGER_SHARED, common_session), 0);
    ktask_start(&task, sleeper, NULL);
    ipc_sleep_until(IPC_MS(2));
    uint64_t before = frame_of(task.space, SHARED);
    CHECK(before);
    for (; runs < RUNS && frame_of(task.space, SHARED) == before; runs++) /* what is free, then what is not */
        if (dma(HANDLE_FIRST(SLOT_PAGER), MIB, (before & ~(MIB - 1)) + MIB, MIB, &got[runs]))
            break;
    CHECK(frame_of(task.space, SHARED) != before);
    while (runs-- > 0)
        dma_free(&got[runs], MIB);
    uint32_t *last = (uint32_t *)((char *)common + PAGE_SIZE) - 1; /* of its frame */
    CHECK_IS(sys_futex(FUTEX_WAKE_WORDS | FUTEX_SHARED, last, 1, 0, 0, 0, NULL), 0);
    CHECK_IS(sys_futex(FUTEX_WAKE_WORDS | FUTEX_SHARED, last, 2, 0, 0, 0, NULL), E_INVAL);
    CHECK(!common->woken);
    common->word = 1;
    sys_futex(FUTEX_WAKE | FUTEX_SHARED, &common->word, 1, 0, 0, 0, NULL);
    for (uint32_t i = 0; i < 100 && !common->woken; i++)
        ipc_sleep_until(IPC_MS(1));
    CHECK_IS(common->woken, 1);
    if (common->woken)
        ktask_wait(&task, NULL);
    else
        ktask_kill(&task);
    common_end();
    check_all();
}

int main(void)
{
    static const struct ktest tests[] = {{"fragmented", fragmented},   {"everything-moves", everything_moves},
                                         {"driver-dies", driver_dies}, {"others-served", others_served},
                                         {"refused", refused},         {"futex-moves", futex_moves}};
    ktest_main(tests, KTEST_COUNT(tests));
}
