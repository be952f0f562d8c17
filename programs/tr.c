// tr [-cds] set1 [set2]: translates, deletes (-d) or squeezes (-s) bytes; -c: those not in set1. Sets know
// ranges, backslash escapes and the classes [:alpha:] and so on.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "options.h"
#include "tool.h"

static const char synopsis[] = "[-cds] set1 [set2]";

struct set {
    unsigned char bytes[1024];
    size_t count;
};

static void set_add(struct set *set, int byte)
{
    if (set->count < sizeof(set->bytes))
        set->bytes[set->count++] = (unsigned char)byte;
}

static bool set_class(struct set *set, const char **text)
{
    static const struct {
        const char *name;
        int (*test)(int);
    } classes[] = {
        {"[:alpha:]", isalpha}, {"[:digit:]", isdigit}, {"[:alnum:]", isalnum},   {"[:upper:]", isupper},
        {"[:lower:]", islower}, {"[:space:]", isspace}, {"[:blank:]", isblank},   {"[:punct:]", ispunct},
        {"[:print:]", isprint}, {"[:cntrl:]", iscntrl}, {"[:xdigit:]", isxdigit},
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        size_t length = strlen(classes[i].name);
        if (strncmp(*text, classes[i].name, length) != 0)
            continue;
        for (int c = 0; c < 128; c++)
            if (classes[i].test(c))
                set_add(set, c);
        *text += length;
        return true;
    }
    return false;
}

static int set_byte(const char **text)
{
    if (**text == '\\' && (*text)[1]) {
        ++*text;
        int byte = escape_read(text, ESCAPE_FORMAT);
        if (byte >= 0)
            return byte;
    }
    return (unsigned char)*(*text)++;
}

static void set_read(struct set *set, const char *text)
{
    while (*text) {
        if (set_class(set, &text))
            continue;
        int low = set_byte(&text), high = low;
        if (text[0] == '-' && text[1]) {
            text++;
            high = set_byte(&text);
        }
        if (high < low) {
            tool_warnx("a range ends before it begins");
            tool_usage(synopsis);
        }
        for (int c = low; c <= high; c++)
            set_add(set, c);
    }
}

static void set_complement(struct set *set)
{
    struct set rest = {.count = 0};
    for (int c = 0; c < 256; c++)
        if (!memchr(set->bytes, c, set->count))
            set_add(&rest, c);
    *set = rest;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    bool complement = false, delete = false, squeeze = false;
    struct set from = {.count = 0}, to = {.count = 0};
    int letter, c, last = -1;
    tool_start(argv);
    while ((letter = options_next(&options, "cds", synopsis)) != 0) {
        complement |= letter == 'c';
        delete |= letter == 'd';
        squeeze |= letter == 's';
    }
    char **sets = options.rest;
    if (!sets[0] || (sets[1] && sets[2]) || (!sets[1] && !delete &&!squeeze))
        tool_usage(synopsis);
    set_read(&from, sets[0]);
    if (complement)
        set_complement(&from);
    if (sets[1])
        set_read(&to, sets[1]);
    unsigned char map[256];
    bool deleted[256] = {false}, squeezed[256] = {false};
    for (int i = 0; i < 256; i++)
        map[i] = (unsigned char)i;
    for (size_t i = 0; i < from.count; i++) {
        deleted[from.bytes[i]] = delete;
        if (!delete &&to.count)
            map[from.bytes[i]] = to.bytes[i < to.count ? i : to.count - 1];
    }
    const struct set *squeeze_set = to.count ? &to : &from;
    for (size_t i = 0; squeeze && i < squeeze_set->count; i++)
        squeezed[squeeze_set->bytes[i]] = true;
    while ((c = getchar_unlocked()) != EOF && !ferror_unlocked(stdout)) {
        if (deleted[c])
            continue;
        c = map[c];
        if (c == last && squeezed[c])
            continue;
        putchar_unlocked(last = c);
    }
    if (ferror(stdin)) {
        tool_warn("stdin");
        return tool_finish(1);
    }
    return tool_finish(0);
}
