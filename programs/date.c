// date [-u] [-d @seconds] [+format]: the format is strftime's.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-u] [-d @seconds] [+format]";
    (void)argc;
    struct options options = OPTIONS(argv);
    time_t now = time(NULL);
    long long seconds;
    int letter;
    tool_start(argv);
    setenv("TZ", "UTC0", 0);
    while ((letter = options_next(&options, "d:u", synopsis)) != 0) {
        if (letter == 'u')
            setenv("TZ", "UTC0", 1);
        else if (options.argument[0] == '@' && tool_number(options.argument + 1, &seconds))
            now = (time_t)seconds;
        else
            tool_usage(synopsis);
    }
    const char *format = *options.rest;
    if (format && (format[0] != '+' || options.rest[1]))
        tool_usage(synopsis);
    struct tm *fields = localtime(&now);
    if (!fields) {
        tool_warnx("the time cannot be shown");
        return 1;
    }
    char text[1024];
    format = format ? format + 1 : "%a %b %e %H:%M:%S %Z %Y";
    if (*format && strftime(text, sizeof(text), format, fields) == 0) {
        tool_warnx("the format gives nothing, or too much");
        return 1;
    }
    puts(*format ? text : "");
    return tool_finish(0);
}
