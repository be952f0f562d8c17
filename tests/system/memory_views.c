/* /proc's files on memory tell what a process has done to its own: maps, pagetable, vmstat, blocks, meminfo.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <ouros/ptep.h>
#include <proto/proc.h>

#include "posix_test.h"

enum { PAGE = 4096, PAGES = 64, TOUCHED = 10 };

struct view {
    char access[8], kind[16];
    unsigned long long start, end, resident, shared;
    unsigned tables, huge;
};

/* The region of `address` as /proc/PID/maps has it. */
static int view_of(const void *address, struct view *v)
{
    char path[40], line[256];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)getpid());
    FILE *file = fopen(path, "r");
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file))
        found = sscanf(line, "%llx-%llx %7s %llu %llu %u %u %15s", &v->start, &v->end, v->access,
                       &v->resident, &v->shared, &v->tables, &v->huge, v->kind) == 8 &&
                v->start <= (uintptr_t)address && (uintptr_t)address < v->end;
    if (file)
        fclose(file);
    return found;
}

/* The number behind a key of a text of "key: number" lines. */
static unsigned long long field(const char *path, const char *key)
{
    char line[256];
    unsigned long long value = 0;
    size_t n = strlen(key);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, n) == 0 && line[n] == ':')
            sscanf(line + n + 1, "%llu", &value);
    if (file)
        fclose(file);
    return value;
}

/* A private mapping with walls beside it, so that it joins no other. */
static volatile unsigned char *walled(void)
{
    unsigned char *p = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE))
        return NULL;
    return p + PAGE;
}

static const char *maps(void)
{
    struct view v;
    volatile unsigned char *p = walled();
    EXPECT(p != NULL);
    EXPECT(view_of((void *)p, &v) && v.start == (uintptr_t)p && v.end - v.start == PAGES * PAGE);
    EXPECT(v.resident == 0 && v.shared == 0 && !strcmp(v.access, "rw-p") && !strcmp(v.kind, "anon"));
    for (int i = 0; i < TOUCHED; i++) /* far apart: nothing comes along */
        p[i * 6 * PAGE] = 1;
    EXPECT(view_of((void *)p, &v) && v.resident >= TOUCHED && v.resident < PAGES && v.shared == 0);
    EXPECT(v.tables >= 1);
    EXPECT(view_of(&v, &v) && !strcmp(v.kind, "stack"));
    EXPECT(view_of((void *)(uintptr_t)maps, &v) && !strcmp(v.access, "r-xp") && !strcmp(v.kind, "object"));
    EXPECT(munmap((void *)(p - PAGE), (PAGES + 2) * PAGE) == 0 && !view_of((void *)p, &v));
    return NULL;
}

static const char *shared_after_fork(void)
{
    struct view v;
    volatile unsigned char *p = walled();
    int status;
    EXPECT(p != NULL);
    for (int i = 0; i < PAGES; i++)
        p[i * PAGE] = 1;
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        p[0] = 2; /* one page of its own */
        _exit(view_of((void *)p, &v) && v.resident == PAGES && v.shared < PAGES ? 0 : 1);
    }
    EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
    EXPECT(view_of((void *)p, &v) && v.resident == PAGES);
    EXPECT(munmap((void *)(p - PAGE), (PAGES + 2) * PAGE) == 0);
    return NULL;
}

static int entries_of(int fd, const volatile void *address, struct proc_entries *e)
{
    return pread(fd, e, sizeof *e, (off_t)((uintptr_t)address / PAGE * sizeof *e)) == (ssize_t)sizeof *e;
}

static const char *pagetable(void)
{
    char path[40];
    struct proc_entries e, two[2];
    volatile unsigned char *p = walled();
    snprintf(path, sizeof path, "/proc/%d/pagetable", (int)getpid());
    int fd = open(path, O_RDONLY);
    EXPECT(p != NULL && fd >= 0);
    p[0] = 1;
    EXPECT(entries_of(fd, p, &e));
    for (uint32_t level = 0; level < PTEP_LEAF; level++)
        EXPECT(pte_table(e.entry[level], level));
    EXPECT(pte_present(e.entry[PTEP_LEAF]) && pte_writable(e.entry[PTEP_LEAF]) &&
           pte_dirty(e.entry[PTEP_LEAF]));
    EXPECT(e.entry[PTEP_LEAF] & PTE_NX);
    EXPECT(entries_of(fd, p + 40 * PAGE, &e) && !pte_present(e.entry[PTEP_LEAF]));
    EXPECT(pread(fd, two, sizeof two, (off_t)((uintptr_t)p / PAGE * sizeof e)) == (ssize_t)sizeof two);
    EXPECT(pte_present(two[0].entry[PTEP_LEAF]));
    EXPECT(entries_of(fd, NULL, &e) && pread(fd, &e, sizeof e, (off_t)(USER_END / PAGE * sizeof e)) == 0);
    EXPECT_ERRNO(pread(fd, &e, sizeof e, 1), EINVAL);
    EXPECT(pread(fd, &e, sizeof e - 1, 0) == 0);
    EXPECT(close(fd) == 0 && munmap((void *)(p - PAGE), (PAGES + 2) * PAGE) == 0);
    return NULL;
}

/* Pages of 2 MiB: in the list of regions, in the page tables, and in the counts. */
static const char *large(void)
{
    enum { MIB = 1 << 20, SPAN = 2 * MIB };
    char path[40];
    struct view v;
    struct proc_entries e;
    unsigned long long before = field("/proc/vmstat", "huge");
    snprintf(path, sizeof path, "/proc/%d/pagetable", (int)getpid());
    int fd = open(path, O_RDONLY);
    unsigned char *p = mmap(NULL, 8 * SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(fd >= 0 && p != MAP_FAILED);
    for (size_t i = 0; i < 8 * SPAN; i += PAGE)
        p[i] = 1;
    EXPECT(view_of(p, &v) && v.huge >= 6 && v.resident >= 8 * SPAN / PAGE);
    EXPECT(field("/proc/vmstat", "huge") >= before + 6);
    unsigned char *within = (unsigned char *)(((uintptr_t)p + 3 * SPAN) & -(uintptr_t)SPAN) + 5 * PAGE;
    EXPECT(entries_of(fd, within, &e) && pte_huge(e.entry[2], 2) && pte_writable(e.entry[2]) && !e.entry[3]);
    EXPECT(mprotect(within, PAGE, PROT_READ) == 0);
    EXPECT(entries_of(fd, within, &e) && pte_table(e.entry[2], 2) && !pte_writable(e.entry[3]));
    EXPECT(entries_of(fd, within + PAGE, &e) && pte_writable(e.entry[3]));
    EXPECT(madvise(p, 8 * SPAN, MADV_NOHUGEPAGE) == 0 && field("/proc/vmstat", "huge") == before);
    EXPECT(view_of(p, &v) && v.huge == 0);
    EXPECT(munmap(p, 8 * SPAN) == 0 && close(fd) == 0);
    return NULL;
}

static const char *counts(void)
{
    volatile unsigned char *p = walled();
    EXPECT(p != NULL);
    unsigned long long faults = field("/proc/vmstat", "faults"), anon = field("/proc/vmstat", "anon");
    for (int i = 0; i < PAGES; i++)
        p[i * PAGE] = 1;
    EXPECT(field("/proc/vmstat", "faults") > faults && field("/proc/vmstat", "anon") >= anon + PAGES);
    EXPECT(field("/proc/vmstat", "free") > 0 && field("/proc/vmstat", "switches") > 0);
    EXPECT(munmap((void *)(p - PAGE), (PAGES + 2) * PAGE) == 0);
    return NULL;
}

/* While everybody sleeps frames are zeroed; who touches pages out of order then gets them. */
static const char *zeroed(void)
{
    volatile unsigned char *p = walled();
    EXPECT(p != NULL);
    for (int i = 0; i < 1000 && field("/proc/vmstat", "zeroed") < PAGES; i++)
        usleep(10000);
    unsigned long long ready = field("/proc/vmstat", "zeroed"), taken = field("/proc/vmstat", "zeroed_taken");
    EXPECT(ready >= 32 && ready <= field("/proc/vmstat", "free"));
    for (int i = PAGES - 1; i >= 0; i -= 2) {
        EXPECT(p[i * PAGE + 77] == 0);
        p[i * PAGE] = 1;
    }
    EXPECT(field("/proc/vmstat", "zeroed_taken") >= taken + 16);
    EXPECT(munmap((void *)(p - PAGE), (PAGES + 2) * PAGE) == 0);
    return NULL;
}

/* The picture of the blocks and the sum of them are one memory. */
static const char *blocks(void)
{
    char line[128], kind[16];
    unsigned long long number, next = 0, frames[5], sum[5] = {0}, kernel = 0, whole = 0;
    FILE *file = fopen("/proc/blocks", "r");
    EXPECT(file && fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        EXPECT(sscanf(line, "%llu %15s %llu %llu %llu %llu %llu", &number, kind, &frames[0], &frames[1],
                      &frames[2], &frames[3], &frames[4]) == 7);
        EXPECT(number == next++);
        unsigned long long all = 0;
        for (int i = 0; i < 5; i++) {
            sum[i] += frames[i];
            all += frames[i];
        }
        EXPECT(strcmp(kind, "ram") ? all == 0 : all <= 512);
        kernel += !strcmp(kind, "kernel");
        whole += !strcmp(kind, "ram");
    }
    EXPECT(fclose(file) == 0 && next > 0);
    EXPECT(kernel * 2048 == field("/proc/meminfo", "Kernel"));
    EXPECT((sum[0] + sum[1] + sum[2] + sum[3] + sum[4]) <= whole * 512);
    unsigned long long free_pages = field("/proc/vmstat", "free"),
                       off = free_pages > sum[0] ? free_pages - sum[0] : sum[0] - free_pages;
    EXPECT(off < 256); /* other programs run meanwhile */
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"maps", maps},           {"shared_after_fork", shared_after_fork},
        {"pagetable", pagetable}, {"large", large},
        {"counts", counts},       {"zeroed", zeroed},
        {"blocks", blocks}};
    return RUN(cases);
}
