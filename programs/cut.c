// cut -c list | -f list [-d delimiter] [-s] [file...]: columns of each line. A list is N, N-M, N-, -M and
// commas.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

static const char synopsis[] = "-c list | -f list [-d delimiter] [-s] [file...]";

enum { RANGES = 64 };
static struct {
    unsigned long first, last;
} ranges[RANGES];
static int range_count;

static void read_list(const char *text)
{
    while (*text && range_count < RANGES) {
        char *end;
        unsigned long first = 1, last = (unsigned long)-1;
        bool digits = *text >= '0' && *text <= '9';
        if (digits) {
            first = last = strtoul(text, &end, 10);
            text = end;
        }
        if (*text == '-') {
            text++;
            last = (unsigned long)-1;
            if (*text >= '0' && *text <= '9') {
                last = strtoul(text, &end, 10);
                text = end;
            }
        } else if (!digits) {
            tool_usage(synopsis);
        }
        if (first == 0 || last < first || (*text && *text != ','))
            tool_usage(synopsis);
        ranges[range_count].first = first;
        ranges[range_count++].last = last;
        text += *text == ',';
    }
    if (*text)
        tool_usage(synopsis);
}

static bool is_selected(unsigned long place)
{
    for (int i = 0; i < range_count; i++)
        if (ranges[i].first <= place && place <= ranges[i].last)
            return true;
    return false;
}

static void cut_bytes(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_selected(i + 1))
            putchar_unlocked(line[i]);
    putchar_unlocked('\n');
}

static void cut_fields(const char *line, size_t length, char delimiter, bool only_delimited)
{
    unsigned long place = 1;
    bool any = false;
    if (!memchr(line, delimiter, length)) {
        if (!only_delimited) {
            fwrite(line, 1, length, stdout);
            putchar_unlocked('\n');
        }
        return;
    }
    for (const char *end = line + length;; place++) {
        const char *next = memchr(line, delimiter, (size_t)(end - line));
        size_t size = (size_t)((next ? next : end) - line);
        if (is_selected(place)) {
            if (any)
                putchar_unlocked(delimiter);
            fwrite(line, 1, size, stdout);
            any = true;
        }
        if (!next)
            break;
        line = next + 1;
    }
    putchar_unlocked('\n');
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    bool fields = false, only_delimited = false;
    char delimiter = '\t';
    int letter, status = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "b:c:d:f:s", synopsis)) != 0) {
        fields |= letter == 'f';
        only_delimited |= letter == 's';
        if (letter == 'd' && (!options.argument[0] || options.argument[1]))
            tool_usage(synopsis);
        if (letter == 'd')
            delimiter = options.argument[0];
        else if (letter != 's')
            read_list(options.argument);
    }
    if (range_count == 0)
        tool_usage(synopsis);
    char *standard[] = {"-", NULL}, *line = NULL;
    size_t size = 0;
    for (char **name = *options.rest ? options.rest : standard; *name; name++) {
        ssize_t length;
        FILE *file = lines_open(*name);
        while (file && (length = lines_next(file, &line, &size)) >= 0) {
            if (fields)
                cut_fields(line, (size_t)length, delimiter, only_delimited);
            else
                cut_bytes(line, (size_t)length);
        }
        if (!file || !lines_close(file, *name))
            status = 1;
    }
    free(line);
    return tool_finish(status);
}
