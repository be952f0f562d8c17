/* A server on a Linux host: its source as it is, with libipc's, over a small kernel made of threads. For
 * tests under sanitizers and for gdb. One process has one server with one port; its clients are threads of
 * the same process, or other processes over a UNIX socket.
 *
 * What differs: nothing is isolated, memory is never absent unless ipc_host_absent asks for it, and static
 * variables of the server are not set back when its next instance begins. */
#ifndef IPC_HOST_H
#define IPC_HOST_H

#include <ipc/syscall.h>
#include <stddef.h>

/* Run `server_main` in a thread: an instance of the server, on the port in SLOT_PORT. */
void ipc_host_start(int (*server_main)(void));

/* End the instance when it next receives, as a death: callers that it has received get E_RESTARTED, and what
 * it had not acknowledged is told to the next one. An instance also ends by ipc_exit. */
void ipc_host_stop(void);

/* Wait for the instance to be gone. */
void ipc_host_join(void);

/* A session with the server, as init would mint it. */
handle_t ipc_host_session(uint32_t rights);

/* A memory object with a copy of these bytes: for pager_map, which maps it privately. */
handle_t ipc_host_object(const void *bytes, size_t size);

/* Each n-th msg_read or msg_write finds its page absent, so that handlers are tried again. 0: never. */
void ipc_host_absent(uint32_t n);

/* Called in the server's thread before each answer goes out: after all that it answers for has become
 * lasting. May ipc_exit. Null: nothing. */
extern void (*ipc_host_before_reply)(void);

/* Open handles, sessions that are open, notices not acknowledged: to compare before and after. */
uint32_t ipc_host_handles(void);
uint32_t ipc_host_sessions(void);

/* Accept clients at this path from now on; each connection is a session of its own. Returns an error. */
int ipc_host_listen(const char *path, uint32_t rights);

/* A session with the server that listens there. It carries words, buffers and sessions received; handles sent
 * along are refused with E_NOTSUP. HANDLE_NONE: nobody listens. */
handle_t ipc_host_connect(const char *path);

#endif
