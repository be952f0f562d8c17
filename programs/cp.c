// cp [-fpr] file... target
#include <stdlib.h>

#include "copy_tree.h"
#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-fpr] file... target";
    struct options options = OPTIONS(argv);
    int letter;
    unsigned flags = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "fpRr", synopsis)) != 0)
        flags |= letter == 'f' ? COPY_FORCE : letter == 'p' ? COPY_TIMES : COPY_RECURSIVE;
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
        ok &= copy_tree(*from, to, flags);
        free(to);
    }
    return ok ? 0 : 1;
}
