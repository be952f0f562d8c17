// Child processes. Without job control: no process groups, no stopping. A child that runs in the background
// stays known until its status was asked for.
#ifndef JOBS_H
#define JOBS_H

#include "syntax.h"

/// Forks after flushing stdout; the child is set up as a subshell. -1 after a message, with sh.unwind set.
pid_t jobs_fork(void);
/// The same for a command behind which "&" stands: no input, deaf to ^C.
pid_t jobs_fork_background(void);
/// Waits for a child in the foreground. Gives its status as $? knows it (128 + signal), reports a death by
/// signal.
int jobs_wait_one(pid_t pid);
/// Runs `node` in the background and remembers it.
int jobs_background(const struct node *node);
/// A child that nobody asks for (the writer of a here-document): collected some time.
void jobs_adopt(pid_t pid);
/// For `wait`: all of them, or one; 127 if there is no such child.
void jobs_wait_all(void);
int jobs_wait_pid(pid_t pid);
int jobs_wait_number(int number);
/// The number of the job that "%3" names, or "%%": the newest; 0: the text names none.
int jobs_number(const char *text);
/// Adds the processes of a job that still run; false if there are none.
bool jobs_pids(int number, struct strings *pids);
/// At the prompt: tells which jobs have ended.
void jobs_report(void);
/// For `jobs`.
void jobs_print(void);
/// In a forked child: the parent's children are not ours.
void jobs_forget(void);

#endif
