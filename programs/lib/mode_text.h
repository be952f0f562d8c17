// A file's mode as ls -l shows it.
#ifndef MODE_TEXT_H
#define MODE_TEXT_H

#include <sys/types.h>

enum { MODE_TEXT_SIZE = 11 };

/// Writes "drwxr-xr-x" and its NUL into `text`.
void mode_text(mode_t mode, char text[MODE_TEXT_SIZE]);

#endif
