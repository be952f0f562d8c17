// Removing a file or a directory with everything in it: rm -r, mv.
#ifndef REMOVE_TREE_H
#define REMOVE_TREE_H

#include <stdbool.h>

/// Removes `path`, not following links. What can be removed is, even if something cannot: false after
/// messages.
bool remove_tree(const char *path);

#endif
