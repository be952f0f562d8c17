#include "fields.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fields_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY);
    size_t length = 0;
    text[0] = '\0';
    if (fd < 0)
        return false;
    while (length < size - 1) {
        ssize_t count = read(fd, text + length, size - 1 - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    close(fd);
    text[length] = '\0';
    return length > 0;
}

bool fields_find(const char *text, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    value[0] = '\0';
    while (text && !(strncmp(text, key, length) == 0 && text[length] == ':')) {
        text = strchr(text, '\n');
        if (text)
            text++;
    }
    if (!text)
        return false;
    text += length + 1;
    text += strspn(text, " \t");
    size_t end = strcspn(text, "\n");
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    if (end >= size)
        end = size - 1;
    memcpy(value, text, end);
    value[end] = '\0';
    return true;
}

unsigned long long fields_number(const char *text, const char *key)
{
    char value[32];
    return fields_find(text, key, value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
}
