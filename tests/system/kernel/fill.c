/* While one program touches 64 MiB, which come as pages of 2 MiB, nobody else waits for them: a thread that is more
 * urgent than programs is woken by the clock again and again, touches a page of its own space, and is through within
 * so many instructions of the time it asked for. */
#include "lib/ktest.h"

#include <proto/pager.h>

#define MOST  25000u /* instructions, from the time asked for; here a nanosecond each */
#define MIB   (1ul << 20)
#define SIZE  (64 * MIB)
#define PART  (16 * MIB)
#define WAKES 400u
#define APART (256ul << 10)

static volatile uint32_t touched;

static uint8_t *fresh(uint64_t length, uint32_t flags)
{
    struct pager_address at = {0};
    CHECK_IS(pager_map(HANDLE_FIRST(SLOT_PAGER),
                       &(struct pager_map){.length = length, .prot = VMS_READ | VMS_WRITE, .flags = flags},
                       &at, DEADLINE_NEVER),
             0);
    return (uint8_t *)at.address;
}

static void release(uint8_t *memory, uint64_t length)
{
    CHECK_IS(pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)memory, length}, NULL,
                         DEADLINE_NEVER),
             0);
}

static void touch(void *memory, uint64_t length)
{
    volatile uint8_t *at = memory;
    for (uint64_t i = 0; i < length; i += PAGE_SIZE)
        at[i] = 1;
    touched++;
}

static void touch_all(void *memory)
{
    touch(memory, SIZE);
}

static void touch_part(void *memory)
{
    touch(memory, PART);
}

static uint64_t huge_pages(void)
{
    struct pager_stats stats = {0};
    struct ipc_transfer transfer = {.out = &stats, .out_len = sizeof stats};
    CHECK_IS(pager_stats_with(HANDLE_FIRST(SLOT_PAGER), NULL, NULL, &transfer), 0);
    return stats.huge_pages;
}

static void others_faults(void)
{
    struct kthread program = {0};
    uint8_t *large = fresh(SIZE, 0), *mine = fresh(WAKES * APART, PAGER_NO_RESERVE | PAGER_SMALL);
    uint64_t worst = 0, wakes = 0, sum = 0, huge = huge_pages();
    kthread_start(&program, touch_all, large, PRIORITY_USER);
    for (touched = 0; !touched && wakes < WAKES; wakes++) {
        uint64_t due = ipc_now() + 70000 + wakes * 1237 % 60000;
        ipc_sleep_until(due);
        ((volatile uint8_t *)mine)[wakes * APART] = 1;
        uint64_t late = ipc_now() - due;
        sum += late;
        worst = late > worst ? late : worst;
    }
    kthread_join(&program);
    ipc_info("# %lu faults, answered %lu ns after the time asked for, at most %lu; %lu pages of 2 MiB", wakes,
             sum / wakes, worst, huge_pages() - huge);
    CHECK(worst <= MOST);
    CHECK(wakes > 80);
    CHECK(huge_pages() - huge > 20);
    release(large, SIZE);
    release(mine, WAKES * APART);
}

/* Several at once, in one space and in others; all is zero but what was written. */
static void side_by_side(void)
{
    enum { THREADS = 4 };
    struct kthread program[THREADS] = {0};
    uint8_t *memory[THREADS];
    uint64_t wrong = 0;
    for (int i = 0; i < THREADS; i++) {
        memory[i] = fresh(PART, 0);
        kthread_start(&program[i], touch_part, memory[i], PRIORITY_USER);
    }
    for (int i = 0; i < THREADS; i++)
        kthread_join(&program[i]);
    for (int i = 0; i < THREADS; i++) {
        for (uint64_t k = 0; k < PART; k += 512)
            wrong += memory[i][k] != (k % PAGE_SIZE == 0);
        release(memory[i], PART);
    }
    CHECK_IS(wrong, 0);
}

static uint64_t anonymous_pages(void)
{
    struct pager_stats stats = {0};
    struct ipc_transfer transfer = {.out = &stats, .out_len = sizeof stats};
    CHECK_IS(pager_stats_with(HANDLE_FIRST(SLOT_PAGER), NULL, NULL, &transfer), 0);
    return stats.anon_pages;
}

/* A task is killed while it waits for 2 MiB: they come back. */
static void killed(void)
{
    const vaddr_t at = 0x200000000000;
    uint64_t before = anonymous_pages();
    struct pager_check found = {0};
    for (uint32_t i = 0; i < 24; i++) {
        struct ktask task;
        ktask_create(&task);
        struct pager_space_map map = {task.space, at, SIZE, 0, VMS_READ | VMS_WRITE, PAGER_FIXED};
        CHECK_IS(pager_space_map(ipc_handle("pager-admin"), &map, NULL, DEADLINE_NEVER), 0);
        ktask_start(&task, touch_all, (void *)at);
        sys_thread_ctl(task.thread, THREAD_PRIORITY, PRIORITY_USER, 0, NULL);
        ipc_sleep_until(IPC_US(400 + i * 97));
        ktask_kill(&task);
    }
    CHECK_IS(pager_check(ipc_handle("pager-admin"), NULL, &found, DEADLINE_NEVER), 0);
    CHECK_IS(found.errors, 0);
    ipc_sleep_until(IPC_MS(20)); /* for what was still being zeroed */
    CHECK_IS(anonymous_pages(), before);
    CHECK_IS(pager_check(ipc_handle("pager-admin"), NULL, &found, DEADLINE_NEVER), 0);
    CHECK_IS(found.errors, 0);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"others-faults", others_faults}, {"side-by-side", side_by_side}, {"killed", killed}};
    ktest_main(tests, KTEST_COUNT(tests));
}
