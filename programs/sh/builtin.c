// The table of builtins.
#include <stdlib.h>
#include <string.h>

#include "builtins.h"
#include "echo.h"
#include "exec.h"
#include "print_format.h"
#include "test_expression.h"
#include "tool.h"

static int builtin_true(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 0;
}

static int builtin_false(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 1;
}

static int builtin_echo(int argc, char **argv)
{
    (void)argc;
    echo_words(argv + 1);
    return 0;
}

static int builtin_printf(int argc, char **argv)
{
    if (argc < 2) {
        sh_error("printf: a format is needed");
        return 2;
    }
    return print_format(argv[1], argv + 2);
}

/// In alphabetical order; those of POSIX's "special" kind are marked.
static const struct builtin builtins[] = {
    {".", builtin_dot, true},
    {":", builtin_true, true},
    {"[", test_main, false},
    {"break", builtin_break, true},
    {"cd", builtin_cd, false},
    {"command", builtin_command, false},
    {"continue", builtin_continue, true},
    {"echo", builtin_echo, false},
    {"eval", builtin_eval, true},
    {"exec", builtin_exec, true},
    {"exit", builtin_exit, true},
    {"export", builtin_export, true},
    {"false", builtin_false, false},
    {"getopts", builtin_getopts, false},
    {"history", builtin_history, false},
    {"jobs", builtin_jobs, false},
    {"kill", builtin_kill, false},
    {"local", builtin_local, false},
    {"printf", builtin_printf, false},
    {"pwd", builtin_pwd, false},
    {"read", builtin_read, false},
    {"readonly", builtin_readonly, true},
    {"return", builtin_return, true},
    {"set", builtin_set, true},
    {"shift", builtin_shift, true},
    {"test", test_main, false},
    {"trap", builtin_trap, true},
    {"true", builtin_true, false},
    {"type", builtin_type, false},
    {"ulimit", builtin_ulimit, false},
    {"umask", builtin_umask, false},
    {"unset", builtin_unset, true},
    {"wait", builtin_wait, false},
};

static int builtin_compare(const void *name, const void *builtin)
{
    return strcmp(name, ((const struct builtin *)builtin)->name);
}

const struct builtin *builtin_find(const char *name)
{
    return bsearch(name, builtins, sizeof(builtins) / sizeof(*builtins), sizeof(*builtins), builtin_compare);
}
