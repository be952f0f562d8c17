// Shell patterns: * ? [ ]. A star never needs more than the last one before it to be tried again, so matching
// takes no more than size × length steps and no stack.
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "expand.h"

struct pattern {
    const char *text;
    const char *marks;
    size_t size;
};

static bool is_special(const struct pattern *pattern, size_t at, char c)
{
    return at < pattern->size && pattern->text[at] == c &&
           !(pattern->marks && (pattern->marks[at] & MARK_QUOTED));
}

static bool class_contains(const char *name, size_t length, unsigned char c)
{
    static const struct {
        const char *name;
        int (*test)(int);
    } classes[] = {
        {"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum}, {"upper", isupper},
        {"lower", islower}, {"space", isspace}, {"blank", isblank}, {"punct", ispunct},
        {"print", isprint}, {"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit},
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
        if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0)
            return classes[i].test(c) != 0;
    return false;
}

/// The length of "[:name:]" at `at`, 0 if there is none.
static size_t class_length(const struct pattern *pattern, size_t at)
{
    if (!is_special(pattern, at, '[') || !is_special(pattern, at + 1, ':'))
        return 0;
    for (size_t end = at + 2; end + 1 < pattern->size; end++) {
        if (pattern->text[end] == ':' && pattern->text[end + 1] == ']')
            return end + 2 - at;
        if (!islower((unsigned char)pattern->text[end]))
            break;
    }
    return 0;
}

/// Matches the bracket expression whose "[" is at *at against `c`, and moves *at behind its "]". Without a
/// "]" the "[" is a character like any other.
static bool bracket_match(const struct pattern *pattern, size_t *at, unsigned char c)
{
    size_t i = *at + 1;
    bool inverted = is_special(pattern, i, '!') || is_special(pattern, i, '^');
    bool found = false;
    i += inverted;
    for (size_t start = i; i < pattern->size; start = 0) {
        if (is_special(pattern, i, ']') && i != start) {
            *at = i + 1;
            return found != inverted;
        }
        size_t length = class_length(pattern, i);
        if (length) {
            found |= class_contains(pattern->text + i + 2, length - 4, c);
            i += length;
            continue;
        }
        unsigned char low = (unsigned char)pattern->text[i], high = low;
        if (is_special(pattern, i + 1, '-') && i + 2 < pattern->size && !is_special(pattern, i + 2, ']')) {
            high = (unsigned char)pattern->text[i + 2];
            i += 2;
        }
        i++;
        found |= low <= c && c <= high;
    }
    *at += 1;
    return c == '[';
}

/// A backslash that quotes the next character: one that came out of an expansion, the lexer has left no
/// other.
static bool is_escape(const struct pattern *pattern, size_t at)
{
    return is_special(pattern, at, '\\') && at + 1 < pattern->size;
}

/// Matches what stands at *at (no star) against `c` and moves on.
static bool single_match(const struct pattern *pattern, size_t *at, char c)
{
    if (is_escape(pattern, *at)) {
        *at += 2;
        return pattern->text[*at - 1] == c;
    }
    if (is_special(pattern, *at, '['))
        return bracket_match(pattern, at, (unsigned char)c);
    size_t i = (*at)++;
    return is_special(pattern, i, '?') || pattern->text[i] == c;
}

bool pattern_match(const char *text, const char *marks, size_t size, const char *string, size_t length)
{
    struct pattern pattern = {text, marks, size};
    size_t at = 0, i = 0, star = size, star_i = 0;
    bool seen_star = false;
    while (i < length) {
        size_t next = at;
        if (is_special(&pattern, at, '*')) {
            seen_star = true;
            star = ++at;
            star_i = i;
        } else if (at < size && single_match(&pattern, &next, string[i])) {
            at = next;
            i++;
        } else if (seen_star) {
            at = star;
            i = ++star_i;
        } else {
            return false;
        }
    }
    while (is_special(&pattern, at, '*'))
        at++;
    return at == size;
}

bool pattern_present(const char *text, const char *marks, size_t size)
{
    struct pattern pattern = {text, marks, size};
    for (size_t i = 0; i < size; i += is_escape(&pattern, i) ? 2 : 1)
        if (is_special(&pattern, i, '*') || is_special(&pattern, i, '?') || is_special(&pattern, i, '['))
            return true;
    return false;
}
