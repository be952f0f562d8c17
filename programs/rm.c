// rm [-fr] path...: -r removes directories with all that is in them, -f is silent about what is not there.
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "remove_tree.h"
#include "tool.h"

static bool force, recursive;

static bool remove_path(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        if (force && (errno == ENOENT || errno == ENOTDIR))
            return true;
        tool_warn(path);
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        if (recursive)
            return remove_tree(path);
        errno = EISDIR;
    } else if (unlink(path) == 0) {
        return true;
    }
    tool_warn(path);
    return false;
}

/// What nobody means to remove: "." "..", and the root.
static bool is_refused(const char *path)
{
    bool root = path[0] == '/' && strspn(path, "/") == strlen(path);
    if (!root && !tool_is_dots(path))
        return false;
    tool_warnx("%s: refused", path);
    return true;
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-fr] path...";
    (void)argc;
    struct options options = OPTIONS(argv);
    int letter;
    tool_start(argv);
    while ((letter = options_next(&options, "fRr", synopsis)) != 0) {
        force |= letter == 'f';
        recursive |= letter != 'f';
    }
    if (!*options.rest && !force)
        tool_usage(synopsis);
    bool ok = true;
    for (char **path = options.rest; *path; path++)
        ok &= !is_refused(*path) && remove_path(*path);
    return ok ? 0 : 1;
}
