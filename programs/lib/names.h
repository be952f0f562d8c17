// The names in a directory, read whole before use: a tool that changes the directory while it walks it must
// not depend on what readdir does then.
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

/// A growing list of strings, each in its own memory.
struct names {
    char **items;
    size_t count;
    size_t capacity;
};

/// Adds a copy of `name`.
void names_add(struct names *names, const char *name);

/// Adds the names in `directory` except "." and "..", in byte order. False with errno set if it cannot be
/// read.
bool names_read(struct names *names, const char *directory);

/// Orders the names by their bytes.
void names_sort(struct names *names);

/// Frees all names; the list is empty and usable afterwards.
void names_free(struct names *names);

#endif
