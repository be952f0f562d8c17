// mkdir [-p] [-m mode] directory...: -p makes missing parents, and an existing directory is no error.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "tool.h"

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool make(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0)
        return true;
    tool_warn(path);
    return false;
}

static bool make_one(const char *path, mode_t mode)
{
    int reason;
    if (mkdir(path, mode) == 0)
        return true;
    reason = errno;
    if (is_directory(path)) // whatever the reason: on a read-only disk it need not be EEXIST
        return true;
    errno = reason;
    tool_warn(path);
    return false;
}

static bool make_path(const char *path, mode_t mode)
{
    char *copy = tool_strdup(path);
    bool ok = true;
    for (char *slash = copy + strspn(copy, "/"); ok && (slash = strchr(slash, '/')) != NULL;) {
        char *end = slash;
        slash += strspn(slash, "/");
        if (!*slash)
            break;
        *end = '\0';
        ok = make_one(copy, 0777);
        *end = '/';
    }
    ok = ok && make_one(path, mode);
    free(copy);
    return ok;
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-p] [-m mode] directory...";
    (void)argc;
    struct options options = OPTIONS(argv);
    int letter;
    bool parents = false;
    unsigned long mode = 0777;
    char *end = "";
    tool_start(argv);
    while ((letter = options_next(&options, "pm:", synopsis)) != 0) {
        parents |= letter == 'p';
        if (letter == 'm')
            mode = strtoul(options.argument, &end, 8);
    }
    if (!*options.rest || *end || mode > 07777)
        tool_usage(synopsis);
    bool ok = true;
    for (char **path = options.rest; *path; path++)
        ok &= parents ? make_path(*path, (mode_t)mode) : make(*path, (mode_t)mode);
    return ok ? 0 : 1;
}
