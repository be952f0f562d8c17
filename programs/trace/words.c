#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <ouros/error.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct word {
    uint64_t value;
    const char *name;
};
#define WORD(name)             \
    {                          \
        (uint64_t) name, #name \
    }
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

void text_add(struct text *text, const char *format, ...)
{
    size_t left = sizeof text->bytes - text->length;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->bytes + text->length, left, format, arguments);
    va_end(arguments);
    if (n > 0)
        text->length += (size_t)n < left ? (size_t)n : left - 1;
}

void text_quote(struct text *text, const char *bytes, size_t length, int more)
{
    text_add(text, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        static const char plain[] = "\n\t\r\"\\", escaped[] = "ntr\"\\";
        const char *at = c ? strchr(plain, c) : NULL;
        if (at)
            text_add(text, "\\%c", escaped[at - plain]);
        else if (c >= ' ' && c <= '~')
            text_add(text, "%c", c);
        else
            text_add(text, "\\%03o", c);
    }
    text_add(text, more ? "\"..." : "\"");
}

// The word for a value, or the value.
static void one_of(struct text *text, const struct word *words, size_t count, uint64_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].value == value) {
            text_add(text, "%s", words[i].name);
            return;
        }
    }
    text_add(text, "%lld", (long long)value);
}

// The words for its bits with | between, and what is left; `none` if there is nothing.
static void bits_of(struct text *text, const struct word *words, size_t count, uint64_t value,
                    const char *none)
{
    const char *between = "";
    for (size_t i = 0; i < count; i++) {
        if (words[i].value && (value & words[i].value) == words[i].value) {
            text_add(text, "%s%s", between, words[i].name);
            value &= ~words[i].value;
            between = "|";
        }
    }
    if (value)
        text_add(text, "%s0x%llx", between, (unsigned long long)value);
    else if (!*between)
        text_add(text, "%s", none);
}

void words_open_flags(struct text *text, uint64_t flags)
{
    static const struct word access[] = {WORD(O_RDONLY), WORD(O_WRONLY), WORD(O_RDWR)};
    static const struct word words[] = {WORD(O_CREAT),   WORD(O_EXCL),     WORD(O_TRUNC),
                                        WORD(O_APPEND),  WORD(O_NONBLOCK), WORD(O_DIRECTORY),
                                        WORD(O_CLOEXEC), WORD(O_NOFOLLOW)};
    uint64_t rest = flags & 0xffffffff & ~(uint64_t)O_ACCMODE;
    one_of(text, access, COUNT(access), flags & O_ACCMODE);
    if (rest) {
        text_add(text, "|");
        bits_of(text, words, COUNT(words), rest, "");
    }
}

void words_access(struct text *text, uint64_t mode)
{
    static const struct word words[] = {WORD(R_OK), WORD(W_OK), WORD(X_OK)};
    bits_of(text, words, COUNT(words), mode & 0xffffffff, "F_OK");
}

void words_whence(struct text *text, uint64_t whence)
{
    static const struct word words[] = {WORD(SEEK_SET), WORD(SEEK_CUR), WORD(SEEK_END)};
    one_of(text, words, COUNT(words), whence);
}

void words_fcntl(struct text *text, uint64_t command)
{
    static const struct word words[] = {WORD(F_DUPFD), WORD(F_DUPFD_CLOEXEC), WORD(F_GETFD),
                                        WORD(F_SETFD), WORD(F_GETFL),         WORD(F_SETFL),
                                        WORD(F_GETLK), WORD(F_SETLK),         WORD(F_SETLKW)};
    one_of(text, words, COUNT(words), command);
}

void words_signal(struct text *text, uint64_t signal)
{
    static const struct word words[] = {
        WORD(SIGHUP),  WORD(SIGINT),  WORD(SIGQUIT), WORD(SIGILL),  WORD(SIGTRAP), WORD(SIGABRT),
        WORD(SIGBUS),  WORD(SIGFPE),  WORD(SIGKILL), WORD(SIGUSR1), WORD(SIGSEGV), WORD(SIGUSR2),
        WORD(SIGPIPE), WORD(SIGALRM), WORD(SIGTERM), WORD(SIGCHLD), WORD(SIGCONT), WORD(SIGSTOP),
        WORD(SIGTSTP), WORD(SIGTTIN), WORD(SIGTTOU)};
    one_of(text, words, COUNT(words), signal);
}

void words_signal_how(struct text *text, uint64_t how)
{
    static const struct word words[] = {WORD(SIG_BLOCK), WORD(SIG_UNBLOCK), WORD(SIG_SETMASK)};
    one_of(text, words, COUNT(words), how);
}

void words_protection(struct text *text, uint64_t protection)
{
    static const struct word words[] = {WORD(PROT_READ), WORD(PROT_WRITE), WORD(PROT_EXEC)};
    bits_of(text, words, COUNT(words), protection & 0xffffffff, "PROT_NONE");
}

void words_map_flags(struct text *text, uint64_t flags)
{
    static const struct word words[] = {WORD(MAP_SHARED), WORD(MAP_PRIVATE), WORD(MAP_FIXED),
                                        WORD(MAP_ANONYMOUS)};
    bits_of(text, words, COUNT(words), flags & 0xffffffff, "0");
}

void words_wait_flags(struct text *text, uint64_t flags)
{
    static const struct word words[] = {WORD(WNOHANG), WORD(WUNTRACED), WORD(WCONTINUED)};
    bits_of(text, words, COUNT(words), flags & 0xffffffff, "0");
}

void words_clock(struct text *text, uint64_t clock)
{
    static const struct word words[] = {WORD(CLOCK_REALTIME), WORD(CLOCK_MONOTONIC),
                                        WORD(CLOCK_PROCESS_CPUTIME_ID), WORD(CLOCK_THREAD_CPUTIME_ID)};
    one_of(text, words, COUNT(words), clock);
}

void words_poll_events(struct text *text, uint64_t events)
{
    static const struct word words[] = {WORD(POLLIN),  WORD(POLLPRI), WORD(POLLOUT),
                                        WORD(POLLERR), WORD(POLLHUP), WORD(POLLNVAL)};
    bits_of(text, words, COUNT(words), events & 0xffff, "0");
}

void words_file_type(struct text *text, uint64_t mode)
{
    static const struct word words[] = {WORD(S_IFREG), WORD(S_IFDIR), WORD(S_IFCHR), WORD(S_IFBLK),
                                        WORD(S_IFIFO), WORD(S_IFLNK), WORD(S_IFSOCK)};
    one_of(text, words, COUNT(words), mode & S_IFMT);
}

void words_wait_status(struct text *text, int status)
{
    if (WIFEXITED(status)) {
        text_add(text, "exited with %d", WEXITSTATUS(status));
    } else if (WIFSIGNALED(status)) {
        text_add(text, "killed by ");
        words_signal(text, (uint64_t)WTERMSIG(status));
    } else {
        text_add(text, "status 0x%x", (unsigned)status);
    }
}

void words_errno(struct text *text, int number)
{
    static const struct word words[] = {
#define NAME(constant, value, posix, words) {(uint64_t)posix, #posix},
        OUROS_ERRORS(NAME)
#undef NAME
            WORD(EINTR),
        WORD(EDOM),
        WORD(EDEADLK),
        WORD(ENOLCK),
        WORD(ENOTSUP),
        WORD(EOVERFLOW),
        WORD(EINPROGRESS),
    };
    one_of(text, words, COUNT(words), (uint64_t)number);
    text_add(text, " (%s)", strerror(number));
}
