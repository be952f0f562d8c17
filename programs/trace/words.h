// Values as the headers name them.
#ifndef TRACE_WORDS_H
#define TRACE_WORDS_H

#include <stddef.h>
#include <stdint.h>

/// A line of text that grows and is cut where it is full.
struct text {
    char bytes[2048];
    size_t length;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// Between quotes, with escapes; "..." behind it if `more`.
void text_quote(struct text *text, const char *bytes, size_t length, int more);

void words_open_flags(struct text *text, uint64_t flags);
void words_access(struct text *text, uint64_t mode);
void words_whence(struct text *text, uint64_t whence);
void words_fcntl(struct text *text, uint64_t command);
void words_signal(struct text *text, uint64_t signal);
void words_signal_how(struct text *text, uint64_t how);
void words_protection(struct text *text, uint64_t protection);
void words_map_flags(struct text *text, uint64_t flags);
void words_wait_flags(struct text *text, uint64_t flags);
void words_clock(struct text *text, uint64_t clock);
void words_poll_events(struct text *text, uint64_t events);
void words_file_type(struct text *text, uint64_t mode);
/// "exited with 3", "killed by SIGSEGV", as waitpid's status word says.
void words_wait_status(struct text *text, int status);
/// "ENOENT (No such file or directory)".
void words_errno(struct text *text, int number);

#endif
