// seq [-s separator] [first [step]] last: whole numbers.
#include <stdio.h>

#include "tool.h"
#include <string.h>

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-s separator] [first [step]] last";
    long long numbers[3] = {1, 1, 0}; // first, step, last
    const char *separator = "\n";
    tool_start(argv);
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        separator = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc < 2 || argc > 4)
        tool_usage(synopsis);
    for (int i = 1; i < argc; i++) {
        int place = i == argc - 1 ? 2 : i - 1;
        if (!tool_number(argv[i], &numbers[place])) {
            tool_warnx("%s: not a whole number", argv[i]);
            return 1;
        }
    }
    long long at = numbers[0], step = numbers[1], last = numbers[2];
    if (step == 0) {
        tool_warnx("a step of 0 leads nowhere");
        return 1;
    }
    bool any = false;
    while ((step > 0 ? at <= last : at >= last) && !ferror(stdout)) {
        printf("%s%lld", any ? separator : "", at);
        any = true;
        if (__builtin_add_overflow(at, step, &at))
            break;
    }
    if (any)
        putchar('\n');
    return tool_finish(0);
}
