/* Around the fork message: prepare, then parent or child. `single`: the parent had no other thread. */
#ifndef LIBPTHREAD_ATFORK_H
#define LIBPTHREAD_ATFORK_H

#include <stdbool.h>

void fork_prepare(void);
void fork_parent(void);
void fork_child(bool single);

#endif
