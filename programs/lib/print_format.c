#include "print_format.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "tool.h"

struct printer {
    char **arguments;
    int status;
    bool stopped; // by \c
};

static const char *next_argument(struct printer *printer)
{
    return *printer->arguments ? *printer->arguments++ : NULL;
}

static void check_number(struct printer *printer, const char *text, const char *end)
{
    if (end == text || *end || errno) {
        tool_warnx("%s: %s", text, errno ? "number out of range" : "not a number");
        printer->status = 1;
    }
}

static long long next_integer(struct printer *printer, bool is_unsigned)
{
    const char *text = next_argument(printer);
    if (!text)
        return 0;
    if (*text == '\'' || *text == '"')
        return (unsigned char)text[1];
    char *end;
    errno = 0;
    bool wide = is_unsigned && !strchr(text, '-');
    long long value = wide ? (long long)strtoull(text, &end, 0) : strtoll(text, &end, 0);
    check_number(printer, text, end);
    return value;
}

static double next_double(struct printer *printer)
{
    const char *text = next_argument(printer);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    check_number(printer, text, end);
    return value;
}

/// A width or a precision: digits or *; -1 if neither stands there.
static int read_count(struct printer *printer, const char **format)
{
    long long count = -1;
    if (**format == '*') {
        ++*format;
        count = next_integer(printer, false);
    } else {
        while (**format >= '0' && **format <= '9') {
            count = (count < 0 ? 0 : count * 10) + *(*format)++ - '0';
            if (count > 9999)
                count = 9999;
        }
    }
    return count > 9999 ? 9999 : count < -9999 ? -9999 : (int)count;
}

/// One conversion; `format` points behind the %. Gives where it ends.
static const char *print_conversion(struct printer *printer, const char *format)
{
    char spec[16] = "%";
    size_t flags = strspn(format, "-+ #0");
    size_t used = flags < 6 ? flags : 6;
    memcpy(spec + 1, format, used);
    format += flags;
    bool has_width = *format == '*' || (*format >= '1' && *format <= '9');
    int width = read_count(printer, &format), precision = -1;
    if (*format == '.') {
        format++;
        precision = read_count(printer, &format);
        if (precision < 0)
            precision = 0;
    }
    if (!has_width)
        width = 0;
    char c = *format;
    if (!c || !strchr("diouxXcsbeEfFgG", c)) {
        tool_warnx("%%%c: bad conversion", c ? c : ' ');
        printer->status = 1;
        printer->stopped = true;
        return format;
    }
    strcpy(spec + 1 + used, "*.*");
    char *tail = spec + strlen(spec);
    if (strchr("diouxX", c)) {
        sprintf(tail, "ll%c", c);
        printf(spec, width, precision, next_integer(printer, c != 'd' && c != 'i'));
    } else if (strchr("eEfFgG", c)) {
        sprintf(tail, "%c", c);
        printf(spec, width, precision, next_double(printer));
    } else {
        const char *text = next_argument(printer);
        char single[2] = {text ? *text : '\0', '\0'};
        strcpy(tail, "s");
        if (c == 'b')
            printer->stopped = text && escape_print(text);
        else
            printf(spec, width, precision, c == 'c' ? single : text ? text : "");
    }
    return format + 1;
}

static void print_once(struct printer *printer, const char *format)
{
    while (*format && !printer->stopped) {
        if (*format == '%' && format[1] == '%') {
            putchar('%');
            format += 2;
        } else if (*format == '%') {
            format = print_conversion(printer, format + 1);
        } else if (*format == '\\') {
            format++;
            int byte = escape_read(&format, ESCAPE_FORMAT);
            printer->stopped = byte == ESCAPE_STOP;
            if (byte != ESCAPE_STOP)
                putchar(byte == ESCAPE_NONE ? '\\' : byte);
        } else {
            putchar(*format++);
        }
    }
}

int print_format(const char *format, char **arguments)
{
    struct printer printer = {.arguments = arguments};
    char **before;
    do {
        before = printer.arguments;
        print_once(&printer, format);
    } while (*printer.arguments && printer.arguments != before && !printer.stopped);
    return printer.status;
}
