// config:
// config: words=fastpath=off
/* libipc's two sides against each other, over the real kernel and init: one program, as the server `victim`
 * and as its client. Words, large requests, lent buffers, sessions given out, parked calls; and a server that
 * dies in the middle of a call. boundary.c does what no client should. */
#include <proto/init.h>
#include <proto/pager.h>

#include "lib/ktest.h"
#include "lib/victim.h"

static void large_request(void)
{
    struct victim_large large;
    struct victim_value sum = {0};

    for (uint64_t i = 0; i < 25; i++)
        large.words[i] = i;
    CHECK_IS(victim_large(victim, &large, &sum, 0), 0);
    CHECK_IS(sum.value, 300);
}

enum { BUFFER = 300000 };

/* Pages that nobody has touched: the server meets them absent, and the stub brings them in. */
static uint8_t *fresh_pages(uint32_t prot)
{
    struct pager_address place = {0};

    CHECK_IS(
        pager_map(HANDLE_FIRST(SLOT_PAGER), &(struct pager_map){.length = BUFFER, .prot = prot}, &place, 0),
        0);
    return (uint8_t *)place.address;
}

static void drop_pages(uint8_t *pages)
{
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)pages, BUFFER}, 0, 0);
}

static void out_buffer(void)
{
    uint8_t *buffer = fresh_pages(VMS_READ | VMS_WRITE);
    struct ipc_transfer t = {.out = buffer + 5, .out_len = BUFFER - 10};
    struct victim_value length = {0};

    CHECK_IS(victim_fill_with(victim, 0, &length, &t), 0);
    CHECK_IS(length.value, BUFFER - 10);
    CHECK_IS(buffer[4], 0);
    CHECK_IS(buffer[BUFFER - 5], 0);
    for (int i = 5; i < BUFFER - 5; i++)
        if (buffer[i] != VICTIM_PATTERN) {
            CHECK_IS(buffer[i], VICTIM_PATTERN);
            break;
        }
    drop_pages(buffer);
}

static void in_buffer(void)
{
    uint8_t *buffer = fresh_pages(VMS_READ | VMS_WRITE);
    struct ipc_transfer t = {.in = buffer, .in_len = BUFFER};
    struct victim_value sum = {0};

    buffer[0] = 1;
    buffer[BUFFER - 1] = 2;
    CHECK_IS(victim_sum_with(victim, 0, &sum, &t), 0);
    CHECK_IS(sum.value, 3);
    drop_pages(buffer);
}

static void bad_buffers(void)
{
    uint8_t *readable = fresh_pages(VMS_READ);
    struct ipc_transfer t = {.in = (void *)0x10000, .in_len = 100};
    struct victim_value value = {0};

    CHECK_IS(victim_sum_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.out = readable, .out_len = 100};
    CHECK_IS(victim_fill_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.out = (void *)0xffffffff80000000, .out_len = 100};
    CHECK_IS(victim_fill_with(victim, 0, &value, &t), E_FAULT);
    t = (struct ipc_transfer){.in = readable, .in_len = 8};
    CHECK_IS(victim_add_with(victim, &(struct victim_pair){1, 2}, &value, &t), E_INVAL);
    drop_pages(readable);
}

static void given_session(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};
    uint64_t before = victim_closed_count();

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    CHECK_IS(t.got_count, 1);
    for (uint64_t i = 1; i < 5; i++) {
        CHECK_IS(victim_count(t.got[0], 0, &value, 0), 0);
        CHECK_IS(value.value, i);
    }
    CHECK_IS(victim_count(victim, 0, &value, 0), E_BADF);
    CHECK_IS(victim_closed_count(), before);
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    CHECK_IS(victim_closed_count(), before + 1);
}

/* Who accepts no handle gets none, and the server's copy is closed all the same. */
static void session_refused(void)
{
    uint64_t before = victim_closed_count();

    CHECK_IS(victim_open(victim, 0, 0, 0), E_FULL);
    CHECK_IS(victim_closed_count(), before + 1);
}

/* A reply is its own place, all zeros before the handler. */
static void replies_are_zeroed(void)
{
    struct victim_six six = {{1, 2, 3, 4, 5, 6}}, turned = {{7, 7, 7, 7, 7, 7}};
    uint64_t w[IPC_WORDS] = {2, 3, 0x5555, 0x6666, 0x7777, 0x8888};
    uint32_t label = victim_label_add;

    CHECK_IS(victim_turn(victim, &six, &turned, 0), 0);
    for (uint64_t i = 0; i < 6; i++)
        CHECK_IS(turned.words[i], 6 - i);
    CHECK_IS(sys_call_words(victim, &label, 1, w, 0, 0), 0);
    CHECK_IS(w[0], 5);
    for (int i = 1; i < 6; i++)
        CHECK_IS(w[i], 0);
    w[3] = 9;
    label = victim_label_only_admin;
    CHECK_IS(sys_call_words(victim, &label, 2, w, 0, 0), 0);
    CHECK_IS(label, E_RIGHTS);
    CHECK_IS(w[0] | w[3], 0);
}

static volatile uint64_t parked_error, parked_value;

static void park(void *unused)
{
    struct victim_value value = {0};

    (void)unused;
    parked_error = (uint64_t)victim_park(victim, 0, &value, 0);
    parked_value = value.value;
}

static void parked_and_woken(void)
{
    struct kthread thread;

    kthread_start(&thread, park, 0, PRIORITY_SERVER);
    kthread_await(&thread, THREAD_CALLING);
    CHECK_IS(victim_wake(victim, &(struct victim_value){42}, 0, 0), 0);
    kthread_join(&thread);
    CHECK_IS(parked_error, 0);
    CHECK_IS(parked_value, 42);
}

static void parked_and_cancelled(void)
{
    struct kthread thread;

    kthread_start(&thread, park, 0, PRIORITY_SERVER);
    kthread_await(&thread, THREAD_CALLING);
    CHECK_IS(sys_thread_ctl(thread.handle, THREAD_CANCEL, 0, 0, 0), 0);
    kthread_join(&thread);
    CHECK_IS(parked_error, E_CANCELLED);
}

static void parked_too_long(void)
{
    struct victim_value before = {0}, after = {0};

    victim_cancelled(victim, 0, &before, 0);
    CHECK_IS(victim_park(victim, 0, 0, IPC_MS(20)), E_TIMEDOUT);
    CHECK_IS(victim_cancelled(victim, 0, &after, 0), 0);
    CHECK_IS(after.value, before.value + 1);
    CHECK_IS(victim_wake(victim, &(struct victim_value){1}, 0, 0), E_AGAIN);
}

static void server_dies_once(void)
{
    struct victim_value lives = {0};
    uint64_t before = victim_deaths();

    CHECK_IS(victim_die_once(victim, 0, &lives, 0), 0);
    CHECK_IS(lives.value, 2);
    CHECK_IS(victim_deaths(), before + 1);
    victim_words();
}

static void session_outlives_server(void)
{
    struct ipc_transfer t = {0};
    struct victim_value value = {0};

    CHECK_IS(victim_open_with(victim, 0, 0, &t), 0);
    CHECK_IS(victim_die_once(victim, 0, &value, 0), 0);
    CHECK_IS(victim_add(t.got[0], &(struct victim_pair){1, 1}, &value, 0), 0);
    CHECK_IS(value.value, 2);
    CHECK_IS(victim_count(t.got[0], 0, &value, 0), E_BADF); /* the state was the dead one's */
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    victim_words();
}

static void looked_up(void)
{
    struct ipc_transfer t = {.in = "victim", .in_len = 6};
    struct victim_value value = {0};

    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), 0);
    CHECK_IS(victim_add(t.got[0], &(struct victim_pair){1, 1}, &value, 0), 0);
    CHECK_IS(sys_handle_close(t.got[0]), 0);
    t = (struct ipc_transfer){.in = "victi", .in_len = 5};
    CHECK_IS(init_lookup_with(ipc_handle("init"), 0, 0, &t), E_NOENT);
    CHECK_IS(init_power(ipc_handle("init"), &(struct init_power){1, 0}, 0, 0), E_RIGHTS);
}

static void answered_twice(void)
{
    for (uint64_t how = 1; how <= 2; how++) {
        struct victim_value value = {0};
        uint64_t before = victim_deaths();

        CHECK_IS(victim_twice(victim, &(struct victim_value){how}, &value, 0), 0);
        CHECK_IS(value.value, how);
        victim_words(); /* by the next instance */
        CHECK_IS(victim_deaths(), before + 1);
    }
}

int main(void)
{
    static const struct ktest tests[] = {
        {"words", victim_words},
        {"large-request", large_request},
        {"out-buffer", out_buffer},
        {"in-buffer", in_buffer},
        {"bad-buffers", bad_buffers},
        {"given-session", given_session},
        {"session-refused", session_refused},
        {"replies-are-zeroed", replies_are_zeroed},
        {"parked-and-woken", parked_and_woken},
        {"parked-and-cancelled", parked_and_cancelled},
        {"parked-too-long", parked_too_long},
        {"looked-up", looked_up},
        {"answered-twice", answered_twice},
        {"server-dies-once", server_dies_once},
        {"session-outlives-server", session_outlives_server},
    };
    const char *role = ipc_argument_text(1);

    if (role && strcmp(role, "victim") == 0)
        return victim_serve();
    victim = ipc_open("victim");
    ktest_main(tests, KTEST_COUNT(tests));
}
