// vmmap PID: the regions of a process, from /proc/PID/maps: size, what is in memory, what is shared, leaf
// tables, pages of 2 MiB.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "tool.h"

static struct total {
    unsigned long long size, resident, shared;
} total;

// One line of the file. False: it is not of the form that we know.
static bool print_region(const char *line)
{
    unsigned long long start, end, resident, shared;
    unsigned tables, huge;
    char access[8], kind[16];
    int rest = 0;
    if (sscanf(line, "%llx-%llx %7s %llu %llu %u %u %15s%n", &start, &end, access, &resident, &shared,
               &tables, &huge, kind, &rest) != 8 ||
        end < start)
        return false;
    unsigned long long object, offset;
    printf("%012llx-%012llx %s %9llu %9llu %9llu %6u %5u  %s", start, end, access, (end - start) / 1024,
           resident * 4, shared * 4, tables, huge, kind);
    if (sscanf(line + rest, "%llu %llx", &object, &offset) == 2)
        printf(" %llu at 0x%llx", object, offset);
    putchar('\n');
    total.size += strcmp(kind, "guard") ? end - start : 0;
    total.resident += resident;
    total.shared += shared;
    return true;
}

int main(int argc, char **argv)
{
    char path[40], *line = NULL;
    size_t size = 0;
    long long pid;
    int status = 0;
    tool_start(argv);
    if (argc != 2 || !tool_number(argv[1], &pid) || pid <= 0)
        tool_usage("PID");
    snprintf(path, sizeof(path), "/proc/%lld/maps", pid);
    FILE *file = lines_open(path);
    if (!file)
        return 1;
    puts("range                     prot        kB  resident    shared tables  2MiB  what");
    while (lines_next(file, &line, &size) > 0)
        if (!print_region(line)) {
            tool_warnx("%s: a line that is not understood", path);
            status = 1;
        }
    free(line);
    if (!lines_close(file, path))
        status = 1;
    printf("%-30s %9llu %9llu %9llu\n", "together, guards left out", total.size / 1024, total.resident * 4,
           total.shared * 4);
    return tool_finish(status);
}
