/* /dev/ipctrace: what the kernel records of messages, who may read it, and that nothing is left of it
 * afterwards. */
#include "posix_test.h"
#include <fcntl.h>
#include <ipc/syscall.h>
#include <proto/io.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

enum { AT_ONCE = 56, MANY = 1000, MORE_THAN_KEPT = 20000 };

static struct trace_record records[AT_ONCE];
static uint32_t own_task;

static int open_trace(void)
{
    struct task_info self = {0};
    sys_task_ctl(0, TASK_INFO, (uint64_t)&self, 0, 0, NULL);
    own_task = (uint32_t)self.id;
    return open("/dev/ipctrace", O_RDONLY);
}

static uint64_t fast_messages(void)
{
    struct kernel_stats stats = {0};
    sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL);
    return stats.fast_messages;
}

/* Calls that servers answer at once. */
static void make_calls(int file, int count)
{
    for (int i = 0; i < count; i++)
        lseek(file, 0, SEEK_CUR);
}

/* Takes records until `found` knows what it wants, or there are no more from before now. */
static bool look_for(int trace, bool (*found)(const struct trace_record *))
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t until = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, at = 0;
    while (at < until) {
        ssize_t n = read(trace, records, sizeof records);
        if (n <= 0 || (size_t)n % sizeof records[0])
            return false;
        for (size_t i = 0; i < (size_t)n / sizeof records[0]; i++) {
            if (records[i].time_ns < at)
                return false;
            at = records[i].time_ns;
            if (found(&records[i]))
                return true;
        }
    }
    return false;
}

static bool is_seek_taken(const struct trace_record *r)
{
    return r->kind == TRACE_TAKEN && r->label == io_label_seek && r->client_task == own_task && r->server &&
           strcmp(r->client_name, "ipctrace") == 0 && strcmp(r->server_name, "vfs") == 0;
}

static bool is_answer(const struct trace_record *r)
{
    return r->kind == TRACE_ANSWERED && r->client_task == own_task;
}

static bool is_refusal(const struct trace_record *r)
{
    return is_answer(r) && r->label == E_NOENT;
}

static bool is_fault(const struct trace_record *r)
{
    return r->kind == TRACE_TAKEN && r->flags & TRACE_FAULT && r->label == MSG_FAULT &&
           r->client_task == own_task && strcmp(r->server_name, "pager") == 0;
}

static bool is_lost(const struct trace_record *r)
{
    return r->kind == TRACE_LOST && r->label > 1000;
}

static const char *says_who_called_whom(void)
{
    int file = open("/etc/motd", O_RDONLY), trace = open_trace();
    EXPECT(file >= 0 && trace >= 0);
    make_calls(file, 1);
    EXPECT(look_for(trace, is_seek_taken));
    make_calls(file, 1);
    EXPECT(look_for(trace, is_answer) && records[0].time_ns);
    EXPECT(open("/nonexistent", O_RDONLY) < 0);
    EXPECT(look_for(trace, is_refusal));
    volatile char *fresh = malloc(1 << 20);
    fresh[1 << 19] = 1;
    EXPECT(look_for(trace, is_fault));
    free((void *)fresh);
    close(trace);
    close(file);
    return NULL;
}

static const char *fast_path_comes_back(void)
{
    char build[128] = "";
    uint64_t n = 0;
    int file = open("/etc/motd", O_RDONLY);
    sys_kernel_info(KINFO_BUILD, build, sizeof build - 1, &n);
    make_calls(file, MANY); /* in every build */
    if (strstr(build, "debug")) {
        uint64_t before = fast_messages();
        make_calls(file, MANY);
        EXPECT(fast_messages() - before >= 2 * MANY);
        int trace = open_trace();
        EXPECT(trace >= 0);
        before = fast_messages();
        make_calls(file, MANY);
        EXPECT(fast_messages() == before);
        close(trace);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* init is told of the close */
        before = fast_messages();
        make_calls(file, MANY);
        EXPECT(fast_messages() - before >= 2 * MANY);
    }
    close(file);
    return NULL;
}

static const char *losses_are_counted(void)
{
    int file = open("/etc/motd", O_RDONLY), trace = open_trace();
    EXPECT(file >= 0 && trace >= 0);
    make_calls(file, MORE_THAN_KEPT);
    EXPECT(look_for(trace, is_lost));
    make_calls(file, 1);
    EXPECT(look_for(trace, is_seek_taken)); /* and it goes on */
    close(trace);
    close(file);
    return NULL;
}

static const char *one_at_a_time(void)
{
    int trace = open_trace();
    EXPECT(trace >= 0);
    EXPECT_ERRNO(open("/dev/ipctrace", O_RDONLY), EBUSY);
    EXPECT_ERRNO(read(trace, records, sizeof records[0] - 1), EINVAL);
    EXPECT_ERRNO(write(trace, "x", 1), EBADF);
    EXPECT(read(trace, records, sizeof records[0]) == sizeof records[0]);
    close(trace);
    EXPECT((trace = open_trace()) >= 0);
    close(trace);
    EXPECT_ERRNO(open("/dev/ipctrace", O_RDWR), EACCES);
    return NULL;
}

/* The reader's memory may be absent; what is meant for it waits. */
static const char *reader_without_the_page(void)
{
    int trace = open_trace();
    struct trace_record *fresh = aligned_alloc(4096, 1 << 20);
    EXPECT(trace >= 0 && fresh);
    EXPECT(read(trace, fresh + 4000, sizeof *fresh * 4) > 0 && fresh[4000].time_ns);
    EXPECT_ERRNO(read(trace, (void *)16, sizeof *fresh), EFAULT);
    EXPECT(read(trace, records, sizeof records) > 0);
    free(fresh);
    close(trace);
    return NULL;
}

static const char *off_when_the_reader_dies(void)
{
    int status = 0, pipe_ends[2];
    char c;
    EXPECT(pipe(pipe_ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        int trace = open_trace();
        write(pipe_ends[1], trace >= 0 ? "y" : "n", 1);
        for (;;)
            nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
    }
    EXPECT(read(pipe_ends[0], &c, 1) == 1 && c == 'y');
    EXPECT_ERRNO(open("/dev/ipctrace", O_RDONLY), EBUSY);
    kill(pid, SIGKILL);
    EXPECT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    int trace = open_trace();
    EXPECT(trace >= 0);
    close(trace);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return NULL;
}

static const char *refused_to_others(void)
{
    int status = -1;
    uint64_t n;
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(99) || setuid(99))
            _exit(1);
        _exit(open("/dev/ipctrace", O_RDONLY) < 0 && errno == EACCES ? 0 : 2);
    }
    EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
    for (int slot = 0; slot < 64; slot++) { /* no handle of a program is the authority */
        EXPECT(sys_kernel_trace(HANDLE_FIRST(slot), KINFO_TRACE_START, NULL, 1, &n) != 0);
        EXPECT(sys_kernel_trace(HANDLE_FIRST(slot), KINFO_TRACE_READ, records, sizeof records, &n) != 0);
    }
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {{"says-who-called-whom", says_who_called_whom},
                                             {"fast-path-comes-back", fast_path_comes_back},
                                             {"losses-are-counted", losses_are_counted},
                                             {"one-at-a-time", one_at_a_time},
                                             {"reader-without-the-page", reader_without_the_page},
                                             {"off-when-the-reader-dies", off_when_the_reader_dies},
                                             {"refused-to-others", refused_to_others}};
    return RUN(cases);
}
