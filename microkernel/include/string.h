/* The functions that the compiler itself calls (memmove is not among them so far), and the few others that
 * the kernel needs. */
#pragma once

#include <ouros/types.h>

void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);

/* Does text, `length` bytes that need not end in NUL, equal the string `with`? */
static inline bool text_equal(const char *text, size_t length, const char *with)
{
    return strlen(with) == length && memcmp(text, with, length) == 0;
}

/* Which of `names`, each ended by NUL and all by an empty one, text equals: from 0 on; -1: none. */
static inline int text_choice(const char *text, size_t length, const char *names)
{
    for (int i = 0; *names; names += strlen(names) + 1, i++)
        if (text_equal(text, length, names))
            return i;
    return -1;
}
