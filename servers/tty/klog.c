/* The kernel's log on the console: since the tty server owns the serial port, it prints what the kernel and
 * the other servers log. It looks often while there is news, seldom otherwise. */
#include "tty.h"
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>

enum { PERIOD_MIN_MS = 20, PERIOD_MAX_MS = 320 };

static uint64_t next_look;
static uint32_t period_ms = PERIOD_MIN_MS;
static struct klog *const k = &tty_state.klog;

/* From where the kernel itself stopped to print, if init says where that is; or where we did. */
void klog_start(void)
{
    uint32_t length = 0;
    const void *blob = ipc_blob("log.cursor", &length);

    if (!tty_state.started && blob && length == sizeof k->cursor)
        memcpy(&k->cursor, blob, sizeof k->cursor);
    next_look = ipc_now();
}

static bool refill(void)
{
    uint64_t count = 0;

    if (k->at < k->end)
        return true;
    k->at = k->end = 0;
    if (sys_log_read(k->cursor, k->chunk, sizeof k->chunk, &k->cursor, &count) || count > sizeof k->chunk)
        return false;
    k->end = count;
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
    const char *newline = memchr(k->chunk + k->at, '\n', k->end - k->at);

    return newline ? (uint64_t)(newline - (k->chunk + k->at)) + 1 : k->end - k->at;
}

void klog_follow(struct tty *t)
{
    bool news = false;

    while (refill()) {
        uint64_t length = line_length();

        if (line_output_space(&t->line) < length + 1)
            break;
        if (!is_debug(k->chunk + k->at, length)) {
            if (t->line.column)
                line_output(&t->line, (const uint8_t *)"\n", 1);
            line_output(&t->line, (const uint8_t *)k->chunk + k->at, length);
        }
        k->at += length;
        news = true;
    }
    period_ms = news ? PERIOD_MIN_MS : period_ms < PERIOD_MAX_MS ? period_ms * 2 : PERIOD_MAX_MS;
    next_look = IPC_MS(period_ms);
}

uint64_t klog_next(void)
{
    return next_look;
}
