/* The rows of files. */
#include "posix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char *block;                  /* 1 MiB */
static uint64_t first_words[20 * MIB / PAGE]; /* of each page of the file, from its first reading */
static int file = -1;

/* `count` MiB from `start` on, in blocks of 1 MiB; the pages' first words are noted, or have to be the same.
 */
static uint64_t read_blocks(unsigned start, unsigned count, uint64_t (*clock)(void), int note)
{
    int wrong = lseek(file, (off_t)(start * MIB), SEEK_SET) < 0;
    uint64_t used = 0;
    for (unsigned i = start; i < start + count; i++) {
        uint64_t begun = clock();
        wrong |= read(file, block, MIB) != (ssize_t)MIB;
        used += clock() - begun;
        for (size_t page = 0; page < MIB / PAGE; page++) {
            uint64_t *word = &first_words[i * (MIB / PAGE) + page];
            if (note)
                memcpy(word, block + page * PAGE, sizeof *word);
            wrong |= memcmp(word, block + page * PAGE, sizeof *word);
        }
    }
    return wrong ? row_fails("a wrong byte") : used;
}

uint64_t read_MiB_uncached(unsigned count)
{
    static unsigned next;
    if (file < 0 && ((file = open(file_name, O_RDONLY)) < 0 || !(block = malloc(MIB))))
        return row_fails("open the file");
    memset(block, 1, MIB);
    next += count;
    return read_blocks(next - count, count, busy_ticks, 1);
}

uint64_t read_MiB_cached(unsigned count)
{
    return read_blocks(0, count, ticks, 0);
}

uint64_t pread_4KiB_cached(unsigned count)
{
    uint32_t random = 1;
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        random = random * 1664525 + 1013904223;
        size_t page = (random >> 8) % (16 * MIB / PAGE);
        wrong |= pread(file, block, PAGE, (off_t)(page * PAGE)) != (ssize_t)PAGE;
        wrong |= memcmp(block, &first_words[page], 8) != 0;
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("a wrong byte") : used;
}

uint64_t open_close(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++) {
        int fd = open("/etc/motd", O_RDONLY);
        wrong |= fd < 0 || close(fd);
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("open or close") : used;
}

uint64_t stat_file(unsigned count)
{
    struct stat about;
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count; i++)
        wrong |= stat("/etc/motd", &about) || !S_ISREG(about.st_mode);
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("stat") : used;
}

static char names[1000][64];

static uint64_t create_in(const char *place, unsigned count)
{
    int wrong = 0;
    for (unsigned i = 0; i < count; i++)
        snprintf(names[i], sizeof names[i], "%s/bench-%u", place, i);
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count && !wrong; i++) {
        int fd = open(names[i], O_CREAT | O_EXCL | O_WRONLY, 0600);
        wrong |= fd < 0 || close(fd);
    }
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("create a file in the directory") : used;
}

static uint64_t unlink_all(unsigned count)
{
    int wrong = 0;
    uint64_t begun = ticks();
    for (unsigned i = 0; i < count && !wrong; i++)
        wrong |= unlink(names[i]);
    uint64_t used = ticks() - begun;
    return wrong ? row_fails("unlink a file of the directory") : used;
}

/* Each round is a creation of all and a removal of all; one of the two is timed. */
uint64_t create_disk(unsigned count)
{
    uint64_t used = create_in(directory, count);
    return row_failed() || (unlink_all(count), row_failed()) ? 0 : used;
}
uint64_t unlink_disk(unsigned count)
{
    create_in(directory, count);
    return row_failed() ? 0 : unlink_all(count);
}
uint64_t create_tmp(unsigned count)
{
    uint64_t used = create_in("/tmp", count);
    return row_failed() || (unlink_all(count), row_failed()) ? 0 : used;
}
uint64_t unlink_tmp(unsigned count)
{
    create_in("/tmp", count);
    return row_failed() ? 0 : unlink_all(count);
}
