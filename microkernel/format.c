#include <format.h>
#include <string.h>

struct output {
    char *at, *end;
};

static void put(struct output *o, const char *text, size_t n)
{
    for (; n > 0 && o->at < o->end; n--)
        *o->at++ = *text++;
}

/* Filled up to the width from the left. */
static void put_number(struct output *o, uint64_t value, uint32_t base, int width, char fill)
{
    char digits[32], *end = digits + sizeof(digits), *at = end;
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    while (end - at < width && at > digits)
        *--at = fill;
    put(o, at, (size_t)(end - at));
}

/* Digits, or the next argument. */
static int read_number(const char **f, va_list *list)
{
    int number = 0;
    for (; **f >= '0' && **f <= '9'; ++*f)
        number = number * 10 + (**f - '0');
    if (**f != '*')
        return number;
    ++*f;
    return va_arg(*list, int);
}

size_t format_text_v(char *buffer, size_t size, const char *f, va_list arguments)
{
    struct output o = {buffer, buffer + size - 1};
    va_list list;
    va_copy(list, arguments);
    for (; *f; f++) {
        if (*f != '%') {
            put(&o, f, 1);
            continue;
        }
        char fill = *++f == '0' ? '0' : ' ';
        int width = read_number(&f, &list), most = -1;
        if (*f == '.') {
            f++;
            most = read_number(&f, &list);
        }
        bool is_long = *f == 'l';
        f += is_long;
        if (*f == 's') {
            const char *text = va_arg(list, const char *);
            size_t n = 0;
            while (n != (size_t)most && text[n])
                n++;
            put(&o, text, n);
        } else if (*f == 'd' || *f == 'u' || *f == 'x') {
            uint64_t value = is_long ? va_arg(list, uint64_t) : va_arg(list, unsigned);
            put_number(&o, value, *f == 'x' ? 16 : 10, width, fill);
        } else if (*f) {
            put(&o, f, 1);
        } else {
            break;
        }
    }
    va_end(list);
    *o.at = 0;
    return (size_t)(o.at - buffer);
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(buffer, size, format, arguments);
    va_end(arguments);
    return n;
}
