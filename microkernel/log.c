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
static uint64_t head, tail, begin; /* begin: some position where a record begins, unless below tail */
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
_Static_assert(TEXT_MAX + 64 <= LOG_LINE_MAX, "with time, tag and mark");
static size_t render(const struct record *r, char *line)
{
    const char *mark = r->level >= LOG_DEBUG ? "debug: " : ""; /* tty leaves such lines out */
    size_t n = format_text(line, LOG_LINE_MAX - 1, "[%5lu.%06lu] %.*s: %s%.*s", r->time / 1000000000,
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
        char line[LOG_LINE_MAX];
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

size_t log_line(uint64_t *position, char *line)
{
    uint64_t at = begin >= tail && begin <= *position ? begin : tail;
    while (at < head && (at < *position || record_at(at)->text == FILLER))
        at += record_at(at)->length;
    *position = begin = at;
    if (at == head)
        return 0;
    *position += record_at(at)->length;
    return render(record_at(at), line);
}

/* The cursor may be anything. */
int sys_log_read(struct thread *, struct syscall *s)
{
    char line[LOG_LINE_MAX];
    uint64_t at = s->a[0], next = at, done = 0;
    size_t n = 0;
    for (uint32_t lines = 0; lines < READ_LINES && (n = log_line(&next, line)) && n <= s->a[2] - done;
         lines++) {
        if (user_write(s->a[1] + done, line, n))
            return SYS_TOUCH;
        done += n;
        at = next;
    }
    if (done == 0 && n > 0)
        return E_SIZE;
    s->r[0] = done ? at : next;
    s->r[1] = done;
    return 0;
}
