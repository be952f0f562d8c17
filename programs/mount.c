// mount: what is mounted where.
#include <stdio.h>
#include <stdlib.h>

#include "mounts.h"
#include "tool.h"

int main(int argc, char **argv)
{
    struct mount_entry entry = {0};
    tool_start(argv);
    if (argc > 1) {
        tool_warnx("mounting by hand is not possible yet; without arguments the mounts are shown");
        return 2;
    }
    FILE *table = fopen("/proc/mounts", "r");
    if (!table) {
        tool_warn("/proc/mounts");
        return 1;
    }
    while (mounts_next(table, &entry))
        printf("%s on %s type %s (%s)\n", entry.device, entry.directory, entry.type, entry.options);
    free(entry.line);
    fclose(table);
    return tool_finish(0);
}
