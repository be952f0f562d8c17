/* The log: the last RECORDS records, numbered from the first one on; ring[number % RECORDS] is the place.
 * What it holds is printable ASCII: to show what users wrote cannot command a terminal. */
#include <log.h>
#include <format.h>
#include <lock.h>
#include <string.h>

#define RECORDS    512u
#define TEXT_MAX   240u
#define TAG_MAX    16
#define READ_LINES 64 /* of one log_read */

static struct record {
    uint64_t time; /* ns */
    uint32_t level, length;
    char tag[TAG_MAX], text[TEXT_MAX];
} ring[RECORDS];
static uint64_t head; /* number of the next record */
static struct spinlock lock;
enum log_level log_console_level = LOG_INFO;

/* One line of text, as the console and log_read show it. */
_Static_assert(TEXT_MAX + 64 <= LOG_LINE_MAX, "with time, tag and mark");
static size_t render(const struct record *r, char *line)
{
    const char *mark = r->level >= LOG_DEBUG ? "debug: " : ""; /* tty leaves such lines out */
    size_t n = format_text(line, LOG_LINE_MAX - 1, "[%5lu.%06lu] %.*s: %s%.*s", r->time / 1000000000,
                           r->time / 1000 % 1000000, TAG_MAX, r->tag, mark, r->length, r->text);
    line[n++] = '\n';
    return n;
}

static char printable(char c)
{
    return c >= ' ' && c <= '~' ? c : c == '\t' ? ' ' : '?';
}

static void append(enum log_level level, const char *tag, const char *text, uint32_t length)
{
    char line[LOG_LINE_MAX];
    LOCK_GUARD(&lock);
    struct record *r = &ring[head++ % RECORDS];
    *r = (struct record){.time = time_now(), .level = level, .length = length};
    for (uint32_t i = 0; i < TAG_MAX && tag[i]; i++)
        r->tag[i] = printable(tag[i]);
    for (uint32_t i = 0; i < length; i++)
        r->text[i] = printable(text[i]);
    if (level <= log_console_level)
        console_write(line, render(r, line));
}

void log_print(enum log_level level, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    append(level, "kernel", text, (uint32_t)n);
}

/* One record; what does not fit is cut off, and that is shown. Text may begin with <N>,
 * N a level of syslog's: 3 error, 4 warning, 6 information, 7 debug. */
int sys_log_write(struct thread *thread, struct syscall *s)
{
    char text[TEXT_MAX];
    uint64_t length = s->a[1] < TEXT_MAX ? s->a[1] : TEXT_MAX;
    TRY(user_read(text, s->a[0], length));
    if (length < s->a[1])
        memcpy(text + TEXT_MAX - 3, "...", 3);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    static const uint8_t levels[8] = {LOG_ERROR, LOG_ERROR, LOG_ERROR, LOG_ERROR,
                                      LOG_WARN,  LOG_INFO,  LOG_INFO,  LOG_DEBUG};
    bool tagged = length >= 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>';
    enum log_level level = tagged ? (enum log_level)levels[text[1] - '0'] : LOG_INFO;
    append(level, thread->task->name, text + 3 * tagged, (uint32_t)length - 3 * tagged);
    return 0;
}

size_t log_line(uint64_t *position, char *line)
{
    uint64_t oldest = head > RECORDS ? head - RECORDS : 0, at = *position > oldest ? *position : oldest;
    *position = at < head ? at + 1 : head;
    return at < head ? render(&ring[at % RECORDS], line) : 0;
}

/* The cursor may be anything. */
int sys_log_read(struct thread *, struct syscall *s)
{
    char line[LOG_LINE_MAX];
    uint64_t at = s->a[0], next = at, done = 0;
    size_t n = 0;
    for (uint32_t lines = 0; lines < READ_LINES && (n = log_line(&next, line)) && n <= s->a[2] - done;
         lines++) {
        TRY(user_write(s->a[1] + done, line, n));
        done += n;
        at = next;
    }
    if (done == 0 && n > 0)
        return E_SIZE;
    s->r[0] = done ? at : next;
    s->r[1] = done;
    return 0;
}
