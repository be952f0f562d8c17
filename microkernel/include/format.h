/* Text from numbers, for the log and for panics. */
#pragma once

#include <ouros/types.h>
#include <stdarg.h>

/* Write into buffer, at most size - 1 bytes and a NUL; gives the bytes written. Knows %u %x %s %% with l;
 * numbers with a width and 0; %s with a precision, which may be *; %d as %u, for numbers that are never
 * negative. */
size_t format_text_v(char *buffer, size_t size, const char *format, va_list arguments);
size_t format_text(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
