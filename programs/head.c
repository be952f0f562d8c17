// head [-n lines] [-c bytes] [file...]; also -LINES.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

static void head(FILE *file, long long lines, long long bytes)
{
    int c;
    while ((bytes < 0 ? lines > 0 : bytes > 0) && (c = getc_unlocked(file)) != EOF) {
        putchar_unlocked(c);
        lines -= c == '\n';
        bytes -= bytes >= 0;
    }
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-n lines] [-c bytes] [file...]";
    long long lines = 10, bytes = -1;
    int letter, status = 0;
    tool_start(argv);
    if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
        if (!tool_size(argv[1] + 1, &lines))
            tool_usage(synopsis);
        argv++;
    }
    struct options options = OPTIONS(argv);
    while ((letter = options_next(&options, "c:n:", synopsis)) != 0)
        if (!tool_size(options.argument, letter == 'n' ? &lines : &bytes))
            tool_usage(synopsis);
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
        head(file, lines, bytes);
        if (!lines_close(file, *name))
            status = 1;
    }
    return tool_finish(status);
}
