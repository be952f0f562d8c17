/* Build a startup block (ipc/startup.h): used by the pager for init, by init for servers, by proc for
 * programs. */
#ifndef IPC_STARTUP_BUILD_H
#define IPC_STARTUP_BUILD_H

#include <ipc/startup.h>

struct startup_data {
    const char *name;
    const void *data;
    uint32_t length;
};

/* All that goes in. Strings lie one behind the other, each ended by NUL: argc of them in arg_bytes, envc in
 * env_bytes, and nothing else. They may come from anyone; the rest is the caller's own. */
struct startup_input {
    const char *args, *env;
    uint32_t arg_bytes, env_bytes, argc, envc;
    const struct startup_handle *handles;
    const struct startup_fd *fds;
    const struct startup_data *blobs;
    uint32_t handle_count, fd_count, blob_count;
    uint64_t random[2];
    vaddr_t image_start, image_end, stack_low;
};

/* Bytes that the block takes, a multiple of 16; SIZE_MAX if it exceeds STARTUP_MAX. */
size_t startup_size(const struct startup_input *in);

/* Write the block to `to` (16-byte aligned), `capacity` bytes long. E_2BIG: it does not fit, or is beyond
 * STARTUP_MAX; E_INVAL: the strings are not what the counts say. */
int startup_build(const struct startup_input *in, void *to, size_t capacity);

/* One entry of the list of handles. A name beyond 23 bytes is cut. */
struct startup_handle startup_named(const char *name, handle_t handle);

#endif
