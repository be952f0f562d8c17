#include <ipc/format.h>
#include <ipc/string.h>
#include <stdbool.h>
#include <stdint.h>

struct output {
    char *buffer;
    size_t size, length; /* length counts also what did not fit */
};

struct spec {
    bool left, zero, plus, space, alternate;
    size_t width;
    size_t precision; /* SIZE_MAX: none given */
};

enum { FIELD_MAX = 4096 }; /* a width or precision beyond it is cut: arguments may come from a client */

static void put(struct output *out, char c)
{
    if (out->length < out->size)
        out->buffer[out->length] = c;
    out->length++;
}

static void put_many(struct output *out, char c, size_t count)
{
    while (count--)
        put(out, c);
}

static void put_text(struct output *out, const char *text, size_t length, const struct spec *spec)
{
    size_t pad = spec->width > length ? spec->width - length : 0;

    if (!spec->left)
        put_many(out, ' ', pad);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (spec->left)
        put_many(out, ' ', pad);
}

/* digits in front of `end`, at least one unless precision is 0 and the value too */
static char *digits_before(char *end, uint64_t value, unsigned base, const char *alphabet)
{
    for (; value; value /= base)
        *--end = alphabet[value % base];
    return end;
}

static void put_number(struct output *out, uint64_t value, unsigned base, const char *sign,
                       const char *alphabet, const struct spec *spec)
{
    char digits[24];
    char *end = digits + sizeof digits, *first = digits_before(end, value, base, alphabet);
    size_t count = (size_t)(end - first), zeros = 0, sign_length = strlen(sign), total;

    if (spec->precision != SIZE_MAX)
        zeros = spec->precision > count ? spec->precision - count : 0;
    else if (count == 0)
        zeros = 1;
    total = sign_length + zeros + count;
    if (spec->precision == SIZE_MAX && spec->zero && !spec->left && spec->width > total) {
        zeros += spec->width - total;
        total = spec->width;
    }
    if (!spec->left && spec->width > total)
        put_many(out, ' ', spec->width - total);
    while (*sign)
        put(out, *sign++);
    put_many(out, '0', zeros);
    while (first < end)
        put(out, *first++);
    if (spec->left && spec->width > total)
        put_many(out, ' ', spec->width - total);
}

/* The arguments travel in a structure: a va_list itself cannot be pointed at where it is a parameter. */
struct arguments {
    va_list list;
};

static size_t clamp(long value)
{
    return value < 0 ? 0 : value > FIELD_MAX ? FIELD_MAX : (size_t)value;
}

static const char *parse_number(const char *p, size_t *number, struct arguments *a, struct spec *spec)
{
    long value = 0;

    if (*p == '*') {
        value = va_arg(a->list, int);
        if (value < 0 && spec) {
            spec->left = true;
            value = -value;
        } else if (value < 0) {
            *number = SIZE_MAX;
            return p + 1;
        }
        p++;
    } else {
        for (; *p >= '0' && *p <= '9'; p++)
            value = value > FIELD_MAX ? value : value * 10 + (*p - '0');
    }
    *number = clamp(value);
    return p;
}

static const char *parse_spec(const char *p, struct spec *spec, struct arguments *a)
{
    *spec = (struct spec){.precision = SIZE_MAX};
    for (;; p++) {
        if (*p == '-')
            spec->left = true;
        else if (*p == '0')
            spec->zero = true;
        else if (*p == '+')
            spec->plus = true;
        else if (*p == ' ')
            spec->space = true;
        else if (*p == '#')
            spec->alternate = true;
        else
            break;
    }
    p = parse_number(p, &spec->width, a, spec);
    if (*p == '.')
        p = parse_number(p + 1, &spec->precision, a, 0);
    return p;
}

static const char *parse_length(const char *p, int *bytes)
{
    *bytes = sizeof(int);
    if (*p == 'h') {
        *bytes = p[1] == 'h' ? 1 : 2;
        return p + (p[1] == 'h' ? 2 : 1);
    }
    if (*p == 'l' || *p == 'z' || *p == 'j' || *p == 't') {
        *bytes = 8;
        return p + (p[0] == 'l' && p[1] == 'l' ? 2 : 1);
    }
    return p;
}

static int64_t take_signed(struct arguments *a, int bytes)
{
    int64_t value = bytes == 8 ? va_arg(a->list, long) : va_arg(a->list, int);

    return bytes == 1 ? (int8_t)value : bytes == 2 ? (int16_t)value : value;
}

static uint64_t take_unsigned(struct arguments *a, int bytes)
{
    uint64_t value = bytes == 8 ? va_arg(a->list, unsigned long) : va_arg(a->list, unsigned);

    return bytes == 1 ? (uint8_t)value : bytes == 2 ? (uint16_t)value : value;
}

static void put_signed(struct output *out, int64_t value, const struct spec *spec)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

    put_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, sign, "0123456789", spec);
}

static void put_string(struct output *out, const char *text, const struct spec *spec)
{
    if (!text)
        text = "(null)";
    put_text(out, text, spec->precision == SIZE_MAX ? strlen(text) : strnlen(text, spec->precision), spec);
}

/* One conversion. False: it is not one of ours. */
static bool convert(struct output *out, char c, const struct spec *spec, int bytes, struct arguments *a)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    uint64_t value;
    char byte;

    switch (c) {
    case 'd':
    case 'i': put_signed(out, take_signed(a, bytes), spec); return true;
    case 'u': put_number(out, take_unsigned(a, bytes), 10, "", lower, spec); return true;
    case 'o': put_number(out, take_unsigned(a, bytes), 8, "", lower, spec); return true;
    case 'x':
    case 'X':
        value = take_unsigned(a, bytes);
        put_number(out, value, 16, spec->alternate && value ? (c == 'x' ? "0x" : "0X") : "",
                   c == 'x' ? lower : upper, spec);
        return true;
    case 'p': put_number(out, (uint64_t)va_arg(a->list, void *), 16, "0x", lower, spec); return true;
    case 'c':
        byte = (char)va_arg(a->list, int);
        put_text(out, &byte, 1, spec);
        return true;
    case 's': put_string(out, va_arg(a->list, const char *), spec); return true;
    case '%': put(out, '%'); return true;
    default: return false;
    }
}

size_t ipc_vformat(char *buffer, size_t size, const char *format, va_list list)
{
    struct output out = {buffer, size, 0};
    struct arguments a;
    struct spec spec;
    int bytes;

    va_copy(a.list, list);
    for (const char *p = format; *p; p++) {
        const char *start = p;

        if (*p != '%') {
            put(&out, *p);
            continue;
        }
        p = parse_length(parse_spec(p + 1, &spec, &a), &bytes);
        if (*p && convert(&out, *p, &spec, bytes, &a))
            continue;
        put_text(&out, start, (size_t)(p - start) + (*p != 0), &(struct spec){0});
        if (!*p)
            break;
    }
    va_end(a.list);
    if (size)
        buffer[out.length < size ? out.length : size - 1] = 0;
    return out.length;
}

size_t ipc_format(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t length;

    va_start(list, format);
    length = ipc_vformat(buffer, size, format, list);
    va_end(list);
    return length;
}
