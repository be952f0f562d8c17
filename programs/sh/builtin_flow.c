// Builtins that change what runs next.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builtins.h"
#include "exec.h"
#include "tool.h"

/// An optional number behind the name; false after a message.
static bool flow_number(int argc, char **argv, long long *value)
{
    if (argc < 2)
        return true;
    if (tool_number(argv[1], value) && *value >= 0)
        return true;
    sh_abort("%s: %s: bad number", argv[0], argv[1]);
    return false;
}

static int leave_loops(int argc, char **argv, enum unwind how)
{
    long long levels = 1;
    if (!flow_number(argc, argv, &levels))
        return 2;
    if (levels == 0) {
        sh_abort("%s: 0: bad number", argv[0]);
        return 2;
    }
    if (sh.loop_depth == 0)
        return 0;
    sh.unwind_levels = levels < sh.loop_depth ? (int)levels : sh.loop_depth;
    sh.unwind = how;
    return 0;
}

int builtin_break(int argc, char **argv)
{
    return leave_loops(argc, argv, UNWIND_BREAK);
}

int builtin_continue(int argc, char **argv)
{
    return leave_loops(argc, argv, UNWIND_CONTINUE);
}

int builtin_return(int argc, char **argv)
{
    long long status = sh.status;
    if (!flow_number(argc, argv, &status))
        return 2;
    sh.unwind = UNWIND_RETURN; // outside of functions and files this ends the script
    return (int)(status & 255);
}

int builtin_exit(int argc, char **argv)
{
    long long status = sh.status;
    if (!flow_number(argc, argv, &status))
        return 2;
    sh_exit((int)(status & 255));
}

int builtin_eval(int argc, char **argv)
{
    struct buffer text = {0};
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            buffer_add(&text, ' ');
        buffer_append_string(&text, argv[i]);
    }
    char *command = buffer_take(&text);
    int status = sh_run_string(command);
    free(command);
    return status;
}

/// The file for ".": searched in PATH when the name has no slash.
static bool dot_run(const char *name, int *status)
{
    const char *path = strchr(name, '/') ? NULL : var_get("PATH");
    if (!path)
        return sh_run_file(name, status);
    for (;; path++) {
        size_t length = strcspn(path, ":");
        struct buffer directory = {0};
        buffer_append(&directory, path, length);
        char *candidate = tool_join(length ? directory.text : ".", name);
        buffer_free(&directory);
        bool found = sh_run_file(candidate, status);
        free(candidate);
        if (found)
            return true;
        path += length;
        if (!*path)
            return false;
    }
}

int builtin_dot(int argc, char **argv)
{
    if (argc < 2) {
        sh_abort(".: a file is needed");
        return 2;
    }
    int status;
    bool found = dot_run(argv[1], &status);
    int reason = errno;
    if (!found) {
        sh_abort("%s: %s", argv[1], strerror(reason));
        return 2;
    }
    if (sh.unwind == UNWIND_RETURN)
        sh.unwind = UNWIND_NONE;
    return status;
}

int builtin_exec(int argc, char **argv)
{
    if (argc < 2)
        return 0;
    bool interactive = sh.interactive;
    if (interactive) { // the program must not inherit what the shell ignores for itself
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    int status = exec_program(argv + 1);
    if (!interactive)
        sh_exit(status);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    return status;
}

// trap: a command for EXIT; other signals can only be ignored or not.

static const struct {
    const char *name;
    int number;
} trap_signals[] = {
    {"EXIT", 0},       {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ALRM", SIGALRM},
    {"TERM", SIGTERM}, {"PIPE", SIGPIPE}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};
enum { TRAP_SIGNALS = sizeof(trap_signals) / sizeof(*trap_signals) };

static bool trap_ignored[TRAP_SIGNALS];

bool trap_ignores(int signal_number)
{
    for (int i = 1; i < TRAP_SIGNALS; i++)
        if (trap_signals[i].number == signal_number)
            return trap_ignored[i];
    return false;
}

static int trap_find(const char *name)
{
    long long number = -1;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    tool_number(name, &number);
    for (int i = 0; i < TRAP_SIGNALS; i++)
        if (strcmp(trap_signals[i].name, name) == 0 || trap_signals[i].number == number)
            return i;
    return -1;
}

static int trap_print(void)
{
    if (sh.exit_trap) {
        fputs("trap -- ", stdout);
        print_quoted(sh.exit_trap);
        fputs(" EXIT\n", stdout);
    }
    for (int i = 1; i < TRAP_SIGNALS; i++)
        if (trap_ignored[i])
            printf("trap -- '' %s\n", trap_signals[i].name);
    return 0;
}

/// `action` NULL is the default.
static int trap_set(const char *action, const char *name)
{
    int index = trap_find(name);
    if (index < 0) {
        sh_error("trap: %s: no such signal", name);
        return 1;
    }
    if (index == 0) {
        free(sh.exit_trap);
        sh.exit_trap = action ? tool_strdup(action) : NULL;
        return 0;
    }
    if (action && *action) {
        sh_error("trap: %s: only EXIT can run a command", name);
        return 1;
    }
    int number = trap_signals[index].number;
    bool keep = sh.interactive && (number == SIGINT || number == SIGQUIT || number == SIGTERM);
    trap_ignored[index] = action != NULL;
    if (!keep)
        signal(number, action ? SIG_IGN : SIG_DFL);
    return 0;
}

int builtin_trap(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    if (first == argc)
        return trap_print();
    const char *action = argv[first];
    long long number;
    if (strcmp(action, "-") == 0)
        action = NULL;
    else if (first + 1 == argc || tool_number(action, &number)) // only names: back to the default
        action = NULL, first--;
    int status = 0;
    for (int i = first + 1; i < argc; i++)
        status |= trap_set(action, argv[i]);
    return status;
}
