/* The rows of memory. */
#include "posix.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

unsigned char *anonymous(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* `count` pages, `stride` apart, written once each. */
static uint64_t touch(unsigned count, size_t stride)
{
    unsigned char *p = anonymous(count * stride);
    unsigned dirty = 0;
    if (!p)
        return row_fails("mmap");
    uint64_t begun = ticks();
    for (size_t i = 0; i < count; i++)
        *(volatile unsigned char *)(p + i * stride) = 1;
    uint64_t used = ticks() - begun;
    for (size_t i = 0; i < count; i++)
        dirty |= p[i * stride + 8] | (p[i * stride] ^ 1);
    munmap(p, count * stride);
    return dirty ? row_fails("pages were not zero") : used;
}

uint64_t anon_touch_page(unsigned count)
{
    return touch(count, PAGE);
}

/* 256 KiB from any page touched before: mapping neighbours along does not help. The system has been idle
 * before, so that one which zeroes frames ahead of need has them at hand. */
uint64_t anon_fault_isolated(unsigned count)
{
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    return touch(count, 64 * PAGE);
}

/* One store to every `step`th page. (Functions of their own, for profiles: bench/profile_row.py.) */
static __attribute__((noinline)) void cow_write(unsigned char *p, size_t length, size_t step)
{
    for (size_t i = 0; i < length; i += step * PAGE)
        *(volatile unsigned char *)(p + i) = 1;
}

/* Were those pages written, and nothing else in them? */
static __attribute__((noinline)) int cow_wrong(const unsigned char *p, size_t length, size_t step)
{
    int wrong = 0;
    for (size_t i = 0; i < length; i += step * PAGE)
        wrong |= p[i] != 1 || p[i + 1] != 7;
    return wrong;
}

/* A child writes to every `step`th of these pages, which it has from its parent, and tells how long it took. */
static uint64_t cow_faults(unsigned char *p, size_t length, size_t step)
{
    uint64_t used = 0;
    int ends[2], wrong = 0;
    if (!p || pipe(ends))
        return row_fails("mmap, pipe");
    memset(p, 7, length);
    pid_t pid = fork();
    if (pid == 0) {
        uint64_t begun = ticks();
        cow_write(p, length, step);
        used = ticks() - begun;
        wrong = cow_wrong(p, length, step);
        wrong |= write(ends[1], &used, sizeof used) != sizeof used;
        _exit(wrong);
    }
    close(ends[1]);
    wrong = read(ends[0], &used, sizeof used) != sizeof used || wait_for(pid) != 0;
    for (size_t i = 0; i < length; i += step * PAGE)
        wrong |= p[i] != 7;
    close(ends[0]);
    munmap(p, length);
    return wrong ? row_fails("a copy was wrong") : used;
}

uint64_t cow_fault(unsigned count)
{
    return cow_faults(anonymous(count * PAGE), count * PAGE, 1);
}

/* One page in each 2 MiB, all of which are touched: a large page, shared until then, is behind each. */
uint64_t cow_fault_shared(unsigned count)
{
    return cow_faults(anonymous(count * 2 * MIB), count * 2 * MIB, 512);
}

/* The same where a full page table is behind each. */
uint64_t cow_fault_shared_4k(unsigned count)
{
    unsigned char *p = anonymous(count * 2 * MIB);
    if (p && madvise(p, count * 2 * MIB, MADV_NOHUGEPAGE) && errno != EINVAL) /* a system that has none */
        return row_fails("madvise");
    return cow_faults(p, count * 2 * MIB, 512);
}

uint64_t mmap_munmap_1(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        unsigned char *p = anonymous(PAGE);
        wrong |= !p || munmap(p, PAGE);
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("mmap or munmap") : used;
}
