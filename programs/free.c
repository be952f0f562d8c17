// free [-kmh]: memory, from /proc/meminfo, in kB or MB. What the kernel holds, page tables included, is among
// the used; dirty pages of files are among the cached.
#include <stdio.h>

#include "fields.h"
#include "options.h"
#include "tool.h"

int main(int argc, char **argv)
{
    char text[4096];
    (void)argc;
    struct options options = OPTIONS(argv);
    unsigned long long unit = 1;
    int letter;
    tool_start(argv);
    while ((letter = options_next(&options, "kmh", "[-kmh]")) != 0)
        unit = letter == 'k' ? 1 : 1024;
    if (!fields_read("/proc/meminfo", text, sizeof(text))) {
        tool_warn("/proc/meminfo");
        return 1;
    }
    unsigned long long total = fields_number(text, "MemTotal"), unused = fields_number(text, "MemFree");
    unsigned long long cached = fields_number(text, "Buffers") + fields_number(text, "Cached");
    unsigned long long taken = unused + cached <= total ? total - unused - cached : 0;
    unsigned long long kernel = fields_number(text, "Kernel") + fields_number(text, "PageTables");
    unsigned long long dirty = fields_number(text, "Dirty") + fields_number(text, "Writeback");
    printf("%-6s %10s %10s %10s %10s %10s %10s\n", unit == 1 ? "kB" : "MB", "total", "used", "free", "cache",
           "dirty", "kernel");
    printf("%-6s %10llu %10llu %10llu %10llu %10llu %10llu\n", "Mem:", total / unit, taken / unit,
           unused / unit, cached / unit, dirty / unit, kernel / unit);
    return tool_finish(0);
}
