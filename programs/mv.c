// mv [-f] file... target: renames, or copies and removes where the target is on another file system.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_tree.h"
#include "options.h"
#include "remove_tree.h"
#include "tool.h"

/// The target must not stay half old and half new: what is there and not a directory goes first.
static bool move_across(const char *from, const char *to)
{
    struct stat status;
    if (lstat(to, &status) == 0 && !S_ISDIR(status.st_mode) && unlink(to) != 0) {
        tool_warn(to);
        return false;
    }
    return copy_tree(from, to, COPY_RECURSIVE | COPY_TIMES) && remove_tree(from);
}

static bool move(const char *from, const char *to)
{
    if (rename(from, to) == 0)
        return true;
    if (errno == EXDEV)
        return move_across(from, to);
    struct stat status;
    int reason = errno;
    bool there = lstat(from, &status) == 0;
    errno = reason;
    tool_warn(there ? to : from);
    return false;
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-f] file... target";
    struct options options = OPTIONS(argv);
    tool_start(argv);
    while (options_next(&options, "f", synopsis))
        ;
    char **last = argv + argc - 1;
    if (last - options.rest < 1)
        tool_usage(synopsis);
    if (last - options.rest > 1 && !copy_is_directory(*last)) {
        tool_warnx("%s: not a directory", *last);
        return 1;
    }
    bool ok = true;
    for (char **from = options.rest; from < last; from++) {
        char *to = copy_destination(*from, *last);
        ok &= move(*from, to);
        free(to);
    }
    return ok ? 0 : 1;
}
