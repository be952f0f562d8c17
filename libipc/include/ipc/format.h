/* A small snprintf: %d %i %u %x %X %o %c %s %p %% with flags - 0 + # space, width and precision (also *), and
 * the lengths hh h l ll z j t. Nothing else: an unknown conversion is copied as it stands, and its argument
 * not taken. */
#ifndef IPC_FORMAT_H
#define IPC_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Write at most size bytes, the last of them NUL (size 0: nothing). Returns the full length without the NUL.
 */
size_t ipc_format(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t ipc_vformat(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
