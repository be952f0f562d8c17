// free: memory, from /proc/meminfo, in kB.
#include <stdio.h>

#include "fields.h"
#include "tool.h"

int main(int argc, char **argv)
{
    char text[4096];
    (void)argc;
    tool_start(argv);
    if (!fields_read("/proc/meminfo", text, sizeof(text))) {
        tool_warn("/proc/meminfo");
        return 1;
    }
    unsigned long long total = fields_number(text, "MemTotal"), unused = fields_number(text, "MemFree");
    unsigned long long cached = fields_number(text, "Buffers") + fields_number(text, "Cached");
    unsigned long long taken = unused + cached <= total ? total - unused - cached : 0;
    puts("           total       used       free      cache");
    printf("Mem:  %10llu %10llu %10llu %10llu\n", total, taken, unused, cached);
    return tool_finish(0);
}
