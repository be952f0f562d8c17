// uname [-amnrsv]
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    static const char order[] = "snrvm";
    (void)argc;
    struct options options = OPTIONS(argv);
    struct utsname name;
    bool wanted[sizeof(order)] = {false}, any = false;
    int letter;
    tool_start(argv);
    while ((letter = options_next(&options, "amnrsv", "[-amnrsv]")) != 0) {
        for (size_t i = 0; i < sizeof(order) - 1; i++)
            wanted[i] |= letter == 'a' || letter == order[i];
        any = true;
    }
    wanted[0] |= !any;
    if (uname(&name) < 0) {
        tool_warn("uname");
        return 1;
    }
    const char *const fields[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
    const char *gap = "";
    for (size_t i = 0; i < sizeof(order) - 1; i++) {
        if (!wanted[i])
            continue;
        printf("%s%s", gap, fields[i]);
        gap = " ";
    }
    putchar('\n');
    return tool_finish(0);
}
