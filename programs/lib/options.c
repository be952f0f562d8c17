#include "options.h"

#include <stddef.h>
#include <string.h>

#include "tool.h"

int options_next(struct options *options, const char *known, const char *synopsis)
{
    options->argument = NULL;
    if (!options->place || !*options->place) {
        const char *word = *options->rest;
        if (!word || word[0] != '-' || !word[1])
            return 0;
        options->rest++;
        if (strcmp(word, "--") == 0)
            return 0;
        options->place = word + 1;
    }
    int letter = (unsigned char)*options->place++;
    const char *found = letter == ':' ? NULL : strchr(known, letter);
    if (!found) {
        tool_warnx("-%c: no such option", letter);
        tool_usage(synopsis);
    }
    if (found[1] != ':')
        return letter;
    if (*options->place) {
        options->argument = options->place;
        options->place = NULL;
    } else if (*options->rest) {
        options->argument = *options->rest++;
    } else {
        tool_warnx("-%c: needs an argument", letter);
        tool_usage(synopsis);
    }
    return letter;
}
