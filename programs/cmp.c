// cmp [-s] file1 file2: 0 if they are equal, 1 if not (-s: without a word), 2 after an error.
#include <stdio.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-s] file1 file2";
    (void)argc;
    struct options options = OPTIONS(argv);
    bool silent = false;
    tool_start(argv);
    while (options_next(&options, "s", synopsis))
        silent = true;
    char **names = options.rest;
    if (!names[0] || !names[1] || names[2])
        tool_usage(synopsis);
    FILE *left = lines_open(names[0]), *right = left ? lines_open(names[1]) : NULL;
    if (!right)
        return 2;
    unsigned long long byte = 1, line = 1;
    int a, b;
    while ((a = getc_unlocked(left)) == (b = getc_unlocked(right)) && a != EOF) {
        line += a == '\n';
        byte++;
    }
    if ((ferror(left) && !lines_close(left, names[0])) || (ferror(right) && !lines_close(right, names[1])))
        return 2;
    if (a == b)
        return 0;
    if (!silent && (a == EOF || b == EOF))
        tool_warnx("EOF on %s after byte %llu", a == EOF ? names[0] : names[1], byte - 1);
    else if (!silent)
        printf("%s %s differ: byte %llu, line %llu\n", names[0], names[1], byte, line);
    return tool_finish(1);
}
