/* Processes: fork, exec, spawn, wait, exit, pipes between them, signals without handlers. The program runs
 * itself with a word that says what the child is to do. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "posix_test.h"

static char self[512]; /* absolute path of this program */

static int child_main(int argc, char **argv)
{
    if (strcmp(argv[1], "exit") == 0)
        return atoi(argv[2]);
    if (strcmp(argv[1], "args") == 0) { /* args N, and N arguments in all: "", "two words", ... */
        const char *value = getenv("WORD");
        return argc == 5 && argv[2][0] == '\0' && strcmp(argv[3], "two words") == 0 &&
                       strcmp(argv[4], "\xff") == 0 && value && strcmp(value, "val=ue") == 0 &&
                       !getenv("HOME")
                   ? 21
                   : 1;
    }
    if (strcmp(argv[1], "open") == 0) { /* which of the descriptors 0 to 9 are open, as bits */
        int bits = 0;
        for (int fd = 3; fd < 10; fd++)
            bits |= fcntl(fd, F_GETFD) >= 0 ? 1 << (fd - 3) : 0;
        return bits;
    }
    if (strcmp(argv[1], "write") == 0)
        return write(atoi(argv[2]), argv[3], strlen(argv[3])) < 0;
    if (strcmp(argv[1], "ignored") == 0) {
        struct sigaction action;
        return sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_IGN ? 31 : 32;
    }
    return 99;
}

static int wait_exit(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static const char *fork_and_wait(void)
{
    int status, pid = getpid();
    pid_t child = fork();
    if (child == 0)
        _exit(getppid() == pid && getpid() != pid ? 7 : 1);
    EXPECT(child > 0);
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    EXPECT_ERRNO(waitpid(child, &status, 0), ECHILD);
    EXPECT_ERRNO(wait(&status), ECHILD);
    return NULL;
}

static const char *fork_copies_memory(void)
{
    static int global = 1;
    int local = 2, *heap = malloc(sizeof *heap);
    *heap = 3;
    pid_t child = fork();
    if (child == 0) {
        global = 10, local = 20, *heap = 30;
        _exit(global + local + *heap);
    }
    EXPECT(wait_exit(child) == 60);
    EXPECT(global == 1 && local == 2 && *heap == 3);
    free(heap);
    return NULL;
}

static const char *fork_large(void)
{
    enum { SIZE = 8 << 20, STEP = 4096 };
    unsigned char *memory = malloc(SIZE);
    EXPECT(memory != NULL);
    for (int i = 0; i < SIZE; i += STEP)
        memory[i] = (unsigned char)(i / STEP);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < SIZE; i += STEP) {
            if (memory[i] != (unsigned char)(i / STEP))
                _exit(1);
            memory[i] = 0xee;
        }
        _exit(0);
    }
    for (int i = 0; i < SIZE; i += 2 * STEP)
        memory[i] ^= 0x55;
    EXPECT(wait_exit(child) == 0);
    for (int i = 0; i < SIZE; i += STEP)
        EXPECT(memory[i] == (unsigned char)((i / STEP) ^ (i / STEP % 2 ? 0 : 0x55)));
    free(memory);
    return NULL;
}

static const char *fork_shares_open_files(void)
{
    char c;
    int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0644);
    EXPECT(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read(fd, &c, 1) == 1 && c == 'a' && close(fd) == 0 ? 0 : 1);
    EXPECT(wait_exit(child) == 0);
    EXPECT(read(fd, &c, 1) == 1 && c == 'b'); /* the child moved the common position; its close was its own */
    close(fd);
    return NULL;
}

static const char *many_children(void)
{
    enum { COUNT = 20 };
    int sum = 0, status;
    for (int i = 0; i < COUNT; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(i);
        EXPECT(child > 0);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT(wait(&status) > 0 && WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    EXPECT(sum == COUNT * (COUNT - 1) / 2);
    EXPECT_ERRNO(wait(&status), ECHILD);
    return NULL;
}

static const char *wait_without_hanging(void)
{
    int ends[2], status;
    char c;
    EXPECT(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit(read(ends[0], &c, 1) == 0 ? 5 : 6);
    }
    EXPECT(waitpid(child, &status, WNOHANG) == 0);
    EXPECT(close(ends[0]) == 0 && close(ends[1]) == 0);
    EXPECT(wait_exit(child) == 5);
    EXPECT_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
    EXPECT_ERRNO(waitpid(-1, &status, 12345), EINVAL);
    return NULL;
}

static const char *exec_arguments(void)
{
    pid_t child = fork();
    if (child == 0) {
        char *const argv[] = {"name", "args", "", "two words", "\xff", NULL};
        char *const envp[] = {"WORD=val=ue", NULL};
        execve(self, argv, envp);
        _exit(98);
    }
    EXPECT(wait_exit(child) == 21);
    return NULL;
}

static const char *exec_errors(void)
{
    char *const argv[] = {"x", NULL};
    unlink("notexec");
    int fd = open("notexec", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    EXPECT(fd >= 0 && write(fd, "data", 4) == 4 && close(fd) == 0);
    EXPECT_ERRNO(execv("nothing", argv), ENOENT);
    EXPECT_ERRNO(execv("notexec", argv), EACCES);
    EXPECT_ERRNO(execv("notexec/x", argv), ENOTDIR);
    EXPECT_ERRNO(execv("/", argv), EACCES);
    EXPECT_ERRNO(execvp("no-such-command-anywhere", argv), ENOENT);
    EXPECT(chmod("notexec", 0755) == 0);
    EXPECT_ERRNO(execv("notexec", argv), ENOEXEC);
    return NULL;
}

static const char *exec_list_forms(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "exit", "17", (char *)NULL);
        _exit(98);
    }
    EXPECT(wait_exit(child) == 17);
    child = fork();
    if (child == 0) {
        char *const envp[] = {"WORD=val=ue", NULL};
        execle(self, self, "args", "", "two words", "\xff", (char *)NULL, envp);
        _exit(98);
    }
    EXPECT(wait_exit(child) == 21);
    return NULL;
}

static const char *close_on_exec(void)
{
    int base = open(".", O_RDONLY);
    EXPECT(dup2(base, 5) == 5 && dup2(base, 6) == 6 && dup2(base, 9) == 9);
    if (base != 5 && base != 6 && base != 9)
        close(base);
    for (int fd = 3; fd < 10; fd++) {
        if (fd != 5 && fd != 6 && fd != 9)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    EXPECT(fcntl(6, F_SETFD, FD_CLOEXEC) == 0);
    int fd = open(".", O_RDONLY | O_CLOEXEC);
    EXPECT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "open", (char *)NULL);
        _exit(98);
    }
    EXPECT(wait_exit(child) == (1 << 2 | 1 << 6));
    EXPECT(fcntl(6, F_GETFD) == FD_CLOEXEC); /* ours stays open */
    close(5), close(6), close(9), close(fd);
    return NULL;
}

static const char *spawn(void)
{
    pid_t pid;
    char *const argv[] = {"self", "exit", "33", NULL};
    char *const envp[] = {NULL};
    EXPECT(posix_spawn(&pid, self, NULL, NULL, argv, envp) == 0);
    EXPECT(wait_exit(pid) == 33);
    EXPECT(posix_spawn(&pid, "nothing", NULL, NULL, argv, envp) == ENOENT);
    EXPECT(posix_spawnp(&pid, "no-such-command-anywhere", NULL, NULL, argv, envp) == ENOENT);
    return NULL;
}

static const char *spawn_file_actions(void)
{
    char buffer[32] = "";
    pid_t pid;
    posix_spawn_file_actions_t actions;
    EXPECT(posix_spawn_file_actions_init(&actions) == 0);
    EXPECT(posix_spawn_file_actions_addopen(&actions, 8, "spawned", O_RDWR | O_CREAT | O_TRUNC, 0644) == 0);
    EXPECT(posix_spawn_file_actions_adddup2(&actions, 8, 7) == 0);
    EXPECT(posix_spawn_file_actions_addclose(&actions, 8) == 0);
    char *const argv[] = {"self", "write", "7", "from the child", NULL};
    EXPECT(posix_spawn(&pid, self, &actions, NULL, argv, NULL) == 0);
    EXPECT(wait_exit(pid) == 0);
    char *const closed[] = {"self", "write", "8", "x", NULL};
    EXPECT(posix_spawn(&pid, self, &actions, NULL, closed, NULL) == 0);
    EXPECT(wait_exit(pid) == 1);
    EXPECT(posix_spawn(&pid, self, &actions, NULL, argv, NULL) == 0);
    EXPECT(wait_exit(pid) == 0);
    EXPECT(posix_spawn_file_actions_destroy(&actions) == 0);
    EXPECT(fcntl(7, F_GETFD) < 0 && fcntl(8, F_GETFD) < 0); /* nothing was left open here */
    int fd = open("spawned", O_RDONLY);
    EXPECT(read(fd, buffer, sizeof buffer) == 14 && strcmp(buffer, "from the child") == 0);
    close(fd);
    return NULL;
}

static const char *pipeline(void)
{
    enum { BYTES = 300000 };
    static char buffer[5000];
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (int i = 0; i < (int)sizeof buffer; i++)
            buffer[i] = (char)(i % 251);
        for (int sent = 0; sent < BYTES;) {
            ssize_t done = write(ends[1], buffer, sizeof buffer);
            if (done <= 0)
                _exit(1);
            sent += (int)done;
        }
        _exit(0);
    }
    close(ends[1]);
    int got = 0;
    ssize_t done;
    while ((done = read(ends[0], buffer, 777)) > 0) {
        for (int i = 0; i < done; i++)
            EXPECT(buffer[i] == (char)((got + i) % 5000 % 251));
        got += (int)done;
    }
    EXPECT(got == BYTES);
    EXPECT(wait_exit(child) == 0);
    close(ends[0]);
    return NULL;
}

static const char *broken_pipe(void)
{
    int ends[2], status;
    EXPECT(pipe(ends) == 0);
    EXPECT(close(ends[0]) == 0);
    pid_t child = fork();
    if (child == 0) {
        write(ends[1], "x", 1);
        _exit(1);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    EXPECT(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
    EXPECT_ERRNO(write(ends[1], "x", 1), EPIPE);
    EXPECT(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    close(ends[1]);
    return NULL;
}

static const char *killed(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            nanosleep(&(struct timespec){10, 0}, NULL);
    }
    EXPECT(kill(child, 0) == 0);
    EXPECT(kill(child, SIGTERM) == 0);
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    EXPECT_ERRNO(kill(child, SIGTERM), ESRCH);
    EXPECT_ERRNO(kill(getpid(), 1000), EINVAL);
    child = fork();
    if (child == 0) {
        for (volatile int i = 0;; i++) /* never enters the kernel by itself */
            ;
    }
    EXPECT(kill(child, SIGKILL) == 0);
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return NULL;
}

static const char *fatal_faults(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        volatile int *volatile nowhere = (volatile int *)8;
        *nowhere = 1;
        _exit(1);
    }
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    child = fork();
    if (child == 0) {
        volatile int zero = 0;
        _exit(1000 / zero);
    }
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
    child = fork();
    if (child == 0)
        abort();
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return NULL;
}

__attribute__((noinline, optimize("stack-protector-all"))) static void smash(volatile int length)
{
    char buffer[16];
    for (volatile int i = 0; i < length; i++)
        ((volatile char *)buffer)[i] = 1;
}

static const char *stack_protector(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), 2); /* what the library says about it */
        smash(16);
        smash(64);
        _exit(1);
    }
    EXPECT(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return NULL;
}

static const char *ignored_signals(void)
{
    EXPECT(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    EXPECT(raise(SIGUSR1) == 0);
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "ignored", (char *)NULL);
        _exit(98);
    }
    EXPECT(wait_exit(child) == 31); /* exec keeps what is ignored */
    EXPECT(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    child = fork();
    if (child == 0) {
        execl(self, self, "ignored", (char *)NULL);
        _exit(98);
    }
    EXPECT(wait_exit(child) == 32);
    EXPECT_ERRNO((long)signal(SIGKILL, SIG_IGN), EINVAL);
    EXPECT_ERRNO(sigaction(0, NULL, NULL), EINVAL);
    return NULL;
}

static const char *groups(void)
{
    int ends[2], status;
    char c = 0;
    EXPECT(getpgrp() == getpgid(0));
    EXPECT(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (setpgid(0, 0) || getpgrp() != getpid() || write(ends[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            nanosleep(&(struct timespec){10, 0}, NULL);
    }
    EXPECT(read(ends[0], &c, 1) == 1);
    EXPECT(kill(-child, SIGTERM) == 0);
    EXPECT(waitpid(-child, &status, 0) == child && WIFSIGNALED(status));
    close(ends[0]), close(ends[1]);
    return NULL;
}

static const char *atexit_order(void)
{
    pid_t pid;
    int ends[2];
    EXPECT(pipe(ends) == 0 && dup2(ends[1], 9) == 9);
    pid = fork();
    if (pid == 0) {
        FILE *stream = fdopen(9, "w");
        if (!stream || fputs("flushed by exit", stream) < 0)
            _exit(1);
        exit(4);
    }
    close(ends[1]), close(9);
    char buffer[32] = "";
    EXPECT(wait_exit(pid) == 4);
    EXPECT(read(ends[0], buffer, sizeof buffer) == 15 && strcmp(buffer, "flushed by exit") == 0);
    close(ends[0]);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return child_main(argc, argv);
    static const struct test_case cases[] = {
        {"fork_and_wait", fork_and_wait},
        {"fork_copies_memory", fork_copies_memory},
        {"fork_large", fork_large},
        {"fork_shares_open_files", fork_shares_open_files},
        {"many_children", many_children},
        {"wait_without_hanging", wait_without_hanging},
        {"exec_arguments", exec_arguments},
        {"exec_errors", exec_errors},
        {"exec_list_forms", exec_list_forms},
        {"close_on_exec", close_on_exec},
        {"spawn", spawn},
        {"spawn_file_actions", spawn_file_actions},
        {"pipeline", pipeline},
        {"broken_pipe", broken_pipe},
        {"killed", killed},
        {"fatal_faults", fatal_faults},
        {"stack_protector", stack_protector},
        {"ignored_signals", ignored_signals},
        {"groups", groups},
        {"atexit_order", atexit_order},
    };
    if (argv[0][0] == '/') {
        snprintf(self, sizeof self, "%s", argv[0]);
    } else {
        char here[200];
        snprintf(self, sizeof self, "%s/%s", getcwd(here, sizeof here), argv[0]);
    }
    const char *why = enter_work_directory("posix_process");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
