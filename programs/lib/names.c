#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

void names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        names->capacity = names->capacity ? names->capacity * 2 : 16;
        names->items = tool_realloc(names->items, names->capacity * sizeof(*names->items));
    }
    names->items[names->count++] = tool_strdup(name);
}

static int names_compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void names_sort(struct names *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof(*names->items), names_compare);
}

bool names_read(struct names *names, const char *directory)
{
    DIR *stream = opendir(directory);
    if (!stream)
        return false;
    struct dirent *entry;
    while ((errno = 0, entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names_add(names, entry->d_name);
    }
    int reason = errno;
    closedir(stream);
    names_sort(names);
    errno = reason;
    return reason == 0;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}
