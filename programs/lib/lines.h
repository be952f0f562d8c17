// Reading text line by line, from files of any kind.
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/// Opens `name` for reading, "-" for stdin. NULL after a message.
FILE *lines_open(const char *name);

/// Reads a line of any length into *line (grown as needed, `*size` is its room) and takes off the newline.
/// Gives its length, -1 at the end. NULs stay in it.
ssize_t lines_next(FILE *file, char **line, size_t *size);

/// Closes it (not stdin). False after a message if reading had failed.
bool lines_close(FILE *file, const char *name);

#endif
