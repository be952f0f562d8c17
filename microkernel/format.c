#include <format.h>
#include <string.h>

static const char *read_number(const char *f, size_t *number)
{
    for (*number = 0; *f >= '0' && *f <= '9'; f++)
        *number = *number * 10 + (size_t)(*f - '0');
    return f;
}

/* The digits that end at `end`, filled up to the width from the left, but not below `low`. */
static char *put_digits(char *low, char *end, uint64_t value, uint32_t base, size_t width, char fill)
{
    char *at = end;
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    while ((size_t)(end - at) < width && at > low)
        *--at = fill;
    return at;
}

size_t format_text_v(char *buffer, size_t size, const char *f, va_list arguments)
{
    char *at = buffer, *end = buffer + size - 1, digits[32], *digits_end = digits + sizeof digits;
    for (; *f; f++) {
        const char *text = f; /* what this conversion puts; else the character itself */
        size_t n = 1, width, most = SIZE_MAX;
        if (*f == '%') {
            char fill = *++f == '0' ? '0' : ' ';
            f = read_number(f, &width);
            if (*f == '.' && f[1] == '*') {
                most = (size_t)va_arg(arguments, int);
                f += 2;
            } else if (*f == '.') {
                f = read_number(f + 1, &most);
            }
            bool is_long = *f == 'l';
            f += is_long;
            text = f;
            if (*f == 's') {
                text = va_arg(arguments, const char *);
                for (n = 0; n != most && text[n];)
                    n++;
            } else if (*f == 'd' || *f == 'u' || *f == 'x') {
                uint64_t value = is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
                text = put_digits(digits, digits_end, value, *f == 'x' ? 16 : 10, width, fill);
                n = (size_t)(digits_end - text);
            } else if (!*f) {
                break;
            }
        }
        for (; n > 0 && at < end; n--)
            *at++ = *text++;
    }
    *at = 0;
    return (size_t)(at - buffer);
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(buffer, size, format, arguments);
    va_end(arguments);
    return n;
}
