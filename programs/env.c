// env [-i] [name=value...] [command [argument...]]
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

extern char **environ;

int main(int argc, char **argv)
{
    static char *nothing[] = {NULL};
    (void)argc;
    struct options options = OPTIONS(argv);
    tool_start(argv);
    while (options_next(&options, "i", "[-i] [name=value...] [command [argument...]]"))
        environ = nothing;
    char **word = options.rest;
    for (; *word && strchr(*word, '='); word++) {
        char *name = tool_strdup(*word), *equals = strchr(name, '=');
        *equals = '\0';
        if (setenv(name, equals + 1, 1) != 0) {
            tool_warn(*word);
            return 125;
        }
        free(name);
    }
    if (*word) {
        execvp(word[0], word);
        int reason = errno;
        tool_warn(word[0]);
        return reason == ENOENT ? 127 : 126;
    }
    for (char **entry = environ; *entry; entry++)
        puts(*entry);
    return tool_finish(0);
}
