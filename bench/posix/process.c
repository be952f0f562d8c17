/* The rows of processes: fork, spawn, signals, a pipe between two. */
#include "posix.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

uint64_t forks(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(42);
        wrong |= pid < 0 || wait_for(pid) != 42;
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("fork or wait") : used;
}

uint64_t fork_exit_wait_64MiB(unsigned count)
{
    unsigned char *p = anonymous(64 * MIB);
    if (!p)
        return row_fails("mmap");
    for (size_t i = 0; i < 64 * MIB; i += PAGE)
        p[i] = 1;
    uint64_t used = forks(count);
    munmap(p, 64 * MIB);
    return used;
}

uint64_t spawn_wait(unsigned count)
{
    char *arguments[] = {"true", NULL};
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = -1;
        wrong |= posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) || wait_for(pid) != 0;
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("posix_spawn or wait") : used;
}

static volatile unsigned handled;

static void handler(int number)
{
    (void)number;
    handled++;
}

uint64_t signal_self(unsigned count)
{
    struct sigaction action = {.sa_handler = handler};
    handled = 0;
    if (sigaction(SIGUSR1, &action, NULL))
        return row_fails("sigaction with a handler");
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++)
        kill(getpid(), SIGUSR1);
    uint64_t used = ticks() - begun;
    return handled != count ? row_fails("signals were lost") : used;
}

uint64_t pipe_rtt_1B(unsigned count)
{
    int there[2], back[2], wrong = 0;
    unsigned char byte;
    if (pipe(there) || pipe(back))
        return row_fails("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        for (unsigned i = 0; i < count + 1; i++) {
            wrong |= read(there[0], &byte, 1) != 1;
            byte++;
            wrong |= write(back[1], &byte, 1) != 1;
        }
        _exit(wrong);
    }
    uint64_t begun = 0;
    for (unsigned i = 0; i < count + 1; i++) {
        if (i == 1) /* by then the child is there */
            begun = ticks();
        byte = (unsigned char)i;
        wrong |=
            write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1 || byte != (unsigned char)(i + 1);
    }
    uint64_t used = ticks() - begun;
    wrong |= wait_for(pid) != 0;
    for (int i = 0; i < 2; i++)
        wrong |= close(there[i]) || close(back[i]);
    return wrong ? row_fails("a byte was lost") : used;
}

/* Linux's null system call; on Ouros a message to proc. */
uint64_t get_parent(unsigned count)
{
    pid_t parent = getppid();
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++)
        wrong |= getppid() != parent;
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("another parent") : used;
}
