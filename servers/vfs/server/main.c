/* vfs: names to files. docs/vfs.md says what is where. */
#include "session.h"

#define WORKERS 4 /* one may wait for the disk while others serve what is in memory */

static int start(void)
{
    char said[120];
    int err = disk_mount_all(said, sizeof said);
    if (!err)
        err = objects_start();
    if (!err)
        ipc_ready("%s", said);
    return err;
}

int main(void)
{
    static const struct ipc_server server = {
        .name = "vfs",
        .protocols = {{&vfs_protocol, &vfs_handlers}, {&io_protocol, &io_handlers}},
        .workers = WORKERS,
        .deferred_most = 1024,
        .sessions_most = UINT32_MAX, /* struct opened_files counts them */
        .start = start,
        .client_close = session_closed,
        .cancel = park_cancel,
    };
    return ipc_serve(&server);
}
