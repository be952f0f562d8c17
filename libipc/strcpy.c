#include <ipc/string.h>

size_t ipc_strcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from), part = length < size ? length : size - 1;

    memcpy(to, from, part);
    to[part] = 0;
    return length;
}
