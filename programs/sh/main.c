// Start and end of the shell, and the loop that reads and runs.
//
//   sh [-efinuvxl] [-c text [name [argument…]] | file [argument…] | -s [argument…]]
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builtins.h"
#include "edit.h"
#include "exec.h"
#include "jobs.h"
#include "tool.h"

struct sh sh = {.substitution_status = -1};

extern char **environ;

static void sh_message(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("sh: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void sh_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sh_message(format, arguments);
    va_end(arguments);
}

void sh_abort(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sh_message(format, arguments);
    va_end(arguments);
    sh.status = 2;
    sh.unwind = UNWIND_ABORT;
}

_Noreturn void sh_exit(int status)
{
    char *trap = sh.exit_trap;
    sh.exit_trap = NULL;
    if (trap) {
        sh.status = status;
        sh.unwind = UNWIND_NONE;
        sh.depth = sh.condition_depth = 0;
        sh_run_string(trap);
        free(trap);
    }
    fflush(stdout);
    if (sh.subshell)
        _exit(status & 255);
    exit(status & 255);
}

void sh_enter_subshell(void)
{
    if (sh.interactive) {
        static const int signals[] = {SIGINT, SIGQUIT, SIGTERM};
        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
            if (!trap_ignores(signals[i]))
                signal(signals[i], SIG_DFL);
    }
    sh.interactive = false;
    sh.subshell = true;
    free(sh.exit_trap);
    sh.exit_trap = NULL;
    jobs_forget();
}

/// What is left of a broken-off command is forgotten; the prompt comes again.
static void sh_recover(struct source *source)
{
    sh.unwind = UNWIND_NONE;
    source_discard_line(source);
}

int sh_run(struct source *source)
{
    enum parse_result result;
    bool ran = false;
    do {
        struct arena *arena = arena_new();
        struct node *command;
        result = parse_line(source, arena, &command);
        if (result == PARSE_ERROR)
            sh.unwind = UNWIND_ABORT;
        if (result == PARSE_COMMAND && !sh.noexec) {
            exec_in_arena(arena, command);
            ran = true;
        }
        arena_drop(arena);
        if (sh.unwind && source->kind == SOURCE_TERMINAL) {
            sh_recover(source);
            result = PARSE_EMPTY;
        }
    } while (result != PARSE_END && !sh.unwind);
    if (!ran && !sh.unwind && (source->kind == SOURCE_STRING || source->kind == SOURCE_FILE))
        sh.status = 0;
    return sh.status;
}

int sh_run_string(const char *text)
{
    struct source source;
    source_open_string(&source, text, strlen(text));
    int status = sh_run(&source);
    source_close(&source);
    return status;
}

bool sh_run_file(const char *path, int *status)
{
    struct source source;
    int fd = open(path, O_RDONLY);
    if (fd >= 0)
        fd = redirect_move_high(fd);
    if (fd < 0)
        return false;
    source_open_fd(&source, SOURCE_FILE, fd);
    source.label = path;
    *status = sh_run(&source);
    source_close(&source);
    return true;
}

struct options {
    const char *command;
    bool interactive;
    bool input; // -s
};

static void options_usage(void)
{
    sh_error("usage: sh [-efinuvxl] [-c text [name [argument...]] | file [argument...] | -s [argument...]]");
    exit(2);
}

/// Reads the options; gives the index of the first argument behind them.
static int options_read(struct options *options, int argc, char **argv)
{
    bool takes_command = false;
    int i = 1;
    for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        bool on = argv[i][0] == '-';
        for (const char *c = argv[i] + 1; *c; c++) {
            if (*c == 'c')
                takes_command = true;
            else if (*c == 'i')
                options->interactive = true;
            else if (*c == 's')
                options->input = true;
            else if (*c != 'l' && !option_set(*c, on)) // every interactive shell reads the profile
                options_usage();
        }
    }
    if (i < argc && strcmp(argv[i], "-") == 0)
        i++;
    if (takes_command && i == argc)
        options_usage();
    if (takes_command)
        options->command = argv[i++];
    return i;
}

static void set_defaults(void)
{
    static const char *const defaults[][2] = {
        {"IFS", " \t\n"}, {"PATH", "/bin:/usr/bin"}, {"PS1", "$ "}, {"PS2", "> "},
        {"PS4", "+ "},    {"OPTIND", "1"},
    };
    char number[24];
    var_import(environ);
    var_set("IFS", " \t\n"); // never taken from outside
    for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
        if (!var_get(defaults[i][0]))
            var_set(defaults[i][0], defaults[i][1]);
    snprintf(number, sizeof(number), "%ld", (long)getppid());
    var_set("PPID", number);
    sh.pid = getpid();
    pwd_start();
}

static void start_interactive(void)
{
    sh.interactive = true;
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGTSTP, SIG_IGN); // for what is started too: nothing here could continue it
    edit_start();
    int status;
    if (sh_run_file("/etc/profile", &status))
        sh.unwind = UNWIND_NONE;
    sh.status = 0;
}

static void run_input(void)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    struct source source;
    source_open_fd(&source, sh.interactive && terminal ? SOURCE_TERMINAL : SOURCE_STREAM, STDIN_FILENO);
    sh_run(&source);
    if (source.kind == SOURCE_TERMINAL)
        fputc('\n', stderr);
    source_close(&source);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    tool_name = "sh";
    sh.name = argc > 0 ? argv[0] : "sh";
    set_defaults();
    int first = argc > 0 ? options_read(&options, argc, argv) : 0;
    const char *file = NULL;
    if (first < argc && (options.command || !options.input)) {
        sh.name = argv[first];
        if (!options.command)
            file = argv[first];
        first++;
    }
    parameters_borrow(argv + first, argc - first);
    bool input = !options.command && !file;
    if (options.interactive || (input && isatty(STDIN_FILENO) && isatty(STDERR_FILENO)))
        start_interactive();
    int status;
    if (options.command) {
        sh_run_string(options.command);
    } else if (file && !sh_run_file(file, &status)) {
        int reason = errno;
        sh_error("%s: %s", file, strerror(reason));
        sh_exit(reason == ENOENT ? 127 : 126);
    } else if (input) {
        run_input();
    }
    sh_exit(sh.status);
}
