/* A process that gives up root is refused what root alone may have, by vfs and by kill. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "/tmp/ids.secret"

static int as_nobody(void)
{
    if (setgid(99) || setuid(99) || getuid() != 99 || geteuid() != 99)
        return 1;
    if (open(SECRET, O_RDONLY) >= 0 || errno != EACCES)
        return 2;
    if (unlink(SECRET) == 0 || chmod(SECRET, 0777) == 0)
        return 3;
    if (kill(getppid(), SIGKILL) == 0 || errno != EPERM)
        return 4;
    if (setuid(0) == 0)
        return 5;
    return 0;
}

int main(void)
{
    int fd = open(SECRET, O_CREAT | O_WRONLY | O_TRUNC, 0600), status = -1;
    close(fd);
    pid_t pid = fork();
    if (pid == 0)
        _exit(as_nobody());
    waitpid(pid, &status, 0);
    int bad = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || access(SECRET, R_OK) != 0;
    if (bad)
        printf("not ok root-given-up: status %x\n", (unsigned)status);
    else
        puts("ok root-given-up");
    unlink(SECRET);
    return bad;
}
