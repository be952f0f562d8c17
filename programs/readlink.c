// readlink link...
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    char target[4096];
    int status = 0;
    tool_start(argv);
    options_next(&options, "", "link...");
    if (!*options.rest)
        tool_usage("link...");
    for (char **path = options.rest; *path; path++) {
        ssize_t length = readlink(*path, target, sizeof(target));
        if (length < 0) {
            tool_warn(*path);
            status = 1;
        } else {
            printf("%.*s\n", (int)length, target);
        }
    }
    return tool_finish(status);
}
