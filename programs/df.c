// df [-i] [path...]: room on the file systems, in kB, or inodes.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "mounts.h"
#include "options.h"
#include "tool.h"

static bool inodes;

static unsigned long long in_kilobytes(unsigned long long blocks, unsigned long long size)
{
    return size >= 1024 ? blocks * (size / 1024) : blocks * size / 1024;
}

static bool print_usage(const char *device, const char *path)
{
    struct statvfs status;
    if (statvfs(path, &status) != 0) {
        tool_warn(path);
        return false;
    }
    unsigned long long size = status.f_frsize ? status.f_frsize : status.f_bsize;
    unsigned long long total = inodes ? status.f_files : in_kilobytes(status.f_blocks, size);
    unsigned long long unused = inodes ? status.f_ffree : in_kilobytes(status.f_bfree, size);
    unsigned long long available = inodes ? status.f_favail : in_kilobytes(status.f_bavail, size);
    unsigned long long taken = unused < total ? total - unused : 0;
    unsigned long long percent =
        taken + available ? (taken * 100 + taken + available - 1) / (taken + available) : 0;
    printf("%-16s %11llu %11llu %11llu %3llu%% %s\n", device, total, taken, available, percent, path);
    return true;
}

/// The device of the file system that `path` is on: that of the mount with the longest name in front of it.
static char *device_of(const char *path)
{
    struct mount_entry entry = {0};
    char *full = realpath(path, NULL), *device = tool_strdup("-");
    size_t best = 0;
    FILE *table = full ? fopen("/proc/mounts", "r") : NULL;
    while (table && mounts_next(table, &entry)) {
        size_t length = strcmp(entry.directory, "/") == 0 ? 0 : strlen(entry.directory);
        bool above = strncmp(full, entry.directory, length) == 0 && (full[length] == '/' || !full[length]);
        if (!above || length < best)
            continue;
        best = length;
        free(device);
        device = tool_strdup(entry.device);
    }
    if (table)
        fclose(table);
    free(entry.line);
    free(full);
    return device;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    struct mount_entry entry = {0};
    bool ok = true;
    tool_start(argv);
    int letter;
    while ((letter = options_next(&options, "ik", "[-i] [path...]")) != 0)
        inodes |= letter == 'i';
    printf("%-16s %11s %11s %11s %4s %s\n", "Filesystem", inodes ? "inodes" : "kB", "used", "free", "use",
           "on");
    for (char **path = options.rest; *path; path++) {
        char *device = device_of(*path);
        ok &= print_usage(device, *path);
        free(device);
    }
    if (*options.rest)
        return tool_finish(!ok);
    FILE *table = fopen("/proc/mounts", "r");
    if (!table) {
        tool_warn("/proc/mounts");
        return 1;
    }
    while (mounts_next(table, &entry))
        ok &= print_usage(entry.device, entry.directory);
    free(entry.line);
    fclose(table);
    return tool_finish(!ok);
}
