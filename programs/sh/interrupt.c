#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"
#include "sh.h"

enum { STEPS = 256 }; // of a loop, before somebody watches, and between two looks

static pid_t watcher; // 0: none
static int hold = -1; // the end of a pipe: when we are gone, the watcher ends too
static unsigned steps;

static _Noreturn void watch(const int ends[2])
{
    char byte;
    signal(SIGINT, SIG_DFL);
    close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

pid_t interrupt_watch(void)
{
    int ends[2];
    if (!sh.interactive || watcher || pipe(ends) != 0)
        return watcher;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        watch(ends);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return 0;
    }
    hold = redirect_move_high(ends[1]);
    return watcher = pid;
}

bool interrupt_ended(int raw)
{
    watcher = 0;
    close(hold);
    if (!WIFSIGNALED(raw) || WTERMSIG(raw) != SIGINT)
        return false;
    fputc('\n', stderr);
    sh.unwind = UNWIND_ABORT;
    sh.status = 128 + SIGINT;
    return true;
}

bool interrupt_seen(void)
{
    int raw;
    return watcher && waitpid(watcher, &raw, WNOHANG) == watcher && interrupt_ended(raw);
}

void interrupt_step(void)
{
    if (!sh.interactive || ++steps % STEPS != 0)
        return;
    if (!interrupt_seen())
        interrupt_watch();
}

void interrupt_rest(void)
{
    int raw;
    steps = 0;
    if (!watcher)
        return;
    kill(watcher, SIGKILL);
    waitpid(watcher, &raw, 0);
    watcher = 0;
    close(hold);
}

void interrupt_forget(void)
{
    if (watcher)
        close(hold);
    watcher = 0;
}
