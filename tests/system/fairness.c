/* A program that does nothing but call servers gives way to others like any other. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "posix_test.h"

#define NAPS  20
#define LIMIT 4 /* seconds: a nap is one millisecond, and another's slice ten */

static void call_servers(void)
{
    for (;;) {
        struct stat status;
        stat("/tmp", &status);
        close(open("/proc/uptime", O_RDONLY));
    }
}

static void compute(void)
{
    for (volatile unsigned n = 0;; n++)
        ;
}

static const char *naps_beside(void (*busy)(void))
{
    struct timespec begin, end;
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0)
        busy();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < NAPS; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    EXPECT(kill(pid, SIGKILL) == 0);
    EXPECT(waitpid(pid, NULL, 0) == pid);
    EXPECT(end.tv_sec - begin.tv_sec < LIMIT);
    return NULL;
}

static const char *caller(void)
{
    return naps_beside(call_servers);
}

static const char *computer(void)
{
    return naps_beside(compute);
}

int main(void)
{
    static const struct test_case cases[] = {{"beside-a-caller", caller}, {"beside-a-computer", computer}};
    return RUN(cases);
}
