/* Threads of a server: each has a stack from the pager, all of it resident, with a guard page below. */
#ifndef IPC_THREAD_H
#define IPC_THREAD_H

#include <ouros/types.h>

#define IPC_STACK_SIZE (64ul << 10)

/* Run function(argument) in a new thread of this task; the thread ends when it returns (its stack stays
 * mapped: threads of servers are made to last). Its handle stays with the task, and goes to *thread if that
 * is not null. */
int ipc_thread_start(void (*function)(void *), void *argument, uint32_t priority, handle_t *thread);

/* A server's priority: that of the thread that runs main. */
uint32_t ipc_thread_priority(void);

#endif
