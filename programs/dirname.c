// dirname path: the path without its last part.
#include <stdio.h>
#include <string.h>

#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    if (argc != 2)
        tool_usage("path");
    const char *path = argv[1];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    printf("%.*s\n", length ? (int)length : 1, length ? path : ".");
    return tool_finish(0);
}
