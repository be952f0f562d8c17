#include "escape.h"

#include <stdio.h>
#include <string.h>

static int read_octal(const char **text, int digits)
{
    int value = 0;
    for (; digits > 0 && **text >= '0' && **text <= '7'; digits--)
        value = value * 8 + *(*text)++ - '0';
    return value & 255;
}

int escape_read(const char **text, enum escape_octal octal)
{
    static const char letters[] = "abfnrtv\\";
    static const char bytes[] = "\a\b\f\n\r\t\v\\";
    char c = **text;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        ++*text;
        return bytes[letter - letters];
    }
    if (c == 'c')
        return ESCAPE_STOP;
    if (c == '0') {
        ++*text;
        return read_octal(text, octal);
    }
    if (c >= '1' && c <= '7')
        return read_octal(text, 3);
    return ESCAPE_NONE;
}

bool escape_print(const char *text)
{
    while (*text) {
        if (*text != '\\') {
            putchar(*text++);
            continue;
        }
        text++;
        int byte = escape_read(&text, ESCAPE_ECHO);
        if (byte == ESCAPE_STOP)
            return true;
        putchar(byte == ESCAPE_NONE ? '\\' : byte);
    }
    return false;
}
