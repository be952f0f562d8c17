// Backslash escapes of echo and printf.
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>

enum { ESCAPE_STOP = -1, ESCAPE_NONE = -2 };

/// How many octal digits may follow \0: three for echo and %b, two in the format of printf.
enum escape_octal { ESCAPE_FORMAT = 2, ESCAPE_ECHO = 3 };

/// Reads the escape at *text, which points behind the backslash, and moves *text behind it. Gives the byte,
/// or ESCAPE_STOP for \c, or ESCAPE_NONE (with *text unchanged) if it is none.
int escape_read(const char **text, enum escape_octal octal);

/// Prints the text with its escapes carried out; true if \c ended it.
bool escape_print(const char *text);

#endif
