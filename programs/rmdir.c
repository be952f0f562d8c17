// rmdir directory...: removes empty directories.
#include <stdbool.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    tool_start(argv);
    options_next(&options, "", "directory...");
    if (!*options.rest)
        tool_usage("directory...");
    bool ok = true;
    for (char **path = options.rest; *path; path++) {
        if (rmdir(*path) == 0)
            continue;
        tool_warn(*path);
        ok = false;
    }
    return ok ? 0 : 1;
}
