// ps: the processes, from /proc/PID/status.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "tool.h"

static int compare_pids(const void *left, const void *right)
{
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

static void print_process(long long pid)
{
    char path[40], text[4096], name[64], state[16];
    snprintf(path, sizeof(path), "/proc/%lld/status", pid);
    if (!fields_read(path, text, sizeof(text)))
        return; // it has ended meanwhile
    fields_find(text, "Name", name, sizeof(name));
    fields_find(text, "State", state, sizeof(state));
    printf("%5lld %5llu %c %3llu %7llu %s\n", pid, fields_number(text, "PPid"), state[0] ? state[0] : '?',
           fields_number(text, "Threads"), fields_number(text, "VmRSS"), name);
}

int main(int argc, char **argv)
{
    long long *pids = NULL, pid;
    size_t count = 0;
    (void)argc;
    tool_start(argv);
    DIR *directory = opendir("/proc");
    if (!directory) {
        tool_warn("/proc");
        return 1;
    }
    struct dirent *entry;
    while ((errno = 0, entry = readdir(directory)) != NULL) {
        if (!tool_number(entry->d_name, &pid) || pid <= 0)
            continue;
        pids = tool_realloc(pids, (count + 1) * sizeof(*pids));
        pids[count++] = pid;
    }
    int reason = errno;
    closedir(directory);
    errno = reason;
    if (reason)
        tool_warn("/proc");
    if (count > 1)
        qsort(pids, count, sizeof(*pids), compare_pids);
    puts("  PID  PPID S THR  RSS kB NAME");
    for (size_t i = 0; i < count; i++)
        print_process(pids[i]);
    free(pids);
    return tool_finish(reason != 0);
}
