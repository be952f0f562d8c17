#include <format.h>

struct output {
    char *at, *end;
};

struct spec {
    bool left, zero, prefix, is_long;
    int width, precision; /* precision -1: none */
};

static void put(struct output *o, char c)
{
    if (o->at < o->end)
        *o->at++ = c;
}

/* Text of n bytes, filled up to the width. */
static void put_field(struct output *o, const struct spec *s, const char *text, int n)
{
    for (int i = n; !s->left && i < s->width; i++)
        put(o, ' ');
    for (int i = 0; i < n; i++)
        put(o, text[i]);
    for (int i = n; s->left && i < s->width; i++)
        put(o, ' ');
}

static void put_number(struct output *o, const struct spec *s, uint64_t value, uint32_t base,
                       const char *sign)
{
    char digits[32];
    char *at = digits + sizeof(digits);
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    int signs = 0;
    while (sign[signs])
        signs++;
    int zeros = s->zero && !s->left ? s->width - signs - (int)(digits + sizeof(digits) - at) : 0;
    for (; zeros > 0 && at > digits + 2; zeros--)
        *--at = '0';
    while (signs > 0)
        *--at = sign[--signs];
    put_field(o, s, at, (int)(digits + sizeof(digits) - at));
}

static void put_string(struct output *o, const struct spec *s, const char *text)
{
    int n = 0;
    if (!text)
        text = "(null)";
    while ((s->precision < 0 || n < s->precision) && text[n])
        n++;
    put_field(o, s, text, n);
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
    for (; *f == '-' || *f == '0' || *f == '#'; f++) {
        s->left = s->left || *f == '-';
        s->zero = s->zero || *f == '0';
        s->prefix = s->prefix || *f == '#';
    }
    f = read_number(f, &s->width, arguments);
    if (*f == '.')
        f = read_number(f + 1, &s->precision, arguments);
    for (; *f == 'l' || *f == 'z'; f++)
        s->is_long = true;
    return f;
}

static void put_one(struct output *o, char kind, struct spec *s, va_list *arguments)
{
    switch (kind) {
    case 'd':
    case 'i': {
        int64_t v = s->is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : "");
        break;
    }
    case 'u':
    case 'x': {
        uint64_t v = s->is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        put_number(o, s, v, kind == 'u' ? 10 : 16, s->prefix ? "0x" : "");
        break;
    }
    case 'p':
        s->zero = true;
        s->width = 18;
        put_number(o, s, va_arg(*arguments, uintptr_t), 16, "0x");
        break;
    case 'c': {
        char c = (char)va_arg(*arguments, int);
        put_field(o, s, &c, 1);
        break;
    }
    case 's': put_string(o, s, va_arg(*arguments, const char *)); break;
    default: put(o, kind);
    }
}

size_t format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output o = {buffer, buffer + size - 1};
    va_list list;
    va_copy(list, arguments);
    while (*format) {
        if (*format != '%') {
            put(&o, *format++);
            continue;
        }
        struct spec s;
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
