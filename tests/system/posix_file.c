/* Files, descriptors, names and directories. */
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include "posix_test.h"

static int make_file(const char *name, const char *text)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0 && write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        close(fd);
        return -1;
    }
    return fd;
}

static const char *open_flags(void)
{
    unlink("new");
    EXPECT_ERRNO(open("new", O_RDONLY), ENOENT);
    EXPECT_ERRNO(open("", O_RDONLY), ENOENT);
    int fd = open("new", O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(fd >= 0);
    EXPECT_ERRNO(open("new", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    EXPECT_ERRNO(open("new/below", O_RDONLY), ENOTDIR);
    EXPECT_ERRNO(open("new", O_RDONLY | O_DIRECTORY), ENOTDIR);
    EXPECT_ERRNO(open(".", O_WRONLY), EISDIR);
    char c;
    EXPECT_ERRNO(read(fd, &c, 1), EBADF);
    EXPECT(close(fd) == 0);
    EXPECT_ERRNO(close(fd), EBADF);
    EXPECT_ERRNO(close(-1), EBADF);
    EXPECT_ERRNO(close(1000000), EBADF);
    EXPECT(unlink("new") == 0);
    return NULL;
}

static const char *read_write_seek(void)
{
    char buffer[16] = "";
    int fd = make_file("rw", "hello, world");
    EXPECT(fd >= 0);
    EXPECT(read(fd, buffer, 4) == 0);
    EXPECT(lseek(fd, 7, SEEK_SET) == 7);
    EXPECT(read(fd, buffer, sizeof buffer) == 5 && memcmp(buffer, "world", 5) == 0);
    EXPECT(lseek(fd, -5, SEEK_END) == 7);
    EXPECT(lseek(fd, 1, SEEK_CUR) == 8);
    EXPECT(write(fd, "A", 1) == 1);
    EXPECT(pread(fd, buffer, 5, 7) == 5 && memcmp(buffer, "wArld", 5) == 0);
    EXPECT(pwrite(fd, "J", 1, 0) == 1);
    EXPECT(lseek(fd, 0, SEEK_CUR) == 9);
    EXPECT_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    EXPECT_ERRNO(lseek(fd, 0, 99), EINVAL);
    EXPECT_ERRNO(pread(fd, buffer, 1, -1), EINVAL);
    EXPECT(pread(fd, buffer, 12, 0) == 12 && memcmp(buffer, "Jello, wArld", 12) == 0);
    EXPECT(close(fd) == 0);
    return NULL;
}

static const char *append_mode(void)
{
    char buffer[16];
    int fd = make_file("app", "abc");
    int appender = open("app", O_WRONLY | O_APPEND);
    EXPECT(fd >= 0 && appender >= 0);
    EXPECT(write(appender, "d", 1) == 1);
    EXPECT(write(fd, "e", 1) == 1); /* position 3: over the d */
    EXPECT(write(appender, "f", 1) == 1);
    EXPECT(pread(fd, buffer, sizeof buffer, 0) == 5 && memcmp(buffer, "abcef", 5) == 0);
    close(fd);
    close(appender);
    return NULL;
}

static const char *truncation(void)
{
    struct stat status;
    char buffer[8];
    int fd = make_file("trunc", "123456");
    EXPECT(ftruncate(fd, 3) == 0);
    EXPECT(fstat(fd, &status) == 0 && status.st_size == 3);
    EXPECT(ftruncate(fd, 8) == 0);
    EXPECT(pread(fd, buffer, 8, 0) == 8 && memcmp(buffer, "123\0\0\0\0\0", 8) == 0);
    EXPECT(truncate("trunc", 1) == 0);
    EXPECT(fstat(fd, &status) == 0 && status.st_size == 1);
    EXPECT_ERRNO(ftruncate(fd, -1), EINVAL);
    close(fd);
    return NULL;
}

static const char *holes_read_zero(void)
{
    char buffer[64];
    int fd = make_file("hole", "x");
    EXPECT(pwrite(fd, "y", 1, 100000) == 1);
    EXPECT(pread(fd, buffer, sizeof buffer, 50000) == sizeof buffer);
    for (size_t i = 0; i < sizeof buffer; i++)
        EXPECT(buffer[i] == 0);
    close(fd);
    return NULL;
}

static const char *vectors(void)
{
    char one[3] = "", two[4] = "";
    int fd = open("vector", O_RDWR | O_CREAT | O_TRUNC, 0644);
    struct iovec out[2] = {{"abc", 3}, {"defg", 4}}, in[2] = {{one, 3}, {two, 4}};
    EXPECT(writev(fd, out, 2) == 7);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    EXPECT(readv(fd, in, 2) == 7);
    EXPECT(memcmp(one, "abc", 3) == 0 && memcmp(two, "defg", 4) == 0);
    close(fd);
    return NULL;
}

static const char *bad_addresses(void)
{
    int fd = make_file("fault", "0123456789");
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    void *volatile low = (void *)16, *volatile kernel = (void *)0xffff800000000000ul;
    EXPECT_ERRNO(read(fd, low, 5), EFAULT);
    EXPECT_ERRNO(write(fd, low, 5), EFAULT);
    EXPECT_ERRNO(read(fd, kernel, 5), EFAULT);
    char c;
    EXPECT(read(fd, &c, 1) == 1 && c == '0'); /* nothing was consumed by what failed */
    close(fd);
    return NULL;
}

static const char *duplicates(void)
{
    char c;
    int fd = make_file("dup", "abcdef");
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    int copy = dup(fd);
    EXPECT(copy >= 0 && copy != fd);
    EXPECT(read(fd, &c, 1) == 1 && c == 'a');
    EXPECT(read(copy, &c, 1) == 1 && c == 'b'); /* one position for both */
    EXPECT(dup2(fd, 40) == 40);
    EXPECT(dup2(fd, fd) == fd);
    EXPECT_ERRNO(dup2(99, 41), EBADF);
    EXPECT_ERRNO(dup(99), EBADF);
    EXPECT(close(fd) == 0);
    EXPECT(read(40, &c, 1) == 1 && c == 'c');
    int next = fcntl(40, F_DUPFD, 50);
    EXPECT(next == 50);
    EXPECT(fcntl(next, F_GETFD) == 0);
    EXPECT(fcntl(next, F_SETFD, FD_CLOEXEC) == 0 && fcntl(next, F_GETFD) == FD_CLOEXEC);
    EXPECT((fcntl(next, F_GETFL) & O_ACCMODE) == O_RDWR);
    EXPECT(fcntl(next, F_SETFL, O_APPEND) == 0 && (fcntl(40, F_GETFL) & O_APPEND));
    EXPECT_ERRNO(fcntl(99, F_GETFD), EBADF);
    close(copy);
    close(40);
    close(next);
    return NULL;
}

static const char *descriptor_table_full(void)
{
    static int fds[4096];
    int count = 0;
    while (count < 4096 && (fds[count] = open(".", O_RDONLY)) >= 0)
        count++;
    int number = errno;
    for (int i = 0; i < count; i++)
        close(fds[i]);
    if (count == 4096)
        return NULL; /* the host allows more than we ask for */
    EXPECT(number == EMFILE || (errno = number, 0));
    EXPECT(count >= 100);
    int fd = open(".", O_RDONLY);
    EXPECT(fd == fds[0]); /* the lowest is given again */
    close(fd);
    return NULL;
}

static const char *attributes(void)
{
    struct stat a, b;
    int fd = make_file("attr", "12345");
    EXPECT(stat("attr", &a) == 0);
    EXPECT(S_ISREG(a.st_mode) && a.st_size == 5 && a.st_nlink == 1 && a.st_blksize > 0);
    EXPECT(fstat(fd, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    EXPECT(stat(".", &b) == 0 && S_ISDIR(b.st_mode) && a.st_ino != b.st_ino);
    EXPECT(chmod("attr", 0600) == 0 && stat("attr", &a) == 0 && (a.st_mode & 07777) == 0600);
    EXPECT(fchmod(fd, 0644) == 0 && stat("attr", &a) == 0 && (a.st_mode & 07777) == 0644);
    struct timespec times[2] = {{1000000000, 5}, {1234567890, 987654321}};
    EXPECT(utimensat(AT_FDCWD, "attr", times, 0) == 0);
    EXPECT(stat("attr", &a) == 0 && a.st_mtime == 1234567890 && a.st_atime == 1000000000);
    EXPECT(access("attr", R_OK | W_OK) == 0);
    EXPECT_ERRNO(access("nothing", F_OK), ENOENT);
    EXPECT_ERRNO(stat("nothing", &a), ENOENT);
    EXPECT(stat("/dev/null", &a) == 0 && S_ISCHR(a.st_mode));
    close(fd);
    return NULL;
}

static const char *links(void)
{
    struct stat status;
    char target[32];
    unlink("second"), unlink("sym"), unlink("loop1"), unlink("loop2");
    close(make_file("first", "text"));
    EXPECT(link("first", "second") == 0);
    EXPECT(stat("second", &status) == 0 && status.st_nlink == 2);
    EXPECT_ERRNO(link("first", "second"), EEXIST);
    EXPECT(unlink("first") == 0);
    EXPECT(stat("second", &status) == 0 && status.st_nlink == 1 && status.st_size == 4);
    EXPECT(symlink("second", "sym") == 0);
    EXPECT(stat("sym", &status) == 0 && S_ISREG(status.st_mode));
    EXPECT(lstat("sym", &status) == 0 && S_ISLNK(status.st_mode));
    EXPECT(readlink("sym", target, sizeof target) == 6 && memcmp(target, "second", 6) == 0);
    EXPECT(readlink("sym", target, 3) == 3 && memcmp(target, "sec", 3) == 0);
    EXPECT_ERRNO(readlink("second", target, sizeof target), EINVAL);
    EXPECT(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
    EXPECT_ERRNO(stat("loop1", &status), ELOOP);
    EXPECT_ERRNO(open("sym", O_RDONLY | O_NOFOLLOW), ELOOP);
    unlink("second"), unlink("sym"), unlink("loop1"), unlink("loop2");
    return NULL;
}

static const char *renames(void)
{
    struct stat status;
    char buffer[4];
    close(make_file("from", "new"));
    close(make_file("to", "old"));
    EXPECT(rename("from", "to") == 0);
    EXPECT_ERRNO(stat("from", &status), ENOENT);
    int fd = open("to", O_RDONLY);
    EXPECT(read(fd, buffer, 3) == 3 && memcmp(buffer, "new", 3) == 0);
    close(fd);
    rmdir("d2"), rmdir("d1");
    EXPECT(mkdir("d1", 0755) == 0 && rename("d1", "d2") == 0);
    EXPECT_ERRNO(rename("d2", "d2/inside"), EINVAL);
    EXPECT_ERRNO(rename("nothing", "x"), ENOENT);
    EXPECT_ERRNO(rename("to", "d2"), EISDIR);
    EXPECT(rmdir("d2") == 0 && unlink("to") == 0);
    return NULL;
}

static const char *unlinked_file_lives(void)
{
    char buffer[8];
    int fd = make_file("gone", "still");
    EXPECT(unlink("gone") == 0);
    EXPECT(pread(fd, buffer, 5, 0) == 5 && memcmp(buffer, "still", 5) == 0);
    struct stat status;
    EXPECT(fstat(fd, &status) == 0 && status.st_nlink == 0);
    EXPECT(close(fd) == 0);
    return NULL;
}

static const char *directories(void)
{
    enum { FILES = 150 };
    char name[32];
    bool seen[FILES] = {false};
    EXPECT(mkdir("dir", 0755) == 0 || errno == EEXIST);
    EXPECT_ERRNO(mkdir("dir", 0755), EEXIST);
    EXPECT_ERRNO(mkdir("no/where", 0755), ENOENT);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "dir/file-%03d", i);
        close(make_file(name, ""));
    }
    EXPECT_ERRNO(rmdir("dir"), ENOTEMPTY);
    DIR *dir = opendir("dir");
    EXPECT(dir != NULL);
    int dots = 0, files = 0;
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        int i;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            dots++;
        } else {
            EXPECT(sscanf(entry->d_name, "file-%d", &i) == 1 && i >= 0 && i < FILES && !seen[i]);
            seen[i] = true;
            files++;
        }
    }
    EXPECT(dots == 2 && files == FILES);
    rewinddir(dir);
    EXPECT(readdir(dir) != NULL);
    EXPECT(closedir(dir) == 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "dir/file-%03d", i);
        EXPECT(unlink(name) == 0);
    }
    EXPECT_ERRNO(unlink("dir/file-000"), ENOENT);
    EXPECT(rmdir("dir") == 0);
    EXPECT(opendir("dir") == NULL && errno == ENOENT);
    return NULL;
}

static const char *working_directory(void)
{
    char before[256], now[256], wanted[300];
    EXPECT(getcwd(before, sizeof before) != NULL);
    rmdir("cwd");
    EXPECT(mkdir("cwd", 0755) == 0 && chdir("cwd") == 0);
    EXPECT(getcwd(now, sizeof now) != NULL);
    snprintf(wanted, sizeof wanted, "%s/cwd", before);
    EXPECT(strcmp(now, wanted) == 0);
    EXPECT(getcwd(now, 2) == NULL && errno == ERANGE);
    EXPECT(chdir("..") == 0 && getcwd(now, sizeof now) && strcmp(now, before) == 0);
    EXPECT_ERRNO(chdir("nothing"), ENOENT);
    EXPECT(rmdir("cwd") == 0);
    return NULL;
}

static const char *relative_to_descriptor(void)
{
    struct stat status;
    EXPECT(mkdir("at", 0755) == 0 || errno == EEXIST);
    int dir = open("at", O_RDONLY | O_DIRECTORY);
    EXPECT(dir >= 0);
    int fd = openat(dir, "file", O_RDWR | O_CREAT, 0644);
    EXPECT(fd >= 0 && close(fd) == 0);
    EXPECT(fstatat(dir, "file", &status, 0) == 0 && S_ISREG(status.st_mode));
    EXPECT(stat("at/file", &status) == 0);
    EXPECT(unlinkat(dir, "file", 0) == 0);
    EXPECT_ERRNO(fstatat(dir, "file", &status, 0), ENOENT);
    EXPECT(close(dir) == 0 && rmdir("at") == 0);
    return NULL;
}

static const char *pipes(void)
{
    int ends[2];
    char buffer[16];
    EXPECT(pipe(ends) == 0);
    EXPECT(write(ends[1], "through", 7) == 7);
    EXPECT(read(ends[0], buffer, sizeof buffer) == 7 && memcmp(buffer, "through", 7) == 0);
    EXPECT_ERRNO(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    EXPECT(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    EXPECT_ERRNO(read(ends[0], buffer, 1), EAGAIN);
    EXPECT(close(ends[1]) == 0);
    EXPECT(read(ends[0], buffer, 1) == 0);
    EXPECT(close(ends[0]) == 0);
    return NULL;
}

static const char *file_system(void)
{
    struct statvfs information;
    EXPECT(statvfs(".", &information) == 0);
    EXPECT(information.f_bsize > 0);
    EXPECT_ERRNO(statvfs("nothing", &information), ENOENT);
    return NULL;
}

static const char *long_names(void)
{
    char name[600];
    memset(name, 'n', sizeof name);
    name[255] = '\0';
    int fd = open(name, O_RDWR | O_CREAT, 0644);
    EXPECT(fd >= 0 && close(fd) == 0 && unlink(name) == 0);
    name[255] = 'n';
    name[256] = '\0';
    EXPECT_ERRNO(open(name, O_RDWR | O_CREAT, 0644), ENAMETOOLONG);
    return NULL;
}

static const char *devices(void)
{
    char buffer[64];
    int fd = open("/dev/null", O_RDWR);
    EXPECT(fd >= 0);
    EXPECT(write(fd, buffer, sizeof buffer) == sizeof buffer);
    EXPECT(read(fd, buffer, sizeof buffer) == 0);
    EXPECT(!isatty(fd));
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    memset(buffer, 1, sizeof buffer);
    EXPECT(read(fd, buffer, sizeof buffer) == sizeof buffer && buffer[0] == 0 && buffer[63] == 0);
    close(fd);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"open_flags", open_flags},
        {"read_write_seek", read_write_seek},
        {"append_mode", append_mode},
        {"truncation", truncation},
        {"holes_read_zero", holes_read_zero},
        {"vectors", vectors},
        {"bad_addresses", bad_addresses},
        {"duplicates", duplicates},
        {"descriptor_table_full", descriptor_table_full},
        {"attributes", attributes},
        {"links", links},
        {"renames", renames},
        {"unlinked_file_lives", unlinked_file_lives},
        {"directories", directories},
        {"working_directory", working_directory},
        {"relative_to_descriptor", relative_to_descriptor},
        {"pipes", pipes},
        {"file_system", file_system},
        {"long_names", long_names},
        {"devices", devices},
    };
    const char *why = enter_work_directory("posix_file");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
