/* What tests/system/rough_ends*.c share: waiting for a child and how it ended, and running one case or all. */
#ifndef ROUGH_ENDS_H
#define ROUGH_ENDS_H

#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

#include "posix_test.h"

#define ROUNDS 30

static inline void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Waits for the child; true if it ended by this signal. */
static inline bool ended_by(pid_t pid, int number)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static inline bool exited_with(pid_t pid, int code)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

/* Runs all cases, or the one that the command line names; none if there is a reason `why` not to. */
static inline int run_chosen(const struct test_case *cases, size_t count, const char *why, int argc,
                             char **argv)
{
    int failed = 0;
    if (why)
        printf("not ok start: %s\n", why);
    for (size_t i = 0; !why && i < count; i++)
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0)
            failed |= run_tests(&cases[i], 1);
    return failed || why;
}

#define RUN_CHOSEN(list, why, argc, argv) run_chosen(list, sizeof(list) / sizeof *(list), why, argc, argv)

#endif
