/* The kernel's log on the console: since the tty server owns the serial port, it prints what the kernel and
 * the other servers log. It looks often while there is news, seldom otherwise. */
#include "tty.h"
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>

enum { PERIOD_MIN_MS = 20, PERIOD_MAX_MS = 320, CHUNK = 4096 };

static uint64_t cursor, next_look;
static uint32_t period_ms = PERIOD_MIN_MS;
static char chunk[CHUNK]; /* whole lines, read and not yet printed: from `at` to `end` */
static uint64_t at, end;

/* From where the kernel itself stopped to print, if init says where that is. */
void klog_start(void)
{
    uint32_t length = 0;
    const void *blob = ipc_blob("log.cursor", &length);

    if (blob && length == sizeof cursor)
        memcpy(&cursor, blob, sizeof cursor);
    next_look = ipc_now();
}

static bool refill(void)
{
    uint64_t count = 0;

    if (at < end)
        return true;
    at = end = 0;
    if (sys_log_read(cursor, chunk, sizeof chunk, &cursor, &count) || count > sizeof chunk)
        return false;
    end = count;
    return count > 0;
}

/* "[time] tag: debug: text" is for readers of the log only. */
static bool is_debug(const char *line, uint64_t length)
{
    static const char mark[] = ": debug: ";
    const char *tag = memchr(line, ']', length);
    const char *colon = tag ? memchr(tag, ':', length - (uint64_t)(tag - line)) : 0;
    uint64_t left = colon ? length - (uint64_t)(colon - line) : 0;

    return left >= sizeof mark - 1 && memcmp(colon, mark, sizeof mark - 1) == 0;
}

static uint64_t line_length(void)
{
    const char *newline = memchr(chunk + at, '\n', end - at);

    return newline ? (uint64_t)(newline - (chunk + at)) + 1 : end - at;
}

void klog_follow(struct tty *t)
{
    bool news = false;

    while (refill()) {
        uint64_t length = line_length();

        if (line_output_space(&t->line) < length + 1)
            break;
        if (!is_debug(chunk + at, length)) {
            if (t->line.column)
                line_output(&t->line, (const uint8_t *)"\n", 1);
            line_output(&t->line, (const uint8_t *)chunk + at, length);
        }
        at += length;
        news = true;
    }
    period_ms = news ? PERIOD_MIN_MS : period_ms < PERIOD_MAX_MS ? period_ms * 2 : PERIOD_MAX_MS;
    next_look = IPC_MS(period_ms);
}

uint64_t klog_next(void)
{
    return next_look;
}
