// The mounted file systems, from /proc/mounts.
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>
#include <stdio.h>

struct mount_entry {
    char *line; // in which the other fields are
    char *device, *directory, *type, *options;
};

/// Reads the next line of the table into `entry`; begin with a zeroed one, and free `line` at the end.
bool mounts_next(FILE *table, struct mount_entry *entry);

#endif
