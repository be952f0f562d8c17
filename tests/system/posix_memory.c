/* The heap, mappings of memory and of files, protection. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE 4096

static const char *heap(void)
{
    enum { COUNT = 500 };
    static unsigned char *blocks[COUNT];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            size_t size = (size_t)(i * 37 % 3000 + 1);
            blocks[i] = malloc(size);
            EXPECT(blocks[i] != NULL && (uintptr_t)blocks[i] % 16 == 0);
            memset(blocks[i], i, size);
        }
        for (int i = 0; i < COUNT; i++) {
            EXPECT(blocks[i][0] == (unsigned char)i && blocks[i][i * 37 % 3000] == (unsigned char)i);
            free(blocks[i]);
        }
    }
    return NULL;
}

static const char *heap_large(void)
{
    for (int round = 0; round < 3; round++) {
        size_t size = 6 << 20;
        unsigned char *block = calloc(1, size); /* zero, also when it was used and given back before */
        EXPECT(block != NULL);
        for (size_t i = 0; i < size; i += 1000) {
            EXPECT(block[i] == 0);
            block[i] = 0xaa;
        }
        block = realloc(block, 2 * size);
        EXPECT(block != NULL && block[size - size % 1000] == 0xaa && block[0] == 0xaa);
        free(block);
    }
    void *volatile impossible = malloc((size_t)1 << 60);
    EXPECT(impossible == NULL);
    return NULL;
}

static const char *aligned(void)
{
    void *block;
    for (size_t alignment = sizeof(void *); alignment <= 65536; alignment *= 2) {
        EXPECT(posix_memalign(&block, alignment, 100) == 0);
        EXPECT((uintptr_t)block % alignment == 0);
        memset(block, 1, 100);
        free(block);
    }
    EXPECT(posix_memalign(&block, 3, 1) == EINVAL);
    return NULL;
}

static const char *anonymous(void)
{
    size_t length = 40 * PAGE;
    unsigned char *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(map != MAP_FAILED && (uintptr_t)map % PAGE == 0);
    for (size_t i = 0; i < length; i += 512) {
        EXPECT(map[i] == 0);
        map[i] = 7;
    }
    EXPECT(munmap(map + 10 * PAGE, 10 * PAGE) == 0); /* a hole in the middle */
    EXPECT(map[0] == 7 && map[20 * PAGE] == 7);
    unsigned char *fixed =
        mmap(map + 10 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(fixed == map + 10 * PAGE && fixed[0] == 0);
    EXPECT(munmap(map, length) == 0);
    EXPECT_ERRNO((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    EXPECT_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    EXPECT_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
    EXPECT_ERRNO(munmap(map + 1, PAGE), EINVAL);
    return NULL;
}

/* The signal that ends a child which does `act` on the address; 0 if it lives. */
static int fate(void (*act)(volatile unsigned char *), unsigned char *address)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        act(address);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void act_read(volatile unsigned char *address)
{
    (void)*address;
}

static void act_write(volatile unsigned char *address)
{
    *address = 1;
}

static void act_jump(volatile unsigned char *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

static const char *protection(void)
{
    unsigned char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(map != MAP_FAILED);
    memset(map, 0xc3, 3 * PAGE); /* "ret", if it could be executed */
    EXPECT(fate(act_write, map) == 0);
    EXPECT(fate(act_jump, map) == SIGSEGV);
    EXPECT(mprotect(map + PAGE, PAGE, PROT_READ) == 0);
    EXPECT(fate(act_read, map + PAGE) == 0 && fate(act_write, map + PAGE) == SIGSEGV);
    EXPECT(fate(act_write, map) == 0 && fate(act_write, map + 2 * PAGE) == 0);
    EXPECT(mprotect(map + PAGE, PAGE, PROT_NONE) == 0);
    EXPECT(fate(act_read, map + PAGE) == SIGSEGV);
    EXPECT(mprotect(map + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    EXPECT(map[PAGE] == 0xc3 && fate(act_write, map + PAGE) == 0);
    EXPECT(mprotect(map, PAGE, PROT_READ | PROT_EXEC) == 0);
    EXPECT(fate(act_jump, map) == 0);
    EXPECT(munmap(map, 3 * PAGE) == 0);
    EXPECT(fate(act_read, map) == SIGSEGV);
    return NULL;
}

static int make_file(const char *name, int pages)
{
    char page[PAGE];
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (int i = 0; fd >= 0 && i < pages; i++) {
        memset(page, 'a' + i, sizeof page);
        if (write(fd, page, sizeof page) != sizeof page)
            return -1;
    }
    return fd;
}

static const char *file_private(void)
{
    char c;
    int fd = make_file("private", 3);
    EXPECT(fd >= 0 && ftruncate(fd, 2 * PAGE + 100) == 0);
    char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(map != MAP_FAILED);
    EXPECT(map[0] == 'a' && map[PAGE] == 'b' && map[2 * PAGE + 99] == 'c');
    EXPECT(map[2 * PAGE + 100] == 0); /* the rest of the last page is zero */
    map[0] = 'X';
    EXPECT(pread(fd, &c, 1, 0) == 1 && c == 'a');
    EXPECT(munmap(map, 3 * PAGE) == 0);
    map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    EXPECT(map != MAP_FAILED);
    close(fd);
    EXPECT(map[0] == 'b' && map[PAGE - 1] == 'b'); /* the mapping outlives the descriptor */
    EXPECT(munmap(map, PAGE) == 0);
    return NULL;
}

static const char *file_shared(void)
{
    char c;
    int fd = make_file("shared", 2);
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(map != MAP_FAILED);
    map[PAGE] = 'Z';
    EXPECT(pread(fd, &c, 1, PAGE) == 1 && c == 'Z');
    EXPECT(pwrite(fd, "Y", 1, 5) == 1 && map[5] == 'Y');
    pid_t child = fork();
    if (child == 0) {
        map[7] = 'C';
        _exit(0);
    }
    int status;
    EXPECT(waitpid(child, &status, 0) == child && map[7] == 'C');
    EXPECT(munmap(map, 2 * PAGE) == 0);
    close(fd);
    return NULL;
}

static const char *anonymous_shared(void)
{
    int status;
    volatile int *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(map != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        map[1] = 1234;
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && map[1] == 1234);
    EXPECT(munmap((void *)map, PAGE) == 0);
    return NULL;
}

static const char *deep_stack(void)
{
    volatile char frame[700 << 10];
    for (size_t i = 0; i < sizeof frame; i += PAGE)
        frame[i] = 1;
    EXPECT(frame[0] == 1);
    return NULL;
}

static const char *break_moves(void)
{
    char *start = sbrk(0);
    EXPECT(sbrk(3 * PAGE) == start && sbrk(0) == start + 3 * PAGE);
    memset(start, 5, 3 * PAGE);
    EXPECT(sbrk(-3 * PAGE) == start + 3 * PAGE && sbrk(0) == start);
    EXPECT(sbrk(2 * PAGE) == start);
    EXPECT(start[0] == 0 && start[2 * PAGE - 1] == 0); /* taken again: zero */
    EXPECT(sbrk(-2 * PAGE) == start + 2 * PAGE);
    EXPECT(brk(start + 5 * PAGE) == 0 && sbrk(0) == start + 5 * PAGE && start[5 * PAGE - 1] == 0);
    EXPECT(brk(start) == 0 && sbrk(0) == start);
    EXPECT_ERRNO(brk((void *)PAGE), ENOMEM);
    return NULL;
}

static unsigned char *map_pages(size_t pages, int flags)
{
    return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static const char *hints(void)
{
    unsigned char *a = map_pages(8, 0);
    EXPECT(a != MAP_FAILED && munmap(a + 3 * PAGE, 2 * PAGE) == 0);
    void *b = mmap(a + 3 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(b == a + 3 * PAGE); /* free: there */
    unsigned char *c = mmap(a, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(c >= a + 8 * PAGE); /* taken: the next hole above */
    EXPECT_ERRNO((long)mmap(a, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
                 EEXIST);
    EXPECT(munmap(c, PAGE) == 0 && munmap(a, 8 * PAGE) == 0);
    return NULL;
}

static const char *moved(void)
{
    unsigned char *a = map_pages(600, 0), *b;
    EXPECT(a != MAP_FAILED);
    for (size_t i = 0; i < 600; i++)
        a[i * PAGE] = (unsigned char)(i + 1);
    EXPECT(mremap(a, 600 * PAGE, 700 * PAGE, 0) == a && a[699 * PAGE] == 0);
    void *wall = mmap(a + 700 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(wall == a + 700 * PAGE);
    EXPECT_ERRNO((long)mremap(a, 700 * PAGE, 900 * PAGE, 0), ENOMEM);
    b = mremap(a, 700 * PAGE, 900 * PAGE, MREMAP_MAYMOVE);
    EXPECT(b != MAP_FAILED && b != a && fate(act_read, a) == SIGSEGV);
    for (size_t i = 0; i < 600; i++)
        EXPECT(b[i * PAGE] == (unsigned char)(i + 1));
    pid_t child = fork(); /* what is shared until written moves, too */
    if (child == 0) {
        unsigned char *c = mremap(b, 900 * PAGE, 300 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a);
        if (c != a)
            _exit(1);
        for (size_t i = 0; i < 300; i++)
            if (c[i * PAGE]++ != (unsigned char)(i + 1))
                _exit(2);
        _exit(fate(act_read, b) == SIGSEGV ? 0 : 3);
    }
    int status;
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    for (size_t i = 0; i < 600; i++)
        EXPECT(b[i * PAGE] == (unsigned char)(i + 1));
    EXPECT_ERRNO((long)mremap(a, PAGE, PAGE, MREMAP_MAYMOVE), EFAULT);
    EXPECT(mremap(b, 900 * PAGE, PAGE, 0) == b && fate(act_read, b + PAGE) == SIGSEGV);
    EXPECT(munmap(b, PAGE) == 0 && munmap(wall, PAGE) == 0);
    return NULL;
}

static const char *advice(void)
{
    unsigned char *a = map_pages(20, 0), in[20];
    EXPECT(a != MAP_FAILED);
    memset(a, 9, 10 * PAGE);
    EXPECT(mincore(a, 20 * PAGE, in) == 0 && in[0] == 1 && in[9] == 1 && in[19] == 0);
    EXPECT(madvise(a + PAGE, 3 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(mincore(a, 4 * PAGE, in) == 0 && in[0] == 1 && !in[1] && !in[2] && !in[3]);
    EXPECT(a[0] == 9 && a[PAGE] == 0 && a[4 * PAGE - 1] == 0 && a[4 * PAGE] == 9);
    EXPECT(posix_madvise(a, 20 * PAGE, POSIX_MADV_DONTNEED) == 0 && a[0] == 9);
    EXPECT(madvise(a, 20 * PAGE, MADV_WILLNEED) == 0 && madvise(a, 20 * PAGE, MADV_RANDOM) == 0);
    EXPECT_ERRNO(madvise(a, PAGE, 77), EINVAL);
    EXPECT_ERRNO(madvise(a + 1, PAGE, MADV_DONTNEED), EINVAL);
    EXPECT(munmap(a + 10 * PAGE, PAGE) == 0);
    EXPECT_ERRNO(madvise(a, 20 * PAGE, MADV_DONTNEED), ENOMEM);
    EXPECT(a[0] == 0 && a[4 * PAGE] == 0);
    EXPECT_ERRNO(mincore(a, 20 * PAGE, in), ENOMEM);
    EXPECT(munmap(a, 20 * PAGE) == 0);
    return NULL;
}

/* Pages of a file that were changed in a private mapping, and dropped, are the file's again. */
static const char *advice_for_files(void)
{
    unsigned char in[3];
    int fd = make_file("advice", 3);
    char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(fd >= 0 && map != MAP_FAILED);
    map[PAGE] = 'X';
    EXPECT(madvise(map, 3 * PAGE, MADV_WILLNEED) == 0);
    EXPECT(madvise(map, 3 * PAGE, MADV_DONTNEED) == 0 && map[PAGE] == 'b' && map[2 * PAGE] == 'c');
    EXPECT(mlock(map, 3 * PAGE) == 0 && mincore(map, 3 * PAGE, in) == 0 && in[0] && in[1] && in[2]);
    EXPECT_ERRNO(madvise(map, PAGE, MADV_DONTNEED), EINVAL);
    EXPECT(msync(map, 3 * PAGE, MS_SYNC) == 0 && msync(map, 3 * PAGE, MS_ASYNC) == 0);
    EXPECT_ERRNO(msync(map, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    EXPECT(munmap(map, 3 * PAGE) == 0 && close(fd) == 0);
    EXPECT_ERRNO(msync(map, PAGE, MS_SYNC), ENOMEM);
    return NULL;
}

static const char *locked(void)
{
    unsigned char in[8];
    unsigned char *a = map_pages(8, 0);
    EXPECT(a != MAP_FAILED && mlock(a + PAGE + 5, PAGE) == 0);
    EXPECT(mincore(a, 8 * PAGE, in) == 0 && !in[0] && in[1] && in[2] && !in[3]);
    EXPECT(munlock(a + PAGE, PAGE) == 0);
    EXPECT(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
    EXPECT(mincore(a, 8 * PAGE, in) == 0 && in[0] && in[3] && in[7]);
    unsigned char *b = map_pages(8, 0);
    EXPECT(b != MAP_FAILED && mincore(b, 8 * PAGE, in) == 0 && in[0] && in[7]);
    EXPECT(munlockall() == 0 && munmap(b, 8 * PAGE) == 0);
    b = map_pages(8, 0);
    EXPECT(b != MAP_FAILED && mincore(b, 8 * PAGE, in) == 0 && !in[0] && !in[7]);
    EXPECT_ERRNO(mlock(b, 9 * PAGE + ((size_t)1 << 40)), ENOMEM);
    EXPECT_ERRNO(mlockall(0), EINVAL);
    EXPECT(munmap(a, 8 * PAGE) == 0 && munmap(b, 8 * PAGE) == 0);
    return NULL;
}

/* More address space than there is memory, of which little is used. */
static const char *no_reserve(void)
{
    size_t pages = (size_t)16 << 18; /* 16 GiB */
    EXPECT_ERRNO((long)map_pages(pages, 0), ENOMEM);
    unsigned char *a = map_pages(pages, MAP_NORESERVE);
    EXPECT(a != MAP_FAILED);
    for (size_t i = 0; i < 100; i++)
        a[i * (pages / 100) * PAGE] = (unsigned char)i;
    for (size_t i = 0; i < 100; i++)
        EXPECT(a[i * (pages / 100) * PAGE] == (unsigned char)i && a[i * (pages / 100) * PAGE + PAGE] == 0);
    EXPECT(munmap(a, pages * PAGE) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"heap", heap},
        {"heap_large", heap_large},
        {"aligned", aligned},
        {"anonymous", anonymous},
        {"protection", protection},
        {"file_private", file_private},
        {"file_shared", file_shared},
        {"anonymous_shared", anonymous_shared},
        {"deep_stack", deep_stack},
        {"break_moves", break_moves},
        {"hints", hints},
        {"moved", moved},
        {"advice", advice},
        {"advice_for_files", advice_for_files},
        {"locked", locked},
        {"no_reserve", no_reserve},
    };
    const char *why = enter_work_directory("posix_memory");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
