// The shell: state and memory shared by all of its files.
//
// The way of a command: input.c gives characters, lexer.c and word.c make tokens of them, parser.c makes a
// tree (syntax.h), exec.c walks it, expand.c turns words into strings just before they are used.
//
// Nothing jumps: whatever must leave several levels at once (break, return, an error) sets sh.unwind, and
// every loop and list looks at it after each step.
#ifndef SH_H
#define SH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// A string that grows. `text` is NULL until something was added, and NUL-terminated from then on.
struct buffer {
    char *text;
    size_t length;
    size_t capacity;
};

void buffer_add(struct buffer *buffer, char c);
void buffer_append(struct buffer *buffer, const char *text, size_t length);
void buffer_append_string(struct buffer *buffer, const char *text);
/// The text, "" if nothing was added.
const char *buffer_text(const struct buffer *buffer);
/// The text as memory that the caller frees; the buffer is empty afterwards.
char *buffer_take(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

/// A list of strings that owns them. `items` is NULL-terminated once something was added.
struct strings {
    char **items;
    size_t count;
    size_t capacity;
};

/// Takes over `item`.
void strings_add(struct strings *strings, char *item);
void strings_free(struct strings *strings);

/// Memory for one parsed command, freed as a whole when nobody holds it: the command while it runs, and every
/// function that was defined by it.
struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *arena, size_t size); // zeroed
char *arena_copy(struct arena *arena, const char *text, size_t length);
void arena_hold(struct arena *arena);
void arena_drop(struct arena *arena);

/// How the running commands are being left.
enum unwind {
    UNWIND_NONE,
    UNWIND_BREAK,
    UNWIND_CONTINUE,
    UNWIND_RETURN, // from a function or a file read by "."
    UNWIND_ABORT,  // an error that ends a script, and brings an interactive shell back to its prompt
};

struct parameters {
    char **items; // $1…; owned by whoever set them
    int count;
    bool owned; // by `set` or `shift`: freed when replaced
};

struct sh {
    bool interactive;
    bool errexit, noglob, noexec, nounset, verbose, xtrace; // set -e -f -n -u -v -x
    int status;                                             // $?
    int substitution_status; // of the last $( ) in the command being expanded, or -1
    pid_t pid;               // $$
    pid_t background;        // $!
    const char *name;        // $0
    struct parameters parameters;
    enum unwind unwind;
    int unwind_levels;   // loops still to leave
    int loop_depth;      // enclosing loops of this function
    int condition_depth; // > 0: a failure is being tested and -e does not apply
    int depth;           // nested commands; bounded, because the stack is
    bool subshell;
    char *exit_trap;
};

extern struct sh sh;

/// Nesting of commands that is still run (functions calling themselves), and that is still read.
enum { RUN_DEPTH_MAX = 1200, PARSE_DEPTH_MAX = 100 };

/// Says "sh: " and the text on stderr.
void sh_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// The same, and leaves the running commands with status 2.
void sh_abort(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Runs the EXIT trap and ends the process.
_Noreturn void sh_exit(int status);
/// What changes in a process that was forked to run a part of the script.
void sh_enter_subshell(void);

struct source;
/// Reads and runs commands from `source` until its end, an error or an unwinding. Gives the last status.
int sh_run(struct source *source);
/// Runs `text`, as eval and -c do.
int sh_run_string(const char *text);
/// Runs the file `path`; false with errno set if it cannot be opened.
bool sh_run_file(const char *path, int *status);

// vars.c
const char *var_get(const char *name); // NULL if unset
/// False after a message if the variable is read-only. A NULL value unsets.
bool var_set(const char *name, const char *value);
bool var_valid_name(const char *name, size_t length);
void var_export(const char *name);
void var_readonly(const char *name);
bool var_is_readonly(const char *name);
void var_import(char **environment);
/// The exported variables as NAME=VALUE; free with strings_free.
struct strings var_environment(void);
enum var_listing { VARS_ALL, VARS_EXPORTED, VARS_READONLY };
/// Prints them sorted and quoted so that the shell can read them again, `prefix` in front of each.
void var_print(enum var_listing which, const char *prefix);
/// Keeps what `name` is now, to be put back by var_restore down to the mark (assignments in front of a
/// command, local).
size_t var_mark(void);
void var_save(const char *name);
void var_restore(size_t mark);
/// Replaces $1… by strings that somebody else keeps.
void parameters_borrow(char **items, int count);
/// Replaces $1… by strings that are ours, in an array that is ours; the next replacement frees them.
void parameters_own(char **items, int count);
/// Prints `text` in single quotes as far as needed.
void print_quoted(const char *text);

#endif
