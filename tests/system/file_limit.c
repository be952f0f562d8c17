/* A process has vfs keep so many open files for it and no more, whatever its descriptor table is: others go
 * on. */
#include "posix_test.h"
#include <fcntl.h>
#include <sys/wait.h>

#include <ipc/startup.h>
#include <ipc/syscall.h>
#include <ouros/error.h>
#include <proto/vfs.h>

enum { MOST = 1024 };

static handle_t files[MOST + 1];

/* By vfs's own protocol: libc has no more than 256 descriptors. */
static int open_one(handle_t *file)
{
    struct ipc_transfer t = {.in = "/bin/sh", .in_len = 7};
    int error = vfs_open_with(HANDLE_FIRST(SLOT_VFS), &(struct vfs_open){IO_O_RDONLY, 0}, NULL, &t);
    *file = t.got_count ? t.got[0] : HANDLE_NONE;
    return error;
}

static int open_many(void)
{
    int n = 0, error;
    while (n <= MOST && (error = open_one(&files[n])) == 0)
        n++;
    return n <= MOST && error == E_MFILE ? n : -1;
}

static const char *limited(void)
{
    int n = open_many(), status = -1;
    EXPECT(n > MOST - 16 && n <= MOST); /* what else the process has open, and its program */
    pid_t pid = fork();
    if (pid == 0)
        _exit(open("/bin/ls", O_RDONLY) < 0); /* another process, which also holds all those */
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(status == 0);
    for (int i = 0; i < n; i++)
        sys_handle_close(files[i]);
    int fd = open("/bin/ls", O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
    return NULL;
}

/* They count for who opened them, also when somebody else holds them; and not for him. */
static const char *held_by_a_child(void)
{
    int pipes[2], status = -1;
    char byte;
    EXPECT(pipe(pipes) == 0);
    int n = open_many();
    EXPECT(n > 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[1]);
        _exit(read(pipes[0], &byte, 1) != 0 || open("/bin/ls", O_RDONLY) < 0);
    }
    for (int i = 0; i < n; i++)
        sys_handle_close(files[i]);
    EXPECT(open_one(&files[0]) == E_MFILE);
    close(pipes[1]);
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(status == 0);
    for (int i = 0; i < 1000 && open_one(&files[0]); i++)
        usleep(1000);
    EXPECT(files[0] != HANDLE_NONE);
    sys_handle_close(files[0]);
    close(pipes[0]);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {{"limited", limited}, {"held-by-a-child", held_by_a_child}};
    return RUN(cases);
}
