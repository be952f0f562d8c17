#include <string.h>

void *memcpy(void *to, const void *from, size_t length)
{
    void *result = to;
    size_t words = length / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    length &= 7;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
    return result;
}

void *memset(void *to, int byte, size_t length)
{
    void *result = to;
    uint64_t pattern = (uint8_t)byte * 0x0101010101010101ul;
    size_t words = length / 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    length &= 7;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(pattern) : "memory");
    return result;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const uint8_t *x = a, *y = b;
    for (; length; length--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}
