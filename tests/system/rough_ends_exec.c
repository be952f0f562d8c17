// config:
// config: memory=64
/* exec and spawn of what is no program, again and again, and by several threads at once: nothing is left.
 * `rough_ends_exec CASE` runs one case. */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>

#include "rough_ends.h"

extern char **environ;

static void put_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
        _exit(99);
}

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
    put_text("circle", "#!/tmp/rough_ends_exec/circle\n", 0755);
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

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"exec-fails", exec_fails},
        {"exec-after-failures", exec_after_failures},
        {"spawn-fails", spawn_fails},
        {"exec-race", exec_race},
    };
    const char *why = enter_work_directory("rough_ends_exec");
    why = why ? why : make_bad_programs();
    return RUN_CHOSEN(cases, why, argc, argv);
}
