/* A line discipline: bytes from a terminal become lines for readers, bytes from writers become output. Pure:
 * it knows no device and no client, and is tested on the host (tests/host/tty_line_test.c). POSIX.1-2017,
 * chapter 11.
 *
 * L1  input[] holds what was typed and not yet read; entries before `committed` may be read, those behind it
 * are the line that is being edited (canonical mode only). L2  an input character is taken only while
 * line_wants_input says so: then it and its echo fit. */
#ifndef TTY_LINE_H
#define TTY_LINE_H

#include <ouros/types.h>
#include <proto/io.h>

enum { LINE_INPUT = 4096, LINE_OUTPUT = 8192 };

enum line_entry {
    ENTRY_BYTE = 0xff,
    ENTRY_END = 0x100, /* the last byte of a line */
    ENTRY_EOF = 0x200, /* no byte: ^D was typed here */
};

struct line {
    struct tty_mode mode;
    bool batch;   /* fed by a program: canonical, no echo, no signals, no editing but ^V and ^D */
    bool stopped; /* by ^S */
    bool literal; /* the next byte is taken as it is */
    bool retype;  /* some of the input was typed raw, or in a raw line: line_retype has work */
    uint16_t input[LINE_INPUT];
    uint32_t first, committed, last; /* count up; index modulo LINE_INPUT. first <= committed <= last */
    uint8_t output[LINE_OUTPUT];
    uint32_t out_first, out_last;
    uint32_t column;      /* of the cursor, as far as it is known */
    uint32_t edit_column; /* where the line that is being edited began */
};

void line_init(struct line *l);
void line_set_mode(struct line *l, const struct tty_mode *mode);
void line_set_batch(struct line *l, bool on);

/* ---- input ---- */

bool line_wants_input(const struct line *l);

/* A byte from the terminal. Returns the POSIX number of the signal that it means, or 0. */
uint32_t line_input(struct line *l, uint8_t byte);

/* For a reader of lines, before it looks: what was typed under raw mode is typed again, so that it becomes
 * lines, edited and ended as its typist meant it (a raw Return is no newline). It is done this late so that a
 * program that reads raw, as the shell does, finds what was typed for it whatever modes there were in
 * between. */
void line_retype(struct line *l);

/* Whether a read would not wait; in raw mode: whether there is any byte. */
bool line_readable(const struct line *l);

/* Bytes that can be read now (in canonical mode: of the first line). */
size_t line_available(const struct line *l);

/* What a read of `size` bytes would get: copies them, counts them, and says how many entries that uses up. */
size_t line_peek(const struct line *l, uint8_t *to, size_t size, uint32_t *entries);
void line_take(struct line *l, uint32_t entries);

void line_flush_input(struct line *l);

/* ---- output ---- */

/* Put bytes out, as the mode says; returns how many were taken. */
size_t line_output(struct line *l, const uint8_t *bytes, size_t count);

/* The next byte for the terminal: false if there is none, or output is stopped. */
bool line_next_output(struct line *l, uint8_t *byte);
bool line_has_output(const struct line *l);
size_t line_output_space(const struct line *l); /* bytes that line_output takes for certain */
void line_flush_output(struct line *l);

#endif
