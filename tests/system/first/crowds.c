/* Many threads, with whom nothing may take long while interrupts are off. */
// config: memory=1024 words=log=error icount=1 limit=300
#include "first.h"
#include <ipc/time.h>

#define AREA    0x60000000ul
#define THREADS 1000
#define CROWD   5000
#define MANY    10000
#define WORD    0x800 /* THREADS_WORD in its page */
#define WORD_2  0x900

extern uint64_t ipc_first_argument;

/* ---- at one word ---- */

static void futexes(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    uint64_t woken = 0;
    bounded_begin("futex-waiters");
    threads_make(task, crowd_wait, THREADS_WORD, THREADS);
    let_run(100);
    CHECK_EQ(threads_of(task), THREADS);
    const uint32_t op = FUTEX_REQUEUE | FUTEX_SHARED;
    CHECK_EQ(sys_futex(op, ram(code + WORD), 10, 0, ram(code + WORD_2), THREADS / 2, &woken), 0);
    CHECK_EQ(woken, 10 + THREADS / 2);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD_2), ~0u, DEADLINE_NEVER, 0, 0, &woken), 0);
    CHECK_EQ(woken, THREADS / 2);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD), 3, DEADLINE_NEVER, 0, 0, &woken), 0);
    CHECK_EQ(woken, 3);
    CHECK_EQ(sys_futex(FUTEX_WAKE | FUTEX_SHARED, ram(code + WORD), ~0u, 0, 0, 0, &woken), 0);
    CHECK_EQ(woken, THREADS - 13 - THREADS / 2);
    let_run(100);
    CHECK_EQ(threads_of(task), 0);
    bounded_end();
    child_end(task);
}

/* The last word of a thread wakes as many. */
static void exit_word(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    bounded_begin("exit-word-waiters");
    threads_make(task, crowd_wait, THREADS_WORD, THREADS);
    let_run(100);
    CHECK_EQ(threads_of(task), THREADS);
    threads_make(task, crowd_exit, THREADS_WORD, 1);
    let_run(100);
    CHECK_EQ(threads_of(task), 0);
    bounded_end();
    child_end(task);
}

/* A task with many threads that would run is stopped, and goes on. */
static void suspension(void)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    bounded_begin("suspended-threads");
    threads_make(task, crowd_spin, 0, THREADS);
    CHECK_EQ(sys_task_ctl(task, TASK_SUSPEND, 0, 0, 0, NULL), 0);
    let_run(20);
    CHECK_EQ(sys_task_ctl(task, TASK_RESUME, 0, 0, 0, NULL), 0);
    let_run(20);
    bounded_end();
    child_end(task);
}

/* ---- at words of their own ---- */

/* Which of 256 trees the kernel keeps the key of a private word in; once, a list. */
static uint64_t tree_of(uint64_t task_id, vaddr_t word)
{
    return ((task_id ^ word >> 2) * 0x9e3779b97f4a7c15ul) >> 56;
}

/* Each thread waits at another word, whose keys the kernel finds hard to tell apart. */
static void other_keys(void)
{
    static vaddr_t word[CROWD];
    struct task_info state = {0};
    paddr_t code, block = block_take();
    uint32_t words = 0;
    handle_t task = threads_task(&code);
    bounded_begin("waiters-of-other-words");
    memset(ram(block), 0, HUGE_SIZE);
    for (vaddr_t va = AREA; va < AREA + 3 * HUGE_SIZE; va += HUGE_SIZE)
        CHECK_EQ(map(task, 3, va, block, VMS_READ, PTEP_ENTRIES), 0);
    CHECK_EQ(sys_task_ctl(task, TASK_INFO, (uint64_t)&state, 0, 0, NULL), 0);
    for (vaddr_t va = AREA; words < CROWD && va < AREA + 3 * HUGE_SIZE; va += 4)
        if (tree_of(state.id, va) == tree_of(state.id, AREA))
            word[words++] = va;
    CHECK_EQ(words, CROWD);
    for (uint32_t i = 0; i < words; i++)
        threads_make(task, crowd_wait_private, word[i], 1);
    let_run(100);
    CHECK_EQ(threads_of(task), CROWD);
    threads_make(task, crowd_wake_private, word[CROWD - 1] + 4, 1); /* nobody's */
    threads_make(task, crowd_wake_private, word[CROWD - 1], 1);
    threads_make(task, crowd_wake_private, word[0], 1);
    let_run(100);
    CHECK_EQ(threads_of(task), CROWD - 2);
    for (uint32_t i = 1; i < words - 1; i += 2)
        threads_make(task, crowd_wake_private, word[i], 1);
    let_run(100);
    CHECK_EQ(threads_of(task), CROWD / 2 - 1);
    bounded_end();
    child_end(task);
    block_back(block);
}

/* ---- until one time ---- */

static void until(const char *name, const char *code_of_thread, uint64_t left)
{
    paddr_t code;
    handle_t task = threads_task(&code);
    uint64_t time = IPC_MS(500);
    bounded_begin(name);
    threads_make(task, code_of_thread, time, CROWD);
    let_run(100);
    CHECK_EQ(threads_of(task), CROWD);
    if (left) { /* they wait for the second time; their first place in the kernel's order stays */
        threads_make(task, crowd_wake_private, THREADS_WORD + 4, 1);
        let_run(100);
        CHECK_EQ(threads_of(task), CROWD);
    }
    let_run(600);
    CHECK_EQ(threads_of(task), left);
    if (left)
        let_run(1000);
    CHECK_EQ(threads_of(task), 0);
    bounded_end();
    child_end(task);
}

/* ---- by number ---- */

static void by_number(void)
{
    handle_t task = child_new(), thread = 0, found = 0;
    struct thread_info first = {0}, last = {0}, seen = {0};
    uint64_t value = 0;
    bounded_begin("thread-by-number");
    for (uint32_t i = 0; i < MANY; i++) {
        if (i % 16 == 0)
            books_feed();
        CHECK_EQ(sys_thread_create(task, THREADS_CODE, 0, 0, 20, &thread), 0);
        if (i == 0 || i == MANY - 1)
            CHECK_EQ(sys_thread_ctl(thread, THREAD_INFO, (uint64_t)(i ? &last : &first), 0, NULL), 0);
        CHECK_EQ(sys_handle_close(thread), 0);
    }
    uint32_t wanted[] = {0, first.id, last.id, first.id + MANY / 2};
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(sys_task_ctl(task, TASK_THREAD, wanted[i], 0, 0, &value), 0);
        found = (handle_t)value;
        CHECK_EQ(sys_thread_ctl(found, THREAD_INFO, (uint64_t)&seen, 0, NULL), 0);
        CHECK_EQ(seen.id, wanted[i] ? wanted[i] : first.id);
        CHECK_EQ(sys_handle_close(found), 0);
    }
    CHECK_EQ(sys_task_ctl(task, TASK_THREAD, last.id + 1, 0, 0, &value), E_NOENT);
    CHECK_EQ(sys_task_ctl(task, TASK_THREAD, first.id, 0, 0, &value), 0);
    CHECK_EQ(sys_thread_ctl((handle_t)value, THREAD_KILL, 0, 0, NULL), 0);
    CHECK_EQ(sys_handle_close((handle_t)value), 0);
    CHECK_EQ(sys_task_ctl(task, TASK_THREAD, first.id, 0, 0, &value), E_NOENT);
    bounded_end();
    child_end(task);
}

int main(void)
{
    info = (const struct boot_info *)ipc_first_argument;
    books_take_spare();
    futexes();
    exit_word();
    suspension();
    other_keys();
    until("one-deadline", crowd_until, 0);
    until("one-old-deadline", crowd_twice, CROWD);
    by_number();
    audit(NULL);
    finish();
}
