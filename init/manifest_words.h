/* Between manifest.c and manifest_words.c: lines, words, numbers. */
#ifndef INIT_MANIFEST_WORDS_H
#define INIT_MANIFEST_WORDS_H

#include "manifest.h"

enum { WORDS_MAX = 24, LINE_MAX = 512 };

/* One line, cut into words. */
struct line {
    char text[LINE_MAX];
    char *words[WORDS_MAX];
    uint32_t count;
};

/* Take one line off the text and cut it into words; *fits: whether all of it has room. False at the end. */
bool line_next(const char *text, size_t length, size_t *at, struct line *line, bool *fits);

/* Words from `first` on, joined by single blanks. False if there is none, or no room. */
bool line_rest(const struct line *line, uint32_t first, char *to, size_t size);

bool word_copy(char *to, const char *word, size_t size); /* not empty, and with room for its NUL */

/* Digits of `base` up to the end or another character; returns where it ended, or null if there was no
 * number. */
const char *word_digits(const char *word, uint32_t base, uint64_t *value);
bool word_number(const char *word, uint64_t most, uint64_t *value); /* decimal, 0x hexadecimal or 0 octal */
bool word_size(const char *word, uint64_t *bytes);                  /* with K or M */
bool word_time(const char *word, uint64_t *ns);                     /* with ms or s */

/* Cut a word at the first `separator`; returns what is behind it, or null. */
char *word_cut(char *word, char separator);

#endif
