// What all small tools share: the name in front of messages, errors, numbers, and the check that output
// arrived.
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// The name in front of every message; tool_start sets it, the shell changes it around its builtins.
extern const char *tool_name;

/// Takes main's argv; remembers the last part of argv[0] for messages.
void tool_start(char **argv);

/// Says "name: what: reason" on stderr, the reason taken from errno.
void tool_warn(const char *what);

/// Says "name: " and the formatted text on stderr.
void tool_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Says "usage: name synopsis" on stderr and exits with 2.
_Noreturn void tool_usage(const char *synopsis);

/// Flushes stdout. Gives `status`, or 1 if any of the output could not be written (which it reports; a closed
/// pipe is no news and passes in silence).
int tool_finish(int status);

/// Gives memory of `size` bytes, or `old` resized to it; without memory it says so and exits with 1.
void *tool_alloc(size_t size);
void *tool_realloc(void *old, size_t size);
char *tool_strdup(const char *text);

/// Reads a whole decimal number with optional sign; false (and *value untouched) if `text` is anything else.
bool tool_number(const char *text, long long *value);

/// Reads a size: a number that is not negative, and optionally one of k, K, M, G (powers of 1024).
bool tool_size(const char *text, long long *value);

/// Writes all `size` bytes to `fd`; false with errno set if it could not.
bool tool_write_all(int fd, const void *data, size_t size);

/// Copies what is left of `in` to `out`. `in_name` and `out_name` stand in the messages. False after a
/// message.
bool tool_copy(int in, const char *in_name, int out, const char *out_name);

/// Gives "directory/name" in new memory.
char *tool_join(const char *directory, const char *name);

/// The last part of a path ("a/b/" gives "b", "/" gives "/"), in new memory.
char *tool_base_name(const char *path);

/// `path` is "." or "..", or ends in "/." or "/..".
bool tool_is_dots(const char *path);

#endif
