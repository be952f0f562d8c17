// The line editor: one line of input from a terminal, with history.
#ifndef EDIT_H
#define EDIT_H

#include <stddef.h>

struct names;

enum edit_result {
    EDIT_LINE,
    EDIT_CANCELLED, // ^C
    EDIT_END        // ^D on an empty line, or the end of the input
};

/// Notes the terminal's modes; they are set again before every command, whatever the last one left behind.
void edit_start(void);
/// Reads a line after `prompt`. On EDIT_LINE *line is new memory and ends in a newline.
enum edit_result edit_line(const char *prompt, char **line);
void edit_print_history(void);

/// complete.c: the words that begin like the last word of `text` (`length` bytes), each in full as it would
/// be typed. *start is where the word begins.
void complete_word(const char *text, size_t length, struct names *words, size_t *start);

#endif
