/* Anybody may see how the servers are; only root may order. */
#include "posix_test.h"
#include <fcntl.h>
#include <sys/wait.h>

static const char *read_by_all(void)
{
    char text[4096];
    int fd = open("/dev/svc", O_RDONLY);
    EXPECT(fd >= 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    EXPECT(n > 0);
    text[n] = 0;
    EXPECT(strstr(text, "vfs up ") && strstr(text, "proc up "));
    EXPECT(read(fd, text, sizeof text) == 0);
    EXPECT_ERRNO(write(fd, "restart blk", 11), EBADF);
    close(fd);
    return NULL;
}

static const char *ordered_by_root(void)
{
    int fd = open("/dev/svc", O_WRONLY);
    char longer[100];
    EXPECT(fd >= 0);
    memset(longer, 'x', sizeof longer);
    EXPECT_ERRNO(write(fd, "restart nobody", 14), ENOENT);
    EXPECT_ERRNO(write(fd, "stop blk", 8), EBUSY);
    EXPECT_ERRNO(write(fd, "stop proc", 9), EBUSY);
    EXPECT_ERRNO(write(fd, "explode blk", 11), EINVAL);
    EXPECT_ERRNO(write(fd, "restart", 7), EINVAL);
    EXPECT_ERRNO(write(fd, longer, sizeof longer), EINVAL);
    EXPECT(write(fd, "start blk\n", 10) == 10);
    close(fd);
    return NULL;
}

static const char *refused_to_others(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(99) || setuid(99))
            _exit(1);
        if (open("/dev/svc", O_WRONLY) >= 0 || errno != EACCES)
            _exit(2);
        if (open("/dev/svc", O_RDWR) >= 0 || errno != EACCES)
            _exit(3);
        _exit(open("/dev/svc", O_RDONLY) < 0 ? 4 : 0);
    }
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(status == 0);
    return NULL;
}

/* init remembers what each reader has read: for so many of a process, and no more. Others are not concerned.
 */
static const char *limited_for_each(void)
{
    enum { MOST = 4 };
    int fds[MOST], status = -1;
    for (int i = 0; i < MOST; i++)
        EXPECT((fds[i] = open("/dev/svc", O_RDONLY)) >= 0);
    EXPECT_ERRNO(open("/dev/svc", O_RDONLY), ENOMEM);
    pid_t pid = fork();
    if (pid == 0)
        _exit(read_by_all() ? 1 : 0);
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(status == 0);
    for (int i = 0; i < MOST; i++)
        close(fds[i]);
    return read_by_all();
}

int main(void)
{
    static const struct test_case cases[] = {{"read-by-all", read_by_all},
                                             {"ordered-by-root", ordered_by_root},
                                             {"refused-to-others", refused_to_others},
                                             {"limited-for-each", limited_for_each}};
    return RUN(cases);
}
