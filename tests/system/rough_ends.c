// config:
// config: memory=64
/* Programs that end badly, in every state that can hold something: in calls that wait, between fork and exec,
 * with threads, with open and removed files. What counts is mostly what the harness sees afterwards: nothing
 * is left. `rough_ends CASE` runs one case. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "posix_test.h"

#define ROUNDS 30

extern char **environ;

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void put_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
        _exit(99);
}

/* Waits for the child; true if it ended by this signal. */
static bool ended_by(pid_t pid, int number)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static bool exited_with(pid_t pid, int code)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

/* Starts `victim` in a child of its own, kills it a little later each time. */
static const char *kill_in(void (*victim)(void), int rounds)
{
    for (int i = 0; i < rounds; i++) {
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            victim();
            _exit(98);
        }
        nap(i % 8);
        EXPECT(kill(pid, SIGKILL) == 0);
        EXPECT(ended_by(pid, SIGKILL));
    }
    return NULL;
}

/* ---- exec ---- */

static char *huge_arguments[12];

static const char *make_bad_programs(void)
{
    put_text("text", "no program\n", 0755);
    put_text("short", "\177ELF", 0755);
    put_text("garbled",
             "\177ELF\2\1\1 and then nothing that makes sense, for as long as a header is and longer .....",
             0755);
    put_text("forbidden", "#!/bin/sh\n", 0644);
    put_text("orphan", "#!/nowhere/at/all\n", 0755);
    put_text("circle", "#!/tmp/rough_ends/circle\n", 0755);
    put_text("endless", "#! /bin/sh", 0755);
    for (int i = 0; i < 11; i++) {
        huge_arguments[i] = malloc(60000);
        EXPECT(huge_arguments[i]);
        memset(huge_arguments[i], 'x', 59999);
        huge_arguments[i][59999] = '\0';
    }
    return NULL;
}

static const struct {
    const char *path;
    int error;
} bad_programs[] = {{"missing", ENOENT},   {"text", ENOEXEC},  {"short", ENOEXEC}, {"garbled", ENOEXEC},
                    {"forbidden", EACCES}, {"orphan", ENOENT}, {"circle", ELOOP},  {"endless", ENOEXEC},
                    {"/tmp", EACCES},      {"text/x", ENOTDIR}};
#define BAD_PROGRAMS (sizeof bad_programs / sizeof *bad_programs)

static const char *exec_fails(void)
{
    char *arguments[] = {"x", NULL};
    for (int round = 0; round < ROUNDS / 3; round++) {
        for (size_t i = 0; i < BAD_PROGRAMS; i++) {
            errno = 0;
            execv(bad_programs[i].path, arguments);
            if (errno != bad_programs[i].error) {
                snprintf(test_reason, sizeof test_reason, "%s: errno %d, not %d", bad_programs[i].path, errno,
                         bad_programs[i].error);
                return test_reason;
            }
        }
        EXPECT_ERRNO(execv("/bin/true", huge_arguments), E2BIG);
    }
    return NULL;
}

/* The task of an exec that failed dies later than the next exec of the same process begins. */
static const char *exec_after_failures(void)
{
    char *arguments[] = {"sh", "-c", "sleep 0.02; exit 7", NULL};
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            for (int i = 0; i < 5; i++)
                execv("missing", arguments);
            execv("text", arguments);
            execv("/bin/sh", arguments);
            _exit(97);
        }
        EXPECT(exited_with(pid, 7));
    }
    return NULL;
}

static const char *spawn_fails(void)
{
    char *good[] = {"sh", "-c", "exit 7", NULL};
    pid_t pid;
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)round % BAD_PROGRAMS;
        EXPECT(posix_spawn(&pid, bad_programs[i].path, NULL, NULL, good, environ) == bad_programs[i].error);
        EXPECT(posix_spawn(&pid, "/bin/true", NULL, NULL, huge_arguments, environ) == E2BIG);
        EXPECT(posix_spawn(&pid, "/bin/sh", NULL, NULL, good, environ) == 0);
        EXPECT(exited_with(pid, 7));
    }
    return NULL;
}

static void *exec_in_thread(void *start)
{
    char *arguments[] = {"sh", "-c", "sleep 0.02; exit 7", NULL};
    pthread_barrier_wait(start);
    execv("/bin/sh", arguments);
    nap(10000);
    return NULL;
}

/* Whoever reads this file finds vfs without caches: the next program comes from the disk. */
static void forget_caches(void)
{
    char text[4096];
    int fd = open("/proc/audit", O_RDONLY);
    read(fd, text, sizeof text);
    close(fd);
}

/* Several threads exec at once: while one waits for the disk the next begins. One of them wins. */
static const char *exec_race(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        forget_caches();
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            pthread_barrier_t start;
            pthread_t thread[3];
            pthread_barrier_init(&start, NULL, 3);
            for (int i = 0; i < 3; i++)
                pthread_create(&thread[i], NULL, exec_in_thread, &start);
            nap(10000);
            _exit(96);
        }
        EXPECT(exited_with(pid, 7));
    }
    return NULL;
}

/* ---- killed in calls that wait ---- */

static void wait_for_child(void)
{
    int ends[2];
    char byte;
    if (pipe(ends))
        return;
    pid_t pid = fork();
    if (pid == 0) { /* it lives as long as its parent */
        close(ends[1]);
        read(ends[0], &byte, 1);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void wait_in_many_threads(void);

static void read_empty_pipe(void)
{
    int ends[2];
    char byte;
    if (pipe(ends) == 0)
        read(ends[0], &byte, 1);
}

static void write_full_pipe(void)
{
    static char much[200000];
    int ends[2];
    if (pipe(ends) == 0)
        write(ends[1], much, sizeof much);
}

static void poll_pipes(void)
{
    int a[2], b[2];
    if (pipe(a) || pipe(b))
        return;
    struct pollfd polled[2] = {{.fd = a[0], .events = POLLIN}, {.fd = b[0], .events = POLLIN}};
    poll(polled, 2, -1);
}

static void sleep_long(void)
{
    nap(100000);
}

static const char *killed_waiting(void)
{
    void (*const victims[])(void) = {wait_for_child,  wait_in_many_threads, read_empty_pipe,
                                     write_full_pipe, poll_pipes,           sleep_long};
    const char *why = NULL;
    for (size_t i = 0; !why && i < sizeof victims / sizeof *victims; i++)
        why = kill_in(victims[i], ROUNDS);
    return why;
}

/* ---- killed at work ---- */

static void *wait_somehow(void *number)
{
    switch ((intptr_t)number % 5) {
    case 0: read_empty_pipe(); break;
    case 1: write_full_pipe(); break;
    case 2: poll_pipes(); break;
    case 3: wait_for_child(); break;
    default: sleep_long(); break;
    }
    return NULL;
}

static void wait_in_many_threads(void)
{
    pthread_t thread;
    for (intptr_t i = 0; i < 10; i++)
        pthread_create(&thread, NULL, wait_somehow, (void *)i);
    sleep_long();
}

static void open_and_close(void)
{
    for (;;) {
        char name[40];
        snprintf(name, sizeof name, "file%d", (int)getpid());
        int fd = open(name, O_RDWR | O_CREAT, 0600), again = dup(fd), other = open("/bin/sh", O_RDONLY);
        write(fd, name, sizeof name);
        unlink(name);
        stat("/proc/uptime", &(struct stat){0});
        int proc = open("/proc/meminfo", O_RDONLY);
        read(proc, name, sizeof name);
        close(fd), close(again), close(other), close(proc);
    }
}

static void map_and_unmap(void)
{
    for (;;) {
        int fd = open("/bin/sh", O_RDONLY);
        volatile char *file = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, fd, 0);
        volatile char *own = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        /* Children that have not run yet may have all the memory of a small machine. */
        bool both = file != MAP_FAILED && own != MAP_FAILED;
        for (int i = 0; both && i < 65536; i += 4096)
            own[i] = file[i];
        if (both && fork() == 0) {
            own[5] = 1;
            _exit(0);
        }
        munmap((void *)file, 65536);
        munmap((void *)own, 65536);
        close(fd);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

static void spawn_and_wait(void)
{
    char *arguments[] = {"true", NULL};
    pid_t pid;
    for (;;) {
        posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ);
        waitpid(pid, NULL, 0);
    }
}

static void pipe_and_fork(void)
{
    for (;;) {
        int ends[2];
        char byte = 0;
        pipe(ends);
        pid_t pid = fork();
        if (pid == 0) {
            write(ends[1], &byte, 1);
            _exit(0);
        }
        close(ends[1]);
        read(ends[0], &byte, 1);
        close(ends[0]);
        waitpid(pid, NULL, 0);
    }
}

static void *nothing(void *unused)
{
    return unused;
}

static void make_threads(void)
{
    for (;;) {
        pthread_t thread[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&thread[i], NULL, nothing, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(thread[i], NULL);
    }
}

static const char *killed_at_work(void)
{
    void (*const victims[])(void) = {open_and_close, map_and_unmap, spawn_and_wait, pipe_and_fork,
                                     make_threads};
    const char *why = NULL;
    for (size_t i = 0; !why && i < sizeof victims / sizeof *victims; i++)
        why = kill_in(victims[i], ROUNDS);
    return why;
}

/* ---- other ends ---- */

static const char *stopped_then_killed(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0)
            pipe_and_fork();
        int status;
        nap(i % 4);
        EXPECT(kill(pid, SIGSTOP) == 0);
        EXPECT(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
        if (i % 2)
            EXPECT(kill(pid, SIGCONT) == 0);
        EXPECT(kill(pid, SIGKILL) == 0);
        EXPECT(ended_by(pid, SIGKILL));
    }
    return NULL;
}

static void fault(void)
{
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
}

static int overflow(volatile int depth)
{
    volatile char page[4096];
    page[depth % 4096] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + page[depth % 4096];
}

static const char *faults(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            pthread_t thread;
            for (intptr_t n = 0; n < i % 3; n++)
                pthread_create(&thread, NULL, wait_somehow, (void *)n);
            if (i % 5 == 0)
                overflow(1);
            fault();
        }
        EXPECT(ended_by(pid, SIGSEGV));
    }
    return NULL;
}

/* Three generations; the oldest goes first. */
static const char *orphans(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            for (int child = 0; child < 3; child++)
                if (fork() == 0) {
                    if (fork() == 0)
                        nap(20);
                    nap(child * 10);
                    _exit(1);
                }
            _exit(5);
        }
        EXPECT(exited_with(pid, 5));
    }
    return NULL;
}

static const char *removed_places(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        int ready[2];
        char byte;
        EXPECT(pipe(ready) == 0);
        pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            mkdir("gone", 0700);
            if (chdir("gone"))
                _exit(1);
            int fd = open("file", O_CREAT | O_RDWR, 0600);
            if (write(fd, "text", 4) != 4 || unlink("file") || rmdir("../gone"))
                _exit(2);
            write(ready[1], "", 1);
            sleep_long();
        }
        EXPECT(read(ready[0], &byte, 1) == 1);
        EXPECT(kill(pid, i % 2 ? SIGKILL : SIGTERM) == 0);
        EXPECT(ended_by(pid, i % 2 ? SIGKILL : SIGTERM));
        close(ready[0]), close(ready[1]);
    }
    return NULL;
}

/* More memory than there is: by mapping, by touching in many children. */
static const char *too_much_memory(void)
{
    EXPECT(mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    pid_t pids[40];
    int count = 0;
    for (; count < 40; count++) {
        pids[count] = fork();
        if (pids[count] == 0) {
            size_t size = 8ul << 20;
            for (char *at; (at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                      0)) != MAP_FAILED;)
                for (size_t i = 0; i < size; i += 4096)
                    at[i] = 1;
            _exit(4);
        }
        if (pids[count] < 0)
            break;
    }
    EXPECT(count > 0);
    while (count--)
        EXPECT(waitpid(pids[count], NULL, 0) == pids[count]);
    return NULL;
}

/* Private memory that may be had at once, in MiB. */
static size_t most_memory(void)
{
    size_t most = 0;
    for (size_t step = 1u << 14; step; step /= 2) {
        size_t size = (most + step) << 20;
        void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            continue;
        munmap(at, size);
        most += step;
    }
    return most;
}

/* As many processes as there may be. The tables that they needed do not stay with the kernel for ever: what
 * may stay are a block of tables and one of the kernel's that others use meanwhile, and the larger heaps of
 * servers. */
enum { MAY_STAY_MIB = 6 };

static const char *too_many_processes(void)
{
    size_t before = most_memory();
    static pid_t pids[1200];
    int count = 0;
    for (; count < 1200; count++) {
        pids[count] = fork();
        if (pids[count] == 0) {
            sleep_long();
            _exit(0);
        }
        if (pids[count] < 0)
            break;
    }
    int error = errno;
    for (int i = 0; i < count; i++)
        EXPECT(kill(pids[i], SIGKILL) == 0);
    for (int i = 0; i < count; i++)
        EXPECT(ended_by(pids[i], SIGKILL));
    size_t after = most_memory(); /* what is dead is taken apart in steps, behind what runs */
    for (int i = 0; i < 100 && after + MAY_STAY_MIB < before; i++, after = most_memory())
        nap(10);
    EXPECT(after + MAY_STAY_MIB >= before);
    EXPECT(count > 10 && (error == EAGAIN || error == ENOMEM));
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"exec-fails", exec_fails},
        {"exec-after-failures", exec_after_failures},
        {"spawn-fails", spawn_fails},
        {"exec-race", exec_race},
        {"killed-waiting", killed_waiting},
        {"killed-at-work", killed_at_work},
        {"stopped-then-killed", stopped_then_killed},
        {"faults", faults},
        {"orphans", orphans},
        {"removed-places", removed_places},
        {"too-much-memory", too_much_memory},
        {"too-many-processes", too_many_processes},
    };
    int failed = 0;
    const char *why = enter_work_directory("rough_ends");
    why = why ? why : make_bad_programs();
    if (why)
        printf("not ok start: %s\n", why);
    for (size_t i = 0; !why && i < sizeof cases / sizeof *cases; i++)
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0)
            failed |= run_tests(&cases[i], 1);
    return failed || why;
}
