// Copying files and directories: cp, and mv between file systems.
#ifndef COPY_TREE_H
#define COPY_TREE_H

#include <stdbool.h>

enum {
    COPY_RECURSIVE = 1, // directories with what is in them, links as links
    COPY_FORCE = 2,     // a target that cannot be written is removed first
    COPY_TIMES = 4      // the copies have the times of the originals
};

/// Copies `from` to the path `to`. False after messages; what can be copied has been.
bool copy_tree(const char *from, const char *to, unsigned flags);

/// Where `from` goes if the user names `target`: into it if it is a directory. New memory.
char *copy_destination(const char *from, const char *target);

/// Whether `path` is a directory.
bool copy_is_directory(const char *path);

#endif
