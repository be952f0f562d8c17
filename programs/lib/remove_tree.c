#include "remove_tree.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"
#include "tool.h"

static bool remove_content(const char *path)
{
    struct names names = {0};
    bool ok = names_read(&names, path);
    if (!ok)
        tool_warn(path);
    for (size_t i = 0; i < names.count; i++) {
        char *inner = tool_join(path, names.items[i]);
        ok &= remove_tree(inner);
        free(inner);
    }
    names_free(&names);
    return ok;
}

bool remove_tree(const char *path)
{
    struct stat status;
    bool ok = lstat(path, &status) == 0;
    if (ok && S_ISDIR(status.st_mode)) {
        if (!remove_content(path))
            return false;
        ok = rmdir(path) == 0;
    } else if (ok) {
        ok = unlink(path) == 0;
    }
    if (!ok)
        tool_warn(path);
    return ok;
}
