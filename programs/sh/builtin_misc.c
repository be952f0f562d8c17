// Builtins about where we are, what a name stands for, and children.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtins.h"
#include "edit.h"
#include "exec.h"
#include "jobs.h"
#include "kill_words.h"
#include "tool.h"

// Directories. PWD is the path as the user went it; "cd .." takes its last part away.

static char *current_directory(void)
{
    for (size_t size = 256; size <= 65536; size *= 2) {
        char *path = tool_alloc(size);
        if (getcwd(path, size))
            return path;
        free(path);
        if (errno != ERANGE)
            break;
    }
    return NULL;
}

/// Whether `path` is absolute, names "." and leads nowhere else.
static bool is_here(const char *path)
{
    struct stat named, here;
    return path && path[0] == '/' && stat(path, &named) == 0 && stat(".", &here) == 0 &&
           named.st_dev == here.st_dev && named.st_ino == here.st_ino;
}

void pwd_start(void)
{
    const char *inherited = var_get("PWD");
    if (is_here(inherited) && !strstr(inherited, "/."))
        return;
    char *path = current_directory();
    var_set("PWD", path ? path : "/");
    free(path);
}

/// Removes "." and ".." from an absolute path by its text alone.
static char *path_normalize(const char *path)
{
    struct buffer result = {0};
    while (*path) {
        while (*path == '/')
            path++;
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (result.length > 0 && result.text[--result.length] != '/')
                ;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            buffer_add(&result, '/');
            buffer_append(&result, path, length);
        }
        path += length;
    }
    if (result.text)
        result.text[result.length] = '\0';
    if (result.length == 0)
        buffer_add(&result, '/');
    return buffer_take(&result);
}

static bool change_directory(const char *target)
{
    const char *pwd = var_get("PWD");
    char *joined = target[0] == '/' ? tool_strdup(target) : tool_join(pwd ? pwd : "/", target);
    char *path = path_normalize(joined);
    free(joined);
    // By text first, as "cd .." out of a link is meant; what the kernel says, if that leads nowhere.
    bool ok = chdir(path) == 0;
    if (!ok && target[0] != '/' && chdir(target) == 0) {
        char *real = current_directory();
        if (real) {
            free(path);
            path = real;
        }
        ok = true;
    }
    int reason = errno;
    if (ok) {
        if (pwd)
            var_set("OLDPWD", pwd);
        var_set("PWD", path);
    }
    free(path);
    errno = reason;
    return ok;
}

int builtin_cd(int argc, char **argv)
{
    int first = 1;
    while (first < argc && (strcmp(argv[first], "--") == 0 || strcmp(argv[first], "-L") == 0))
        first++;
    const char *target = first < argc ? argv[first] : var_get("HOME");
    bool back = target && strcmp(target, "-") == 0;
    if (back)
        target = var_get("OLDPWD");
    if (!target) {
        sh_error("cd: %s is not set", back ? "OLDPWD" : "HOME");
        return 1;
    }
    char *copy = tool_strdup(target); // OLDPWD is about to change
    bool ok = *copy == '\0' || change_directory(copy);
    if (!ok)
        sh_error("cd: %s: %s", copy, strerror(errno));
    else if (back)
        puts(copy);
    free(copy);
    return ok ? 0 : 1;
}

int builtin_pwd(int argc, char **argv)
{
    const char *pwd = var_get("PWD");
    bool physical = argc > 1 && strcmp(argv[1], "-P") == 0;
    if (!physical && is_here(pwd)) {
        puts(pwd);
        return 0;
    }
    char *path = current_directory();
    if (!path) {
        sh_error("pwd: %s", strerror(errno));
        return 1;
    }
    puts(path);
    free(path);
    return 0;
}

int builtin_umask(int argc, char **argv)
{
    if (argc < 2) {
        mode_t mask = umask(0);
        umask(mask);
        printf("%04o\n", (unsigned)mask);
        return 0;
    }
    char *end;
    unsigned long mask = strtoul(argv[1], &end, 8);
    if (*end || end == argv[1] || mask > 0777 || argv[1][0] == '-') {
        sh_error("umask: %s: bad mask (octal digits are understood)", argv[1]);
        return 2;
    }
    umask((mode_t)mask);
    return 0;
}

// Names.

static bool is_reserved(const char *name)
{
    static const char *const words[] = {"!",  "{",   "}",    "case", "do", "done", "elif",  "else",
                                        "fi", "for", "esac", "if",   "in", "then", "until", "while"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

/// Says what `name` stands for; `brief` is the form of `command -v`.
static int describe(const char *name, bool brief)
{
    const char *what = NULL;
    const struct builtin *builtin = builtin_find(name);
    if (is_reserved(name))
        what = "a word of the shell's grammar";
    else if (builtin && builtin->special)
        what = "a special builtin";
    else if (function_find(name))
        what = "a function";
    else if (builtin)
        what = "a builtin";
    char *path = what ? NULL : exec_find(name);
    bool found = what || path;
    if (found && brief)
        puts(path ? path : name);
    else if (found)
        printf("%s is %s\n", name, path ? path : what);
    else if (!brief)
        sh_error("%s: not found", name);
    free(path);
    return found ? 0 : 127;
}

int builtin_type(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        int one = describe(argv[i], false);
        status = one ? one : status;
    }
    return status;
}

int builtin_command(int argc, char **argv)
{
    int i = 1;
    bool brief = false, verbose = false;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        brief |= strcmp(argv[i], "-v") == 0;
        verbose |= strcmp(argv[i], "-V") == 0;
    }
    if (i == argc)
        return 0;
    return brief || verbose ? describe(argv[i], brief) : exec_words(argv + i);
}

int builtin_history(int argc, char **argv)
{
    (void)argc, (void)argv;
    edit_print_history();
    return 0;
}

// Children.

int builtin_jobs(int argc, char **argv)
{
    (void)argc, (void)argv;
    jobs_print();
    return 0;
}

/// Like the program, but it knows "%1", and works when no process can be started.
int builtin_kill(int argc, char **argv)
{
    struct strings words = {0};
    bool known = true;
    for (int i = 0; i < argc; i++) {
        if (argv[i][0] != '%')
            strings_add(&words, tool_strdup(argv[i]));
        else if (!jobs_pids(jobs_number(argv[i]), &words))
            known = (sh_error("kill: %s: no such job", argv[i]), false);
    }
    int status = known ? kill_words((int)words.count, words.items) : 1;
    strings_free(&words);
    return status;
}

int builtin_wait(int argc, char **argv)
{
    int status = 0;
    if (argc == 1)
        jobs_wait_all();
    if (sh.unwind)
        return sh.status;
    for (int i = 1; i < argc && !sh.unwind; i++) {
        long long pid;
        if (argv[i][0] == '%') {
            status = jobs_wait_number(jobs_number(argv[i]));
        } else if (!tool_number(argv[i], &pid) || pid <= 0 || pid > INT_MAX) {
            sh_error("wait: %s: not a process", argv[i]);
            status = 2;
        } else {
            status = jobs_wait_pid((pid_t)pid);
        }
    }
    return status;
}
