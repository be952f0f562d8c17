#include "kill_words.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV}, {"USR2", SIGUSR2}, {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},
};
enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

/// -1 after a message.
static int signal_number(const char *text)
{
    long long number;
    if (tool_number(text, &number) && number >= 0 && number < 128)
        return (int)number;
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 0; i < SIGNALS; i++)
        if (strcmp(signals[i].name, text) == 0)
            return signals[i].number;
    tool_warnx("%s: no such signal", text);
    return -1;
}

static int list(void)
{
    for (int i = 0; i < SIGNALS; i++)
        printf("%2d %s\n", signals[i].number, signals[i].name);
    return 0;
}

int kill_words(int argc, char **argv)
{
    int number = SIGTERM, first = 1, status = 0;
    if (argc == 2 && strcmp(argv[1], "-l") == 0)
        return list();
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        number = signal_number(argv[2]);
        first = 3;
    } else if (argc > 2 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
        number = signal_number(argv[1] + 1);
        first = 2;
    }
    if (first < argc && strcmp(argv[first], "--") == 0)
        first++;
    if (first >= argc) {
        fputs("usage: kill [-SIGNAL | -s SIGNAL] pid... | -l\n", stderr);
        return 2;
    }
    if (number < 0)
        return 1;
    for (int i = first; i < argc; i++) {
        long long pid;
        if (!tool_number(argv[i], &pid) || pid > INT_MAX || pid < -INT_MAX) {
            tool_warnx("%s: not a process", argv[i]);
            status = 1;
        } else if (kill((pid_t)pid, number) != 0) {
            tool_warn(argv[i]);
            status = 1;
        }
    }
    return status;
}
