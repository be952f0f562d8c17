// config: memory=64
// config: memory=256
/* Files that are mapped shared: stores, reads and writes see the same bytes, whoever makes them; what is cut
 * off is gone; what there is no room for is not there. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "posix_test.h"

#define PAGE 4096

static int new_file(const char *name, off_t size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    return fd >= 0 && ftruncate(fd, size) == 0 ? fd : -1;
}

static unsigned char *map(int fd, size_t pages, int prot)
{
    return mmap(NULL, pages * PAGE, prot, MAP_SHARED, fd, 0);
}

static int status_of(pid_t child)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* The signal that ends a child which stores to the address; 0 if it lives. */
static int fate(volatile unsigned char *address)
{
    pid_t child = fork();
    if (child == 0) {
        *address = 1;
        _exit(0);
    }
    int status = status_of(child);
    return status == -1 ? -1 : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static const char *coherent(void)
{
    unsigned char c;
    int fd = new_file("coherent", 40 * PAGE), again = open("coherent", O_RDWR);
    unsigned char *a = map(fd, 40, PROT_READ | PROT_WRITE), *b = map(again, 40, PROT_READ);
    EXPECT(fd >= 0 && again >= 0 && a != MAP_FAILED && b != MAP_FAILED);
    for (int i = 0; i < 40; i++) {
        EXPECT(b[i * PAGE] == 0); /* a hole, filled where it is seen */
        a[i * PAGE] = (unsigned char)(i + 1);
        EXPECT(b[i * PAGE] == i + 1 && pread(fd, &c, 1, i * PAGE) == 1 && c == i + 1);
        c = (unsigned char)(i + 100);
        EXPECT(pwrite(again, &c, 1, i * PAGE + 9) == 1 && a[i * PAGE + 9] == c && b[i * PAGE + 9] == c);
    }
    EXPECT(close(fd) == 0 && close(again) == 0);
    a[7] = 77; /* mappings outlive descriptors */
    fd = open("coherent", O_RDONLY);
    EXPECT(pread(fd, &c, 1, 7) == 1 && c == 77 && b[7] == 77);
    EXPECT_ERRNO((long)map(fd, 1, PROT_READ | PROT_WRITE), EACCES);
    unsigned char *r = map(fd, 1, PROT_READ);
    EXPECT(r != MAP_FAILED && r[7] == 77);
    EXPECT_ERRNO(mprotect(r, PAGE, PROT_READ | PROT_WRITE), EACCES);
    EXPECT(munmap(r, PAGE) == 0 && munmap(a, 40 * PAGE) == 0 && munmap(b, 40 * PAGE) == 0 && close(fd) == 0);
    return unlink("coherent") ? "unlink" : NULL;
}

static const char *other_processes(void)
{
    int fd = new_file("others", 64 * PAGE);
    unsigned char *a = map(fd, 64, PROT_READ | PROT_WRITE), c;
    EXPECT(a != MAP_FAILED);
    for (int round = 0; round < 5; round++) {
        pid_t child = fork();
        if (child == 0) { /* by its own way to the file */
            int own = open("others", O_RDWR);
            unsigned char *b = map(own, 64, PROT_READ | PROT_WRITE);
            for (int i = 0; b != MAP_FAILED && i < 64; i++)
                b[i * PAGE + round]++;
            _exit(b == MAP_FAILED);
        }
        for (int i = 63; i >= 0; i--)
            a[i * PAGE + 100 + round]++;
        EXPECT(status_of(child) == 0);
    }
    for (int i = 0; i < 64; i++)
        for (int k = 0; k < 5; k++)
            EXPECT(a[i * PAGE + k] == 1 && pread(fd, &c, 1, i * PAGE + 100 + k) == 1 && c == 1);
    EXPECT(munmap(a, 64 * PAGE) == 0 && close(fd) == 0);
    return unlink("others") ? "unlink" : NULL;
}

static const char *truncated(void)
{
    struct stat st;
    int fd = new_file("truncated", 10 * PAGE);
    unsigned char *a = map(fd, 12, PROT_READ | PROT_WRITE), c;
    unsigned char *p = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(a != MAP_FAILED && p != MAP_FAILED);
    memset(a, 5, 10 * PAGE);
    p[8 * PAGE] = 6;
    EXPECT(fate(a + 10 * PAGE) == SIGBUS && fate(a + 9 * PAGE) == 0);
    EXPECT(ftruncate(fd, 4 * PAGE + 100) == 0);
    EXPECT(fate(a + 5 * PAGE) == SIGBUS && fate(p + 8 * PAGE) == SIGBUS && fate(a + 4 * PAGE) == 0);
    EXPECT(a[4 * PAGE + 99] == 5 && a[4 * PAGE + 100] == 0);
    a[4 * PAGE + 200] = 9; /* behind the end: in nobody's file */
    EXPECT(fstat(fd, &st) == 0 && st.st_size == 4 * PAGE + 100 && pread(fd, &c, 1, 4 * PAGE + 200) == 0);
    EXPECT(ftruncate(fd, 6 * PAGE) == 0 && a[5 * PAGE] == 0); /* grown again: there, and zero */
    EXPECT(pwrite(fd, "x", 1, 11 * PAGE) == 1 && a[11 * PAGE] == 'x' && a[7 * PAGE] == 0);
    EXPECT(ftruncate(fd, 0) == 0 && fate(a) == SIGBUS && fate(a + 11 * PAGE) == SIGBUS);
    EXPECT(pwrite(fd, "yz", 2, 0) == 2 && a[1] == 'z' && a[2] == 0);
    EXPECT(munmap(a, 12 * PAGE) == 0 && munmap(p, 10 * PAGE) == 0 && close(fd) == 0);
    return unlink("truncated") ? "unlink" : NULL;
}

static const char *unlinked(void)
{
    unsigned char c;
    int fd = new_file("unlinked", 3 * PAGE);
    unsigned char *a = map(fd, 3, PROT_READ | PROT_WRITE);
    EXPECT(a != MAP_FAILED);
    a[PAGE] = 1;
    EXPECT(unlink("unlinked") == 0 && pread(fd, &c, 1, PAGE) == 1 && c == 1 && close(fd) == 0);
    a[2 * PAGE] = 2; /* the file lives while it is mapped */
    EXPECT(a[PAGE] == 1 && a[2 * PAGE] == 2 && a[0] == 0);
    return munmap(a, 3 * PAGE) ? "munmap" : NULL;
}

/* A buffer of a call is a mapping of the very file. */
static const char *onto_itself(void)
{
    int fd = new_file("itself", 8 * PAGE);
    unsigned char *a = map(fd, 8, PROT_READ | PROT_WRITE);
    EXPECT(a != MAP_FAILED && pwrite(fd, "0123456789", 10, 0) == 10);
    EXPECT(pwrite(fd, a, 10, 5 * PAGE) == 10 && memcmp(a + 5 * PAGE, "0123456789", 10) == 0);
    EXPECT(pread(fd, a + 7 * PAGE, PAGE, 5 * PAGE) == PAGE && memcmp(a + 7 * PAGE, a, 11) == 0);
    EXPECT(munmap(a, 8 * PAGE) == 0);
    a = map(fd, 8, PROT_READ); /* none of its pages is there */
    EXPECT(a != MAP_FAILED && pwrite(fd, a, 8 * PAGE, 8 * PAGE) == 8 * PAGE);
    EXPECT(munmap(a, 8 * PAGE) == 0 && close(fd) == 0);
    return unlink("itself") ? "unlink" : NULL;
}

static const char *shared_memory(void)
{
    EXPECT_ERRNO(shm_open("/nothing", O_RDWR, 0), ENOENT);
    EXPECT_ERRNO(shm_open("/a/b", O_RDWR | O_CREAT, 0600), EINVAL);
    int fd = shm_open("/shared", O_RDWR | O_CREAT | O_EXCL, 0600);
    EXPECT(fd >= 0 && ftruncate(fd, 5 * PAGE) == 0);
    EXPECT_ERRNO(shm_open("/shared", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    volatile unsigned char *a = map(fd, 5, PROT_READ | PROT_WRITE);
    EXPECT(a != MAP_FAILED && close(fd) == 0);
    pid_t child = fork();
    if (child == 0) {
        int own = shm_open("/shared", O_RDWR, 0);
        volatile unsigned char *b = map(own, 5, PROT_READ | PROT_WRITE);
        b[4 * PAGE] = 44;
        _exit(0);
    }
    EXPECT(status_of(child) == 0 && a[4 * PAGE] == 44);
    EXPECT(shm_unlink("/shared") == 0 && a[4 * PAGE] == 44);
    EXPECT_ERRNO(shm_unlink("/shared"), ENOENT);
    return munmap((void *)a, 5 * PAGE) ? "munmap" : NULL;
}

/* The file system's limit: ENOSPC for a call, SIGBUS for a store. */
static const char *no_room(void)
{
    static unsigned char block[64 * PAGE];
    int full = shm_open("/full", O_RDWR | O_CREAT, 0600), fd = shm_open("/hole", O_RDWR | O_CREAT, 0600);
    EXPECT(full >= 0 && fd >= 0 && ftruncate(fd, 16 * PAGE) == 0);
    volatile unsigned char *a = map(fd, 16, PROT_READ | PROT_WRITE);
    EXPECT(a != MAP_FAILED);
    a[0] = 1;
    while (write(full, block, sizeof block) > 0)
        ;
    EXPECT_ERRNO(write(full, block, sizeof block), ENOSPC);
    EXPECT(a[0] == 1);
    int i = 1; /* a page or two are too few for what a long file needs */
    while (i < 15 && fate(a + i * PAGE) == 0)
        i++;
    EXPECT(i < 8 && fate(a + i * PAGE) == SIGBUS);
    EXPECT(ftruncate(full, 0) == 0 && fate(a + i * PAGE) == 0 && a[i * PAGE] == 1);
    EXPECT(munmap((void *)a, 16 * PAGE) == 0 && close(full) == 0 && close(fd) == 0);
    return shm_unlink("/full") || shm_unlink("/hole") ? "unlink" : NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"coherent", coherent}, {"other_processes", other_processes}, {"truncated", truncated},
        {"unlinked", unlinked}, {"onto_itself", onto_itself},         {"shared_memory", shared_memory},
        {"no_room", no_room},
    };
    const char *why = enter_work_directory("shared_files");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
