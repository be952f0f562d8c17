/* A kernel small enough to test vfs's server layer: handles, sessions, calls that are answered now or later.
 * Included before the server's sources, whose system calls it redirects. */
#ifndef VFS_FAKE_H
#define VFS_FAKE_H

#include <ipc/server.h>
#include <proto/io.h>
#include <proto/vfs.h>

struct fake_call { /* one call of a client, from the request to the answer */
    struct ipc_request r;
    uint64_t request[6], reply[6];
    const void *in;
    void *out;
    uint64_t absent; /* offset in either buffer of a page that is absent; UINT64_MAX: none */
    handle_t send[4], got[4];
    uint32_t send_count, got_count;
    bool deferred, answered;
    int status;
};

int fake_handle_close(handle_t handle);
int fake_handle_copy(handle_t handle, uint32_t rights, handle_t task, uint32_t index, handle_t *copy);
int fake_handle_info(handle_t handle, struct handle_info *info);
int fake_notify(handle_t handle, uint64_t bits);

#define sys_handle_close fake_handle_close
#define sys_handle_copy  fake_handle_copy
#define sys_handle_info  fake_handle_info
#define sys_notify       fake_notify

/// A session that no server stands behind, or a port: something to pass along. Its notified bits are kept.
handle_t fake_object(void);
uint64_t fake_notified(handle_t handle);
/// A session with vfs that has no state, like init's.
handle_t fake_admin(void);
/// Handles that are open now.
uint32_t fake_handles(void);

/// Begins a call on a session; returns whether it has been answered. Fill in, out, send first.
bool fake_begin(struct fake_call *c, handle_t session, uint32_t label, const void *request, size_t size);
/// Asks vfs to cancel it.
void fake_cancel(const struct fake_call *c, enum cancel_why why);

#endif
