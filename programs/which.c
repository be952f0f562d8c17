// which name...: where in PATH a program is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111);
}

static bool find(const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/')) {
        bool found = is_program(name);
        if (found)
            puts(name);
        return found;
    }
    while (path) {
        size_t length = strcspn(path, ":");
        char *directory = tool_alloc(length + 1);
        memcpy(directory, path, length);
        directory[length] = '\0';
        char *full = tool_join(length ? directory : ".", name);
        bool found = is_program(full);
        if (found)
            puts(full);
        free(directory);
        free(full);
        if (found)
            return true;
        path = path[length] ? path + length + 1 : NULL;
    }
    return false;
}

int main(int argc, char **argv)
{
    int status = 0;
    tool_start(argv);
    for (int i = 1; i < argc; i++)
        if (!find(argv[i]))
            status = 1;
    return tool_finish(status);
}
