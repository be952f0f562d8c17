/* Dirty pages of a file that is mapped shared: noticed, counted, bounded, written back, on a disk that is slow,
 * fails or dies (tests/system/kernel/dirty.c). Run in place of the shell by kernel/dirty. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "dirty.h"
#include "posix_test.h"

#define PAGE ((size_t)DIRTY_PAGE)

static int disk;
static uint8_t generation[DIRTY_PAGES]; /* what was stored last */

static unsigned long long field(const char *name)
{
    char line[128];
    unsigned long long value = ~0ull;
    size_t length = strlen(name);
    FILE *file = fopen("/proc/vmstat", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            value = strtoull(line + length + 1, NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static unsigned long long not_clean(void)
{
    return field("dirty") + field("writeback");
}

static struct dirty_status status(void)
{
    struct dirty_status s = {0};
    if (read(disk, &s, sizeof s) != sizeof s)
        s.lives = ~0ul;
    return s;
}

static bool order(uint32_t delay_ms, uint32_t fail_each, uint32_t die_in)
{
    struct dirty_order o = {delay_ms, fail_each, die_in};
    return write(disk, &o, sizeof o) == sizeof o;
}

static uint64_t *map(size_t first, size_t pages)
{
    void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, disk, (off_t)(first * PAGE));
    return at == MAP_FAILED ? NULL : at;
}

static void store(uint64_t *map, size_t first, size_t page, uint8_t value)
{
    uint64_t *at = map + (page - first) * (PAGE / 8);
    at[0] = at[PAGE / 8 - 1] = PAGE_WORD(page, value);
}

static bool holds(const uint64_t *map, size_t first, size_t page, uint8_t value)
{
    const uint64_t *at = map + (page - first) * (PAGE / 8);
    return at[0] == PAGE_WORD(page, value) && at[PAGE / 8 - 1] == at[0];
}

/* Every page from `first` on holds what was stored there last. The one that does not, or DIRTY_PAGES. */
static size_t wrong_page(size_t first, size_t pages)
{
    const uint64_t *m = map(first, pages);
    size_t page = first;
    while (m && page < first + pages && holds(m, first, page, generation[page]))
        page++;
    if (m)
        munmap((void *)m, pages * PAGE);
    return m && page == first + pages ? DIRTY_PAGES : page;
}

static bool settles(unsigned long long dirty)
{
    for (int i = 0; i < 2000 && not_clean() != dirty; i++)
        usleep(5000);
    return not_clean() == dirty;
}

/* What lies on the disk: the file is mapped by nobody, so its pages are read again. */
static size_t wrong_on_disk(size_t first, size_t pages)
{
    unsigned long unused_before = status().unused;
    if (!settles(0))
        return first;
    const uint64_t *m = map(first, 1); /* an object that goes, if none had been there */
    if (m)
        munmap((void *)m, PAGE);
    for (int i = 0; i < 1000 && status().unused == unused_before; i++)
        usleep(5000);
    return wrong_page(first, pages);
}

static int ended(pid_t child)
{
    int how = -1;
    return child > 0 && waitpid(child, &how, 0) == child ? how : -1;
}

static const char *noticed_and_counted(void)
{
    unsigned long long written = field("written");
    EXPECT((disk = open("/dev/disk-of-tests", O_RDWR)) >= 0);
    uint64_t *m = map(0, 64);
    EXPECT(m && settles(0));
    for (size_t page = 0; page < 64; page++)
        EXPECT(holds(m, 0, page, 0)); /* reading makes nothing dirty */
    EXPECT(not_clean() == 0);
    for (size_t page = 0; page < 64; page += 2)
        store(m, 0, page, generation[page] = 7);
    store(m, 0, 0, generation[0] = 8);
    EXPECT(field("dirty") == 32 && field("writeback") == 0 && status().writes == 0);
    EXPECT(msync(m, 32 * PAGE, MS_SYNC) == 0);
    EXPECT(not_clean() == 16 && field("written") == written + 16 && status().pages_written == 16);
    store(m, 0, 0, generation[0] = 9);
    EXPECT(not_clean() == 17 && msync(m, 64 * PAGE, MS_ASYNC) == 0 && settles(0));
    EXPECT(msync(m, 64 * PAGE, MS_SYNC | MS_INVALIDATE) == 0);
    EXPECT(mlock(m, PAGE) == 0);
    EXPECT_ERRNO(msync(m, 64 * PAGE, MS_SYNC | MS_INVALIDATE), EBUSY);
    EXPECT(munmap(m, 64 * PAGE) == 0);
    EXPECT(wrong_on_disk(0, 64) == DIRTY_PAGES);
    return NULL;
}

enum { WRITERS = 8, EACH = 1500 };

static int writer(size_t k)
{
    size_t first = k * EACH;
    uint64_t *m = map(first, EACH);
    for (size_t page = first; m && page < first + EACH; page++)
        store(m, first, page, (uint8_t)(k + 20));
    return m ? 0 : 1;
}

static const char *bounded(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    unsigned long long total = 0, most = 0;
    pid_t child[WRITERS];
    EXPECT(file && fscanf(file, "MemTotal: %llu", &total) == 1 && fclose(file) == 0);
    EXPECT(order(2, 0, 0)); /* slower than they are */
    for (size_t k = 0; k < WRITERS; k++) {
        child[k] = fork();
        if (child[k] == 0)
            _exit(writer(k));
    }
    for (size_t k = 0; k < WRITERS; k++) {
        int how, died;
        while ((died = waitpid(child[k], &how, WNOHANG)) == 0) {
            unsigned long long now = not_clean();
            most = now > most ? now : most;
            usleep(2000);
        }
        EXPECT(died == child[k] && how == 0);
        memset(generation + k * EACH, (int)k + 20, EACH);
    }
    EXPECT(most > 0 && most <= total / 4 / 8 && order(0, 0, 0));
    EXPECT(wrong_on_disk(0, WRITERS * EACH) == DIRTY_PAGES);
    return NULL;
}

/* More than there is memory, twice, with children that come and go. */
static const char *more_than_memory(void)
{
    uint64_t *m = map(0, DIRTY_PAGES);
    EXPECT(m);
    for (size_t page = 0; page < DIRTY_PAGES; page++) {
        store(m, 0, page, generation[page] = (uint8_t)(page % 101 + 1));
        if (page % 4096 == 4095) {
            pid_t child = fork();
            if (child == 0) {
                for (size_t back = page - 300; back <= page; back++)
                    store(m, 0, back, 200);
                _exit(!holds(m, 0, page / 2, generation[page / 2]));
            }
            EXPECT(ended(child) == 0);
            memset(generation + page - 300, 200, 301);
        }
    }
    for (size_t page = 0; page < DIRTY_PAGES; page++)
        EXPECT(holds(m, 0, page, generation[page]));
    EXPECT(munmap(m, DIRTY_PAGES * PAGE) == 0 && settles(0));
    EXPECT(wrong_on_disk(0, DIRTY_PAGES) == DIRTY_PAGES);
    return NULL;
}

/* Memory is full of private pages that were promised, and of dirty ones. */
static const char *beside_private(void)
{
    uint64_t *m = map(0, DIRTY_PAGES);
    size_t length = field("free") * PAGE / 8 * 7;
    unsigned char *own = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(m && own != MAP_FAILED && order(1, 0, 0));
    for (size_t i = 0; i < length / PAGE; i++) {
        size_t page = i % DIRTY_PAGES;
        store(m, 0, page, generation[page] = (uint8_t)(i % 97 + 3));
        own[i * PAGE] = (unsigned char)i;
    }
    for (size_t i = 0; i < length / PAGE; i++)
        EXPECT(own[i * PAGE] == (unsigned char)i);
    EXPECT(order(0, 0, 0) && munmap(own, length) == 0 && munmap(m, DIRTY_PAGES * PAGE) == 0);
    EXPECT(wrong_on_disk(0, 4096) == DIRTY_PAGES);
    return NULL;
}

static const char *fails(void)
{
    uint64_t *m = map(0, DIRTY_PAGES);
    EXPECT(m && order(0, 1, 0));
    for (size_t page = 0; page < 40; page++)
        store(m, 0, page, generation[page] = 77);
    EXPECT_ERRNO(msync(m, 40 * PAGE, MS_SYNC), EIO);
    EXPECT(status().pages_failed >= 40 && not_clean() == 40 && holds(m, 0, 39, 77));
    pid_t child = fork();
    if (child == 0) { /* it fills the share, and then meets the error */
        for (size_t page = 0; page < DIRTY_PAGES; page++)
            store(m, 0, page, 78);
        _exit(0);
    }
    int how = ended(child);
    EXPECT(how != -1 && WIFSIGNALED(how) && WTERMSIG(how) == SIGBUS);
    size_t stored = 0;
    while (holds(m, 0, stored, 78))
        generation[stored++] = 78;
    EXPECT(stored > 40 && stored == not_clean());
    EXPECT(order(0, 0, 0));                      /* it works again */
    (void)msync(m, DIRTY_PAGES * PAGE, MS_SYNC); /* tells of the last failure */
    EXPECT(msync(m, DIRTY_PAGES * PAGE, MS_SYNC) == 0 && not_clean() == 0);
    EXPECT(munmap(m, DIRTY_PAGES * PAGE) == 0 && wrong_on_disk(0, stored) == DIRTY_PAGES);
    return NULL;
}

static const char *dies(void)
{
    uint64_t *m = map(0, 600);
    unsigned long lives = status().lives;
    EXPECT(m);
    for (int round = 1; round <= 3; round++) {
        EXPECT(order(0, 0, (uint32_t)round * 2));
        for (size_t page = 0; page < 600; page += 3)
            store(m, 0, page, generation[page] = (uint8_t)(90 + round));
        EXPECT(msync(m, 600 * PAGE, MS_SYNC) == 0 && not_clean() == 0);
        EXPECT(status().lives == lives + (unsigned)round);
    }
    EXPECT(munmap(m, 600 * PAGE) == 0 && wrong_on_disk(0, 600) == DIRTY_PAGES);
    return NULL;
}

/* Who stored is gone before anything is written. */
static const char *written_after_exit(void)
{
    unsigned long unused_before = status().unused;
    EXPECT(order(20, 0, 0) && settles(0));
    pid_t child = fork();
    if (child == 0) {
        uint64_t *m = map(100, 200);
        pid_t own = fork();
        for (size_t page = 100; m && page < 300; page += 2)
            store(m, 100, page + (own == 0), own == 0 ? 112 : 111);
        _exit(m == NULL || (own && ended(own)));
    }
    EXPECT(ended(child) == 0);
    for (size_t page = 100; page < 300; page++)
        generation[page] = page % 2 ? 112 : 111;
    EXPECT(settles(0) && status().lost == 0);
    for (int i = 0; i < 1000 && status().unused == unused_before; i++)
        usleep(5000);
    EXPECT(status().unused == unused_before + 1 && order(0, 0, 0));
    EXPECT(wrong_page(0, 600) == DIRTY_PAGES);
    return NULL;
}

/* The file is cut with its pages dirty and on their way. */
static const char *cut(void)
{
    uint64_t *m = map(0, 200);
    EXPECT(m && order(20, 0, 0));
    for (size_t page = 0; page < 200; page++)
        store(m, 0, page, generation[page] = 120);
    EXPECT(msync(m, 200 * PAGE, MS_ASYNC) == 0 && ftruncate(disk, 50 * PAGE) == 0);
    EXPECT(not_clean() <= 50);
    pid_t child = fork();
    if (child == 0) {
        store(m, 0, 60, 1);
        _exit(0);
    }
    int how = ended(child);
    EXPECT(how != -1 && WIFSIGNALED(how) && WTERMSIG(how) == SIGBUS);
    EXPECT(msync(m, 200 * PAGE, MS_SYNC) == 0 && not_clean() == 0 && order(0, 0, 0));
    EXPECT(ftruncate(disk, (off_t)(DIRTY_PAGES * PAGE)) == 0);
    memset(generation + 50, 0, DIRTY_PAGES - 50);
    for (size_t page = 0; page < 200; page++)
        EXPECT(holds(m, 0, page, generation[page]));
    EXPECT(munmap(m, 200 * PAGE) == 0 && wrong_on_disk(0, 600) == DIRTY_PAGES);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"noticed_and_counted", noticed_and_counted},
        {"bounded", bounded},
        {"more_than_memory", more_than_memory},
        {"beside_private", beside_private},
        {"fails", fails},
        {"dies", dies},
        {"written_after_exit", written_after_exit},
        {"cut", cut},
    };
    return RUN(cases);
}
