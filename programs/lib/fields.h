// "Key:  value" lines, the form of /proc/PID/status and /proc/meminfo.
#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/// Reads the file as a text of less than `size` bytes. False, without a message, if it cannot be read.
bool fields_read(const char *path, char *text, size_t size);

/// Copies the value behind "key:" without the blanks around it. False, with an empty value, if there is none.
bool fields_find(const char *text, const char *key, char *value, size_t size);

/// The number that the value begins with; 0 if there is none.
unsigned long long fields_number(const char *text, const char *key);

#endif
