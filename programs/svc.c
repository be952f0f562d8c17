// svc: the servers that init watches. init/status.c has what /dev/svc says and takes.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "list | restart name | stop name | start name | log name";

struct service {
    char name[24], state[16];
    unsigned long long uptime_ms, deaths, memory_kib, messages, rate;
};

/// All that /dev/svc says, ended by NUL. False after a message.
static bool read_status(char *text, size_t size)
{
    int fd = open("/dev/svc", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
    if (length < 0)
        tool_warn("/dev/svc");
    if (fd >= 0)
        close(fd);
    text[length < 0 ? 0 : length] = 0;
    return length >= 0;
}

/// Takes a line off *text; false at the end.
static bool next_service(char **text, struct service *s)
{
    char *line = strsep(text, "\n");
    return line && sscanf(line, "%23s %15s %llu %llu %llu %llu %llu", s->name, s->state, &s->uptime_ms,
                          &s->deaths, &s->memory_kib, &s->messages, &s->rate) == 7;
}

static int list(void)
{
    char text[4096], *rest = text;
    struct service s;
    if (!read_status(text, sizeof text))
        return 1;
    printf("%-16s %-9s %9s %7s %8s %9s %7s\n", "server", "state", "up", "deaths", "kB", "messages", "per s");
    while (next_service(&rest, &s))
        printf("%-16s %-9s %6llu.%llu s %7llu %8llu %9llu %7llu\n", s.name, s.state, s.uptime_ms / 1000,
               s.uptime_ms / 100 % 10, s.deaths, s.memory_kib, s.messages, s.rate);
    return 0;
}

/// Finds a service by its name; false after a message.
static bool find(const char *name, struct service *s)
{
    char text[4096], *rest = text;
    if (!read_status(text, sizeof text))
        return false;
    while (next_service(&rest, s))
        if (strcmp(s->name, name) == 0)
            return true;
    tool_warnx("%s: no such server", name);
    return false;
}

/// Sends the command and waits until the server is where it is to be.
static int order(const char *verb, const char *name)
{
    const char *goal = strcmp(verb, "stop") == 0 ? "stopped" : "up";
    char command[64];
    struct service s;
    int length = snprintf(command, sizeof command, "%s %s", verb, name);
    if (!find(name, &s))
        return 1;
    int fd = open("/dev/svc", O_WRONLY);
    bool sent = fd >= 0 && length < (int)sizeof command && write(fd, command, (size_t)length) == length;
    if (!sent && fd >= 0 && errno == EBUSY)
        tool_warnx("%s: other servers need it", name);
    else if (!sent)
        tool_warn(fd < 0 ? "/dev/svc" : name);
    if (fd >= 0)
        close(fd);
    while (sent && find(name, &s) && strcmp(s.state, goal) != 0) {
        if (strcmp(s.state, "failed") == 0) {
            tool_warnx("%s: it failed", name);
            return 1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return sent ? 0 : 1;
}

/// Prints the lines of the log that the server wrote, and those in which init speaks of it.
static void print_line(const char *line, const char *name)
{
    char own[32], about[40];
    const char *text = strstr(line, "] ");
    snprintf(own, sizeof own, "%s: ", name);
    snprintf(about, sizeof about, "init: %s ", name);
    text = text ? text + 2 : line;
    if (strncmp(text, own, strlen(own)) == 0 || strncmp(text, about, strlen(about)) == 0)
        puts(line);
}

static int log_of(const char *name)
{
    static char block[8192];
    struct service s;
    ssize_t length;
    if (!find(name, &s))
        return 1;
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    // A read gives whole lines. EPIPE: some were lost; the next are there.
    while (fd >= 0 && ((length = read(fd, block, sizeof block - 1)) > 0 || (length < 0 && errno == EPIPE))) {
        char *rest = block, *line;
        block[length < 0 ? 0 : length] = 0;
        while ((line = strsep(&rest, "\n")) != NULL)
            print_line(line, name);
    }
    bool ok = fd >= 0 && (length == 0 || errno == EAGAIN);
    if (!ok)
        tool_warn("/dev/kmsg");
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    tool_start(argv);
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0))
        return tool_finish(list());
    if (argc != 3)
        tool_usage(usage);
    if (strcmp(argv[1], "log") == 0)
        return tool_finish(log_of(argv[2]));
    if (strcmp(argv[1], "restart") && strcmp(argv[1], "stop") && strcmp(argv[1], "start"))
        tool_usage(usage);
    return order(argv[1], argv[2]);
}
