// sources: init/backoff.c
/* When a dead server starts again: the doubled pause and its ceiling, N deaths within a window, the next window. */
#include "check.h"
#include "init/backoff.h"

static const struct server server = {
    .restart_first_ns = 100, .restart_most_ns = 450, .restart_tries = 6, .restart_window_ns = 1000000};

static void doubled_up_to_a_ceiling(void)
{
    static const uint64_t wanted[] = {100, 200, 400, 450, 450, 450};
    struct backoff b = {0};

    for (uint32_t i = 0; i < 6; i++)
        CHECK(backoff_death(&b, &server, 5000 + i) == wanted[i]);
}

static void too_many_in_the_window(void)
{
    struct backoff b = {0};

    for (uint32_t i = 0; i < 6; i++)
        CHECK(backoff_death(&b, &server, 1000 + i * 200000) != BACKOFF_NEVER);
    CHECK(backoff_death(&b, &server, 1000 + 1000000) == BACKOFF_NEVER); /* its last instant */
}

/* Any number of deaths, if no window has more than so many; and after a quiet time the pause is short again. */
static void another_window(void)
{
    struct backoff b = {0};
    uint64_t now = 0;

    for (int window = 0; window < 100; window++) {
        CHECK(backoff_death(&b, &server, now) == 100);
        for (uint32_t i = 1; i < 6; i++)
            CHECK(backoff_death(&b, &server, now + i) != BACKOFF_NEVER);
        now += 1000001;
    }
}

static void never(void)
{
    struct server once = server;
    struct backoff b = {0};

    once.restart_tries = 0;
    CHECK(backoff_death(&b, &once, 7) == BACKOFF_NEVER);
}

static void no_overflow(void)
{
    struct server slow = server;
    struct backoff b = {0};

    slow.restart_first_ns = UINT64_MAX / 2 + 1;
    slow.restart_most_ns = UINT64_MAX - 1;
    CHECK(backoff_death(&b, &slow, 0) == UINT64_MAX / 2 + 1);
    CHECK(backoff_death(&b, &slow, 1) == UINT64_MAX - 1);
    slow.restart_most_ns = 3; /* a ceiling below the first pause */
    b = (struct backoff){0};
    CHECK(backoff_death(&b, &slow, 0) == 3);
}

int main(void)
{
    RUN(doubled_up_to_a_ceiling);
    RUN(too_many_in_the_window);
    RUN(another_window);
    RUN(never);
    RUN(no_overflow);
    CHECK_END();
}
