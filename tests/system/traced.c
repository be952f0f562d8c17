/* What a traced program must not notice: results, errno, pointers that lead nowhere, threads, children. trace_test.py runs
 * it under `trace` as well, and looks at what that says of it. */
#include "posix_test.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { THREADS = 4, SEEKS = 20, PAGE = 4096 };

static const char *errno_is_kept(void)
{
    errno = 77;
    int file = open("/etc/motd", O_RDONLY);
    int after_open = errno;
    off_t end = lseek(file, 0, SEEK_END);
    int after_seek = errno;
    close(file);
    EXPECT(file >= 0 && end > 0 && after_open == 77 && after_seek == 77);
    EXPECT_ERRNO(open("/nonexistent", O_RDONLY), ENOENT);
    EXPECT_ERRNO(close(200), EBADF);
    return NULL;
}

static const char *end_of_directory(void)
{
    DIR *directory = opendir("/etc");
    EXPECT(directory);
    errno = 55;
    while (readdir(directory))
        ;
    int after = errno;
    closedir(directory);
    EXPECT(after == 55);
    return NULL;
}

static const char *bad_pointers(void)
{
    char long_path[5000];
    int file = open("/etc/motd", O_RDONLY);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = 0;
    EXPECT_ERRNO(read(file, (void *)8, 10), EFAULT);
    EXPECT_ERRNO(write(1, (void *)0x7f0000000000, 10), EFAULT);
    EXPECT_ERRNO(open(long_path, O_RDONLY), ENAMETOOLONG);
    close(file);
    return NULL;
}

/* Strings and buffers that end where memory ends. */
static const char *edge_of_memory(void)
{
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
    strcpy(pages + PAGE - 10, "/etc/motd");
    int file = open(pages + PAGE - 10, O_RDONLY);
    EXPECT(file >= 0);
    EXPECT(read(file, pages + PAGE - 100, 100) == 100);
    close(file);
    EXPECT(munmap(pages, 2 * PAGE) == 0);
    return NULL;
}

static void *seeks(void *argument)
{
    int file = open("/etc/motd", O_RDONLY);
    long sum = 0;
    for (int i = 0; i < SEEKS; i++)
        sum += lseek(file, i, SEEK_SET);
    close(file);
    return (void *)(sum + (long)argument);
}

static const char *threads(void)
{
    pthread_t thread[THREADS];
    void *result;
    for (long i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&thread[i], NULL, seeks, (void *)i) == 0);
    for (long i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(thread[i], &result) == 0);
        EXPECT((long)result == SEEKS * (SEEKS - 1) / 2 + i);
    }
    return NULL;
}

static const char *children(void)
{
    int status = 0, ends[2];
    char c = 0;
    EXPECT(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        write(ends[1], "z", 1);
        _exit(5);
    }
    close(ends[1]);
    EXPECT(read(ends[0], &c, 1) == 1 && c == 'z');
    EXPECT(read(ends[0], &c, 1) == 0); /* nobody else has its other end */
    EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
    close(ends[0]);
    FILE *from = popen("echo from a shell", "r");
    char line[64] = "";
    EXPECT(from && fgets(line, sizeof line, from) && strcmp(line, "from a shell\n") == 0);
    EXPECT(pclose(from) == 0);
    return NULL;
}

/* The tracer's pipe is in no descriptor. */
static const char *descriptors(void)
{
    int file = dup(0);
    EXPECT(file == 3);
    close(file);
    for (int fd = 3; fd < 256; fd++)
        EXPECT_ERRNO(close(fd), EBADF);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {{"errno-is-kept", errno_is_kept},
                                             {"end-of-directory", end_of_directory},
                                             {"bad-pointers", bad_pointers},
                                             {"edge-of-memory", edge_of_memory},
                                             {"threads", threads},
                                             {"children", children},
                                             {"descriptors", descriptors}};
    return RUN(cases);
}
