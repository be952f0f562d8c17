// config:
// config: memory=64
/* Processes killed at every moment of fork and exec: whatever they were doing, the parent hears of their end,
 * and the system goes on. A delay counts loops, so that successive victims die a little later each time. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VICTIMS 60

static void spin(unsigned long loops)
{
    for (volatile unsigned long n = 0; n < loops; n++)
        ;
}

static void forking(void)
{
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
}

static void executing(void)
{
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(127);
        }
        waitpid(pid, NULL, 0);
    }
}

static void executing_itself(void)
{
    execl("/bin/sh", "sh", "-c", "while true; do :; done", (char *)NULL);
    _exit(127);
}

static int storm(void (*victim)(void), unsigned long step)
{
    int bad = 0;
    for (int i = 0; i < VICTIMS; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0)
            victim();
        spin(1000 + step * (unsigned long)i);
        int status = 0;
        bad |= kill(pid, SIGKILL) != 0;
        bad |= waitpid(pid, &status, 0) != pid;
        bad |= !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
    }
    return bad;
}

static int report(const char *name, int bad)
{
    if (bad)
        printf("not ok %s: a victim's end was not reported as it should\n", name);
    else
        printf("ok %s\n", name);
    fflush(stdout);
    return bad;
}

/* After all that, everything still works. */
static int still_alive(void)
{
    FILE *pipe = popen("echo hello | tr a-z A-Z", "r");
    char line[16] = "";
    int bad = !pipe || !fgets(line, sizeof line, pipe) || strcmp(line, "HELLO\n") != 0;
    if (pipe)
        bad |= pclose(pipe) != 0;
    return bad;
}

int main(void)
{
    int bad = report("killed-in-fork", storm(forking, 3000));
    bad |= report("killed-in-fork-and-exec", storm(executing, 9000));
    bad |= report("killed-in-exec", storm(executing_itself, 9000));
    bad |= report("still-alive", still_alive());
    return bad;
}
