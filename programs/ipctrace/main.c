// ipctrace [options] [command [argument...]]: who called whom in the whole system while the command runs,
// until the time is over, or until it is ended. The kernel's records come from /dev/ipctrace.
#include <errno.h>
#include <fcntl.h>
#include <ipc/syscall.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chrome.h"
#include "names.h"
#include "options.h"
#include "summary.h"
#include "tool.h"

static const char usage[] =
    "[-ce] [-s server] [-p program|pid] [-n operation] [-m microseconds] [-t seconds]\n"
    "                [-o file.json] [command [argument...]]";
enum { RECORDS = 56, PAUSE_NS = 5000000 };

static struct {
    const char *server, *program, *operation;
    uint32_t task; // 0: any
    uint64_t least_ns;
    bool errors, summary;
} only;
static uint32_t own_task; // this program's own calls are not shown
static struct chrome chrome;
static FILE *chrome_file; // NULL: text
static uint64_t first_ns;
static struct summary summary;

static bool wanted(const struct call *call)
{
    char buffer[NAME_SIZE];
    const char *name = name_operation(call, buffer), *dot = strchr(name, '.');
    return call->client_task != own_task && (!only.server || strcmp(only.server, call->server_name) == 0) &&
           (!only.program || strcmp(only.program, call->client_name) == 0) &&
           (!only.task || only.task == call->client_task) && (!only.errors || call_is_error(call)) &&
           call->ended_ns - call->queued_ns >= only.least_ns &&
           (!only.operation || strcmp(only.operation, name) == 0 ||
            (dot && strcmp(only.operation, dot + 1) == 0));
}

static void print_header(void)
{
    fprintf(stderr, "%11s %-16s %-12s %-22s %10s %10s  %s\n", "seconds", "client/thread", "server",
            "operation", "queued us", "served us", "result");
}

static void print(const struct call *call)
{
    char name[NAME_SIZE], result[NAME_SIZE], client[32];
    uint64_t taken = call->taken_ns ? call->taken_ns : call->ended_ns;
    snprintf(client, sizeof client, "%s/%lu", call->client_name, (unsigned long)call->client);
    fprintf(stderr, "%11.6f %-16s %-12s %-22s %10.1f %10.1f  %s\n",
            (double)(call->queued_ns - first_ns) / 1e9, client,
            call->server_name[0] ? call->server_name : "?", name_operation(call, name),
            (double)(taken - call->queued_ns) / 1e3, (double)(call->ended_ns - taken) / 1e3,
            name_result(call, result));
}

static void done(void *unused, const struct call *call)
{
    (void)unused;
    if (!wanted(call))
        return;
    if (chrome_file)
        chrome_call(&chrome, call);
    if (only.summary)
        summary_add(&summary, call);
    else if (!chrome_file)
        print(call);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// All records of the past; reading makes new ones. False after a message.
static bool drain(int fd, struct calls *calls)
{
    struct trace_record records[RECORDS];
    for (uint64_t begin_ns = now_ns(); calls->last_ns < begin_ns;) {
        ssize_t length = read(fd, records, sizeof records);
        if (length < 0)
            tool_warn("/dev/ipctrace");
        if (length <= 0)
            return length == 0;
        for (size_t i = 0; i < (size_t)length / sizeof records[0]; i++) {
            if (!calls_add(calls, &records[i])) {
                tool_warnx("out of memory");
                return false;
            }
        }
    }
    return true;
}

// Reads until the child has ended (pid 0: there is none) or the time is over. The child's status; 1: could
// not.
static int follow(int fd, struct calls *calls, pid_t pid, uint64_t until_ns)
{
    int raw = 0;
    for (;;) {
        pid_t ended = pid ? waitpid(pid, &raw, WNOHANG) : 0;
        if (!drain(fd, calls))
            return 1;
        if (ended > 0)
            return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        if (ended < 0 || (until_ns && now_ns() >= until_ns))
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

// A process, by the task it is now (/proc/PID/status). 0: there is none.
static uint32_t task_of(const char *pid)
{
    char path[64], line[128];
    unsigned long task = 0;
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "Task: %lu", &task) != 1)
        ;
    if (file)
        fclose(file);
    return (uint32_t)task;
}

static long long number(const char *text)
{
    long long value;
    if (!tool_number(text, &value) || value < 0 || value > 1000000000)
        tool_usage(usage);
    return value;
}

static void choose_client(const char *text)
{
    long long pid;
    if (!tool_number(text, &pid)) {
        only.program = text;
        return;
    }
    only.task = task_of(text);
    if (!only.task) {
        tool_warnx("%s: no such process", text);
        exit(1);
    }
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        tool_warn(path);
        exit(1);
    }
    fcntl(fileno(file), F_SETFD, FD_CLOEXEC);
    return file;
}

static int start(char **command, pid_t *pid)
{
    extern char **environ;
    int error = command[0] ? posix_spawnp(pid, command[0], NULL, NULL, command, environ) : 0;
    if (!error)
        return 0;
    errno = error;
    tool_warn(command[0]);
    return error == ENOENT ? 127 : 126;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    struct calls calls = {.done = done};
    struct task_info self = {0};
    const char *path = NULL;
    uint64_t duration_ns = 0;
    pid_t pid = 0;
    tool_start(argv);
    for (int letter; (letter = options_next(&options, "ces:p:n:m:t:o:", usage));) {
        switch (letter) {
        case 'c': only.summary = true; break;
        case 'e': only.errors = true; break;
        case 's': only.server = options.argument; break;
        case 'p': choose_client(options.argument); break;
        case 'n': only.operation = options.argument; break;
        case 'm': only.least_ns = (uint64_t)number(options.argument) * 1000; break;
        case 't': duration_ns = (uint64_t)number(options.argument) * 1000000000; break;
        default: path = options.argument; break;
        }
    }
    if ((path || only.summary) && !options.rest[0] && !duration_ns)
        tool_usage(usage); // nothing would ever be written
    if (sys_task_ctl(0, TASK_INFO, (uint64_t)&self, 0, 0, NULL) == 0)
        own_task = (uint32_t)self.id;
    if (path)
        chrome_file = create(path);
    setvbuf(stderr, NULL, _IOLBF, 1024);
    int fd = open("/dev/ipctrace", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tool_warn("/dev/ipctrace");
        return 1;
    }
    first_ns = now_ns();
    if (chrome_file)
        chrome_begin(&chrome, chrome_file, first_ns);
    else if (!only.summary)
        print_header();
    int status = start(options.rest, &pid);
    if (!status)
        status = follow(fd, &calls, pid, duration_ns ? first_ns + duration_ns : 0);
    close(fd);
    calls_finish(&calls);
    if (only.summary)
        summary_print(&summary, stderr);
    if (calls.lost)
        tool_warnx("%llu records lost: more came than were read", (unsigned long long)calls.lost);
    if (chrome_file && (!chrome_end(&chrome, calls.lost) | (fclose(chrome_file) != 0))) {
        tool_warn(path);
        status = status ? status : 1;
    }
    return status;
}
