#include <format.h>
#include <string.h>

struct output {
    char *at, *end;
};

struct spec {
    bool zero, prefix, is_long;
    int width, precision; /* precision -1: none */
};

static void put(struct output *o, char c)
{
    if (o->at < o->end)
        *o->at++ = c;
}

/* n bytes of text, filled up to the width from the left. */
static void put_field(struct output *o, const struct spec *s, const char *text, int n)
{
    for (int i = n; i < s->width; i++)
        put(o, ' ');
    while (n-- > 0)
        put(o, *text++);
}

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
    put_field(o, s, at, (int)(end - at));
}

static const char *read_number(const char *f, int *number, va_list *arguments)
{
    *number = 0;
    if (*f == '*') {
        *number = va_arg(*arguments, int);
        return f + 1;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        *number = *number * 10 + (*f - '0');
    return f;
}

static const char *read_spec(const char *f, struct spec *s, va_list *arguments)
{
    *s = (struct spec){.precision = -1};
    for (; *f == '0' || *f == '#'; f++)
        *(*f == '0' ? &s->zero : &s->prefix) = true;
    f = read_number(f, &s->width, arguments);
    if (*f == '.')
        f = read_number(f + 1, &s->precision, arguments);
    for (; *f == 'l' || *f == 'z'; f++)
        s->is_long = true;
    return f;
}

static void put_one(struct output *o, char kind, const struct spec *s, va_list *arguments)
{
    if (kind == 's') {
        const char *text = va_arg(*arguments, const char *);
        int n = 0;
        while (n != s->precision && text[n])
            n++;
        put_field(o, s, text, n);
    } else if (kind == 'd') {
        int64_t v = s->is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : "");
    } else if (kind == 'u' || kind == 'x') {
        uint64_t v = s->is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        put_number(o, s, v, kind == 'u' ? 10 : 16, s->prefix ? "0x" : "");
    } else {
        put(o, kind);
    }
}

size_t format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output o = {buffer, buffer + size - 1};
    struct spec s;
    va_list list;
    va_copy(list, arguments);
    while (*format) {
        if (*format != '%') {
            put(&o, *format++);
            continue;
        }
        format = read_spec(format + 1, &s, &list);
        if (*format)
            put_one(&o, *format++, &s, &list);
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
