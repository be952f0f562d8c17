// config: memory=128
/* Pages of 2 MiB under programs: what is written is there after each thing that concerns a part of one, for
 * the processor and for the kernel's own copies, here and in a copy of the process. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE  4096ul
#define SPAN  (2ul << 20)
#define SPANS 8ul
#define PAGES (SPANS * SPAN / PAGE)

static unsigned char *memory; /* aligned to a span */

static uint64_t *word(unsigned long page)
{
    return (uint64_t *)(memory + page * PAGE + page % 500 * 8);
}

/* Which pages are not what they were filled with. */
static unsigned long wrong(unsigned long first, unsigned long count, uint64_t add)
{
    unsigned long bad = 0;
    for (unsigned long i = first; i < first + count; i++)
        bad += *word(i) != i + add;
    return bad;
}

static void fill(unsigned long first, unsigned long count, uint64_t add)
{
    for (unsigned long i = first; i < first + count; i++)
        *word(i) = i + add;
}

static unsigned long long large(void)
{
    char line[128];
    unsigned long long value = 0;
    FILE *file = fopen("/proc/vmstat", "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "huge: %llu", &value);
    if (file)
        fclose(file);
    return value;
}

static const char *begin(void)
{
    static unsigned char *all;
    if (all)
        munmap(all, (SPANS + 1) * SPAN);
    all = mmap(NULL, (SPANS + 1) * SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(all != MAP_FAILED);
    memory = (unsigned char *)(((uintptr_t)all + SPAN - 1) & -(uintptr_t)SPAN);
    for (unsigned char *p = all; p < all + (SPANS + 1) * SPAN; p += PAGE)
        *(volatile unsigned char *)p = 0;
    fill(0, PAGES, 7);
    EXPECT(large() >= SPANS - 1);
    return wrong(0, PAGES, 7) ? "what was written is not there" : NULL;
}

static int status_of(pid_t child)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int fate(volatile unsigned char *at)
{
    pid_t child = fork();
    if (child == 0) {
        *at = 1;
        _exit(0);
    }
    int status = status_of(child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static const char *parts(void)
{
    const char *why = begin();
    EXPECT(why == NULL);
    EXPECT(munmap(memory + SPAN + 3 * PAGE, 2 * PAGE) == 0);
    EXPECT(mprotect(memory + 2 * SPAN + PAGE, PAGE, PROT_READ) == 0);
    EXPECT(mprotect(memory + 3 * SPAN, SPAN, PROT_READ) == 0);
    EXPECT(madvise(memory + 4 * SPAN + 100 * PAGE, 3 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(mlock(memory + 5 * SPAN + PAGE, PAGE) == 0 && munlock(memory + 5 * SPAN + PAGE, PAGE) == 0);
    EXPECT(fate(memory + SPAN + 3 * PAGE) == SIGSEGV && fate(memory + 2 * SPAN + PAGE) == SIGSEGV);
    EXPECT(fate(memory + 3 * SPAN + 50 * PAGE) == SIGSEGV && fate(memory + 3 * SPAN - 1) == 0);
    EXPECT(mprotect(memory + 2 * SPAN, 2 * SPAN, PROT_READ | PROT_WRITE) == 0);
    EXPECT(wrong(0, 512 + 3, 7) == 0 && wrong(512 + 5, 3 * 512 - 5 + 100, 7) == 0);
    EXPECT(*word(4 * 512 + 100) == 0 && *word(4 * 512 + 102) == 0);
    EXPECT(wrong(4 * 512 + 103, 4 * 512 - 103, 7) == 0);
    unsigned char *moved = mremap(memory + 6 * SPAN, SPAN, 2 * SPAN, MREMAP_MAYMOVE);
    EXPECT(moved != MAP_FAILED && fate(memory + 6 * SPAN) == SIGSEGV);
    for (unsigned long i = 0; i < 512; i++)
        EXPECT(*(uint64_t *)(moved + i * PAGE + (6 * 512 + i) % 500 * 8) == 6 * 512 + i + 7);
    EXPECT(moved[SPAN] == 0 && munmap(moved, 2 * SPAN) == 0);
    return NULL;
}

/* Each side writes; a grandchild sees what its parent had. */
static const char *forks(void)
{
    const char *why = begin();
    EXPECT(why == NULL);
    pid_t child = fork();
    if (child == 0) {
        int bad = wrong(0, PAGES, 7) != 0;
        fill(500, 1000, 9);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(wrong(0, 500, 7) || wrong(500, 1000, 9) || wrong(1500, PAGES - 1500, 7));
        bad |= status_of(grandchild) != 0;
        fill(0, PAGES, 11);
        _exit(bad || wrong(0, PAGES, 11));
    }
    fill(2000, 10, 13);
    EXPECT(status_of(child) == 0);
    EXPECT(wrong(0, 2000, 7) == 0 && wrong(2000, 10, 13) == 0 && wrong(2010, PAGES - 2010, 7) == 0);
    unsigned long long before = large();
    fill(6 * 512, 512, 15); /* alone again: in place */
    EXPECT(large() == before && wrong(6 * 512, 512, 15) == 0);
    return NULL;
}

/* The kernel's copies, in and out, over the borders; into what another process shares, too. */
static const char *copies(void)
{
    int fd = open("/tmp/large", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const char *why = begin();
    EXPECT(why == NULL && fd >= 0);
    EXPECT(write(fd, memory + SPAN - 8 * PAGE, 16 * PAGE) == (ssize_t)(16 * PAGE));
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    pid_t child = fork();
    if (child == 0) {
        int bad = read(fd, memory + 3 * SPAN - 8 * PAGE, 16 * PAGE) != (ssize_t)(16 * PAGE);
        bad |= memcmp(memory + 3 * SPAN - 8 * PAGE, memory + SPAN - 8 * PAGE, 16 * PAGE) != 0;
        _exit(bad);
    }
    EXPECT(status_of(child) == 0 && wrong(0, PAGES, 7) == 0);
    EXPECT(close(fd) == 0 && unlink("/tmp/large") == 0);
    return NULL;
}

/* Without a page table to cut one, a call is refused and nothing has happened. */
static const char *no_table(void)
{
    const char *why = begin();
    EXPECT(why == NULL);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        if (setrlimit(RLIMIT_KMEM, &none))
            _exit(1);
        if (munmap(memory + 3 * SPAN + PAGE, PAGE) == 0 || errno != ENOMEM)
            _exit(2);
        if (mprotect(memory + 3 * SPAN + PAGE, PAGE, PROT_READ) == 0 || errno != ENOMEM)
            _exit(3);
        _exit(wrong(0, PAGES, 7) ? 4 : 0);
    }
    EXPECT(status_of(child) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"parts", parts}, {"forks", forks}, {"copies", copies}, {"no-table", no_table}, {"again", parts},
    };
    return RUN(cases);
}
