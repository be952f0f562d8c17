/* Words, numbers and lines of the manifest. */
#include "manifest_words.h"
#include <ipc/format.h>
#include <ipc/string.h>
#include <ipc/time.h>

bool word_copy(char *to, const char *word, size_t size)
{
    return *word && ipc_strcpy(to, word, size) < size;
}

/* Words from `first` on, joined by single blanks. */
bool line_rest(const struct line *line, uint32_t first, char *to, size_t size)
{
    size_t length = 0;

    to[0] = 0;
    for (uint32_t i = first; i < line->count; i++) {
        length += ipc_format(to + length, size - length, i > first ? " %s" : "%s", line->words[i]);
        if (length >= size)
            return false;
    }
    return length > 0;
}

/* ---- numbers ---- */
const char *word_digits(const char *word, uint32_t base, uint64_t *value)
{
    const char *p = word;

    for (*value = 0;; p++) {
        uint32_t digit = *p >= '0' && *p <= '9'   ? (uint32_t)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (uint32_t)(*p - 'a' + 10)
                                                  : 99;
        if (digit >= base)
            break;
        if (*value > (UINT64_MAX >> 8))
            return 0;
        *value = *value * base + digit;
    }
    return p == word ? 0 : p;
}

/* A number: decimal, 0x hexadecimal or 0 octal. */
bool word_number(const char *word, uint64_t most, uint64_t *value)
{
    const char *end;

    if (word[0] == '0' && word[1] == 'x')
        end = word_digits(word + 2, 16, value);
    else
        end = word_digits(word, word[0] == '0' && word[1] ? 8 : 10, value);
    return end && *end == 0 && *value <= most;
}

/* A size with K or M, or a time with ms or s. */
static bool parse_unit(const char *word, const char *const units[], const uint64_t factors[], uint64_t *value)
{
    const char *end = word_digits(word, 10, value);

    for (int i = 0; end && units[i]; i++)
        if (strcmp(end, units[i]) == 0 && *value < 1ul << 32) {
            *value *= factors[i];
            return true;
        }
    return false;
}

bool word_size(const char *word, uint64_t *bytes)
{
    static const char *const units[] = {"K", "M", 0};
    static const uint64_t factors[] = {1 << 10, 1 << 20};

    return parse_unit(word, units, factors, bytes);
}

bool word_time(const char *word, uint64_t *ns)
{
    static const char *const units[] = {"ms", "s", 0};
    static const uint64_t factors[] = {NS_PER_MS, NS_PER_S};

    return parse_unit(word, units, factors, ns);
}

/* Cut a word at the first `separator`; returns what is behind it, or null. */
char *word_cut(char *word, char separator)
{
    char *at = strchr(word, separator);

    if (!at)
        return 0;
    *at = 0;
    return at + 1;
}

/* Take one line off the text and cut it into words. False at the end. */
bool line_next(const char *text, size_t length, size_t *at, struct line *line, bool *fits)
{
    size_t n = 0;
    bool comment = false, in_word = false;

    line->count = 0;
    *fits = true;
    if (*at >= length)
        return false;
    for (; *at < length && text[*at] != '\n'; ++*at) {
        char c = text[*at];
        bool blank = c == ' ' || c == '\t' || c == '\r' || c == 0;

        comment = comment || c == '#';
        if (comment || n + 2 > LINE_MAX || (!blank && !in_word && line->count == WORDS_MAX)) {
            *fits = *fits && comment;
            continue;
        }
        if (!blank && !in_word)
            line->words[line->count++] = &line->text[n];
        if (!blank || in_word)
            line->text[n++] = blank ? 0 : c;
        in_word = !blank;
    }
    line->text[n] = 0;
    ++*at;
    return true;
}
