/* The functions of C's <string.h> that servers need; the compiler also calls the first four by itself. */
#ifndef IPC_STRING_H
#define IPC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *where, int byte, size_t length);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t most);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t most);
char *strchr(const char *text, int byte);
char *strrchr(const char *text, int byte);

/* Copy a string into a buffer of `size` bytes (> 0), always ended by NUL, cut if need be. Returns its full
 * length. */
size_t ipc_strcpy(char *to, const char *from, size_t size);

#endif
