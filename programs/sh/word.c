// Words: quoting, and the forms that begin with $ or `. The result is a list of parts (syntax.h) in which
// each character's quoting is known; expand.c needs no second look at the text.
#include <ctype.h>
#include <string.h>

#include "reader.h"

bool reader_quoted(const struct reader *reader)
{
    return reader->base_quoted || reader->in_quotes;
}

struct part *reader_append(struct reader *reader, enum part_kind kind, bool quoted)
{
    struct part *part = arena_alloc(reader->lexer->arena, sizeof(*part));
    part->kind = kind;
    part->quoted = quoted;
    *reader->tail = part;
    reader->tail = &part->next;
    return part;
}

void reader_flush(struct reader *reader, bool always)
{
    if (reader->text.length == 0 && !always)
        return;
    struct part *part = reader_append(reader, PART_TEXT, reader->text_quoted);
    part->length = reader->text.length;
    part->text = arena_copy(reader->lexer->arena, buffer_text(&reader->text), part->length);
    reader->text.length = 0;
}

void reader_add(struct reader *reader, int c, bool quoted)
{
    if (reader->text_quoted != quoted)
        reader_flush(reader, false);
    reader->text_quoted = quoted;
    buffer_add(&reader->text, (char)c);
}

static void reader_empty_quotes(struct reader *reader)
{
    reader_flush(reader, false);
    reader->text_quoted = true;
    reader_flush(reader, true);
}

static void read_single_quotes(struct reader *reader)
{
    bool any = false;
    int c;
    while ((c = source_get(reader->lexer->source)) != '\'') {
        if (c == SOURCE_END) {
            lexer_error(reader->lexer, "unterminated single quote");
            return;
        }
        reader_add(reader, c, true);
        any = true;
    }
    if (!any)
        reader_empty_quotes(reader);
}

static void read_backslash(struct reader *reader)
{
    bool quoted = reader_quoted(reader);
    int c = source_get(reader->lexer->source);
    if (c == SOURCE_END) {
        reader_add(reader, '\\', true);
        return;
    }
    if (quoted) {
        const char *special = reader->mode == WORD_HERE              ? "$`\\"
                              : reader->mode == WORD_QUOTED_ARGUMENT ? "$`\\\"}"
                                                                     : "$`\\\"";
        if (!strchr(special, c))
            reader_add(reader, '\\', true);
    }
    reader_add(reader, c, true);
}

// Putting it together.

/// Whether `c` ends the word; an end mark is taken, what ends a plain word is left.
static bool at_end(struct reader *reader, int c)
{
    struct lexer *lexer = reader->lexer;
    switch (reader->mode) {
    case WORD_PLAIN:
        if (reader->in_quotes || !strchr(" \t\n;&|<>()", c))
            return false;
        source_unget(lexer->source, c);
        return true;
    case WORD_ARGUMENT:
    case WORD_QUOTED_ARGUMENT: return c == '}' && !reader->in_quotes;
    case WORD_ARITHMETIC: {
        reader->open += c == '(';
        if (c != ')')
            return false;
        if (reader->open > 0) {
            reader->open--;
            return false;
        }
        int next = lexer_get(lexer);
        if (next != ')')
            lexer_error(lexer, "expected )) after an expression");
        return true;
    }
    case WORD_HERE: return false;
    }
    return false;
}

static void read_end(struct reader *reader)
{
    static const char *const missing[] = {
        [WORD_ARGUMENT] = "unterminated ${",
        [WORD_QUOTED_ARGUMENT] = "unterminated ${",
        [WORD_ARITHMETIC] = "unterminated $((",
    };
    if (reader->in_quotes)
        lexer_error(reader->lexer, "unterminated double quote");
    else if (reader->mode != WORD_PLAIN && reader->mode != WORD_HERE)
        lexer_error(reader->lexer, "%s", missing[reader->mode]);
}

static void read_double_quote(struct reader *reader)
{
    if (!reader->in_quotes) {
        reader_flush(reader, false);
        reader->quote_start = reader->tail;
    } else if (reader->tail == reader->quote_start && reader->text.length == 0) {
        reader_empty_quotes(reader); // quotes with nothing between them still make a field
    }
    reader->in_quotes = !reader->in_quotes;
}

static void read_character(struct reader *reader, int c)
{
    bool plain_quotes = reader->mode == WORD_HERE || reader->mode == WORD_ARITHMETIC;
    if (c == '\\')
        read_backslash(reader);
    else if (c == '$')
        read_dollar(reader);
    else if (c == '`')
        read_backquotes(reader);
    else if (c == '"' && !plain_quotes)
        read_double_quote(reader);
    else if (c == '\'' && !reader_quoted(reader))
        read_single_quotes(reader);
    else
        reader_add(reader, c, reader_quoted(reader));
}

struct part *word_read(struct lexer *lexer, enum word_mode mode)
{
    struct reader reader = {.lexer = lexer, .mode = mode};
    reader.tail = &reader.first;
    reader.base_quoted = mode != WORD_PLAIN && mode != WORD_ARGUMENT;
    lexer->source->continued = true;
    if (++lexer->depth > PARSE_DEPTH_MAX)
        lexer_error(lexer, "nested too deeply");
    while (!lexer->failed) {
        int c = lexer_get(lexer);
        if (c == SOURCE_END) {
            read_end(&reader);
            break;
        }
        if (at_end(&reader, c))
            break;
        read_character(&reader, c);
    }
    reader_flush(&reader, false);
    lexer->depth--;
    buffer_free(&reader.text);
    return reader.first;
}

struct part *word_literal(struct arena *arena, const char *text, size_t length)
{
    struct part *part = arena_alloc(arena, sizeof(*part));
    *part = (struct part){.kind = PART_TEXT, .quoted = true, .length = length};
    part->text = arena_copy(arena, text, length);
    return part;
}

struct part *word_from_text(struct arena *arena, const char *text, bool *ok)
{
    struct source source;
    struct lexer lexer = {.source = &source, .arena = arena};
    source_open_string(&source, text, strlen(text));
    struct part *parts = word_read(&lexer, WORD_HERE);
    *ok = !lexer.failed;
    return parts;
}
