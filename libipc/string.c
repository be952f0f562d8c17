/* Memory and strings for servers. The bulk goes by `rep movsb` and `rep stosb`: short, and fast where it
 * counts. */
#include <ipc/string.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    void *d = to;
    size_t words = length / 8;

    length %= 8;
    __asm__ volatile("rep movsq\n\tmov %3, %2\n\trep movsb"
                     : "+D"(d), "+S"(from), "+c"(words)
                     : "r"(length)
                     : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    char *d = to;
    const char *s = from;

    if ((size_t)(d - s) >= length)
        return memcpy(to, from, length);
    while (length--) {
        d[length] = s[length];
        __asm__ volatile("" : : : "memory"); /* or the compiler makes a call of memmove of it */
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    void *d = to;
    size_t words = length / 8, rest = length % 8;
    unsigned long pattern = 0x0101010101010101ul * (unsigned char)byte;

    __asm__ volatile("rep stosq\n\tmov %3, %1\n\trep stosb"
                     : "+D"(d), "+c"(words)
                     : "a"(pattern), "r"(rest)
                     : "memory");
    return to;
}

typedef uint64_t loose_word __attribute__((aligned(1), may_alias));

/* What is alike goes by 32 bytes at a time. */
int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *x = a, *y = b;

    for (; length >= 32; length -= 32, x += 32, y += 32) {
        const loose_word *p = (const loose_word *)x, *q = (const loose_word *)y;

        if ((p[0] ^ q[0]) | (p[1] ^ q[1]) | (p[2] ^ q[2]) | (p[3] ^ q[3]))
            break;
    }
    for (size_t i = 0; i < length; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void *memchr(const void *where, int byte, size_t length)
{
    const unsigned char *p = where;

    for (size_t i = 0; i < length; i++)
        if (p[i] == (unsigned char)byte)
            return (void *)(p + i);
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length]) {
        __asm__ volatile(""); /* or the compiler makes a call of strlen of it */
        length++;
    }
    return length;
}

size_t strnlen(const char *text, size_t most)
{
    size_t length = 0;

    while (length < most && text[length])
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        if (a[i] != b[i])
            return (unsigned char)a[i] - (unsigned char)b[i];
        if (!a[i])
            return 0;
    }
    return 0;
}

char *strchr(const char *text, int byte)
{
    for (;; text++) {
        if (*text == (char)byte)
            return (char *)text;
        if (!*text)
            return 0;
    }
}

char *strrchr(const char *text, int byte)
{
    const char *found = 0;

    for (;; text++) {
        if (*text == (char)byte)
            found = text;
        if (!*text)
            return (char *)found;
    }
}
