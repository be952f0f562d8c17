/* The log: a ring of lines, as the console and log_read show them.
 *
 * L1 head counts lines ever written; line n is in place n % LINES while it is one of the last LINES
 * L2 every line ends with the only \n in it, and a NUL
 * L3 text is printable ASCII: to show what users wrote cannot command a terminal */
#include <log.h>
#include <format.h>
#include <string.h>
#include <lock.h>

#define LINES    1024u
#define TEXT_MAX 240u
#define TAG_MAX  16
_Static_assert(TEXT_MAX + 64 <= LOG_LINE_MAX, "with time, tag and mark");

static char ring[LINES][LOG_LINE_MAX];
static uint64_t head;
static struct spinlock lock; /* guards ring and head */
enum log_level log_console_level = LOG_INFO;

static void append(enum log_level level, const char *tag, const char *text, size_t length)
{
    LOCK_GUARD(&lock);
    char *line = ring[head++ % LINES];
    uint64_t now = time_now();
    const char *mark = level >= LOG_DEBUG ? "debug: " : ""; /* tty leaves such lines out */
    size_t n = format_text(line, LOG_LINE_MAX - 1, "[%5lu.%06lu] %.*s: %s%.*s", now / 1000000000,
                           now / 1000 % 1000000, TAG_MAX, tag, mark, (int)length, text);
    for (size_t i = 0; i < n; i++)
        if (line[i] < ' ' || line[i] > '~')
            line[i] = line[i] == '\t' ? ' ' : '?';
    memcpy(line + n, "\n", 2);
    if (level <= log_console_level)
        console_write(line, n + 1);
}

void log_print(enum log_level level, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    append(level, "kernel", text, n);
}

/* One record; what does not fit is cut off, and that is shown. Text may begin with <N>,
 * N a level of syslog's: 3 error, 4 warning, 6 information, 7 debug. */
int sys_log_write(struct thread *thread, struct syscall *s)
{
    char text[TEXT_MAX];
    uint64_t length = s->a[1] < TEXT_MAX ? s->a[1] : TEXT_MAX;
    FAIL_IF(user_read(text, s->a[0], length), SYS_TOUCH);
    if (length < s->a[1])
        memcpy(text + TEXT_MAX - 3, "...", 3);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    static const uint8_t levels[8] = {LOG_ERROR, LOG_ERROR, LOG_ERROR, LOG_ERROR,
                                      LOG_WARN,  LOG_INFO,  LOG_INFO,  LOG_DEBUG};
    bool tagged = length >= 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>';
    enum log_level level = tagged ? (enum log_level)levels[text[1] - '0'] : LOG_INFO;
    append(level, thread->task->name, text + 3 * tagged, length - 3 * tagged);
    return 0;
}

const char *log_line(uint64_t *position)
{
    uint64_t oldest = head < LINES ? 0 : head - LINES, at = *position < oldest ? oldest : *position;
    *position = at < head ? at + 1 : head;
    return at < head ? ring[at % LINES] : NULL;
}

/* One line. The cursor may be anything. */
int sys_log_read(struct thread *, struct syscall *s)
{
    s->r[0] = s->a[0];
    const char *line = log_line(&s->r[0]);
    s->r[1] = line ? strlen(line) : 0;
    FAIL_IF(s->r[1] > s->a[2], E_SIZE);
    return user_write(s->a[1], line, s->r[1]);
}
