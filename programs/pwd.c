// pwd: where we are, without links in the path.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool.h"

int main(int argc, char **argv)
{
    (void)argc;
    tool_start(argv);
    for (size_t size = 256;; size *= 2) {
        char *path = tool_alloc(size);
        if (getcwd(path, size)) {
            puts(path);
            free(path);
            return tool_finish(0);
        }
        free(path);
        if (errno != ERANGE || size > 1 << 20) {
            tool_warn("getcwd");
            return 1;
        }
    }
}
