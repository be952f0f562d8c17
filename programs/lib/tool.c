#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *tool_name = "?";

void tool_start(char **argv)
{
    if (!argv[0])
        return;
    const char *slash = strrchr(argv[0], '/');
    tool_name = slash ? slash + 1 : argv[0];
}

void tool_warn(const char *what)
{
    int reason = errno;
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", tool_name, what, strerror(reason));
    errno = reason;
}

/* In one write, so that a line of the kernel's log does not fall into the middle. */
void tool_warnx(const char *format, ...)
{
    char text[2 * PATH_MAX + 128]; // two names and a reason
    va_list arguments;
    fflush(stdout);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: %s\n", tool_name, text);
}

_Noreturn void tool_usage(const char *synopsis)
{
    fprintf(stderr, "usage: %s%s%s\n", tool_name, *synopsis ? " " : "", synopsis);
    exit(2);
}

int tool_finish(int status)
{
    bool failed =
        ferror(stdout) != 0; // then errno is still that of the write: loops that print stop at ferror
    if (!failed)
        errno = 0;
    if (fflush(stdout) != 0)
        failed = true;
    if (!failed)
        return status;
    if (errno == 0)
        tool_warnx("write error");
    else if (errno != EPIPE)
        tool_warn("write error");
    return status ? status : 1;
}

static void *tool_checked(void *memory)
{
    if (memory)
        return memory;
    tool_warnx("out of memory");
    exit(1);
}

void *tool_alloc(size_t size)
{
    return tool_checked(malloc(size ? size : 1));
}

void *tool_realloc(void *old, size_t size)
{
    return tool_checked(realloc(old, size ? size : 1));
}

char *tool_strdup(const char *text)
{
    return tool_checked(strdup(text));
}

bool tool_number(const char *text, long long *value)
{
    char *end;
    if (!*text || strchr(" \t\n\v\f\r", *text))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    *value = number;
    return true;
}

bool tool_size(const char *text, long long *value)
{
    static const char suffixes[] = "kKMG";
    static const int shifts[] = {10, 10, 20, 30};
    size_t length = strlen(text);
    int shift = 0;
    char digits[32];
    if (length == 0 || length >= sizeof(digits))
        return false;
    memcpy(digits, text, length + 1);
    const char *suffix = strchr(suffixes, digits[length - 1]);
    if (suffix) {
        shift = shifts[suffix - suffixes];
        digits[length - 1] = '\0';
    }
    long long number;
    if (!tool_number(digits, &number) || number < 0 || number > LLONG_MAX >> shift)
        return false;
    *value = number << shift;
    return true;
}

bool tool_write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (written == 0)
                errno = EIO;
            return false;
        }
        at += written;
        size -= (size_t)written;
    }
    return true;
}

bool tool_copy(int in, const char *in_name, int out, const char *out_name)
{
    static char block[32768];
    for (;;) {
        ssize_t count = read(in, block, sizeof(block));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            tool_warn(in_name);
            return false;
        }
        if (count == 0)
            return true;
        if (!tool_write_all(out, block, (size_t)count)) {
            if (errno != EPIPE)
                tool_warn(out_name);
            return false;
        }
    }
}

char *tool_join(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    char *path = tool_alloc(length + strlen(name) + 2);
    memcpy(path, directory, length);
    if (length > 0 && directory[length - 1] != '/')
        path[length++] = '/';
    strcpy(path + length, name);
    return path;
}

char *tool_base_name(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (end == 1 && path[0] == '/')
        start = 0;
    char *name = tool_alloc(end - start + 1);
    memcpy(name, path + start, end - start);
    name[end - start] = '\0';
    return name;
}

bool tool_is_dots(const char *path)
{
    char *name = tool_base_name(path);
    bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    free(name);
    return dots;
}
