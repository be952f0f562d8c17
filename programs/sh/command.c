// Simple commands: what a name stands for (special builtin, function, builtin, program) and how it is run.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec.h"
#include "expand.h"
#include "jobs.h"
#include "tool.h"

/// Carries out the assignments. With `temporary` the old values are kept for var_restore, the new ones
/// exported.
static bool assign_all(const struct assignment *list, bool temporary)
{
    for (; list; list = list->next) {
        char *value = expand_assignment(list->value);
        if (!value)
            return false;
        if (temporary)
            var_save(list->name);
        bool ok = var_set(list->name, value);
        if (ok && temporary)
            var_export(list->name);
        if (sh.xtrace && ok)
            fprintf(stderr, "+ %s=%s\n", list->name, value);
        free(value);
        if (!ok) {
            sh.status = 2;
            sh.unwind = UNWIND_ABORT;
            return false;
        }
    }
    return true;
}

static void trace(const struct strings *words)
{
    fflush(stdout);
    char *prompt = expand_prompt("PS4");
    fputs(prompt, stderr);
    free(prompt);
    for (size_t i = 0; i < words->count; i++)
        fprintf(stderr, "%s%s", i ? " " : "", words->items[i]);
    fputc('\n', stderr);
}

// Programs.

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111);
}

char *exec_find(const char *name)
{
    if (strchr(name, '/'))
        return is_program(name) ? tool_strdup(name) : NULL;
    const char *path = var_get("PATH");
    if (!path || !*name)
        return NULL;
    for (;;) {
        size_t length = strcspn(path, ":");
        struct buffer directory = {0};
        buffer_append(&directory, path, length);
        char *candidate = tool_join(length ? directory.text : ".", name);
        buffer_free(&directory);
        if (is_program(candidate))
            return candidate;
        free(candidate);
        if (!path[length])
            return NULL;
        path += length + 1;
    }
}

/// A text without "#!" that may be executed is a script for the shell itself.
static void exec_script(const char *path, char **words, char **environment)
{
    struct strings arguments = {0};
    strings_add(&arguments, tool_strdup("sh"));
    strings_add(&arguments, tool_strdup(path));
    for (size_t i = 1; words[i]; i++)
        strings_add(&arguments, tool_strdup(words[i]));
    execve("/bin/sh", arguments.items, environment);
    strings_free(&arguments);
}

int exec_program(char **words)
{
    const char *name = words[0];
    char *path = strchr(name, '/') ? tool_strdup(name) : exec_find(name);
    if (!path) {
        sh_error("%s: not found", name);
        return 127;
    }
    struct strings environment = var_environment();
    if (!environment.items)
        strings_add(&environment, NULL);
    execve(path, words, environment.items);
    int reason = errno;
    if (reason == ENOEXEC)
        exec_script(path, words, environment.items);
    sh_error("%s: %s", name, reason == ENOENT ? "not found" : strerror(reason));
    strings_free(&environment);
    free(path);
    return reason == ENOENT || reason == ENOTDIR ? 127 : 126;
}

static int run_program(char **words, const struct node *node, enum exec_mode mode)
{
    bool replace = mode == EXEC_LAST && !sh.exit_trap;
    pid_t pid = 0;
    if (replace)
        fflush(stdout);
    else
        pid = jobs_fork();
    if (pid < 0)
        return sh.status;
    if (pid > 0)
        return jobs_wait_one(pid);
    if (node && (!redirect_apply(node->redirects, NULL) || !assign_all(node->assignments, true)))
        sh_exit(sh.unwind ? sh.status : 1);
    sh_exit(exec_program(words));
}

// Builtins and functions run in this process.

static int argument_count(char **words)
{
    int count = 0;
    while (words[count])
        count++;
    return count;
}

static int run_builtin(const struct builtin *builtin, char **words)
{
    static char name[32];
    snprintf(name, sizeof(name), "sh: %s", builtin->name);
    tool_name = name;
    clearerr(stdout);
    int status = tool_finish(builtin->run(argument_count(words), words));
    tool_name = "sh";
    return status;
}

static int run_special(const struct builtin *builtin, char **words, const struct node *node)
{
    struct redirect_undo undo = {0};
    int status = 1;
    if (redirect_apply(node->redirects, &undo) && assign_all(node->assignments, false)) {
        status = run_builtin(builtin, words);
        if (strcmp(builtin->name, "exec") == 0 && status == 0)
            redirect_keep(&undo);
    } else if (!sh.unwind) {
        sh.status = status;
        sh.unwind = sh.interactive ? UNWIND_NONE : UNWIND_ABORT;
    } else {
        status = sh.status;
    }
    redirect_restore(&undo);
    return status;
}

static int run_here(const struct builtin *builtin, struct function *function, char **words,
                    const struct node *node)
{
    struct redirect_undo undo = {0};
    size_t mark = var_mark();
    int status = 1;
    if (redirect_apply(node->redirects, &undo) && assign_all(node->assignments, true))
        status = function ? function_call(function, words) : run_builtin(builtin, words);
    else if (sh.unwind)
        status = sh.status;
    if (function || node->assignments) // not after "local", which leaves something to restore to its function
        var_restore(mark);
    redirect_restore(&undo);
    return status;
}

/// Only assignments and redirects.
static int run_nothing(const struct node *node)
{
    struct redirect_undo undo = {0};
    bool ok = redirect_apply(node->redirects, &undo);
    redirect_restore(&undo);
    if (ok)
        ok = assign_all(node->assignments, false);
    if (sh.unwind)
        return sh.status;
    if (!ok)
        return 1;
    return sh.substitution_status >= 0 ? sh.substitution_status : 0;
}

static int run_named(struct strings *words, const struct node *node, enum exec_mode mode)
{
    const char *name = words->items[0];
    const struct builtin *builtin = builtin_find(name);
    if (builtin && builtin->special)
        return run_special(builtin, words->items, node);
    struct function *function = function_find(name);
    if (function || builtin)
        return run_here(builtin, function, words->items, node);
    return run_program(words->items, node, mode);
}

int exec_simple(const struct node *node, enum exec_mode mode)
{
    struct strings words = {0};
    int status;
    sh.substitution_status = -1;
    if (!expand_words(node->words, &words)) {
        strings_free(&words);
        return sh.status;
    }
    if (sh.xtrace && words.count > 0)
        trace(&words);
    if (words.count == 0)
        status = run_nothing(node);
    else
        status = run_named(&words, node, mode);
    strings_free(&words);
    return sh.unwind ? status : exec_check(status);
}

int exec_words(char **words)
{
    const struct builtin *builtin = builtin_find(words[0]);
    return builtin ? run_builtin(builtin, words) : run_program(words, NULL, EXEC_NORMAL);
}
