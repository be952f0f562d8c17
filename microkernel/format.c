#include <format.h>
#include <string.h>

struct spec {
    bool zero, prefix, is_long;
    int width, precision; /* precision -1: none */
};

struct output {
    char *at, *end;
};

static void put(struct output *o, const char *text, size_t n)
{
    for (; n > 0 && o->at < o->end; n--)
        *o->at++ = *text++;
}

/* Filled up to the width from the left: by zeroes between sign and digits, or by spaces before both. */
static void put_number(struct output *o, const struct spec *s, uint64_t value, uint32_t base,
                       const char *sign)
{
    char digits[32], *end = digits + sizeof(digits), *at = end;
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    while (s->zero && end - at < s->width && at > digits + 2)
        *--at = '0';
    for (size_t i = strlen(sign); i > 0;)
        *--at = sign[--i];
    while (end - at < s->width && at > digits)
        *--at = ' ';
    put(o, at, (size_t)(end - at));
}

static const char *read_number(const char *f, int *number)
{
    for (*number = 0; *f >= '0' && *f <= '9'; f++)
        *number = *number * 10 + (*f - '0');
    return f;
}

static const char *read_spec(const char *f, struct spec *s, va_list *arguments)
{
    *s = (struct spec){.precision = -1};
    for (; *f == '0' || *f == '#'; f++)
        *(*f == '0' ? &s->zero : &s->prefix) = true;
    f = read_number(f, &s->width);
    if (f[0] == '.' && f[1] == '*') {
        s->precision = va_arg(*arguments, int);
        f += 2;
    } else if (*f == '.') {
        f = read_number(f + 1, &s->precision);
    }
    s->is_long = *f == 'l';
    return f + s->is_long;
}

static void put_one(struct output *o, const char *kind, const struct spec *s, va_list *arguments)
{
    if (*kind == 's') {
        const char *text = va_arg(*arguments, const char *);
        size_t n = 0;
        while (n != (size_t)s->precision && text[n])
            n++;
        put(o, text, n);
    } else if (*kind == 'd') {
        int64_t v = s->is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : "");
    } else if (*kind == 'u' || *kind == 'x') {
        uint64_t v = s->is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        put_number(o, s, v, *kind == 'u' ? 10 : 16, s->prefix ? "0x" : "");
    } else {
        put(o, kind, 1);
    }
}

size_t format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output o = {buffer, buffer + size - 1};
    struct spec s = {0};
    va_list list;
    va_copy(list, arguments);
    for (; *format; format++)
        if (*format != '%')
            put(&o, format, 1);
        else if (*(format = read_spec(format + 1, &s, &list)))
            put_one(&o, format, &s, &list);
        else
            break;
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
