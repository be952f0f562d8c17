// What the two halves of reading a word share: quoting (word.c) and the forms with $ and ` (dollar.c).
#ifndef READER_H
#define READER_H

#include "syntax.h"

struct reader {
    struct lexer *lexer;
    enum word_mode mode;
    bool base_quoted; // everything is, because the whole stands in double quotes
    bool in_quotes;   // between double quotes that began in this word
    int open;         // parentheses, in arithmetic
    struct buffer text;
    bool text_quoted;
    struct part *first, **tail;
    struct part **quote_start; // the tail when the double quotes began
};

/// Whether a character read now is quoted.
bool reader_quoted(const struct reader *reader);
struct part *reader_append(struct reader *reader, enum part_kind kind, bool quoted);
void reader_add(struct reader *reader, int c, bool quoted);
/// Makes a part of the text at hand; `always` even if it is empty, as quotes do.
void reader_flush(struct reader *reader, bool always);

/// dollar.c: what follows a $ or a `, which has been read.
void read_dollar(struct reader *reader);
void read_backquotes(struct reader *reader);

#endif
