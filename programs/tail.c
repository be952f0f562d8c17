// tail [-n lines] [-c bytes] [file...]; also -LINES, and +N to begin at the Nth line or byte.
// Keeps no more of a file in memory than it prints, in one growing buffer that is cut from the front.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

struct amount {
    long long count;
    bool lines;
    bool from_start;
};

struct kept {
    char *text;
    size_t start, length, capacity; // the last `length - start` bytes count
    long long lines;                // newlines in them
};

static void kept_add(struct kept *kept, char c)
{
    if (kept->length == kept->capacity) {
        if (kept->start > kept->capacity / 2) {
            memmove(kept->text, kept->text + kept->start, kept->length - kept->start);
            kept->length -= kept->start;
            kept->start = 0;
        } else {
            kept->capacity = kept->capacity ? kept->capacity * 2 : 4096;
            kept->text = tool_realloc(kept->text, kept->capacity);
        }
    }
    kept->text[kept->length++] = c;
    kept->lines += c == '\n';
}

/// A last line without newline counts as one.
static bool has_too_much(const struct kept *kept, const struct amount *amount)
{
    if (kept->length == kept->start)
        return false;
    if (!amount->lines)
        return (long long)(kept->length - kept->start) > amount->count;
    bool open = kept->text[kept->length - 1] != '\n';
    return kept->lines + open > amount->count;
}

static void drop_first(struct kept *kept, const struct amount *amount)
{
    if (!amount->lines) {
        kept->start++;
        return;
    }
    char *newline = memchr(kept->text + kept->start, '\n', kept->length - kept->start);
    kept->start = newline ? (size_t)(newline - kept->text) + 1 : kept->length;
    kept->lines -= newline != NULL;
}

static void tail_end(FILE *file, const struct amount *amount)
{
    struct kept kept = {0};
    int c;
    while ((c = getc_unlocked(file)) != EOF) {
        kept_add(&kept, (char)c);
        if (!amount->lines || c == '\n') {
            while (has_too_much(&kept, amount))
                drop_first(&kept, amount);
        }
    }
    while (has_too_much(&kept, amount))
        drop_first(&kept, amount);
    if (kept.length > kept.start)
        fwrite(kept.text + kept.start, 1, kept.length - kept.start, stdout);
    free(kept.text);
}

static void tail_from(FILE *file, const struct amount *amount)
{
    long long skip = amount->count > 0 ? amount->count - 1 : 0;
    int c;
    while (skip > 0 && (c = getc_unlocked(file)) != EOF)
        skip -= !amount->lines || c == '\n';
    while ((c = getc_unlocked(file)) != EOF)
        putchar_unlocked(c);
}

static bool read_amount(const char *text, struct amount *amount)
{
    amount->from_start = *text == '+';
    return tool_size(text + (*text == '+' || *text == '-'), &amount->count);
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-n [+]lines] [-c [+]bytes] [file...]";
    struct amount amount = {10, true, false};
    int letter, status = 0;
    tool_start(argv);
    if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
        if (!read_amount(argv[1], &amount))
            tool_usage(synopsis);
        argv++;
    }
    struct options options = OPTIONS(argv);
    while ((letter = options_next(&options, "c:n:", synopsis)) != 0) {
        amount.lines = letter == 'n';
        if (!read_amount(options.argument, &amount))
            tool_usage(synopsis);
    }
    char *standard[] = {"-", NULL};
    char **names = *options.rest ? options.rest : standard;
    bool titles = names[1] != NULL;
    for (char **name = names; *name; name++) {
        FILE *file = lines_open(*name);
        if (!file) {
            status = 1;
            continue;
        }
        if (titles)
            printf("%s==> %s <==\n", name == names ? "" : "\n", *name);
        (amount.from_start ? tail_from : tail_end)(file, &amount);
        if (!lines_close(file, *name))
            status = 1;
    }
    return tool_finish(status);
}
