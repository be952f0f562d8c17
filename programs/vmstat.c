// vmstat [SECONDS [COUNT]]: memory now, and what happened since the line before; the first line tells of all
// since boot.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "tool.h"

static const char *const levels[] = {"free", "zeroed", "anon", "file", "dirty", "writeback", "tables"};
static const char *const events[] = {"faults",  "zeroed_taken", "cow",        "page_ins",
                                     "written", "forks",        "interrupts", "switches"};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]), EVENTS = sizeof(events) / sizeof(events[0]) };

/* Of a level's column. */
#define WIDTH(i) (strlen(levels[i]) > 5 ? (int)strlen(levels[i]) + 3 : 8)

static bool print_line(unsigned long long before[EVENTS])
{
    static const char path[] = "/proc/vmstat";
    char text[2048];
    if (!fields_read(path, text, sizeof(text))) {
        tool_warn(path);
        return false;
    }
    for (size_t i = 0; i < LEVELS; i++)
        printf("%*llu ", WIDTH(i), fields_number(text, levels[i]) * 4);
    for (size_t i = 0; i < EVENTS; i++) {
        unsigned long long now = fields_number(text, events[i]);
        printf("%12llu%c", now - before[i], i + 1 < EVENTS ? ' ' : '\n');
        before[i] = now;
    }
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    unsigned long long before[EVENTS] = {0};
    long long seconds = 0, count = 1;
    tool_start(argv);
    if (argc > 3 || (argc > 1 && (!tool_number(argv[1], &seconds) || seconds <= 0)) ||
        (argc > 2 && (!tool_number(argv[2], &count) || count <= 0)))
        tool_usage("[SECONDS [COUNT]]");
    bool endless = argc == 2;
    for (size_t i = 0; i < LEVELS; i++)
        printf("%*s kB ", WIDTH(i) - 3, levels[i]);
    for (size_t i = 0; i < EVENTS; i++)
        printf("%12s%c", events[i], i + 1 < EVENTS ? ' ' : '\n');
    for (long long i = 0; endless || i < count; i++) {
        if (i > 0)
            sleep((unsigned)seconds);
        if (!print_line(before))
            return 1;
    }
    return tool_finish(0);
}
