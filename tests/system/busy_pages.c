// config: memory=64
// config: memory=64 slow=500
/* As many clients at once as vfs has workers, and more: each reads into, and writes from, mappings of the
 * very file that it reads and writes, whose pages are not there. No worker may wait for a page that only
 * another one can bring. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE    4096ul
#define CLIENTS 24
#define LENGTH  (64 * PAGE)

static int all(int (*act)(int))
{
    pid_t child[CLIENTS];
    int wrong = 0;
    for (int k = 0; k < CLIENTS; k++) {
        child[k] = fork();
        if (child[k] == 0)
            _exit(act(k));
    }
    for (int k = 0; k < CLIENTS; k++) {
        int status = -1;
        wrong += child[k] < 0 || waitpid(child[k], &status, 0) != child[k] || status != 0;
    }
    return wrong;
}

/* A file of the disk, mapped privately: what it reads goes into a copy of the page that lies there. */
static int read_into(int k)
{
    int fd = open("/tests/data/big", O_RDONLY);
    off_t at = (off_t)((unsigned long)k * 7 * LENGTH / 4);
    unsigned char *m = mmap(NULL, 2 * LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, at);
    unsigned char *same = mmap(NULL, 2 * LENGTH, PROT_READ, MAP_PRIVATE, fd, at);
    if (fd < 0 || m == MAP_FAILED || same == MAP_FAILED)
        return 1;
    for (int i = 0; i < 4; i++)
        if (pread(fd, m + LENGTH, LENGTH, at) != LENGTH || memcmp(m + LENGTH, same, LENGTH) != 0)
            return 2;
    return memcmp(m, same, LENGTH) != 0 ? 3 : 0;
}

/* A file in memory that all share: each writes to its own part from another one. */
static int write_from(int k)
{
    int fd = open("shared", O_RDWR);
    off_t own = (off_t)((unsigned long)(k + 1) * LENGTH);
    unsigned char *m = mmap(NULL, (CLIENTS + 1) * LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || m == MAP_FAILED)
        return 1;
    for (int i = 0; i < 4; i++) {
        if (pwrite(fd, m, LENGTH, own) != LENGTH || memcmp(m, m + own, LENGTH) != 0)
            return 2;
        if (madvise(m, (CLIENTS + 1) * LENGTH, MADV_DONTNEED)) /* pages have to be brought again */
            return 3;
        if (pread(fd, m + own, LENGTH, 0) != LENGTH || m[own + 5] != m[5])
            return 4;
    }
    return 0;
}

static const char *from_disk(void)
{
    EXPECT(all(read_into) == 0);
    return NULL;
}

static const char *in_memory(void)
{
    static unsigned char data[LENGTH];
    int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (unsigned long i = 0; i < LENGTH; i++)
        data[i] = (unsigned char)(i * 7 + i / PAGE);
    EXPECT(fd >= 0 && write(fd, data, LENGTH) == LENGTH && ftruncate(fd, (CLIENTS + 1) * LENGTH) == 0);
    EXPECT(all(write_from) == 0);
    unsigned char *m = mmap(NULL, (CLIENTS + 1) * LENGTH, PROT_READ, MAP_SHARED, fd, 0);
    EXPECT(m != MAP_FAILED);
    for (unsigned long k = 0; k <= CLIENTS; k++)
        EXPECT(memcmp(m + k * LENGTH, data, LENGTH) == 0);
    EXPECT(munmap(m, (CLIENTS + 1) * LENGTH) == 0 && close(fd) == 0);
    return unlink("shared") ? "unlink" : NULL;
}

int main(void)
{
    static const struct test_case cases[] = {{"from_disk", from_disk}, {"in_memory", in_memory}};
    const char *why = enter_work_directory("busy_pages");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
