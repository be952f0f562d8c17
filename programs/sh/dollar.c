// Parameters, commands and arithmetic in words.
#include <ctype.h>
#include <string.h>

#include "reader.h"

static bool is_name_start(int c)
{
    return c == '_' || (c != SOURCE_END && c < 128 && isalpha(c));
}

static bool is_name_char(int c)
{
    return c == '_' || (c != SOURCE_END && c < 128 && isalnum(c));
}

static bool is_special_parameter(int c)
{
    return c != SOURCE_END && c != 0 && strchr("@*#?-$!", c) != NULL;
}

static void read_name(struct lexer *lexer, struct buffer *name, bool (*belongs)(int))
{
    int c;
    while (belongs(c = lexer_get(lexer)))
        buffer_add(name, (char)c);
    source_unget(lexer->source, c);
}

static bool is_digit_char(int c)
{
    return c >= '0' && c <= '9';
}

static struct part *append_parameter(struct reader *reader, const struct buffer *name, bool quoted)
{
    reader_flush(reader, false);
    struct part *part = reader_append(reader, PART_PARAMETER, quoted);
    part->length = name->length;
    part->text = arena_copy(reader->lexer->arena, buffer_text(name), name->length);
    return part;
}

/// Reads the operator of ${name…; false if there is none of them.
static bool read_op(struct lexer *lexer, struct part *part)
{
    int c = lexer_get(lexer);
    if (c == ':') {
        part->colon = true;
        c = lexer_get(lexer);
        if (c == SOURCE_END || !strchr("-=?+", c))
            return false;
    }
    switch (c) {
    case '-': part->op = OP_DEFAULT; return true;
    case '=': part->op = OP_ASSIGN; return true;
    case '?': part->op = OP_ERROR; return true;
    case '+': part->op = OP_ALTERNATIVE; return true;
    case '#': part->op = OP_SHORT_PREFIX; break;
    case '%': part->op = OP_SHORT_SUFFIX; break;
    default: return false;
    }
    int next = lexer_get(lexer);
    if (next == c)
        part->op = c == '#' ? OP_LONG_PREFIX : OP_LONG_SUFFIX;
    else
        source_unget(lexer->source, next);
    return true;
}

/// ${#name} against ${#}, ${#-w} and the like: a length if a name and the brace follow.
static bool read_length_mark(struct lexer *lexer)
{
    int c = lexer_get(lexer);
    if (c != '#') {
        source_unget(lexer->source, c);
        return false;
    }
    int next = lexer_get(lexer);
    bool length = is_name_char(next);
    if (is_special_parameter(next)) {
        int after = lexer_get(lexer);
        source_unget(lexer->source, after);
        length = after == '}';
    }
    source_unget(lexer->source, next);
    if (!length)
        source_unget(lexer->source, c);
    return length;
}

static void read_brace_name(struct lexer *lexer, struct buffer *name)
{
    int c = lexer_get(lexer);
    if (is_special_parameter(c)) {
        buffer_add(name, (char)c);
        return;
    }
    source_unget(lexer->source, c);
    read_name(lexer, name, is_digit_char(c) ? is_digit_char : is_name_char);
}

static void read_brace(struct reader *reader)
{
    struct lexer *lexer = reader->lexer;
    struct buffer name = {0};
    bool quoted = reader_quoted(reader);
    bool length = read_length_mark(lexer);
    read_brace_name(lexer, &name);
    struct part *part = append_parameter(reader, &name, quoted);
    bool named = name.length > 0;
    buffer_free(&name);
    int c = lexer_get(lexer);
    if (length)
        part->op = OP_LENGTH;
    if (named && c == '}')
        return;
    source_unget(lexer->source, c);
    if (!named || length || !read_op(lexer, part)) {
        lexer_error(lexer, "bad substitution");
        return;
    }
    // A pattern's quotes mean what they mean outside, even within double quotes.
    bool pattern = part->op >= OP_SHORT_PREFIX;
    part->argument = word_read(lexer, quoted && !pattern ? WORD_QUOTED_ARGUMENT : WORD_ARGUMENT);
}

static void read_command(struct reader *reader)
{
    reader_flush(reader, false);
    struct part *part = reader_append(reader, PART_COMMAND, reader_quoted(reader));
    struct lexer *lexer = reader->lexer;
    // The commands inside are read from the same source with the same lexer; only its current token is ours.
    struct token token = lexer->token;
    bool peeked = lexer->peeked;
    lexer->peeked = false;
    part->command = parse_substitution(lexer, true);
    lexer->token = token;
    lexer->peeked = peeked;
}

void read_dollar(struct reader *reader)
{
    struct lexer *lexer = reader->lexer;
    bool quoted = reader_quoted(reader);
    struct buffer name = {0};
    int c = lexer_get(lexer);
    if (c == '{') {
        read_brace(reader);
    } else if (c == '(') {
        int next = lexer_get(lexer);
        if (next == '(') {
            reader_flush(reader, false);
            struct part *part = reader_append(reader, PART_ARITHMETIC, quoted);
            part->argument = word_read(lexer, WORD_ARITHMETIC);
        } else {
            source_unget(lexer->source, next);
            read_command(reader);
        }
    } else if (is_special_parameter(c) || is_digit_char(c)) {
        buffer_add(&name, (char)c);
        append_parameter(reader, &name, quoted);
    } else if (is_name_start(c)) {
        buffer_add(&name, (char)c);
        read_name(lexer, &name, is_name_char);
        append_parameter(reader, &name, quoted);
    } else {
        source_unget(lexer->source, c);
        reader_add(reader, '$', quoted);
    }
    buffer_free(&name);
}

void read_backquotes(struct reader *reader)
{
    struct lexer *lexer = reader->lexer;
    struct buffer text = {0};
    const char *special = reader_quoted(reader) && reader->mode != WORD_HERE ? "$`\\\"" : "$`\\";
    int c;
    while ((c = lexer_get(lexer)) != '`' && c != SOURCE_END) {
        if (c == '\\') {
            c = source_get(lexer->source);
            if (c == SOURCE_END)
                break;
            if (!strchr(special, c))
                buffer_add(&text, '\\');
        }
        buffer_add(&text, (char)c);
    }
    reader_flush(reader, false);
    struct part *part = reader_append(reader, PART_COMMAND, reader_quoted(reader));
    if (c == SOURCE_END) {
        lexer_error(lexer, "unterminated backquote");
    } else {
        struct source source;
        struct lexer inner = {.source = &source, .arena = lexer->arena, .depth = lexer->depth};
        source_open_string(&source, buffer_text(&text), text.length);
        part->command = parse_substitution(&inner, false);
        lexer->failed |= inner.failed;
    }
    buffer_free(&text);
}
