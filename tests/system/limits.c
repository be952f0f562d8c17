/* What a process may have: each limit refuses what exceeds it, holds for children and over exec, and nobody
 * else notices. Then what is said when memory is at its end. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE 4096ul
#define MIB  (1ul << 20)

static const char *self;

static unsigned char *map(size_t length, int flags)
{
    return mmap(NULL, length, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static unsigned char *map_at(unsigned char *at, size_t length)
{
    return mmap(at, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
}

static int limit(int resource, rlim_t soft)
{
    struct rlimit range;
    if (getrlimit(resource, &range))
        return -1;
    range.rlim_cur = soft;
    return setrlimit(resource, &range);
}

static int status_of(pid_t child)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* What a child comes to that runs `act`; limits are its own. */
static int child_status(int (*act)(void))
{
    pid_t child = fork();
    if (child == 0)
        _exit(act());
    return status_of(child);
}

static const char *asked(void)
{
    struct rlimit range, old;
    EXPECT(getrlimit(RLIMIT_AS, &range) == 0 && range.rlim_cur == RLIM_INFINITY);
    EXPECT(getrlimit(RLIMIT_STACK, &range) == 0 && range.rlim_cur == 8 * MIB);
    EXPECT(getrlimit(RLIMIT_NOFILE, &range) == 0 && range.rlim_cur == 256);
    EXPECT_ERRNO(getrlimit(99, &range), EINVAL);
    EXPECT_ERRNO(getrlimit(-1, &range), EINVAL);
    range = (struct rlimit){2, 1};
    EXPECT_ERRNO(setrlimit(RLIMIT_DATA, &range), EINVAL);
    EXPECT(getrlimit(RLIMIT_CPU, &old) == 0 && setrlimit(RLIMIT_CPU, &old) == 0);
    range = (struct rlimit){1, 1};
    EXPECT_ERRNO(setrlimit(RLIMIT_CPU, &range), ENOSYS);
    return NULL;
}

static int raise_hard(void)
{
    struct rlimit range = {4 * MIB, 8 * MIB}, now;
    if (setrlimit(RLIMIT_DATA, &range) || setuid(1000))
        return 1;
    range = (struct rlimit){8 * MIB, 8 * MIB};
    if (setrlimit(RLIMIT_DATA, &range))
        return 2;
    range.rlim_max++;
    if (setrlimit(RLIMIT_DATA, &range) == 0 || errno != EPERM)
        return 3;
    return getrlimit(RLIMIT_DATA, &now) || now.rlim_cur != 8 * MIB || now.rlim_max != 8 * MIB ? 4 : 0;
}

static int address_space(void)
{
    unsigned char *m = map(MIB, MAP_PRIVATE);
    if (m == MAP_FAILED || limit(RLIMIT_AS, 24 * MIB)) /* the stack's 8 MiB are part of it */
        return 1;
    if (mmap(NULL, 24 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != ENOMEM)
        return 2;
    if (mremap(m, MIB, 24 * MIB, MREMAP_MAYMOVE) != MAP_FAILED || errno != ENOMEM)
        return 3;
    void *volatile block = malloc(32 * MIB);
    if (block)
        return 4;
    pid_t child = fork(); /* inherited */
    if (child == 0)
        _exit(map(24 * MIB, MAP_PRIVATE) == MAP_FAILED && map(2 * MIB, MAP_PRIVATE) != MAP_FAILED ? 0 : 1);
    if (status_of(child) != 0)
        return 5;
    memset(m, 1, MIB);
    unsigned char *big = map(2 * MIB, MAP_PRIVATE);
    size_t size = 2 * MIB; /* as much as there may be */
    if (big == MAP_FAILED)
        return 6;
    for (unsigned char *more; (more = mremap(big, size, size + PAGE, MREMAP_MAYMOVE)) != MAP_FAILED;
         size += PAGE)
        big = more;
    if (map(PAGE, MAP_PRIVATE) != MAP_FAILED || errno != ENOMEM)
        return 7;
    big[0] = 1; /* one of the same size may take its place */
    if (map_at(big, size) != big || big[0] || map_at(big + PAGE, size - PAGE) != big + PAGE)
        return 8;
    return map_at(big, size + PAGE) == MAP_FAILED && errno == ENOMEM ? 0 : 9;
}

/* Private memory that may be written, and shared memory that was made here; what is only read is free. */
static int data(void)
{
    if (limit(RLIMIT_DATA, 16 * MIB))
        return 1;
    if (map(16 * MIB, MAP_PRIVATE) != MAP_FAILED || errno != ENOMEM)
        return 2;
    if (map(16 * MIB, MAP_SHARED) != MAP_FAILED || errno != ENOMEM)
        return 3;
    unsigned char *m = mmap(NULL, 16 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || mprotect(m, 16 * MIB, PROT_READ | PROT_WRITE) == 0 || errno != ENOMEM)
        return 4;
    unsigned char *a = map(4 * MIB, MAP_SHARED), *b = map(4 * MIB, MAP_SHARED);
    if (a == MAP_FAILED || b == MAP_FAILED || map(8 * MIB, MAP_PRIVATE) != MAP_FAILED)
        return 5;
    if (munmap(a, 4 * MIB) || munmap(b, 4 * MIB) || map(8 * MIB, MAP_PRIVATE) == MAP_FAILED)
        return 6;
    unsigned char *lazy = map(64 * MIB, MAP_PRIVATE | MAP_NORESERVE);
    if (lazy == MAP_FAILED)
        return 7;
    for (size_t i = 0; i < 64 * MIB; i += PAGE) /* one page too many ends it, by SIGKILL */
        lazy[i] = 1;
    return 8;
}

static int locked(void)
{
    unsigned char *m = map(MIB, MAP_PRIVATE);
    if (limit(RLIMIT_MEMLOCK, 16 * PAGE))
        return 1;
    if (mlock(m, 17 * PAGE) == 0 || errno != ENOMEM || mlock(m, 16 * PAGE) || mlock(m, 16 * PAGE))
        return 2;
    if (mlock(m + 16 * PAGE, PAGE) == 0 || munlock(m, PAGE) || mlock(m + 16 * PAGE, PAGE))
        return 3;
    return mlockall(MCL_CURRENT) == 0 || errno != ENOMEM ? 4 : 0;
}

static int burrow(int depth)
{
    volatile char room[1000];
    room[0] = (char)depth;
    return depth ? burrow(depth - 1) + room[0] - (char)depth : 0;
}

static int stack_small(void)
{
    return limit(RLIMIT_STACK, MIB) ? 1 : burrow(500) || burrow(2000) ? 2 : 3; /* the second is too deep */
}

static int stack_large(void)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_STACK, &now) || now.rlim_cur != 32 * MIB)
        return 1;
    return burrow(20000); /* about 22 MiB */
}

static int stack_after_exec(void)
{
    if (limit(RLIMIT_STACK, 32 * MIB))
        return 101;
    execl(self, self, "stack-large", (char *)NULL);
    return 102;
}

/* Page tables are the task's own affair: one that makes too many ends, or is refused. */
static int tables(void)
{
    if (limit(RLIMIT_KMEM, MIB))
        return 1;
    unsigned char *m = map(4096 * MIB, MAP_PRIVATE | MAP_NORESERVE);
    if (m == MAP_FAILED)
        return 2;
    for (size_t i = 0; i < 4096 * MIB; i += 2 * MIB)
        m[i] = 1;
    return 3;
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        sleep(1000);
    return unused;
}

/* The same for the kernel's objects: a thread is some of them. */
static int objects(void)
{
    enum { COUNT = 300, SIZE = 16 << 10 };
    pthread_attr_t attr;
    pthread_t thread;
    int made = 0, error = pthread_attr_init(&attr);
    unsigned char *stacks = map(COUNT * SIZE, MAP_PRIVATE);
    if (error || stacks == MAP_FAILED)
        return 1;
    memset(stacks, 0, COUNT * SIZE); /* no page table is wanting */
    free(malloc(64 << 10));
    if (limit(RLIMIT_KMEM, 192 << 10))
        return 2;
    while (made < COUNT && !error) {
        error = pthread_attr_setstack(&attr, stacks + made * SIZE, SIZE);
        if (!error)
            error = pthread_create(&thread, &attr, wait_for_ever, NULL);
        made += !error;
    }
    return error == EAGAIN && made > 10 ? 0 : 3;
}

static int processes(void)
{
    pid_t child[40];
    int made = 0, bad = 0;
    if (setuid(4711) || limit(RLIMIT_NPROC, 10))
        return 1;
    for (; made < 40; made++) {
        child[made] = fork();
        if (child[made] == 0)
            for (;;)
                sleep(100);
        if (child[made] < 0)
            break;
    }
    bad = made != 9 || errno != EAGAIN; /* it is one of them itself */
    while (made-- > 0)
        bad |= kill(child[made], SIGKILL) || status_of(child[made]) != SIGKILL;
    return bad;
}

static const char *expect_end(int (*act)(void), int status, const char *name)
{
    int got = child_status(act);
    if (got != status)
        snprintf(test_reason, sizeof test_reason, "%s: status %x, not %x", name, (unsigned)got,
                 (unsigned)status);
    return got == status ? NULL : test_reason;
}

#define CASE(name, act, status)                 \
    static const char *name(void)               \
    {                                           \
        return expect_end(act, (status), #act); \
    }
CASE(hard, raise_hard, 0)
CASE(size, address_space, 0)
CASE(data_ends, data, SIGKILL)
CASE(locks, locked, 0)
CASE(stack_shrinks, stack_small, SIGSEGV)
CASE(stack_kept_by_exec, stack_after_exec, 0)
CASE(tables_end, tables, SIGKILL)
CASE(objects_refused, objects, 0)
CASE(processes_refused, processes, 0)

/* What the log says of the end of a process. */
static bool log_has(pid_t pid, const char *what)
{
    static char text[256 << 10];
    char line[200];
    size_t length = 0;
    ssize_t n;
    int fd = open("/dev/kmsg", O_RDONLY);
    while (fd >= 0 && length < sizeof text - 1 && (n = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = 0;
    if (fd >= 0)
        close(fd);
    snprintf(line, sizeof line, "pid %d (limits): %s", (int)pid, what);
    return strstr(text, line) != NULL;
}

enum access { READ, WRITE, JUMP };

static const char *end_is(volatile unsigned char *at, enum access access, int signal, const char *name,
                          const char *why)
{
    char what[120];
    pid_t child = fork();
    if (child == 0) {
        if (access == READ)
            (void)*at;
        else if (access == WRITE)
            *at = 1;
        else
            ((void (*)(void))(uintptr_t)at)();
        _exit(0);
    }
    int status = status_of(child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    snprintf(what, sizeof what, "%s at 0x%lx (%s)", name, (unsigned long)at, why);
    bool said = log_has(child, what);
    snprintf(test_reason, sizeof test_reason, "the log has no \"%s\"", what);
    return said ? NULL : test_reason;
}

/* Signal, address and reason of a bad access. */
static const char *told(void)
{
    const char *bad = NULL;
    int fd = open("/tmp/limits-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned char *m = map(4 * PAGE, MAP_PRIVATE), *f;
    EXPECT(m != MAP_FAILED && mprotect(m + PAGE, PAGE, PROT_READ) == 0);
    EXPECT(fd >= 0 && ftruncate(fd, PAGE + 1) == 0);
    f = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(f != MAP_FAILED && close(fd) == 0 && unlink("/tmp/limits-file") == 0);
    EXPECT(munmap(m + 3 * PAGE, PAGE) == 0);
    bad = bad ? bad : end_is(m + 3 * PAGE + 77, READ, SIGSEGV, "SIGSEGV", "not mapped");
    bad = bad ? bad : end_is(m + PAGE + 5, WRITE, SIGSEGV, "SIGSEGV", "protection");
    bad = bad ? bad : end_is(m + 2 * PAGE, JUMP, SIGSEGV, "SIGSEGV", "protection");
    bad = bad ? bad : end_is(f + 2 * PAGE + 9, READ, SIGBUS, "SIGBUS", "beyond the end of the file");
    bad = bad ? bad : end_is(f + 2 * PAGE, WRITE, SIGBUS, "SIGBUS", "beyond the end of the file");
    EXPECT(f[PAGE] == 0 && munmap(f, 3 * PAGE) == 0 && munmap(m, 3 * PAGE) == 0);
    return bad;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"asked", asked},
        {"hard", hard},
        {"address-space", size},
        {"data", data_ends},
        {"locked", locks},
        {"stack", stack_shrinks},
        {"stack-exec", stack_kept_by_exec},
        {"tables", tables_end},
        {"objects", objects_refused},
        {"processes", processes_refused},
        {"told", told},
    };
    self = argv[0];
    if (argc > 1)
        return strcmp(argv[1], "stack-large") == 0 ? stack_large() : 1;
    return RUN(cases);
}
