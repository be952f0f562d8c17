// config:
// config: memory=64
/* Programs that end badly, in every state that can hold something: in calls that wait, at work, with threads,
 * with open and removed files, without memory (exec: rough_ends_exec.c). What counts is mostly what the harness
 * sees afterwards: nothing is left. `rough_ends CASE` runs one case. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "rough_ends.h"

extern char **environ;

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
        {"killed-waiting", killed_waiting},
        {"killed-at-work", killed_at_work},
        {"stopped-then-killed", stopped_then_killed},
        {"faults", faults},
        {"orphans", orphans},
        {"removed-places", removed_places},
        {"too-much-memory", too_much_memory},
        {"too-many-processes", too_many_processes},
    };
    const char *why = enter_work_directory("rough_ends");
    return RUN_CHOSEN(cases, why, argc, argv);
}
