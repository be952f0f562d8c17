// printenv [name...]
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

extern char **environ;

int main(int argc, char **argv)
{
    int status = 0;
    tool_start(argv);
    for (char **entry = environ; argc < 2 && *entry; entry++)
        puts(*entry);
    for (int i = 1; i < argc; i++) {
        const char *value = getenv(argv[i]);
        if (value)
            puts(value);
        else
            status = 1;
    }
    return tool_finish(status);
}
