// time command [argument...]: runs it and says on stderr how long that took.
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

int main(int argc, char **argv)
{
    struct timespec start, end;
    int raw = 0;
    tool_start(argv);
    if (argc < 2)
        tool_usage("command [argument...]");
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        int reason = errno;
        tool_warn(argv[1]);
        _exit(reason == ENOENT ? 127 : 126);
    }
    pid_t ended = pid;
    while (pid > 0 && (ended = waitpid(pid, &raw, 0)) < 0 && errno == EINTR)
        ;
    if (ended < 0) {
        tool_warn(argv[1]);
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    long long nanoseconds =
        (long long)(end.tv_sec - start.tv_sec) * 1000000000 + (end.tv_nsec - start.tv_nsec);
    fprintf(stderr, "real %lld.%03lld s\n", nanoseconds / 1000000000, nanoseconds / 1000000 % 1000);
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}
