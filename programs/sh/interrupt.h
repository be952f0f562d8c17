// ^C for an interactive shell that runs no program: in loops of builtins, in wait. It takes no signal
// handler: a child that ^C kills stands for it.
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

/// From now on ^C is noticed. Gives the child's pid, or 0 where there is none (not interactive, no process
/// left).
pid_t interrupt_watch(void);
/// The child has been waited for elsewhere, with this raw status. Whether it was ^C; then the commands are
/// left.
bool interrupt_ended(int raw);
/// Whether ^C was typed since interrupt_watch.
bool interrupt_seen(void);
/// Called in each step of a loop: watches when there have been many, and leaves the commands on ^C.
void interrupt_step(void);
/// At the prompt: nobody needs to watch.
void interrupt_rest(void);
/// In a forked child: the parent's child is not ours.
void interrupt_forget(void);

#endif
