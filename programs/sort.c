// sort [-nru] [file...]: all lines, in byte order; -n by the number in front.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "names.h"
#include "options.h"
#include "tool.h"

static bool numeric, reverse, unique;

static int compare_numbers(const char *left, const char *right)
{
    double a = strtod(left, NULL), b = strtod(right, NULL);
    return (a > b) - (a < b);
}

static int compare_keys(const char *left, const char *right)
{
    return numeric ? compare_numbers(left, right) : strcmp(left, right);
}

static int compare(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    int order = compare_keys(a, b);
    if (order == 0 && !unique)
        order = strcmp(a, b);
    return reverse ? -order : order;
}

static bool read_lines(const char *name, struct names *lines)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = lines_open(name);
    if (!file)
        return false;
    while (lines_next(file, &line, &size) >= 0)
        names_add(lines, line);
    free(line);
    return lines_close(file, name);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    struct names lines = {0};
    int letter;
    tool_start(argv);
    while ((letter = options_next(&options, "nru", "[-nru] [file...]")) != 0) {
        numeric |= letter == 'n';
        reverse |= letter == 'r';
        unique |= letter == 'u';
    }
    char *standard[] = {"-", NULL};
    for (char **name = *options.rest ? options.rest : standard; *name; name++)
        if (!read_lines(*name, &lines))
            return 2;
    if (lines.count > 1)
        qsort(lines.items, lines.count, sizeof(*lines.items), compare);
    for (size_t i = 0; i < lines.count; i++)
        if (!unique || i == 0 || compare_keys(lines.items[i - 1], lines.items[i]) != 0)
            puts(lines.items[i]);
    names_free(&lines);
    return tool_finish(0);
}
