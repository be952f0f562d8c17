// sources: servers/tty/line.c
/* The line discipline: editing, modes, batch input, output, and random traffic. */
#include "check.h"
#include "servers/tty/line.h"

static struct line l;

static uint32_t type_bytes(const char *bytes, size_t length)
{
    uint32_t signal = 0;

    for (size_t i = 0; i < length; i++) {
        uint32_t s = line_input(&l, (uint8_t)bytes[i]);

        signal = s ? s : signal;
    }
    return signal;
}

static uint32_t type(const char *text)
{
    return type_bytes(text, strlen(text));
}

static char out[65536];

static const char *output(void)
{
    size_t n = 0;
    uint8_t byte;

    while (n + 1 < sizeof out && line_next_output(&l, &byte))
        out[n++] = (char)byte;
    out[n] = 0;
    return out;
}

static char got[65536];

/* One read of `size` bytes; null if it would wait. */
static const char *read_some(size_t size)
{
    uint32_t entries;
    size_t n;

    line_retype(&l);
    if (!line_readable(&l))
        return 0;
    n = line_peek(&l, (uint8_t *)got, size, &entries);
    line_take(&l, entries);
    got[n] = 0;
    return got;
}

static int reads(const char *expected)
{
    const char *text = read_some(4000);

    return text && strcmp(text, expected) == 0;
}

static void set(uint32_t clear, uint32_t add)
{
    struct tty_mode mode = l.mode;

    mode.lflag = (mode.lflag & ~clear) | add;
    line_set_mode(&l, &mode);
}

static void a_line(void)
{
    line_init(&l);
    type("hel");
    CHECK(!line_readable(&l) && strcmp(output(), "hel") == 0);
    type("lo\rnext");
    CHECK(strcmp(output(), "lo\r\nnext") == 0);
    CHECK(line_available(&l) == 6 && reads("hello\n") && !line_readable(&l));
    type("\n\n");
    CHECK(reads("next\n") && reads("\n") && !read_some(10));
}

static void short_reads(void)
{
    line_init(&l);
    type("abcdef\nxy\n");
    CHECK(strcmp(read_some(4), "abcd") == 0 && strcmp(read_some(4), "ef\n") == 0 && reads("xy\n"));
}

static void erase(void)
{
    line_init(&l);
    type("ab\x7f");
    CHECK(strcmp(output(), "ab\b \b") == 0);
    type("\x7f\x7f\x7f");
    CHECK(strcmp(output(), "\b \b") == 0);
    type("c\n");
    CHECK(reads("c\n"));
}

static void erase_wide(void)
{
    line_init(&l);
    type("\x01\x7f");
    CHECK(strcmp(output(), "^A\b \b\b \b") == 0);
    type("a\t\x7f");
    output();
    CHECK(l.column == 1);
    type("\xc3\xa9\x7f\n");
    CHECK(reads("a\n"));
}

static void erase_stays_in_line(void)
{
    line_init(&l);
    type("one\n\x7f\x7f\x15\x17");
    CHECK(reads("one\n"));
}

static void word_and_kill(void)
{
    line_init(&l);
    type("one two  \x17three\n");
    CHECK(reads("one three\n"));
    type("rubbish\x15good\n");
    CHECK(reads("good\n"));
}

static void literal_next(void)
{
    line_init(&l);
    CHECK(type("\x16\x03\x16\x7f\x16\x04\x16\x16\n") == 0);
    CHECK(reads("\x03\x7f\x04\x16\n"));
    type("\x16\n");
    CHECK(!line_readable(&l));
}

static void signals(void)
{
    line_init(&l);
    CHECK(type("abc\x03") == 2 && type("\x1c") == 3 && type("\x1a") == 20);
    type("d\n");
    CHECK(reads("d\n"));
    set(0, TTY_L_NOFLSH);
    type("abc\x03"
         "d\n");
    CHECK(reads("abcd\n"));
    set(TTY_L_ISIG, 0);
    CHECK(type("\x03\n") == 0 && reads("\x03\n"));
}

static void end_of_file(void)
{
    line_init(&l);
    type("\x04");
    CHECK(line_readable(&l) && reads("") && !line_readable(&l));
    type("abc\x04");
    CHECK(reads("abc") && !line_readable(&l));
    type("abc\x04\x04");
    CHECK(strcmp(read_some(3), "abc") == 0 && reads("") && !line_readable(&l));
    type("x\n\x04");
    CHECK(reads("x\n") && reads("") && !line_readable(&l));
    type("\x04\x04\x04");
    CHECK(reads("") && !line_readable(&l));
}

static void raw(void)
{
    line_init(&l);
    output();
    set(TTY_L_ICANON | TTY_L_ECHO | TTY_L_ISIG, 0);
    CHECK(type("a\x7f\x03\x04") == 0 && strcmp(output(), "") == 0);
    CHECK(line_available(&l) == 4 && strcmp(read_some(2), "a\x7f") == 0 && reads("\x03\x04"));
    type("\r");
    CHECK(reads("\n"));
}

static void mode_changes_keep_input(void)
{
    line_init(&l);
    type("one\ntw");
    set(TTY_L_ICANON, 0);
    CHECK(reads("one\ntw"));
    type("three\nfou");
    set(0, TTY_L_ICANON);
    CHECK(reads("three\n") && !line_readable(&l));
    type("r\n");
    CHECK(reads("four\n"));
    type("\x04");
    set(TTY_L_ICANON, 0);
    CHECK(reads("\x04"));
}

/* The shell reads a line raw, without ICRNL and signals; what is typed behind it is for the program. */
static void typed_ahead(void)
{
    line_init(&l);
    output();
    set(TTY_L_ICANON | TTY_L_ECHO | TTY_L_ISIG, 0);
    l.mode.iflag &= ~TTY_I_ICRNL;
    type("a\rbx\x7f"
         "c\r\x04"
         "d\re");
    l.mode.iflag |= TTY_I_ICRNL;
    set(0, TTY_L_ICANON | TTY_L_ECHO | TTY_L_ISIG);
    CHECK(strcmp(output(), "") == 0);
    CHECK(reads("a\n") && reads("bc\n") && reads("") && reads("d\n") && !line_readable(&l));
    type("f\n");
    CHECK(reads("ef\n"));
    set(TTY_L_ICANON | TTY_L_ISIG, 0);
    type("raw^A\x7f again\x03\r");
    set(0, TTY_L_ICANON | TTY_L_ISIG);
    type("behind\n");
    set(TTY_L_ICANON | TTY_L_ISIG, 0);
    CHECK(reads("raw^A\x7f again\x03\nbehind\n"));
    type("gone\r\x03kept\r");
    set(0, TTY_L_ICANON | TTY_L_ISIG);
    CHECK(reads("kept\n") && !line_readable(&l));
}

static void batch(void)
{
    line_init(&l);
    line_set_batch(&l, true);
    CHECK(type_bytes("echo a\x7f\x03\x15\n", 10) == 0);
    CHECK(strcmp(output(), "") == 0 && reads("echo a\x7f\x03\x15\n"));
    type("\x16\x04\x16\x16\x16\x03\n\x13z\r\n");
    CHECK(reads("\x04\x16\x03\n") && reads("\x13z\r\n"));
    type("end\x04");
    CHECK(reads("end") && !line_readable(&l));
    type("\x04\x04\x04");
    CHECK(reads("") && !line_readable(&l));
    CHECK(line_output(&l, (const uint8_t *)"a\nb", 3) == 3 && strcmp(output(), "a\r\nb") == 0);
}

static void batch_begins_late(void)
{
    line_init(&l);
    type("one\ntwo");
    line_set_batch(&l, true);
    type("\n");
    CHECK(reads("one\n") && reads("two\n"));
}

static void long_line(void)
{
    size_t total = 0;

    line_init(&l);
    line_set_batch(&l, true);
    for (int i = 0; i < 20000; i++) {
        while (!line_wants_input(&l)) {
            const char *text = read_some(1000);

            CHECK(text && *text);
            total += strlen(text);
        }
        line_input(&l, 'x');
    }
    line_input(&l, '\n');
    for (const char *text; (text = read_some(1000));)
        total += strlen(text);
    CHECK(total == 20001);
}

static void flow_control(void)
{
    uint8_t byte;

    line_init(&l);
    line_output(&l, (const uint8_t *)"abc", 3);
    type("\x13");
    CHECK(!line_next_output(&l, &byte) && line_has_output(&l));
    type("\x11");
    CHECK(strcmp(output(), "abc") == 0);
    type("\x13");
    line_output(&l, (const uint8_t *)"abc", 3);
    CHECK(type("\x03") == 2 && !l.stopped);
}

static void output_fills(void)
{
    static uint8_t many[LINE_OUTPUT];
    size_t n;

    line_init(&l);
    memset(many, '\n', sizeof many);
    n = line_output(&l, many, sizeof many);
    CHECK(n == LINE_OUTPUT / 2 && !line_wants_input(&l));
    CHECK(strlen(output()) == LINE_OUTPUT && line_wants_input(&l));
}

/* What goes in comes out, whatever the modes do in between. */
static void raw_is_lossless(void)
{
    uint64_t seed = 21;
    uint8_t next_in = 0, next_out = 0;

    line_init(&l);
    l.mode.iflag = 0;
    set(0xffffffff, 0);
    for (int round = 0; round < 200000; round++) {
        if (line_wants_input(&l) && check_random(&seed) % 2)
            line_input(&l, next_in++);
        if (check_random(&seed) % 3 == 0 && line_readable(&l)) {
            uint8_t some[16];
            uint32_t entries;
            size_t n = line_peek(&l, some, check_random(&seed) % 16, &entries);

            for (size_t i = 0; i < n; i++)
                CHECK(some[i] == next_out++);
            line_take(&l, entries);
        }
    }
}

static void random_traffic(void)
{
    uint64_t seed = 22;
    uint8_t byte;

    line_init(&l);
    for (int round = 0; round < 500000; round++) {
        uint64_t r = check_random(&seed);

        if (line_wants_input(&l))
            line_input(&l, (uint8_t)(r % 7 ? r >> 8 & 0x1f : r >> 8));
        if (r >> 20 & 1)
            line_next_output(&l, &byte);
        if ((r >> 21 & 7) == 0)
            read_some(r >> 24 & 0xff);
        if ((r >> 32 & 0xfff) == 0) {
            struct tty_mode mode = l.mode;

            mode.lflag ^= 1u << (r >> 44 & 15);
            mode.iflag ^= 1u << (r >> 48 & 15);
            line_set_mode(&l, &mode);
        }
        if ((r >> 52 & 0xfff) == 1)
            line_set_batch(&l, !l.batch);
        CHECK(l.committed - l.first <= LINE_INPUT && l.last - l.committed <= LINE_INPUT);
        CHECK(l.last - l.first <= LINE_INPUT && l.out_last - l.out_first <= LINE_OUTPUT);
        CHECK(line_wants_input(&l) || line_readable(&l) || line_has_output(&l));
    }
}

int main(void)
{
    RUN(a_line);
    RUN(short_reads);
    RUN(erase);
    RUN(erase_wide);
    RUN(erase_stays_in_line);
    RUN(word_and_kill);
    RUN(literal_next);
    RUN(signals);
    RUN(end_of_file);
    RUN(raw);
    RUN(mode_changes_keep_input);
    RUN(typed_ahead);
    RUN(batch);
    RUN(batch_begins_late);
    RUN(long_line);
    RUN(flow_control);
    RUN(output_fills);
    RUN(raw_is_lossless);
    RUN(random_traffic);
    CHECK_END();
}
