// config:
// config: words=fastpath=off
/* What a client cannot do to a server, each by trying (docs/ipc.md has the list). The program is the server
 * `victim` and those who attack it. */
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/ktest.h"
#include "lib/victim.h"

static handle_t second_session(void)
{
    struct ipc_transfer t = {.in = "victim", .in_len = 6};

    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), 0);
    return t.got[0];
}

static volatile uint32_t pile_failures;

static void pile(void *session)
{
    if (victim_pile((handle_t)(uint64_t)session, 0, 0, 0))
        __atomic_add_fetch(&pile_failures, 1, __ATOMIC_RELAXED);
}

static void child_piles(void *unused)
{
    (void)unused;
    sys_task_ctl(HANDLE_NONE, TASK_KILL, (uint64_t)victim_pile(HANDLE_FIRST(KTASK_SLOT), 0, 0, 0), 0, 0, 0);
}

static void await_call(const struct ktask *child)
{
    struct thread_info info = {0};

    while (sys_thread_ctl(child->thread, THREAD_INFO, (uint64_t)&info, 0, 0) == 0 &&
           info.state != THREAD_CALLING)
        ipc_sleep_until(IPC_MS(1));
}

/* A task's waiting calls have a limit, by however many sessions they come; those of others go on. */
static void limit_of_deferred(void)
{
    struct kthread threads[VICTIM_PILE];
    handle_t sessions[2] = {victim, second_session()};
    struct victim_value count = {0};
    uint64_t status = 99;
    struct ktask child;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < VICTIM_PILE; i++) {
            kthread_start(&threads[i], pile, (void *)(uint64_t)sessions[i % 2], PRIORITY_SERVER);
            kthread_await(&threads[i], THREAD_CALLING);
        }
        CHECK_IS(victim_pile(victim, 0, 0, 0), E_QUOTA);
        CHECK_IS(victim_pile(sessions[1], 0, 0, 0), E_QUOTA);
        ktask_create(&child);
        ktask_give(&child, victim, RIGHT_CALL | RIGHT_USE, KTASK_SLOT); /* the very same session */
        ktask_start(&child, child_piles, 0);
        await_call(&child);
        CHECK_IS(victim_release(victim, 0, &count, 0), 0);
        CHECK_IS(count.value, VICTIM_PILE + 1);
        for (int i = 0; i < VICTIM_PILE; i++)
            kthread_join(&threads[i]);
        CHECK_IS(ktask_wait(&child, &status), TASK_KILLED);
        CHECK_IS(status, 0);
    }
    CHECK_IS(pile_failures, 0);
    sys_handle_close(sessions[1]);
}

static void child_opens(void *unused)
{
    struct ipc_transfer t = {0};

    (void)unused;
    sys_task_ctl(HANDLE_NONE, TASK_KILL,
                 (uint64_t)victim_open_with(HANDLE_FIRST(KTASK_SLOT), 0, 0, &t) + 100 * t.got_count, 0, 0, 0);
}

/* Sessions, and so the state that the server has for each, are limited for each task: also when they are
 * asked for by sessions that were given, or passed on to somebody else. A closed one is free again. */
static void limit_of_sessions(void)
{
    handle_t given[VICTIM_SESSIONS];
    uint64_t before = victim_closed_count(), status = 99;
    struct ktask child, heir;
    struct ipc_transfer t = {0};

    for (int i = 0; i < VICTIM_SESSIONS; i++) {
        CHECK_IS(victim_open_with(i ? given[i - 1] : victim, 0, 0, &t), 0);
        given[i] = t.got[0];
    }
    CHECK_IS(victim_open_with(victim, 0, 0, &t), E_QUOTA);
    CHECK_IS(t.got_count, 0);
    ktask_create(&heir);
    ktask_give(&heir, given[0], RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    sys_handle_close(given[0]);
    CHECK_IS(victim_open_with(victim, 0, 0, &t), E_QUOTA);
    ktask_create(&child);
    ktask_give(&child, given[1], RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&child, child_opens, 0);
    CHECK_IS(ktask_wait(&child, &status), TASK_KILLED);
    CHECK_IS(status, 100); /* a session, no error */
    ktask_kill(&heir);
    CHECK_IS(victim_closed_count(), before + 2);
    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    CHECK_IS(victim_open_with(victim, 0, 0, &(struct ipc_transfer){0}), E_QUOTA);
    sys_handle_close(t.got[0]);
    for (int i = 1; i < VICTIM_SESSIONS; i++)
        sys_handle_close(given[i]);
    CHECK_IS(victim_closed_count(), before + 2 + VICTIM_SESSIONS);
}

static void child_parks(void *unused)
{
    struct ipc_message m = {.label = victim_label_park, .seq = 1};

    (void)unused;
    sys_call_message(HANDLE_FIRST(KTASK_SLOT), &m);
    sys_task_ctl(HANDLE_NONE, TASK_KILL, 1, 0, 0, 0);
}

/* Who waits may die: the server is told, and its place is free again. */
static void parked_and_killed(void)
{
    struct victim_value before = {0}, after = {0};
    struct ktask child;

    victim_cancelled(victim, 0, &before, 0);
    after = before;
    ktask_create(&child);
    ktask_give(&child, victim, RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&child, child_parks, 0);
    await_call(&child);
    ktask_kill(&child);
    for (int i = 0; i < 200 && after.value == before.value; i++) {
        ipc_sleep_until(IPC_MS(1));
        CHECK_IS(victim_cancelled(victim, 0, &after, 0), 0);
    }
    CHECK_IS(after.value, before.value + 1);
    CHECK_IS(victim_wake(victim, &(struct victim_value){1}, 0, 0), E_AGAIN);
}

/* What a client says of itself counts for nothing: kernel messages, other rights, ports by a session. */
static void forgeries(void)
{
    static const uint32_t labels[] = {MSG_NOTIFY,    MSG_CLOSED, MSG_CANCEL,
                                      MSG_TASK_DEAD, MSG_FAULT,  MSG_EXCEPTION};
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    uint64_t closed = victim_closed_count();
    handle_t more;

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    for (uint64_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct ipc_message m = ktest_message(labels[i], 0);

        CHECK_IS(sys_call_message(victim, &m), E_INVAL);
        CHECK_IS(sys_send_message(victim, &m), E_INVAL);
    }
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
    CHECK_IS(victim_closed_count(), closed);
    CHECK_IS(sys_handle_copy(victim, RIGHT_CALL | RIGHT_ADMIN, HANDLE_NONE, 0, &more), E_RIGHTS);
    CHECK_IS(sys_port_ctl(victim, PORT_MINT, 77, RIGHT_USE, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_port_ctl(victim, PORT_KEPT, IPC_KEEP_KEYS, 0, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_port_ctl(victim, PORT_SESSIONS, 0, 0, 0, 0, 0), E_TYPE);
    CHECK_IS(sys_recv_message(victim, &(struct ipc_message){0}), E_TYPE);
    sys_handle_close(t.got[0]);
}

/* A task without handles reaches nobody: of all values that a handle can have, those that it was given count.
 */
static void child_guesses(void *given)
{
    uint64_t reached = 0;

    for (uint32_t index = 0; index < 512; index++)
        for (uint32_t generation = 0; generation < 8; generation++) {
            handle_t guess = HANDLE_FIRST(index) + (generation << 16);
            struct ipc_message m = {.label = victim_label_count, .seq = 1};

            if (guess != (handle_t)(uint64_t)given && sys_call_message(guess, &m) == 0)
                reached++;
        }
    sys_task_ctl(HANDLE_NONE, TASK_KILL, reached, 0, 0, 0);
}

static void guessed_handles(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    struct ktask child;
    uint64_t reached = 99;
    handle_t given;

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    ktask_create(&child);
    given = ktask_give(&child, victim, RIGHT_CALL | RIGHT_USE, KTASK_SLOT);
    ktask_start(&child, child_guesses, (void *)(uint64_t)given);
    CHECK_IS(ktask_wait(&child, &reached), TASK_KILLED);
    CHECK_IS(reached, 0);
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
    CHECK_IS(value.value, 1); /* nobody had counted here */
    sys_handle_close(t.got[0]);
}

/* Handles that an operation does not ask for are refused, and the server does not keep them. */
static void unwanted_handles(void)
{
    for (int i = 0; i < 2000; i++) {
        struct ipc_message m = {.label = victim_label_add, .handles = {victim, victim}, .handle_count = 2};

        CHECK_IS(sys_call_message(victim, &m), 0);
        CHECK_IS(m.label, E_FULL);
    }
}

/* A page that nobody has touched: the server meets it absent. */
static uint8_t *fresh_page(void)
{
    struct pager_address place = {0};

    CHECK_IS(pager_map(HANDLE_FIRST(SLOT_PAGER), &(struct pager_map){.length = PAGE_SIZE, .prot = VMS_READ},
                       &place, 0),
             0);
    return (uint8_t *)place.address;
}

/* A client that lends a page and never brings it in is told so at once, each time: nobody waits for it. */
static void page_that_never_comes(void)
{
    uint8_t *absent = fresh_page();

    for (int i = 0; i < 1000; i++) {
        struct ipc_message m = {.label = victim_label_sum,
                                .flags = IPC_BUFFERS,
                                .buffers = {.in = (vaddr_t)absent, .in_len = PAGE_SIZE}};

        CHECK_IS(sys_call_message(victim, &m), 0);
        CHECK_IS(m.label, E_TOUCH);
    }
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)absent, PAGE_SIZE}, 0, 0);
}

static void refusals(void)
{
    uint64_t w[IPC_WORDS] = {0};
    uint32_t label = 99;

    CHECK_IS(victim_only_admin(victim, 0, 0, 0), E_RIGHTS);
    CHECK_IS(victim_missing(victim, 0, 0, 0), E_NOSYS);
    CHECK_IS(sys_call_words(victim, &label, 1, w, 0, 0), 0);
    CHECK_IS(label, E_NOSYS);
}

static void server_dies_always(void)
{
    uint64_t before = victim_deaths();

    CHECK_IS(victim_die_always(victim, 0, 0, 0), E_IO);
    victim_words();
    CHECK_IS(victim_deaths(), before + 3);
}

static void taken_handles(void)
{
    struct ipc_transfer t = {.send = {victim, victim}, .send_count = 2};

    CHECK_IS(victim_take_with(victim, 0, 0, &t), 0);
    t.send_count = 3;
    CHECK_IS(victim_take_with(victim, 0, 0, &t), E_FULL);
}

/* A server has the handles of its line and no others; init gives it no session with what it does not need,
 * and those that it has do only what its line says. */
static void only_its_line(void)
{
    struct ipc_transfer t = {.in = "stranger", .in_len = 8};
    struct victim_handles has = {0};

    CHECK_IS(victim_handles(victim, 0, &has, 0), 0);
    CHECK_IS(has.named, 3);            /* its task, its memory, init */
    CHECK_IS(has.all, 4);              /* and its port */
    CHECK_IS(has.lookup_self, E_PERM); /* it does not need itself, nor anybody else */
    CHECK_IS(has.lookup_other, E_PERM);
    CHECK_IS(has.lookup_nobody, E_NOENT);
    CHECK_IS(has.power, E_RIGHTS);
    CHECK_IS(has.spaces, E_RIGHTS);
    CHECK_IS(has.tasks, E_HANDLE);
    CHECK_IS(has.lend, E_RIGHTS);
    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), E_PERM);
    CHECK_IS(t.got_count, 0);
}

int main(void)
{
    static const struct ktest tests[] = {
        {"forgeries", forgeries},
        {"guessed-handles", guessed_handles},
        {"refusals", refusals},
        {"unwanted-handles", unwanted_handles},
        {"taken-handles", taken_handles},
        {"page-that-never-comes", page_that_never_comes},
        {"parked-and-killed", parked_and_killed},
        {"limit-of-deferred", limit_of_deferred},
        {"limit-of-sessions", limit_of_sessions},
        {"server-dies-always", server_dies_always},
        {"only-its-line", only_its_line},
    };
    const char *role = ipc_argument_text(1);

    if (role && strcmp(role, "victim") == 0)
        return victim_serve();
    victim = ipc_open("victim");
    ktest_main(tests, KTEST_COUNT(tests));
}
