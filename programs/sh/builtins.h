// The builtins, in files by what they deal with. Each takes argc and argv like a program and gives a
// status.
#ifndef BUILTINS_H
#define BUILTINS_H

#include "sh.h"

// builtin_flow.c
int builtin_break(int argc, char **argv);
int builtin_continue(int argc, char **argv);
int builtin_dot(int argc, char **argv);
int builtin_eval(int argc, char **argv);
int builtin_exec(int argc, char **argv);
int builtin_exit(int argc, char **argv);
int builtin_return(int argc, char **argv);
int builtin_trap(int argc, char **argv);

// builtin_vars.c
int builtin_export(int argc, char **argv);
int builtin_local(int argc, char **argv);
int builtin_readonly(int argc, char **argv);
int builtin_set(int argc, char **argv);
int builtin_shift(int argc, char **argv);
int builtin_unset(int argc, char **argv);

// builtin_read.c
int builtin_getopts(int argc, char **argv);
int builtin_read(int argc, char **argv);

// builtin_limit.c
int builtin_ulimit(int argc, char **argv);

// builtin_misc.c
int builtin_cd(int argc, char **argv);
int builtin_command(int argc, char **argv);
int builtin_history(int argc, char **argv);
int builtin_jobs(int argc, char **argv);
int builtin_kill(int argc, char **argv);
int builtin_pwd(int argc, char **argv);
int builtin_type(int argc, char **argv);
int builtin_umask(int argc, char **argv);
int builtin_wait(int argc, char **argv);

/// Switches the option of set and sh with this letter; false if there is none.
bool option_set(char letter, bool on);
/// Whether `trap '' SIGNAL` is in force.
bool trap_ignores(int signal_number);
/// Sets PWD to where we are.
void pwd_start(void);

#endif
