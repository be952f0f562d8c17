// uniq [-cdu] [file]: one of each group of equal neighbours; -c with their number, -d only of several, -u
// only single.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

static bool counted, only_repeated, only_single;

static void print_group(const char *line, unsigned long long count)
{
    if (count == 0 || (only_repeated && count == 1) || (only_single && count > 1))
        return;
    if (counted)
        printf("%7llu ", count);
    puts(line);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    int letter;
    tool_start(argv);
    while ((letter = options_next(&options, "cdu", "[-cdu] [file]")) != 0) {
        counted |= letter == 'c';
        only_repeated |= letter == 'd';
        only_single |= letter == 'u';
    }
    const char *name = *options.rest ? *options.rest : "-";
    FILE *file = lines_open(name);
    if (!file)
        return 1;
    char *line = NULL, *last = NULL;
    size_t size = 0;
    unsigned long long count = 0;
    while (lines_next(file, &line, &size) >= 0) {
        if (count > 0 && strcmp(line, last) == 0) {
            count++;
            continue;
        }
        print_group(last, count);
        free(last);
        last = tool_strdup(line);
        count = 1;
    }
    print_group(last, count);
    free(line);
    free(last);
    return tool_finish(!lines_close(file, name));
}
