// ln [-fs] target... link
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy_tree.h"
#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-fs] target... link";
    struct options options = OPTIONS(argv);
    int letter;
    bool force = false, symbolic = false, ok = true;
    tool_start(argv);
    while ((letter = options_next(&options, "fs", synopsis)) != 0) {
        force |= letter == 'f';
        symbolic |= letter == 's';
    }
    char **last = argv + argc - 1;
    if (last < options.rest)
        tool_usage(synopsis);
    char *here = ".", *place = last == options.rest ? here : *last;
    char **end = last == options.rest ? last + 1 : last;
    for (char **target = options.rest; target < end; target++) {
        char *path = copy_destination(*target, place);
        int (*make)(const char *, const char *) = symbolic ? symlink : link;
        int failed = make(*target, path);
        if (failed && errno == EEXIST && force && unlink(path) == 0)
            failed = make(*target, path);
        if (failed) {
            tool_warn(path);
            ok = false;
        }
        free(path);
    }
    return ok ? 0 : 1;
}
