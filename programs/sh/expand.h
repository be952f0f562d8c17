// From words to strings. Every character keeps a mark while expansions, field splitting, patterns and quote
// removal follow one another, so that no quoting character has to be put into the text and taken out again.
#ifndef EXPAND_H
#define EXPAND_H

#include "syntax.h"

enum {
    MARK_QUOTED = 1, // stood in quotes: never split, never a pattern character
    MARK_SPLIT = 2,  // came out of an expansion: may be split at IFS
    MARK_BREAK =
        4,         // a field ends here ($@); the character joins where there are no fields, NUL: nothing does
    MARK_EMPTY = 8 // no character: quotes with nothing in them, which still make a field
};

/// A text with a mark for each of its characters; both have the same length.
struct marked {
    struct buffer text;
    struct buffer marks;
};

void marked_add(struct marked *marked, char c, int mark);
void marked_append(struct marked *marked, const char *text, size_t length, int mark);
void marked_free(struct marked *marked);

/// Expands the words of a command into `fields`. False if the command must not be run (sh.unwind is set).
bool expand_words(const struct word *words, struct strings *fields);

/// Expands into one string, without splitting and patterns; the caller frees it. NULL if that failed.
char *expand_string(const struct part *parts);

/// The same for the value of an assignment, in which "~" may also follow a colon.
char *expand_assignment(const struct part *parts);

/// Expands into a pattern for pattern_match. False if that failed.
bool expand_pattern(const struct part *parts, struct marked *pattern);

/// The value of PS1, PS2 or PS4, expanded; the caller frees it.
char *expand_prompt(const char *name);

/// Appends the expansion of `parts`; `mark` is given to text that is not quoted. False if that failed.
bool expand_parts(const struct part *parts, struct marked *out, int mark);

/// param.c: the same for one $name or ${name op argument}.
bool expand_parameter(const struct part *part, struct marked *out);

/// arith.c: the value of an expression. False after a message.
bool arithmetic(const char *text, long long *value);

/// pattern.c: whether all of `text` matches; `marks` may be NULL (nothing quoted).
bool pattern_match(const char *pattern, const char *marks, size_t size, const char *text, size_t length);
/// Whether there is an unquoted *, ? or [.
bool pattern_present(const char *pattern, const char *marks, size_t size);

/// glob.c: adds the paths that match, in order; false if there is none.
bool glob_paths(const struct marked *pattern, struct strings *paths);

#endif
