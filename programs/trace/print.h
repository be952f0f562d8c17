// One record as strace would print it.
#ifndef TRACE_PRINT_H
#define TRACE_PRINT_H

#include "words.h"

#include <ouros/posix_trace.h>
#include <stdbool.h>

/// What POSIX_CALLS says of a call.
struct known_call {
    const char *name;
    uint8_t result, how, kind[POSIX_TRACE_ARGUMENTS];
};
extern const struct known_call known_calls[];
extern const unsigned known_call_count;

/// Is it whole, and are its parts where it says? `record` may be any `size` bytes.
bool record_is_sound(const struct posix_trace_record *record, size_t size);
/// The call came back, and not well.
bool record_failed(const struct posix_trace_record *record);
/// `open("/etc/motd", O_RDONLY`: without what comes behind the arguments.
void print_call(struct text *text, const struct posix_trace_record *record);
/// ` = 3`, ` = -1 ENOENT (No such file or directory)`.
void print_result(struct text *text, const struct posix_trace_record *record);

#endif
