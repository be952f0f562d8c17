// config: memory=128
// config: memory=512
/* Memory under stress: many regions, pages kept without access, sharing across fork, and its end. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE 4096ul
#define MIB  (1ul << 20)

static unsigned char *map(size_t length, int prot, int flags)
{
    return mmap(NULL, length, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static int status_of(pid_t child)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* Every second page of another protection: a region each. */
static const char *many_regions(void)
{
    size_t pages = 2000;
    unsigned char *m = map(pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    EXPECT(m != MAP_FAILED);
    for (size_t i = 0; i < pages; i++)
        m[i * PAGE] = (unsigned char)i;
    for (size_t i = 0; i < pages; i += 2)
        EXPECT(mprotect(m + i * PAGE, PAGE, PROT_READ) == 0);
    for (size_t i = 1; i < pages; i += 2)
        m[i * PAGE] = (unsigned char)(i + 1);
    for (size_t i = 0; i < pages; i += 4)
        EXPECT(munmap(m + i * PAGE, PAGE) == 0);
    for (size_t i = 0; i < pages; i++)
        EXPECT(i % 4 == 0 || m[i * PAGE] == (unsigned char)(i + i % 2));
    EXPECT_ERRNO(mprotect(m, pages * PAGE, PROT_READ), ENOMEM);
    EXPECT(munmap(m, pages * PAGE) == 0);
    return NULL;
}

static const char *kept_without_access(void)
{
    unsigned char *m = map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    EXPECT(m != MAP_FAILED);
    memset(m, 0x5a, 64 * PAGE);
    EXPECT(mprotect(m, 64 * PAGE, PROT_NONE) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(m[0]);
    int status = status_of(child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    int ends[2];
    EXPECT(pipe(ends) == 0);
    EXPECT_ERRNO(write(ends[1], m, 10), EFAULT);
    EXPECT(mprotect(m, 64 * PAGE, PROT_READ | PROT_WRITE) == 0);
    for (size_t i = 0; i < 64 * PAGE; i++)
        EXPECT(m[i] == 0x5a);
    EXPECT(close(ends[0]) == 0 && close(ends[1]) == 0 && munmap(m, 64 * PAGE) == 0);
    return NULL;
}

static const char *shared_across_fork(void)
{
    volatile unsigned char *m = map(300 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    EXPECT(m != MAP_FAILED);
    m[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < 300; i++)
            m[i * PAGE] = (unsigned char)(i + 7);
        _exit(0);
    }
    EXPECT(status_of(child) == 0);
    for (size_t i = 0; i < 300; i++)
        EXPECT(m[i * PAGE] == (unsigned char)(i + 7));
    EXPECT(munmap((void *)m, 300 * PAGE) == 0);
    return NULL;
}

/* A private mapping of a file: what one side writes, nobody else sees. */
static const char *private_file(void)
{
    int fd = open("/bin/sh", O_RDONLY);
    EXPECT(fd >= 0);
    size_t length = 16 * PAGE;
    unsigned char *a = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    unsigned char *b = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(a != MAP_FAILED && b != MAP_FAILED && memcmp(a, "\177ELF", 4) == 0);
    for (size_t i = 0; i < length; i += PAGE)
        a[i] ^= 0xff;
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < length; i += PAGE)
            a[i] ^= 0x0f;
        _exit(0);
    }
    EXPECT(status_of(child) == 0);
    for (size_t i = 0; i < length; i++)
        EXPECT(a[i] == (unsigned char)(b[i] ^ (i % PAGE ? 0 : 0xff)));
    EXPECT(munmap(a, length) == 0 && munmap(b, length) == 0 && close(fd) == 0);
    return NULL;
}

static unsigned recurse(unsigned depth)
{
    volatile unsigned char room[2000];
    room[0] = (unsigned char)depth;
    return depth ? recurse(depth - 1) + room[0] - (unsigned char)depth + 1 : 1;
}

static const char *stack_grows(void)
{
    EXPECT(recurse(1000) == 1001); /* 2 MiB and more */
    pid_t child = fork();
    if (child == 0)
        _exit((int)recurse(100000000) & 1);
    int status = status_of(child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return NULL;
}

/* All there is, in pieces, until ENOMEM; what was granted can be used; then it is there again. */
static const char *until_enomem(void)
{
    for (int round = 0; round < 2; round++) {
        pid_t child = fork();
        if (child == 0) {
            size_t got = 0;
            for (unsigned char *m;
                 got < 4096 && (m = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE)) != MAP_FAILED; got++)
                for (size_t i = 0; i < MIB; i += PAGE)
                    m[i] = 1;
            _exit(errno == ENOMEM && got >= 16 && got < 4096 ? 0 : 1);
        }
        EXPECT(status_of(child) == 0);
    }
    EXPECT_ERRNO((long)map(1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE), ENOMEM);
    unsigned char *none = map(1ul << 40, PROT_NONE, MAP_PRIVATE); /* an address range costs nothing */
    EXPECT(none != MAP_FAILED);
    EXPECT_ERRNO(mprotect(none, 1ul << 40, PROT_READ | PROT_WRITE), ENOMEM);
    EXPECT(mprotect(none + (1ul << 39), MIB, PROT_READ | PROT_WRITE) == 0);
    none[1ul << 39] = 1;
    EXPECT(munmap(none, 1ul << 40) == 0);
    return NULL;
}

/* fork, too, answers ENOMEM when the copy could not be written to. */
static const char *fork_enomem(void)
{
    pid_t child = fork();
    if (child == 0) {
        while (map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE) != MAP_FAILED)
            ;
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(0);
        _exit(grandchild == -1 && errno == ENOMEM ? 0 : 1);
    }
    EXPECT(status_of(child) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"many-regions", many_regions},
        {"kept-without-access", kept_without_access},
        {"shared-across-fork", shared_across_fork},
        {"private-file", private_file},
        {"stack-grows", stack_grows},
        {"until-enomem", until_enomem},
        {"fork-enomem", fork_enomem},
        {"again", many_regions},
    };
    return RUN(cases);
}
