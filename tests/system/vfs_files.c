/* Files, directories and pipes as programs meet them: /tmp, the read-only disk, /dev. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)
#define CHECK(cond)                                                                            \
    do {                                                                                       \
        if (!(cond)) {                                                                         \
            snprintf(why, sizeof why, "line " TEXT(__LINE__) ": " #cond " (errno %d)", errno); \
            return why;                                                                        \
        }                                                                                      \
    } while (0)
#define FAILS(call, with) CHECK((errno = 0, (call)) == -1 && errno == (with))

static char why[300];
static char top[32];

static int make(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    int ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return fd >= 0 && close(fd) == 0 && ok ? 0 : -1;
}

static const char *names(void)
{
    char buf[64];
    struct stat st;
    CHECK(make("a", "one") == 0 && link("a", "b") == 0 && symlink("a", "s") == 0);
    CHECK(stat("b", &st) == 0 && st.st_nlink == 2 && st.st_size == 3);
    CHECK(readlink("s", buf, sizeof buf) == 1 && buf[0] == 'a');
    CHECK(lstat("s", &st) == 0 && S_ISLNK(st.st_mode) && stat("s", &st) == 0 && S_ISREG(st.st_mode));
    CHECK(mkdir("d", 0755) == 0 && rename("a", "d/x") == 0);
    FAILS(stat("s", &st), ENOENT);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(unlink("d"), EISDIR);
    FAILS(rename("d", "d/e"), EINVAL);
    FAILS(open("b/", O_RDONLY), ENOTDIR);
    FAILS(mkdir("b", 0755), EEXIST);
    CHECK(rename("d/x", "b") == 0 && stat("b", &st) == 0 && st.st_nlink == 2); /* two names of one file */
    CHECK(unlink("d/x") == 0 && unlink("b") == 0 && unlink("s") == 0 && rmdir("d") == 0);
    CHECK(symlink("loop", "loop") == 0);
    FAILS(open("loop", O_RDONLY), ELOOP);
    CHECK(unlink("loop") == 0);
    return NULL;
}

static const char *contents(void)
{
    char buf[64];
    int fd = open("f", O_CREAT | O_RDWR | O_EXCL, 0600), other;
    CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10 && lseek(fd, -4, SEEK_END) == 6);
    CHECK((other = dup(fd)) >= 0 && read(other, buf, 2) == 2 && read(fd, buf + 2, 8) == 2 &&
          !memcmp(buf, "6789", 4));
    CHECK(pread(fd, buf, 3, 1) == 3 && !memcmp(buf, "123", 3) && pwrite(fd, "ab", 2, 20) == 2);
    CHECK(pread(fd, buf, 64, 8) == 14 && buf[2] == 0 && buf[11] == 0 && buf[12] == 'a');
    CHECK(ftruncate(fd, 4) == 0 && ftruncate(fd, 8) == 0 && pread(fd, buf, 64, 0) == 8 &&
          !memcmp(buf, "0123\0\0\0\0", 8));
    FAILS(open("f", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK(close(other) == 0 && (other = open("f", O_WRONLY | O_APPEND)) >= 0);
    CHECK(write(other, "xy", 2) == 2 && pread(fd, buf, 64, 0) == 10 && buf[9] == 'y');
    FAILS(read(other, buf, 1), EBADF);
    CHECK(unlink("f") == 0 && pread(fd, buf, 64, 0) == 10); /* open without a name */
    CHECK(close(fd) == 0 && close(other) == 0);
    return NULL;
}

static const char *large(void)
{
    static char buf[300000], back[300000];
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = (char)(i * 7 >> 3);
    int fd = open("l", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 10; i++)
        CHECK(write(fd, buf, sizeof buf) == sizeof buf);
    for (int i = 0; i < 10; i++)
        CHECK(pread(fd, back, sizeof back, (9 - i) * (off_t)sizeof back) == sizeof back &&
              !memcmp(buf, back, sizeof buf));
    char *map = mmap(NULL, sizeof buf, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED && !memcmp(map, buf, sizeof buf));
    map[5] = 'z';
    CHECK(pread(fd, back, 10, 0) == 10 && back[5] == buf[5]);
    CHECK(munmap(map, sizeof buf) == 0 && close(fd) == 0 && unlink("l") == 0);
    return NULL;
}

static const char *directory(void)
{
    char name[32];
    int seen[500] = {0}, i, dots = 0;
    CHECK(mkdir("many", 0755) == 0);
    for (i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "many/entry-%d", i);
        CHECK(make(name, "x") == 0);
    }
    DIR *d = opendir("many");
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));)
        if (sscanf(e->d_name, "entry-%d", &i) == 1 && i >= 0 && i < 500)
            seen[i]++;
        else
            dots++;
    CHECK(closedir(d) == 0 && dots == 2);
    for (i = 0; i < 500; i++) {
        CHECK(seen[i] == 1);
        snprintf(name, sizeof name, "many/entry-%d", i);
        CHECK(unlink(name) == 0);
    }
    CHECK(rmdir("many") == 0);
    return NULL;
}

static const char *where(void)
{
    char buf[128];
    CHECK(mkdir("w", 0700) == 0 && chdir("w") == 0 && getcwd(buf, sizeof buf));
    CHECK(!strncmp(buf, top, strlen(top)) && !strcmp(buf + strlen(top), "/w"));
    CHECK(chdir("../../../tmp/..") == 0 && getcwd(buf, sizeof buf) && !strcmp(buf, "/"));
    pid_t pid = fork();
    if (pid == 0)
        _exit(chdir("/dev") != 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && getcwd(buf, sizeof buf) && !strcmp(buf, "/"));
    CHECK(chdir(top) == 0 && rmdir("w") == 0);
    return NULL;
}

static const char *read_only(void)
{
    struct stat st;
    FAILS(open("/etc/new", O_CREAT | O_WRONLY, 0644), EROFS);
    FAILS(open("/etc/motd", O_WRONLY), EROFS);
    FAILS(unlink("/etc/motd"), EROFS);
    FAILS(mkdir("/newdir", 0755), EROFS);
    FAILS(mkdir("/etc", 0755), EEXIST);
    FAILS(chmod("/etc/motd", 0600), EROFS);
    FAILS(rename("/etc/motd", "/etc/x"), EROFS);
    CHECK(make("r", "x") == 0);
    FAILS(rename("r", "/etc/x"), EXDEV);
    FAILS(rmdir("/tmp"), EBUSY);
    CHECK(unlink("r") == 0 && stat("/etc/motd", &st) == 0 && st.st_size > 0);
    return NULL;
}

static const char *devices(void)
{
    char buf[300];
    int fd;
    CHECK((fd = open("/dev/zero", O_RDWR)) >= 0 && read(fd, buf, 300) == 300 && buf[299] == 0 &&
          close(fd) == 0);
    CHECK((fd = open("/dev/null", O_RDWR)) >= 0 && read(fd, buf, 9) == 0 && write(fd, buf, 9) == 9 &&
          close(fd) == 0);
    CHECK((fd = open("/dev/full", O_WRONLY)) >= 0);
    FAILS(write(fd, buf, 1), ENOSPC);
    CHECK(close(fd) == 0 && (fd = open("/dev/urandom", O_RDONLY)) >= 0 && read(fd, buf, 300) == 300);
    int zeros = 0;
    for (int i = 0; i < 300; i++)
        zeros += buf[i] == 0;
    CHECK(zeros < 20 && close(fd) == 0);
    return NULL;
}

static const char *pipes(void)
{
    static char buf[200000];
    int end[2], status;
    ssize_t got = 0, n;
    CHECK(pipe(end) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(end[0]);
        memset(buf, 'p', sizeof buf);
        _exit(write(end[1], buf, sizeof buf) != sizeof buf);
    }
    close(end[1]);
    while ((n = read(end[0], buf, 777)) > 0)
        got += n;
    CHECK(n == 0 && got == sizeof buf && waitpid(pid, &status, 0) == pid && status == 0);
    close(end[0]);
    CHECK(pipe(end) == 0);
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    CHECK(poll(&p, 1, 0) == 0 && poll(&p, 1, 30) == 0);
    CHECK(write(end[1], "x", 1) == 1 && poll(&p, 1, -1) == 1 && p.revents == POLLIN &&
          read(end[0], buf, 9) == 1);
    pid = fork();
    if (pid == 0) {
        usleep(30000);
        _exit(write(end[1], "late", 4) != 4);
    }
    CHECK(poll(&p, 1, 5000) == 1 && read(end[0], buf, 9) == 4 && waitpid(pid, &status, 0) == pid);
    CHECK(fcntl(end[0], F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(end[0], buf, 1), EAGAIN);
    signal(SIGPIPE, SIG_IGN);
    close(end[0]);
    FAILS(write(end[1], "x", 1), EPIPE);
    FAILS(lseek(end[1], 0, SEEK_SET), ESPIPE);
    close(end[1]);
    return NULL;
}

/* A process that waits in a pipe is killed: nobody is left waiting, and the other end learns of it. */
static const char *killed_reader(void)
{
    char c;
    for (int i = 0; i < 20; i++) {
        int end[2], status;
        CHECK(pipe(end) == 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(end[1]);
            _exit(read(end[0], &c, 1) >= 0);
        }
        close(end[0]);
        usleep(i * 500);
        CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        signal(SIGPIPE, SIG_IGN);
        for (int tries = 0; write(end[1], "x", 1) == 1 && tries < 200; tries++)
            usleep(1000); /* the close of the dead process's handles is on its way */
        FAILS(write(end[1], "x", 1), EPIPE);
        close(end[1]);
    }
    return NULL;
}

static const char *many_open(void)
{
    int fd[200];
    for (int i = 0; i < 200; i++)
        CHECK((fd[i] = open("/etc/motd", O_RDONLY)) >= 0);
    for (int i = 0; i < 200; i++)
        CHECK(close(fd[i]) == 0);
    return NULL;
}

static int run(const char *name, const char *(*test)(void))
{
    const char *failed = test();
    if (failed)
        printf("not ok %s: %s\n", name, failed);
    else
        printf("ok %s\n", name);
    fflush(stdout);
    return failed != NULL;
}

int main(void)
{
    snprintf(top, sizeof top, "/tmp/vfs-files-%d", getpid());
    if (mkdir(top, 0755) || chdir(top))
        return printf("not ok start: no directory\n"), 1;
    int bad =
        run("names", names) + run("contents", contents) + run("large", large) + run("directory", directory);
    bad += run("where", where) + run("read_only", read_only) + run("devices", devices) + run("pipes", pipes);
    bad += run("killed_reader", killed_reader) + run("many_open", many_open);
    return rmdir(top) != 0 || chdir("/") != 0 || bad != 0;
}
