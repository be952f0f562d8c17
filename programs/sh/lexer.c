// Tokens. What a word is made of is read by word.c; the texts of here-documents are read here, after the
// newline that ends the line with their operators.
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax.h"

void lexer_error(struct lexer *lexer, const char *format, ...)
{
    va_list arguments;
    if (lexer->failed)
        return;
    lexer->failed = true;
    sh.status = 2;
    if (lexer->source->cancelled)
        return;
    fputs("sh: ", stderr);
    if (lexer->source->label)
        fprintf(stderr, "%s: line %d: ", lexer->source->label, lexer->source->line);
    fputs("syntax error: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int lexer_get(struct lexer *lexer)
{
    for (;;) {
        int c = source_get(lexer->source);
        if (c != '\\')
            return c;
        int next = source_get(lexer->source);
        if (next != '\n') {
            source_unget(lexer->source, next);
            return '\\';
        }
    }
}

// Here-documents.

/// Reads a line without its newline; false at the end of the source with nothing read.
static bool lexer_read_line(struct lexer *lexer, struct buffer *line, bool *complete)
{
    int c;
    line->length = 0;
    while ((c = source_get(lexer->source)) != '\n' && c != SOURCE_END)
        buffer_add(line, (char)c);
    *complete = c == '\n';
    return *complete || line->length > 0;
}

static void lexer_read_here(struct lexer *lexer, struct here_document *here)
{
    struct buffer line = {0}, text = {0};
    bool complete = true;
    while (complete && lexer_read_line(lexer, &line, &complete)) {
        const char *start = line.length ? line.text : "";
        size_t length = line.length;
        while (here->stripped && length > 0 && *start == '\t')
            start++, length--;
        if (strlen(here->delimiter) == length && memcmp(start, here->delimiter, length) == 0)
            break;
        buffer_append(&text, start, length);
        if (complete)
            buffer_add(&text, '\n');
    }
    if (here->quoted) {
        here->redirect->target = word_literal(lexer->arena, buffer_text(&text), text.length);
    } else {
        // Parsed on its own, so that an unclosed ${ or $( cannot eat the script behind the document.
        struct source source;
        struct lexer inner = {.source = &source, .arena = lexer->arena, .depth = lexer->depth};
        source_open_string(&source, buffer_text(&text), text.length);
        source.label = "here-document";
        here->redirect->target = word_read(&inner, WORD_HERE);
        if (inner.failed)
            lexer->failed = true;
    }
    buffer_free(&line);
    buffer_free(&text);
}

static void lexer_read_heres(struct lexer *lexer)
{
    while (lexer->here && !lexer->failed) {
        struct here_document *here = lexer->here;
        lexer->here = here->next;
        lexer_read_here(lexer, here);
    }
}

// Operators and words.

static bool lexer_accept(struct lexer *lexer, int expected)
{
    int c = lexer_get(lexer);
    if (c == expected)
        return true;
    source_unget(lexer->source, c);
    return false;
}

static enum token_kind lexer_less(struct lexer *lexer)
{
    if (lexer_accept(lexer, '<'))
        return lexer_accept(lexer, '-') ? TOKEN_HERE_STRIPPED : TOKEN_HERE;
    if (lexer_accept(lexer, '&'))
        return TOKEN_DUP_IN;
    return lexer_accept(lexer, '>') ? TOKEN_BOTH : TOKEN_LESS;
}

static enum token_kind lexer_greater(struct lexer *lexer)
{
    if (lexer_accept(lexer, '>'))
        return TOKEN_APPEND;
    if (lexer_accept(lexer, '&'))
        return TOKEN_DUP_OUT;
    return lexer_accept(lexer, '|') ? TOKEN_CLOBBER : TOKEN_GREATER;
}

static int lexer_skip_blanks(struct lexer *lexer)
{
    int c;
    do
        c = lexer_get(lexer);
    while (c == ' ' || c == '\t');
    if (c == '#') {
        while (c != '\n' && c != SOURCE_END)
            c = source_get(lexer->source);
    }
    return c;
}

static enum token_kind lexer_read_word(struct lexer *lexer)
{
    struct token *token = &lexer->token;
    token->parts = word_read(lexer, WORD_PLAIN);
    if (lexer->failed || !token->parts)
        return TOKEN_END;
    struct part *part = token->parts;
    if (part->next || part->kind != PART_TEXT || part->quoted)
        return TOKEN_WORD;
    token->plain = part->text;
    if (strspn(part->text, "0123456789") != part->length || part->length > 4)
        return TOKEN_WORD;
    int c = lexer_get(lexer);
    source_unget(lexer->source, c);
    if (c != '<' && c != '>')
        return TOKEN_WORD;
    token->number = atoi(part->text);
    return TOKEN_NUMBER;
}

static enum token_kind lexer_read_token(struct lexer *lexer)
{
    int c = lexer_skip_blanks(lexer);
    switch (c) {
    case SOURCE_END: lexer_read_heres(lexer); return TOKEN_END;
    case '\n': lexer_read_heres(lexer); return TOKEN_NEWLINE;
    case ';': return lexer_accept(lexer, ';') ? TOKEN_DOUBLE_SEMICOLON : TOKEN_SEMICOLON;
    case '&': return lexer_accept(lexer, '&') ? TOKEN_AND : TOKEN_AMPERSAND;
    case '|': return lexer_accept(lexer, '|') ? TOKEN_OR : TOKEN_PIPE;
    case '(': return TOKEN_OPEN;
    case ')': return TOKEN_CLOSE;
    case '<': return lexer_less(lexer);
    case '>': return lexer_greater(lexer);
    default: source_unget(lexer->source, c); return lexer_read_word(lexer);
    }
}

struct token *lexer_peek(struct lexer *lexer)
{
    if (!lexer->peeked) {
        lexer->token = (struct token){.kind = TOKEN_END};
        if (!lexer->failed)
            lexer->token.kind = lexer_read_token(lexer);
        lexer->peeked = true;
    }
    if (lexer->failed)
        lexer->token = (struct token){.kind = TOKEN_END};
    return &lexer->token;
}

void lexer_next(struct lexer *lexer)
{
    lexer_peek(lexer);
    lexer->peeked = false;
    lexer->source->continued = true; // whatever is read from here on belongs to the same command
}
