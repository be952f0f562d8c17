/* No test, but what the harness runs around each one: `audit before` and `audit after`.
 *
 * before: waits until /proc/audit says the same twice (what the last program left goes in bounded steps) and
 * keeps it. after: reads until nothing is more than it was before; after two seconds it says what is: `leak:
 * name +count ...`. The verdict of the pager's own check is one of the counts: it has to be 0 at any time. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEPT  "/tmp/.audit"
#define SIZE  4096
#define TRIES 40
#define PAUSE (50 * 1000 * 1000) /* nanoseconds */

static char kept[SIZE], now[SIZE], grown[SIZE];

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* All of a file as a string. */
static void read_text(const char *path, char text[SIZE])
{
    size_t at = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY);
    while (fd >= 0 && at < SIZE - 1 && (n = read(fd, text + at, SIZE - 1 - at)) > 0)
        at += (size_t)n;
    if (fd < 0 || n < 0)
        fail(path);
    close(fd);
    text[at] = '\0';
}

static void keep(const char *text)
{
    int fd = open(KEPT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    size_t length = strlen(text);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || close(fd))
        fail(KEPT);
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
}

static long count_of(const char *text, const char *name, size_t length)
{
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (strncmp(text, name, length) == 0 && text[length] == ' ')
            return atol(text + length + 1);
    return 0;
}

/* The counts of `now` that are above those of `kept`, as words into `grown`. */
static void compare(void)
{
    size_t at = 0;
    grown[0] = '\0';
    for (const char *line = now; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t length = strcspn(line, " ");
        bool verdict = length == strlen("pager_errors") && strncmp(line, "pager_errors", length) == 0;
        long more = atol(line + length) - (verdict ? 0 : count_of(kept, line, length));
        if (more > 0 && at < SIZE - 64)
            at += (size_t)snprintf(grown + at, SIZE - at, " %.*s +%ld", (int)length, line, more);
    }
}

static int before(void)
{
    keep("\n"); /* the file counts too */
    for (int i = 0; i < TRIES; i++) {
        read_text("/proc/audit", now);
        if (strcmp(kept, now) == 0)
            break;
        strcpy(kept, now);
        pause_a_little();
    }
    keep(now);
    return 0;
}

static int after(void)
{
    read_text(KEPT, kept);
    for (int i = 0; i < TRIES; i++) {
        read_text("/proc/audit", now);
        compare();
        if (!grown[0])
            return 0;
        pause_a_little();
    }
    printf("leak:%s\n", grown);
    return 1;
}

int main(int argc, char **argv)
{
    memset(kept, 0, SIZE), memset(now, 0, SIZE), memset(grown, 0, SIZE); /* both ways need the same memory */
    if (argc == 2 && strcmp(argv[1], "before") == 0)
        return before();
    if (argc == 2 && strcmp(argv[1], "after") == 0)
        return after();
    fprintf(stderr, "usage: audit before|after\n");
    return 2;
}
