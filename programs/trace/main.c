// trace [options] command [argument...]: prints the calls of POSIX that the command makes, with arguments and results.
// The command tells them itself: libc, which every program carries, writes a record of each to a pipe
// (ouros/posix_trace.h).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "print.h"
#include "tool.h"

static const char usage[] = "[-cf] [-e call,...] [-o file] command [argument...]";
enum { BUFFER = 64 * 1024, IMPATIENT_MS = 500, NAMES_MAX = 512 };

static bool follow, summary;
static FILE *to;
static unsigned char *shown; // of each known call: 1 or 0
static struct counted {
    uint64_t calls, failed, ns;
} * counts; // of each known call

// Calls that have begun and may take long; shown when nothing else happens, or at the end.
static struct pending {
    struct pending *next;
    int32_t pid;
    uint64_t thread;
    uint16_t call;
    bool printed;
    struct text text;
} * pending;

// Threads by the order in which they were first seen: the number of each within its process.
static struct known_thread {
    struct known_thread *next;
    int32_t pid;
    uint64_t thread;
    unsigned number;
} * threads;

static unsigned thread_number(int32_t pid, uint64_t thread)
{
    unsigned number = 1;
    for (struct known_thread *t = threads; t; t = t->next) {
        if (t->pid != pid)
            continue;
        if (t->thread == thread)
            return t->number;
        number++;
    }
    struct known_thread *new = tool_alloc(sizeof *new);
    *new = (struct known_thread){threads, pid, thread, number};
    threads = new;
    return number;
}

// A new program: its threads are counted from 1 again.
static void threads_forget(int32_t pid)
{
    for (struct known_thread **at = &threads; *at;) {
        struct known_thread *t = *at;
        if (t->pid == pid) {
            *at = t->next;
            free(t);
        } else {
            at = &t->next;
        }
    }
}

static void begin_line(struct text *text, int32_t pid, uint64_t thread)
{
    unsigned number = thread_number(pid, thread);
    text->length = 0;
    if (follow && number > 1)
        text_add(text, "[%d.%u] ", (int)pid, number);
    else if (follow)
        text_add(text, "[%d] ", (int)pid);
    else if (number > 1)
        text_add(text, "[thread %u] ", number);
}

static void put_line(const struct text *text, const char *end)
{
    if (!summary)
        fprintf(to, "%.*s%s\n", (int)text->length, text->bytes, end);
}

static void pending_add(const struct posix_trace_record *record)
{
    struct pending *p = tool_alloc(sizeof *p);
    p->pid = record->pid;
    p->thread = record->thread;
    p->call = record->call;
    p->printed = false;
    begin_line(&p->text, record->pid, record->thread);
    print_call(&p->text, record);
    p->next = pending;
    pending = p;
}

// Takes the call of a thread out; thread 0: of any that replaces the process's program. NULL: there is none.
static struct pending *pending_take(int32_t pid, uint64_t thread)
{
    for (struct pending **at = &pending; *at; at = &(*at)->next) {
        struct pending *p = *at;
        if (p->pid == pid && (thread ? p->thread == thread : known_calls[p->call].how == TRACE_REPLACES)) {
            *at = p->next;
            return p;
        }
    }
    return NULL;
}

static void pending_print(void)
{
    for (struct pending *p = pending; p; p = p->next) {
        if (!p->printed && known_calls[p->call].how != TRACE_FORKS)
            put_line(&p->text, " <unfinished ...>");
        p->printed = true;
    }
}

static void count(uint16_t call, bool failed, uint64_t ns)
{
    counts[call].calls++;
    counts[call].failed += failed;
    counts[call].ns += ns;
}

static void ended(const struct posix_trace_record *record, const struct pending *before)
{
    struct text text;
    begin_line(&text, record->pid, record->thread);
    if (before && before->printed)
        text_add(&text, "<... resumed> ");
    print_call(&text, record);
    text_add(&text, ")");
    print_result(&text, record);
    put_line(&text, "");
    count(record->call, record_failed(record), record->ended_ns - record->begun_ns);
}

static void begun(const struct posix_trace_record *record)
{
    if (known_calls[record->call].how != TRACE_ENDS) {
        pending_add(record);
        return;
    }
    struct text text;
    begin_line(&text, record->pid, record->thread);
    print_call(&text, record);
    put_line(&text, ") = ?");
    count(record->call, false, 0);
}

// The program that exec was called for runs.
static void started(const struct posix_trace_record *record)
{
    struct pending *p = pending_take(record->pid, 0);
    threads_forget(record->pid);
    if (!p)
        return;
    put_line(&p->text, ") = 0");
    count(p->call, false, 0);
    free(p);
}

static void show(const struct posix_trace_record *record)
{
    if (record->event == TRACE_STARTED) {
        started(record);
        return;
    }
    if (!shown[record->call])
        return;
    struct pending *p = record->event == TRACE_ENDED ? pending_take(record->pid, record->thread) : NULL;
    if (record->event == TRACE_BEGUN)
        begun(record);
    else
        ended(record, p);
    free(p);
}

// Shows what is whole in the buffer; gives how much that was. A record that makes no sense ends it: -1.
static ssize_t show_all(const char *buffer, size_t length)
{
    struct posix_trace_record *record = tool_alloc(POSIX_TRACE_RECORD_MAX);
    size_t at = 0;
    bool sound = true;
    while (sound && length - at >= sizeof *record) {
        memcpy(record, buffer + at, sizeof *record);
        sound = record->size >= sizeof *record && record->size <= POSIX_TRACE_RECORD_MAX;
        if (!sound || record->size > length - at)
            break;
        memcpy(record, buffer + at, record->size);
        sound = record_is_sound(record, record->size);
        if (sound)
            show(record);
        at += sound ? record->size : 0;
    }
    free(record);
    return sound ? (ssize_t)at : -1;
}

// Until nobody is left who could tell anything. False: what came made no sense.
static bool listen(int fd)
{
    static char buffer[BUFFER];
    size_t length = 0;
    for (;;) {
        struct pollfd ready = {fd, POLLIN, 0};
        if (poll(&ready, 1, IMPATIENT_MS) == 0) {
            pending_print();
            fflush(to);
            continue;
        }
        ssize_t n = read(fd, buffer + length, sizeof buffer - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        length += (size_t)n;
        ssize_t used = show_all(buffer, length);
        if (used < 0)
            return false;
        length -= (size_t)used;
        memmove(buffer, buffer + used, length);
    }
}

static void choose(const char *list)
{
    memset(shown, 0, known_call_count);
    for (size_t n; *list; list += n + (list[n] == ',')) {
        unsigned call = 0;
        n = strcspn(list, ",");
        while (call < known_call_count &&
               (strncmp(known_calls[call].name, list, n) || known_calls[call].name[n]))
            call++;
        if (call == known_call_count) {
            tool_warnx("%.*s: no such call", (int)n, list);
            exit(2);
        }
        shown[call] = 1;
    }
}

static int longer_first(const void *a, const void *b)
{
    const struct counted *x = &counts[*(const unsigned *)a], *y = &counts[*(const unsigned *)b];
    return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : 0;
}

static void print_summary(void)
{
    unsigned *order = tool_alloc(known_call_count * sizeof *order);
    uint64_t calls = 0, failed = 0, ns = 0;
    for (unsigned i = 0; i < known_call_count; i++)
        order[i] = i;
    qsort(order, known_call_count, sizeof *order, longer_first);
    fprintf(to, "%12s %8s %8s  %s\n", "microseconds", "calls", "errors", "call");
    for (unsigned i = 0; i < known_call_count; i++) {
        const struct counted *c = &counts[order[i]];
        if (c->calls)
            fprintf(to, "%12.1f %8llu %8llu  %s\n", (double)c->ns / 1e3, (unsigned long long)c->calls,
                    (unsigned long long)c->failed, known_calls[order[i]].name);
        calls += c->calls;
        failed += c->failed;
        ns += c->ns;
    }
    fprintf(to, "%12.1f %8llu %8llu  total\n", (double)ns / 1e3, (unsigned long long)calls,
            (unsigned long long)failed);
    free(order);
}

// Runs the command; gives the reading end of its pipe.
static int start(char **command, pid_t *pid)
{
    int ends[2];
    if (pipe(ends)) {
        tool_warn("pipe");
        exit(1);
    }
    *pid = fork();
    if (*pid == 0) {
        close(ends[0]);
        if (posix_trace_begin(ends[1], follow ? POSIX_TRACE_FOLLOW : 0) == 0)
            execvp(command[0], command);
        int reason = errno;
        tool_warn(command[0]);
        _exit(reason == ENOENT ? 127 : 126);
    }
    if (*pid < 0) {
        tool_warn("fork");
        exit(1);
    }
    close(ends[1]);
    return ends[0];
}

static int finish(pid_t pid)
{
    int status = 0;
    struct text text = {.length = 0};
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    words_wait_status(&text, status);
    if (!summary)
        fprintf(to, "+++ %.*s +++\n", (int)text.length, text.bytes);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    const char *path = NULL;
    pid_t pid;
    tool_start(argv);
    shown = tool_alloc(known_call_count);
    counts = tool_alloc(known_call_count * sizeof *counts);
    memset(shown, 1, known_call_count);
    memset(counts, 0, known_call_count * sizeof *counts);
    for (int letter; (letter = options_next(&options, "cfe:o:", usage));) {
        switch (letter) {
        case 'c': summary = true; break;
        case 'f': follow = true; break;
        case 'e': choose(options.argument); break;
        default: path = options.argument; break;
        }
    }
    if (!options.rest[0])
        tool_usage(usage);
    to = path ? fopen(path, "w") : stderr;
    if (!to) {
        tool_warn(path);
        return 1;
    }
    if (path)
        fcntl(fileno(to), F_SETFD, FD_CLOEXEC);
    setvbuf(to, NULL, path ? _IOFBF : _IOLBF, 4096);
    int fd = start(options.rest, &pid);
    signal(SIGINT, SIG_IGN); /* ^C is the command's; what it does to it is shown */
    bool sound = listen(fd);
    if (!sound)
        tool_warnx("the command's records make no sense from here on");
    close(fd);
    pending_print();
    int status = finish(pid);
    if (summary)
        print_summary();
    if (fflush(to) || ferror(to)) {
        tool_warn(path ? path : "standard error");
        return status ? status : 1;
    }
    return status;
}
