// Builtins for variables, options and positional parameters.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builtins.h"
#include "exec.h"
#include "tool.h"

/// NAME or NAME=VALUE: gives the name in new memory and where the value begins (NULL: none); NULL after a
/// message.
static char *split_assignment(const char *builtin, const char *text, const char **value)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (!var_valid_name(text, length)) {
        sh_abort("%s: %s: bad variable name", builtin, text);
        return NULL;
    }
    struct buffer name = {0};
    buffer_append(&name, text, length);
    *value = equals ? equals + 1 : NULL;
    return buffer_take(&name);
}

/// export and readonly: `mark` is what is done to each name.
static int mark_variables(int argc, char **argv, enum var_listing listing, void (*mark)(const char *))
{
    int first = 1;
    while (first < argc && (strcmp(argv[first], "-p") == 0 || strcmp(argv[first], "--") == 0))
        first++;
    if (first == argc) {
        char prefix[16];
        snprintf(prefix, sizeof(prefix), "%s ", argv[0]);
        var_print(listing, prefix);
    }
    for (int i = first; i < argc; i++) {
        const char *value;
        char *name = split_assignment(argv[0], argv[i], &value);
        if (!name)
            return 2;
        bool ok = !value || var_set(name, value);
        if (ok)
            mark(name);
        free(name);
        if (!ok) {
            sh.unwind = UNWIND_ABORT;
            return sh.status = 2;
        }
    }
    return 0;
}

int builtin_export(int argc, char **argv)
{
    return mark_variables(argc, argv, VARS_EXPORTED, var_export);
}

int builtin_readonly(int argc, char **argv)
{
    return mark_variables(argc, argv, VARS_READONLY, var_readonly);
}

int builtin_local(int argc, char **argv)
{
    if (!function_running()) {
        sh_error("local: not in a function");
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        const char *value;
        char *name = split_assignment(argv[0], argv[i], &value);
        if (!name)
            return 2;
        var_save(name);
        bool ok = !value || var_set(name, value);
        free(name);
        if (!ok)
            return 1;
    }
    return 0;
}

int builtin_unset(int argc, char **argv)
{
    bool functions = argc > 1 && strcmp(argv[1], "-f") == 0;
    int first = functions || (argc > 1 && strcmp(argv[1], "-v") == 0) ? 2 : 1;
    int status = 0;
    for (int i = first; i < argc; i++) {
        if (!var_valid_name(argv[i], strlen(argv[i]))) {
            sh_error("unset: %s: bad name", argv[i]);
            status = 1;
        } else if (functions) {
            function_unset(argv[i]);
        } else if (!var_set(argv[i], NULL)) {
            status = 1;
        }
    }
    return status;
}

// set

static const struct {
    char letter;
    const char *name;
    bool *value;
} options[] = {
    {'e', "errexit", &sh.errexit}, {'f', "noglob", &sh.noglob},   {'n', "noexec", &sh.noexec},
    {'u', "nounset", &sh.nounset}, {'v', "verbose", &sh.verbose}, {'x', "xtrace", &sh.xtrace},
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

bool option_set(char letter, bool on)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (options[i].letter != letter)
            continue;
        if (letter != 'n' || !sh.interactive) // there would be no way back
            *options[i].value = on;
        return true;
    }
    return false;
}

/// "-o name"; without a name the options are shown.
static bool option_named(const char *name, bool on)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (!name)
            printf("%-10s %s\n", options[i].name, *options[i].value ? "on" : "off");
        else if (strcmp(options[i].name, name) == 0)
            return option_set(options[i].letter, on);
    }
    return !name;
}

static void set_parameters(char **arguments)
{
    struct strings copies = {0};
    strings_add(&copies, NULL);
    copies.count = 0;
    for (; *arguments; arguments++)
        strings_add(&copies, tool_strdup(*arguments));
    parameters_own(copies.items, (int)copies.count);
}

int builtin_set(int argc, char **argv)
{
    int i = 1;
    if (argc == 1)
        var_print(VARS_ALL, "");
    for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            set_parameters(argv + i + 1);
            return 0;
        }
        bool on = argv[i][0] == '-';
        const char *bad = NULL;
        if (strcmp(argv[i] + 1, "o") == 0) {
            if (!option_named(argv[i + 1], on))
                bad = argv[i + 1];
            i += argv[i + 1] != NULL;
        } else {
            for (const char *c = argv[i] + 1; *c && !bad; c++)
                if (!option_set(*c, on))
                    bad = argv[i];
        }
        if (bad) {
            sh_abort("set: %s: no such option", bad);
            return 2;
        }
    }
    if (i < argc)
        set_parameters(argv + i);
    return 0;
}

int builtin_shift(int argc, char **argv)
{
    long long count = 1;
    if (argc > 1 && (!tool_number(argv[1], &count) || count < 0)) {
        sh_abort("shift: %s: bad number", argv[1]);
        return 2;
    }
    if (count > sh.parameters.count) {
        sh_abort("shift: there are only %d", sh.parameters.count);
        return 2;
    }
    char **rest = sh.parameters.items + count;
    if (!sh.parameters.owned) {
        parameters_borrow(rest, sh.parameters.count - (int)count);
        return 0;
    }
    for (int i = 0; i < sh.parameters.count; i++) {
        if (i < count)
            free(sh.parameters.items[i]);
        if (i + count <= sh.parameters.count)
            sh.parameters.items[i] = sh.parameters.items[i + count]; // the NULL at the end as well
    }
    sh.parameters.count -= (int)count;
    return 0;
}
