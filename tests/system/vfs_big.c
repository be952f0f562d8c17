// config: memory=512
// config: memory=64 disk=disk-1k
// config: memory=64 disk=disk-2k
/* The 20 MiB file of the disk, read through blk and vfs in several ways: its CRC-32 is the one the host
 * computed. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NAME "/tests/data/big"
#define SIZE      (20u << 20)

static uint32_t table[256];
static uint32_t wanted;

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
}

static uint32_t crc_add(uint32_t crc, const uint8_t *p, size_t n)
{
    while (n--)
        crc = table[(crc ^ *p++) & 0xff] ^ crc >> 8;
    return crc;
}

static int same(const char *name, uint32_t crc, size_t length)
{
    if (~crc == wanted && length == SIZE)
        return printf("ok %s\n", name), 0;
    return printf("not ok %s: sum %08lx of %lu bytes\n", name, (unsigned long)(uint32_t)~crc,
                  (unsigned long)length),
           1;
}

static int by_read(int fd, const char *name)
{
    static uint8_t buf[150001]; /* no multiple of anything */
    uint32_t crc = ~0u;
    size_t length = 0;
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0; length += (size_t)n)
        crc = crc_add(crc, buf, (size_t)n);
    return same(name, crc, length);
}

static int by_map(int fd)
{
    uint8_t *p = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return printf("not ok mmap: no mapping\n"), 1;
    uint32_t crc = crc_add(~0u, p, SIZE);
    munmap(p, SIZE);
    return same("mmap", crc, SIZE);
}

/* Backwards, in pieces, by pread: nothing is read ahead. */
static int backwards(int fd)
{
    uint8_t *all = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return printf("not ok backwards: no memory\n"), 1;
    for (size_t at = SIZE, n; at; at -= n) {
        n = at < 77777 ? at : 77777;
        if (pread(fd, all + at - n, n, (off_t)(at - n)) != (ssize_t)n)
            return printf("not ok backwards: short at %lu\n", (unsigned long)at), 1;
    }
    int bad = same("backwards", crc_add(~0u, all, SIZE), SIZE);
    munmap(all, SIZE);
    return bad;
}

/* Another process reads, and writes into a pipe. */
static int by_pipe(void)
{
    int end[2], status;
    if (pipe(end))
        return printf("not ok pipe: no pipe\n"), 1;
    pid_t pid = fork();
    if (pid < 0)
        return printf("not ok pipe: no process\n"), 1;
    if (pid == 0) {
        static uint8_t piece[100000];
        int fd = open(FILE_NAME, O_RDONLY);
        for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
            if (write(end[1], piece, (size_t)n) != n)
                _exit(1);
        _exit(0);
    }
    close(end[1]);
    int bad = by_read(end[0], "pipe");
    return (waitpid(pid, &status, 0) != pid || status != 0) | bad;
}

int main(void)
{
    char text[16] = "";
    struct stat st;
    int fd = open(FILE_NAME, O_RDONLY), sum = open(FILE_NAME ".crc32", O_RDONLY);
    if (fd < 0 || sum < 0 || read(sum, text, 8) != 8 || fstat(fd, &st) || st.st_size != SIZE)
        return printf("not ok open: the file is not there, or not 20 MiB\n"), 1;
    wanted = (uint32_t)strtoul(text, NULL, 16);
    make_table();
    return by_read(fd, "read") + by_map(fd) + backwards(fd) + by_pipe() != 0;
}
