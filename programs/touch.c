// touch [-c] file...: makes missing files (not with -c) and sets the times of the others to now.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

static bool touch(const char *path, bool create)
{
    if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
        return true;
    if (errno == ENOENT && !create)
        return true;
    if (errno == ENOENT) {
        int fd = open(path, O_WRONLY | O_CREAT, 0666);
        if (fd >= 0)
            return close(fd) == 0;
    }
    tool_warn(path);
    return false;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    bool create = true, ok = true;
    tool_start(argv);
    while (options_next(&options, "c", "[-c] file..."))
        create = false;
    if (!*options.rest)
        tool_usage("[-c] file...");
    for (char **path = options.rest; *path; path++)
        ok &= touch(*path, create);
    return ok ? 0 : 1;
}
