// cat [-u] [file...]: copies files, or stdin ("-"), to stdout.
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

static bool cat_file(const char *name)
{
    if (strcmp(name, "-") == 0)
        return tool_copy(STDIN_FILENO, "stdin", STDOUT_FILENO, "stdout");
    int fd = open(name, O_RDONLY);
    if (fd < 0) {
        tool_warn(name);
        return false;
    }
    bool ok = tool_copy(fd, name, STDOUT_FILENO, "stdout");
    close(fd);
    return ok;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    tool_start(argv);
    while (options_next(&options, "u", "[file...]"))
        ;
    bool ok = true;
    if (!*options.rest)
        ok = cat_file("-");
    for (char **name = options.rest; *name; name++)
        ok &= cat_file(*name);
    return ok ? 0 : 1;
}
