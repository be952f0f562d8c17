/* err, warn and their forms: "program: message: text of errno" on standard error. */
#include "libc.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *format, va_list arguments, int number)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    if (format)
        vfprintf(stderr, format, arguments);
    if (number)
        fprintf(stderr, "%s%s", format ? ": " : "", strerror(number));
    fputc('\n', stderr);
}

void vwarn(const char *format, va_list arguments)
{
    say(format, arguments, errno);
}

void vwarnx(const char *format, va_list arguments)
{
    say(format, arguments, 0);
}

void verr(int status, const char *format, va_list arguments)
{
    say(format, arguments, errno);
    exit(status);
}

void verrx(int status, const char *format, va_list arguments)
{
    say(format, arguments, 0);
    exit(status);
}

void warn(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vwarn(format, list);
    va_end(list);
}

void warnx(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vwarnx(format, list);
    va_end(list);
}

void err(int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    verr(status, format, list);
    va_end(list);
}

void errx(int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    verrx(status, format, list);
    va_end(list);
}
