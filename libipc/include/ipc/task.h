/* What a server knows of itself: its startup block, the handles it was given, the end of its task. */
#ifndef IPC_TASK_H
#define IPC_TASK_H

#include <ipc/open.h>
#include <ipc/startup.h>
#include <ouros/error.h>

/* The startup block, or null (the pager has none: the kernel's argument is ipc_argument()). */
const struct startup *ipc_startup(void);

/* The first thread's argument as it came. */
uint64_t ipc_argument(void);

/* Use this startup block: for a crt that is not libipc's. It stays where it is. */
void ipc_startup_set(const struct startup *block);

/* The handle that was given under this name, or HANDLE_NONE. */
handle_t ipc_handle(const char *name);

/* The blob of this name and its length in bytes, or null. */
const void *ipc_blob(const char *name, uint32_t *length);

/* Argument i, or null past the end. */
const char *ipc_argument_text(uint32_t i);

/* After E_KMEM: ask the pager to give the kernel a block. True: try again. *tries, 0 at first, bounds it. */
bool ipc_feed_kernel(uint32_t *tries);

/* The error of a system call that creates something, repeated while the kernel lacks memory and the pager has
 * some. */
#define IPC_FED(call)                                                 \
    ({                                                                \
        uint32_t ipc_tries = 0;                                       \
        int ipc_error;                                                \
        do {                                                          \
            ipc_error = (call);                                       \
        } while (ipc_error == E_KMEM && ipc_feed_kernel(&ipc_tries)); \
        ipc_error;                                                    \
    })

/* End the whole task; its watcher gets `value`. */
_Noreturn void ipc_exit(uint64_t value);

/* Log the text at level error, then end the task with value 1. */
_Noreturn void ipc_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The server's own. */
int main(void);

#endif
