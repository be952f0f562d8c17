/* The log ring.
 *
 * L1 positions count bytes ever written, tail <= head <= tail + LOG_SIZE; position % LOG_SIZE is the place
 * L2 records begin at multiples of 8 and do not wrap: one filler record takes what is left at the end
 * L3 text is printable ASCII: to show what users wrote cannot command a terminal */
#include <log.h>
#include <format.h>
#include <lock.h>
#include <string.h>

#define LOG_SIZE   65536u
#define TEXT_MAX   240u
#define LINE_MAX   (TEXT_MAX + 40)
#define TAG_MAX    16
#define FILLER     0xffff
#define READ_LINES 64 /* of one log_read */

struct record {
    uint16_t length; /* of the whole record, a multiple of 8 */
    uint16_t text;   /* bytes of text behind it, or FILLER */
    uint32_t level;
    uint64_t time; /* ns */
    char tag[TAG_MAX];
};
_Static_assert(sizeof(struct record) == 32, "a multiple of 8");

static char ring[LOG_SIZE] __attribute__((aligned(8)));
static uint64_t head, tail;
static struct spinlock lock;
enum log_level log_console_level = LOG_INFO;

static struct record *record_at(uint64_t position)
{
    return (struct record *)(ring + position % LOG_SIZE);
}

/* Drop the oldest records until n bytes are free. */
static void make_room(uint32_t n)
{
    while (head + n - tail > LOG_SIZE)
        tail += record_at(tail)->length;
}

/* One line of text, as the console and log_read show it. */
static size_t render(const struct record *r, char *line)
{
    const char *mark = r->level >= LOG_DEBUG ? "debug: " : ""; /* tty leaves such lines out */
    size_t n = format_text(line, LINE_MAX, "[%5lu.%06lu] %.*s: %s%.*s", r->time / 1000000000,
                           r->time / 1000 % 1000000, TAG_MAX, r->tag, mark, r->text, (const char *)(r + 1));
    line[n++] = '\n';
    return n;
}

static char printable(char c)
{
    return c >= ' ' && c <= '~' ? c : c == '\t' ? ' ' : '?';
}

static void append(enum log_level level, const char *tag, const char *text, uint32_t length)
{
    LOCK_GUARD(&lock);
    uint32_t size = (sizeof(struct record) + length + 7) & ~7u;
    uint32_t left = LOG_SIZE - head % LOG_SIZE;
    if (left < size) {
        make_room(left);
        record_at(head)->length = (uint16_t)left;
        record_at(head)->text = FILLER;
        head += left;
    }
    make_room(size);
    struct record *r = record_at(head);
    *r = (struct record){
        .length = (uint16_t)size, .text = (uint16_t)length, .level = level, .time = time_now()};
    for (uint32_t i = 0; i < TAG_MAX && tag[i]; i++)
        r->tag[i] = printable(tag[i]);
    for (uint32_t i = 0; i < length; i++)
        ((char *)(r + 1))[i] = printable(text[i]);
    head += size;
    if (level <= log_console_level) {
        char line[LINE_MAX + 1];
        console_write(line, render(r, line));
    }
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

void log_show_last(uint32_t count)
{
    char line[LINE_MAX + 1];
    uint32_t records = 0, seen = 0;
    for (uint64_t at = tail; at < head; at += record_at(at)->length)
        records += record_at(at)->text != FILLER;
    for (uint64_t at = tail; at < head; at += record_at(at)->length)
        if (record_at(at)->text != FILLER && records - seen++ <= count)
            console_write(line, render(record_at(at), line));
}

/* One record; what does not fit is cut off, and that is shown. Text may begin with <N>,
 * N a level of syslog's: 3 error, 4 warning, 6 information, 7 debug. */
int sys_log_write(struct thread *thread, struct syscall *s)
{
    char text[TEXT_MAX];
    uint64_t length = s->a[1] < TEXT_MAX ? s->a[1] : TEXT_MAX;
    if (user_read(text, s->a[0], length))
        return SYS_TOUCH;
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

/* The record at or behind a position where one begins, past a filler. */
static uint64_t real(uint64_t at)
{
    return at < head && record_at(at)->text == FILLER ? at + record_at(at)->length : at;
}

/* The cursor may be anything: the first record at or behind it. */
int sys_log_read(struct thread *, struct syscall *s)
{
    char line[LINE_MAX + 1];
    uint64_t at = real(tail), done = 0;
    while (at < head && at < s->a[0])
        at = real(at + record_at(at)->length);
    for (uint32_t lines = 0; at < head && lines < READ_LINES; lines++) {
        size_t n = render(record_at(at), line);
        if (n > s->a[2] - done)
            break;
        if (user_write(s->a[1] + done, line, n))
            return SYS_TOUCH;
        done += n;
        at = real(at + record_at(at)->length);
    }
    if (done == 0 && at < head)
        return E_SIZE;
    s->r[0] = at;
    s->r[1] = done;
    return 0;
}
