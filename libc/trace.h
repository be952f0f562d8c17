/* What the rest of libc has to do for a traced program (trace.c). */
#ifndef LIBC_TRACE_H
#define LIBC_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <ipc/startup.h>

struct proc_fd;

/* The startup block lists the pipe among the descriptors: this program is traced. */
void trace_startup(const struct startup_fd *fd);
/* What a new program is to be given so that it is traced: this process's, or a child's. False: nothing. */
enum trace_whom { TRACE_SELF, TRACE_CHILD };
bool trace_pass(struct proc_fd *fd, enum trace_whom whom);

#endif
