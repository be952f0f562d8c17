// Running the tree.
#ifndef EXEC_H
#define EXEC_H

#include "syntax.h"

/// Whether the process has nothing to do after the command, so that a program may take its place without a
/// fork.
enum exec_mode { EXEC_NORMAL, EXEC_LAST };

/// Runs `node` (NULL: nothing) and gives its status, which is also left in sh.status.
int exec_node(const struct node *node, enum exec_mode mode);
/// Runs a parsed command; functions that it defines keep `arena`.
void exec_in_arena(struct arena *arena, const struct node *node);
/// In a forked process: runs `node` and ends.
_Noreturn void exec_and_exit(const struct node *node);
/// Ends the shell if `status` is a failure and -e applies.
int exec_check(int status);

/// Starts the processes of a pipeline and leaves their numbers in `pids`, which has room for all of them.
/// Gives how many there are; fewer than exec_pipeline_length after an error. `fork_child` is jobs_fork or
/// jobs_fork_background.
size_t exec_start_pipeline(const struct node *node, pid_t *pids, pid_t (*fork_child)(void));
size_t exec_pipeline_length(const struct node *node);

/// command.c: assignments, words and redirects.
int exec_simple(const struct node *node, enum exec_mode mode);
/// Runs `words` as a command found as builtin or program, not as function (for `command`).
int exec_words(char **words);
/// Replaces the process by the program words[0]; gives 126 or 127 after a message if that failed.
int exec_program(char **words);
/// The path of the program `name`, in new memory; NULL if PATH has none.
char *exec_find(const char *name);

/// redirect.c: descriptors to be put back.
struct redirect_undo {
    struct {
        int fd;
        int copy; // -1: was closed
    } * items;
    size_t count;
};

/// Carries out the redirects; with `undo` what they replace is kept. False after a message.
bool redirect_apply(const struct redirect *list, struct redirect_undo *undo);
/// Puts everything back.
void redirect_restore(struct redirect_undo *undo);
/// Makes the redirects final (exec).
void redirect_keep(struct redirect_undo *undo);
/// Moves `fd` out of the way of scripts, closed on exec. Gives the new descriptor, or -1.
int redirect_move_high(int fd);

/// functions.c
struct function {
    struct function *next;
    char *name;
    struct arena *arena; // held
    const struct node *body;
};
struct function *function_find(const char *name);
void function_define(const char *name, const struct node *body);
void function_unset(const char *name);
int function_call(struct function *function, char **words);
bool function_running(void);

/// builtin.c
struct builtin {
    const char *name;
    int (*run)(int argc, char **argv);
    bool special; // assignments in front of it stay, errors end a script
};
const struct builtin *builtin_find(const char *name);

#endif
