// chmod mode file...: mode is octal, or clauses such as u+x,go-w,a=r.
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "tool.h"

/// One clause at *text; false if it is none.
static bool apply_clause(const char **text, mode_t *mode)
{
    static const struct {
        char letter;
        mode_t bits;
    } classes[] = {{'u', 0700}, {'g', 0070}, {'o', 0007}, {'a', 0777}},
      rights[] = {{'r', 0444}, {'w', 0222}, {'x', 0111}};
    mode_t who = 0, what = 0;
    size_t i;
    for (; **text; ++*text) {
        for (i = 0; i < 4 && classes[i].letter != **text; i++)
            ;
        if (i == 4)
            break;
        who |= classes[i].bits;
    }
    if (who == 0) { // everyone, but for what the mask keeps
        mode_t mask = umask(0);
        umask(mask);
        who = 0777 & ~mask;
    }
    char op = **text;
    if (!op || !strchr("+-=", op))
        return false;
    for (++*text; **text && **text != ','; ++*text) {
        for (i = 0; i < 3 && rights[i].letter != **text; i++)
            ;
        if (i == 3)
            return false;
        what |= rights[i].bits;
    }
    *mode = op == '+'   ? *mode | (who & what)
            : op == '-' ? *mode & ~(who & what)
                        : (*mode & ~who) | (who & what);
    *text += **text == ',';
    return true;
}

static bool new_mode(const char *text, mode_t *mode)
{
    char *end;
    if (*text >= '0' && *text <= '7') {
        unsigned long octal = strtoul(text, &end, 8);
        *mode = (mode_t)octal;
        return !*end && octal <= 07777;
    }
    if (!*text)
        return false;
    while (*text)
        if (!apply_clause(&text, mode))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "mode file...";
    int status = 0;
    tool_start(argv);
    char **rest = argv + 1;
    if (argc > 1 && strcmp(*rest, "--") == 0)
        rest++;
    if (argc < 3 || !rest[0] || !rest[1])
        tool_usage(synopsis);
    for (char **path = rest + 1; *path; path++) {
        struct stat file;
        if (stat(*path, &file) != 0) {
            tool_warn(*path);
            status = 1;
            continue;
        }
        mode_t mode = file.st_mode & 07777;
        if (!new_mode(rest[0], &mode)) {
            tool_warnx("%s: bad mode", rest[0]);
            return 2;
        }
        if (chmod(*path, mode) != 0) {
            tool_warn(*path);
            status = 1;
        }
    }
    return status;
}
