// basename path [suffix]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    if (argc != 2 && argc != 3)
        tool_usage("path [suffix]");
    char *name = tool_base_name(argv[1]);
    size_t length = strlen(name), end = argc == 3 ? strlen(argv[2]) : 0;
    if (end > 0 && end < length && strcmp(name + length - end, argv[2]) == 0)
        name[length - end] = '\0';
    puts(name);
    free(name);
    return tool_finish(0);
}
