/* Text from numbers, for the log and for panics. */
#pragma once

#include <ouros/types.h>
#include <stdarg.h>

/* Write into buffer, at most size - 1 bytes and a NUL; gives the bytes written. Knows %d %u %x %s %% with l;
 * numbers with a width, 0 and #; %s with a precision, which may be *. */
size_t format_text_v(char *buffer, size_t size, const char *format, va_list arguments);
size_t format_text(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
