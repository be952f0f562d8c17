// config: memory=64
/* Four times as much as there is memory, read through mappings: clean pages of files are dropped and brought
 * again, mapped ones too; what was promised is had; what is locked stays. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE  4096ul
#define MIB   (1ul << 20)
#define VAST  256ul /* MiB */
#define PAGES (VAST * MIB / PAGE)

static const unsigned char *vast;

static uint32_t word_at(unsigned long offset)
{
    uint32_t word;
    memcpy(&word, vast + offset, sizeof word);
    return word;
}

static uint32_t word_of(unsigned long page)
{
    return page % (MIB / PAGE) ? 0 : (uint32_t)(page / (MIB / PAGE));
}

static int status_of(pid_t child)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static const char *read_all(void)
{
    for (unsigned long page = 0; page < PAGES; page++)
        EXPECT(word_at(page * PAGE) == word_of(page));
    return NULL;
}

/* Three read at a time, none in order, each with children that were given half of its pages. */
static const char *while_forking(void)
{
    pid_t child[3];
    for (int k = 0; k < 3; k++) {
        child[k] = fork();
        if (child[k])
            continue;
        for (unsigned long i = 0, page = (unsigned long)k * 999; i < PAGES / 64;
             i++, page = (page + 40009) % PAGES) {
            pid_t grandchild = i % 256 == 255 ? fork() : 1;
            if (word_at(page * PAGE) != word_of(page))
                _exit(1);
            if (grandchild == 0)
                _exit(word_at((page + 5) % PAGES * PAGE) != word_of((page + 5) % PAGES));
            if (grandchild != 1 && status_of(grandchild) != 0)
                _exit(2);
        }
        _exit(0);
    }
    for (int k = 0; k < 3; k++)
        EXPECT(status_of(child[k]) == 0);
    return NULL;
}

/* Memory is full of pages of files: they go when it is wanted for something else. */
static const char *promised(void)
{
    int fd = open("/tests/data/vast", O_RDONLY);
    unsigned char in[4], *locked = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(locked != MAP_FAILED && close(fd) == 0 && mlock(locked, 4 * PAGE) == 0);
    for (unsigned long page = 0; page < PAGES / 4; page++)
        EXPECT(word_at(page * PAGE) == word_of(page));
    size_t size = 20 * MIB;
    unsigned char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(m != MAP_FAILED);
    for (size_t i = 0; i < size; i += PAGE)
        m[i] = (unsigned char)(i / PAGE);
    for (size_t i = 0; i < size; i += PAGE)
        EXPECT(m[i] == (unsigned char)(i / PAGE));
    EXPECT(mincore(locked, 4 * PAGE, in) == 0 && in[0] && in[1] && in[2] && in[3]);
    EXPECT(munmap(m, size) == 0 && munmap(locked, 4 * PAGE) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"read_all", read_all},
        {"while_forking", while_forking},
        {"promised", promised},
        {"read_all_again", read_all},
    };
    int fd = open("/tests/data/vast", O_RDONLY);
    vast = fd < 0 ? MAP_FAILED : mmap(NULL, VAST * MIB, PROT_READ, MAP_PRIVATE, fd, 0);
    if (vast == MAP_FAILED || close(fd)) {
        printf("not ok enter: cannot map /tests/data/vast\n");
        return 1;
    }
    return RUN(cases);
}
