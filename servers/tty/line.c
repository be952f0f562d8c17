#include "line.h"

enum { SIG_INT = 2, SIG_QUIT = 3, SIG_STOP = 20 /* SIGTSTP */, ECHO_MOST = 8, TAB = 8 };

/* c_cflag as libc has it: 8 bits, receiver on, local line */
#define CFLAG_DEFAULT 0x0b30

void line_init(struct line *l)
{
    *l = (struct line){
        .mode = {.iflag = TTY_I_ICRNL | TTY_I_IXON,
                 .oflag = TTY_O_OPOST | TTY_O_ONLCR,
                 .cflag = CFLAG_DEFAULT,
                 .lflag = TTY_L_ISIG | TTY_L_ICANON | TTY_L_ECHO | TTY_L_ECHOE | TTY_L_ECHOK | TTY_L_IEXTEN |
                          TTY_L_ECHOCTL,
                 .cc = {[TTY_VINTR] = 3,
                        [TTY_VQUIT] = 28,
                        [TTY_VERASE] = 127,
                        [TTY_VKILL] = 21,
                        [TTY_VEOF] = 4,
                        [TTY_VMIN] = 1,
                        [TTY_VSTART] = 17,
                        [TTY_VSTOP] = 19,
                        [TTY_VSUSP] = 26,
                        [TTY_VWERASE] = 23,
                        [TTY_VLNEXT] = 22},
                 .speed = 115200},
    };
}

/* ---- output ---- */

static uint32_t out_used(const struct line *l)
{
    return l->out_last - l->out_first;
}

size_t line_output_space(const struct line *l)
{
    return (LINE_OUTPUT - out_used(l)) / 2; /* a newline becomes two bytes */
}

static void put(struct line *l, uint8_t byte)
{
    if (out_used(l) == LINE_OUTPUT)
        return;
    l->output[l->out_last++ % LINE_OUTPUT] = byte;
    if (byte == '\r')
        l->column = 0;
    else if (byte == '\b')
        l->column -= l->column > 0;
    else if (byte == '\t')
        l->column = (l->column / TAB + 1) * TAB;
    else if (byte >= ' ' && byte != 0x7f && (byte & 0xc0) != 0x80)
        l->column++;
}

/* One byte of a writer, or of an echo. */
static void put_processed(struct line *l, uint8_t byte)
{
    bool crlf = (l->mode.oflag & (TTY_O_OPOST | TTY_O_ONLCR)) == (TTY_O_OPOST | TTY_O_ONLCR);

    if (byte == '\n' && crlf)
        put(l, '\r');
    put(l, byte);
}

size_t line_output(struct line *l, const uint8_t *bytes, size_t count)
{
    size_t n = 0;

    while (n < count && LINE_OUTPUT - out_used(l) >= 2)
        put_processed(l, bytes[n++]);
    return n;
}

bool line_next_output(struct line *l, uint8_t *byte)
{
    if (l->stopped || !line_has_output(l))
        return false;
    *byte = l->output[l->out_first++ % LINE_OUTPUT];
    return true;
}

bool line_has_output(const struct line *l)
{
    return out_used(l) > 0;
}

void line_flush_output(struct line *l)
{
    l->out_first = l->out_last;
}

/* ---- echo ---- */

static bool has(const struct line *l, uint32_t lflag)
{
    return !l->batch && (l->mode.lflag & lflag);
}

static bool canonical(const struct line *l)
{
    return l->batch || (l->mode.lflag & TTY_L_ICANON);
}

/* Whether a byte is shown as ^X. */
static bool shown_as_control(const struct line *l, uint8_t byte)
{
    return (byte < ' ' || byte == 0x7f) && byte != '\t' && byte != '\n' && (l->mode.lflag & TTY_L_ECHOCTL);
}

static void echo(struct line *l, uint8_t byte)
{
    if (!has(l, TTY_L_ECHO)) {
        if (byte == '\n' && canonical(l) && has(l, TTY_L_ECHONL))
            put_processed(l, '\n');
        return;
    }
    if (shown_as_control(l, byte)) {
        put(l, '^');
        byte ^= 0x40;
    }
    put_processed(l, byte);
}

static uint32_t width_at(const struct line *l, uint32_t column, uint8_t byte)
{
    if (byte == '\t')
        return TAB - column % TAB;
    if (shown_as_control(l, byte))
        return 2;
    return byte >= ' ' && byte != 0x7f && (byte & 0xc0) != 0x80;
}

/* The column at which the line that is being edited ends. */
static uint32_t edit_end(const struct line *l)
{
    uint32_t column = l->edit_column;

    for (uint32_t i = l->committed; i != l->last; i++)
        column += width_at(l, column, (uint8_t)(l->input[i % LINE_INPUT] & ENTRY_BYTE));
    return column;
}

/* ---- editing ---- */

static bool editing(const struct line *l)
{
    return l->last != l->committed;
}

static uint8_t last_byte(const struct line *l)
{
    return (uint8_t)(l->input[(l->last - 1) % LINE_INPUT] & ENTRY_BYTE);
}

/* Take back one character: a byte, or all bytes of one in UTF-8. */
static void erase_character(struct line *l)
{
    uint32_t before = edit_end(l), after;
    uint8_t byte;

    do {
        byte = last_byte(l);
        l->last--;
    } while ((byte & 0xc0) == 0x80 && editing(l));
    if (!has(l, TTY_L_ECHO))
        return;
    if (!has(l, TTY_L_ECHOE)) {
        echo(l, l->mode.cc[TTY_VERASE]);
        return;
    }
    after = edit_end(l);
    for (; before > after; before--) {
        put(l, '\b');
        put(l, ' ');
        put(l, '\b');
    }
}

static void erase_word(struct line *l)
{
    while (editing(l) && (last_byte(l) == ' ' || last_byte(l) == '\t'))
        erase_character(l);
    while (editing(l) && last_byte(l) != ' ' && last_byte(l) != '\t')
        erase_character(l);
}

/* Echo of a kill may be long: it is cut short rather than lost elsewhere, since put() drops what does not
 * fit. */
static void kill_line(struct line *l)
{
    if (has(l, TTY_L_ECHOE)) {
        while (editing(l))
            erase_character(l);
        return;
    }
    l->last = l->committed;
    echo(l, l->mode.cc[TTY_VKILL]);
    if (has(l, TTY_L_ECHOK) && has(l, TTY_L_ECHO))
        put_processed(l, '\n');
}

/* ---- input ---- */

static uint32_t in_used(const struct line *l)
{
    return l->last - l->first;
}

bool line_wants_input(const struct line *l)
{
    return in_used(l) + 2 <= LINE_INPUT && LINE_OUTPUT - out_used(l) >= ECHO_MOST;
}

static void append(struct line *l, uint16_t entry)
{
    if (!editing(l))
        l->edit_column = l->column;
    l->input[l->last++ % LINE_INPUT] = entry;
    if (!canonical(l))
        l->committed = l->last;
}

/* A line longer than the ring is given out in pieces: no program and no terminal could go on otherwise. */
static void commit_if_full(struct line *l)
{
    if (in_used(l) + 2 > LINE_INPUT && l->first == l->committed)
        l->committed = l->last;
}

static bool is(const struct line *l, enum tty_cc cc, uint8_t byte)
{
    return byte && l->mode.cc[cc] == byte;
}

static uint32_t signal_for(const struct line *l, uint8_t byte)
{
    if (!has(l, TTY_L_ISIG))
        return 0;
    if (is(l, TTY_VINTR, byte))
        return SIG_INT;
    if (is(l, TTY_VQUIT, byte))
        return SIG_QUIT;
    return is(l, TTY_VSUSP, byte) ? SIG_STOP : 0;
}

/* A mark with nothing in front of it, unread: the next read that gets so far finds the end of the file. */
static bool eof_waits(const struct line *l)
{
    uint16_t before;

    if (l->first == l->committed || l->input[(l->committed - 1) % LINE_INPUT] != ENTRY_EOF)
        return false;
    before = l->input[(l->committed - 2) % LINE_INPUT];
    return l->committed - l->first == 1 || (before & (ENTRY_END | ENTRY_EOF));
}

static void end_of_file(struct line *l)
{
    if (!editing(l) && eof_waits(l))
        return; /* one is enough: whoever feeds us repeats it */
    append(l, ENTRY_EOF);
    l->committed = l->last;
}

/* Canonical mode: true if the byte was an editing character. */
static bool edit(struct line *l, uint8_t byte)
{
    if (is(l, TTY_VEOF, byte)) {
        end_of_file(l);
        return true;
    }
    if (l->batch)
        return false;
    if (is(l, TTY_VERASE, byte)) {
        if (editing(l))
            erase_character(l);
        return true;
    }
    if (is(l, TTY_VKILL, byte)) {
        kill_line(l);
        return true;
    }
    if (has(l, TTY_L_IEXTEN) && is(l, TTY_VWERASE, byte)) {
        erase_word(l);
        return true;
    }
    return false;
}

static void take(struct line *l, uint8_t byte, bool literal)
{
    bool ends = canonical(l) && !literal && (byte == '\n' || is(l, TTY_VEOL, byte));

    append(l, ends ? byte | ENTRY_END : byte);
    echo(l, byte);
    if (ends)
        l->committed = l->last;
    commit_if_full(l);
}

/* What the input flags make of a byte; -1: nothing. */
static int translate(const struct line *l, uint8_t byte)
{
    uint32_t flags = l->mode.iflag;

    if (l->batch)
        return byte;
    if (flags & TTY_I_ISTRIP)
        byte &= 0x7f;
    if (byte == '\r') {
        if (flags & TTY_I_IGNCR)
            return -1;
        return flags & TTY_I_ICRNL ? '\n' : byte;
    }
    return byte == '\n' && (flags & TTY_I_INLCR) ? '\r' : byte;
}

/* ^S and ^Q. */
static bool flow(struct line *l, uint8_t byte)
{
    if (l->batch || !(l->mode.iflag & TTY_I_IXON))
        return false;
    if (is(l, TTY_VSTOP, byte))
        l->stopped = true;
    else if (is(l, TTY_VSTART, byte))
        l->stopped = false;
    else
        return false;
    return true;
}

static bool begins_literal(const struct line *l, uint8_t byte)
{
    bool extended = l->batch || ((l->mode.lflag & TTY_L_IEXTEN) && (l->mode.lflag & TTY_L_ICANON));

    return extended && is(l, TTY_VLNEXT, byte);
}

uint32_t line_input(struct line *l, uint8_t raw)
{
    int byte = translate(l, raw);
    uint32_t signal;

    if (l->literal) {
        l->literal = false;
        take(l, raw, true);
        return 0;
    }
    if (byte < 0 || flow(l, (uint8_t)byte))
        return 0;
    signal = signal_for(l, (uint8_t)byte);
    if (signal) {
        l->stopped = false;
        if (!(l->mode.lflag & TTY_L_NOFLSH)) {
            line_flush_input(l);
            line_flush_output(l);
        }
        echo(l, (uint8_t)byte);
        return signal;
    }
    if (begins_literal(l, (uint8_t)byte)) {
        l->literal = true;
        if (has(l, TTY_L_ECHO)) {
            put(l, '^');
            put(l, '\b');
        }
        return 0;
    }
    if (!canonical(l) || !edit(l, (uint8_t)byte))
        take(l, (uint8_t)byte, false);
    return 0;
}

void line_flush_input(struct line *l)
{
    l->first = l->committed = l->last;
    l->literal = l->retype = false;
}

/* ---- reading ---- */

/* Walk over what one read of `size` bytes gets. Canonical: up to the end of a line; an EOF mark ends it too,
 * and is used up also when it follows the last byte directly. */
size_t line_peek(const struct line *l, uint8_t *to, size_t size, uint32_t *entries)
{
    size_t n = 0;
    uint32_t i = l->first;

    while (i != l->committed && n < size) {
        uint16_t entry = l->input[i % LINE_INPUT];

        if (entry & ENTRY_EOF)
            break;
        if (to)
            to[n] = (uint8_t)(entry & ENTRY_BYTE);
        n++;
        i++;
        if (entry & ENTRY_END)
            break;
    }
    if (i != l->committed && (l->input[i % LINE_INPUT] & ENTRY_EOF) &&
        (i == l->first || !(l->input[(i - 1) % LINE_INPUT] & ENTRY_END)))
        i++;
    *entries = i - l->first;
    return n;
}

void line_take(struct line *l, uint32_t entries)
{
    l->first += entries;
}

bool line_readable(const struct line *l)
{
    return l->first != l->committed;
}

size_t line_available(const struct line *l)
{
    uint32_t entries;

    return line_peek(l, 0, LINE_INPUT, &entries);
}

/* ---- modes ---- */

/* What was typed as lines and not yet read becomes raw bytes. */
static void recast_raw(struct line *l)
{
    for (uint32_t i = l->first; i != l->last; i++) {
        uint16_t *entry = &l->input[i % LINE_INPUT];

        *entry = *entry & ENTRY_EOF ? l->mode.cc[TTY_VEOF] : *entry & ENTRY_BYTE;
    }
}

/* Each entry becomes one at most, so writing stays behind reading. No echo: it would come late and, for what
 * came in canonical mode, twice. A signal's key only drops what stands before it: it was meant for another
 * reader. */
void line_retype(struct line *l)
{
    uint32_t lflag = l->mode.lflag, from = l->first, end = l->last;

    if (!l->retype)
        return;
    l->retype = false;
    l->mode.lflag &= ~(TTY_L_ECHO | TTY_L_ECHONL);
    l->committed = l->last = from;
    for (; from != end; from++) {
        uint16_t entry = l->input[from % LINE_INPUT];
        uint8_t byte = entry & ENTRY_EOF ? l->mode.cc[TTY_VEOF] : (uint8_t)(entry & ENTRY_BYTE);

        if (!l->literal && signal_for(l, byte))
            line_flush_input(l);
        else
            line_input(l, byte);
    }
    l->mode.lflag = lflag;
    l->edit_column = l->column;
}

static void recast(struct line *l)
{
    l->retype = canonical(l) && l->first != l->last;
    if (!canonical(l))
        recast_raw(l);
    l->committed = l->last;
    l->edit_column = l->column;
}

void line_set_mode(struct line *l, const struct tty_mode *mode)
{
    uint8_t eof = l->mode.cc[TTY_VEOF];
    bool was = canonical(l);

    l->mode = *mode;
    if (!(l->mode.lflag & TTY_L_ICANON) && l->mode.cc[TTY_VEOF] == 0)
        l->mode.cc[TTY_VEOF] = eof;
    if (!(l->mode.iflag & TTY_I_IXON))
        l->stopped = false;
    if (was != canonical(l))
        recast(l);
}

void line_set_batch(struct line *l, bool on)
{
    bool was = canonical(l);

    l->batch = on;
    if (on)
        l->stopped = false;
    if (was != canonical(l))
        recast(l);
}
