#include "mounts.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

/// Puts back the blanks that stand in the table as \040 and the like.
static char *unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return text;
}

bool mounts_next(FILE *table, struct mount_entry *entry)
{
    size_t size = 0;
    free(entry->line);
    entry->line = NULL;
    while (lines_next(table, &entry->line, &size) >= 0) {
        char **fields[] = {&entry->device, &entry->directory, &entry->type, &entry->options};
        char *at = entry->line;
        int count = 0;
        for (; count < 4; count++) {
            at += strspn(at, " \t");
            if (!*at)
                break;
            char *end = at + strcspn(at, " \t");
            bool last = !*end;
            *end = '\0';
            *fields[count] = at;
            at = last ? end : end + 1;
        }
        if (count < 4)
            continue;
        for (int i = 0; i < 4; i++)
            unescape(*fields[i]);
        return true;
    }
    return false;
}
