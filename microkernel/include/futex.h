/* Futexes: waiting on a word of user memory. */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include <thread.h>

/* Take a waiting thread out of its queue. */
void futex_unqueue(struct thread *thread);
/* Wake up to `most` threads that wait on a private word of the task; how many were woken. */
uint32_t futex_wake_word(struct task *task, vaddr_t word, uint32_t most);

#endif
