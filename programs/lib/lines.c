#include "lines.h"

#include <errno.h>
#include <string.h>

#include "tool.h"

FILE *lines_open(const char *name)
{
    if (strcmp(name, "-") == 0)
        return stdin;
    FILE *file = fopen(name, "r");
    if (!file)
        tool_warn(name);
    return file;
}

ssize_t lines_next(FILE *file, char **line, size_t *size)
{
    size_t length = 0;
    int c = EOF;
    while (!ferror_unlocked(stdout) && (c = getc_unlocked(file)) != EOF) {
        if (length + 1 >= *size) {
            *size = *size ? *size * 2 : 128;
            *line = tool_realloc(*line, *size);
        }
        if (c == '\n')
            break;
        (*line)[length++] = (char)c;
    }
    if (c == EOF && length == 0)
        return -1; // also when nobody takes the output: no need to read on
    (*line)[length] = '\0';
    return (ssize_t)length;
}

bool lines_close(FILE *file, const char *name)
{
    bool ok = !ferror(file);
    if (!ok)
        tool_warn(name);
    if (file == stdin)
        clearerr(file);
    else
        fclose(file);
    return ok;
}
