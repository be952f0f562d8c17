// config: memory=64
/* blk is ended again and again, at moments that are stepped through, while a file that fits into no cache is
 * read: every byte is right, and the reader sees no error. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "/tests/data/big"
#define SIZE      (20u << 20)
#define KILLS     60
#define STEP_NS   137000

static atomic_uint pieces, kills; /* reads that have returned; restarts asked for */
static uint32_t table[256];

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++)
            table[i] = table[i] & 1 ? 0xedb88320u ^ table[i] >> 1 : table[i] >> 1;
    }
}

static void pause_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static int blk_is_up(void)
{
    char text[4096];
    int fd = open("/dev/svc", O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    return strstr(text, "blk up ") != NULL;
}

/* A call that ends three servers is given up: so each restart waits until the reader has got on. */
static void wait_for_progress(void)
{
    while (!blk_is_up())
        pause_ns(2000000);
    unsigned before = pieces;
    while (pieces - before < 2)
        pause_ns(1000000);
}

static void *killer(void *failed)
{
    int fd = open("/dev/svc", O_WRONLY);
    for (unsigned n = 0; n < KILLS; n++) {
        wait_for_progress();
        pause_ns(n * STEP_NS);
        if (write(fd, "restart blk", 11) != 11) {
            *(int *)failed = 1;
            break;
        }
        kills++;
    }
    close(fd);
    kills = KILLS;
    return NULL;
}

static int pass(uint32_t wanted)
{
    static uint8_t buf[100003];
    uint32_t crc = ~0u;
    size_t length = 0;
    ssize_t n;
    int fd = open(FILE_NAME, O_RDONLY);
    while ((n = read(fd, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            crc = table[(crc ^ buf[i]) & 0xff] ^ crc >> 8;
        length += (size_t)n;
        pieces++;
    }
    if (n < 0)
        perror("read");
    close(fd);
    if (n == 0 && ~crc == wanted && length == SIZE)
        return 0;
    printf("not ok restarts: sum %08lx of %lu bytes after %u restarts\n", (unsigned long)(uint32_t)~crc,
           (unsigned long)length, kills);
    return 1;
}

int main(void)
{
    char line[16] = "";
    int fd = open("/tests/data/big.crc32", O_RDONLY), bad = 0, failed = 0;
    pthread_t thread;
    if (fd < 0 || read(fd, line, sizeof line - 1) < 8)
        return puts("not ok restarts: no sum"), 1;
    close(fd);
    make_table();
    pthread_create(&thread, NULL, killer, &failed);
    while (!bad && kills < KILLS)
        bad = pass((uint32_t)strtoul(line, NULL, 16));
    if (bad)
        _exit(1); /* the other thread waits for progress */
    pthread_join(thread, NULL);
    bad = pass((uint32_t)strtoul(line, NULL, 16));
    if (failed)
        puts("not ok restarts: /dev/svc does not take them");
    if (!bad && !failed)
        puts("ok restarts");
    return bad || failed;
}
