/* Following a path. vfs resolves what it serves itself; a path that leads into a mount of another server
 * comes back with that server's session and the number of bytes used up, and the rest is asked there. */
#include "libc.h"
#include "kernel.h"

#include <fcntl.h>
#include <string.h>

#include <proto/vfs.h>

enum { SERVERS_MAX = 8 }; /* more changes of server than this are a loop */

static void close_received(struct ipc_transfer *transfer, uint32_t from)
{
    for (uint32_t i = from; i < transfer->got_count; i++)
        kernel_handle_close(transfer->got[i]);
}

/* The part of the path that the next server gets: relative, at least ".". */
static int path_rest(const char **path, size_t *length, uint32_t consumed)
{
    if (consumed > *length)
        return E_IO;
    *path += consumed;
    *length -= consumed;
    while (*length && **path == '/') {
        ++*path;
        --*length;
    }
    if (*length == 0) {
        *path = ".";
        *length = 1;
    }
    return 0;
}

int path_follow(int directory, const char *path, struct ipc_transfer *extra, path_step_fn *step,
                void *argument)
{
    size_t length = strlen(path);
    if (length == 0)
        return E_NOENT;
    if (length > IO_PATH_MAX)
        return E_NAMETOOLONG;
    struct path_step at = {.session = VFS_SESSION, .transfer = extra};
    extra->send_count = 0;
    if (directory != AT_FDCWD && path[0] != '/') {
        extra->send[0] = fd_handle(directory);
        extra->send_count = 1;
        if (extra->send[0] == HANDLE_NONE)
            return E_BADF;
    }
    for (int server = 0; server < SERVERS_MAX; server++) {
        extra->in = path;
        extra->in_len = (uint32_t)length;
        extra->got_count = 0;
        at.elsewhere = at.consumed = 0;
        int error = step(&at, argument);
        if (at.session != VFS_SESSION)
            kernel_handle_close(at.session);
        if (error)
            return error;
        if (!at.elsewhere)
            return 0;
        if (extra->got_count == 0)
            return E_IO;
        at.session = extra->got[0];
        close_received(extra, 1);
        extra->send_count = 0;
        error = path_rest(&path, &length, at.consumed);
        if (error) {
            kernel_handle_close(at.session);
            return error;
        }
    }
    kernel_handle_close(at.session);
    return E_LOOP;
}

struct open_argument {
    struct vfs_open request;
    uint32_t mode;
};

static int open_step(struct path_step *step, void *argument)
{
    struct open_argument *open = argument;
    struct vfs_open_reply reply = {0};
    int error = vfs_open_with(step->session, &open->request, &reply, step->transfer);
    step->elsewhere = reply.elsewhere;
    step->consumed = reply.consumed;
    open->mode = reply.mode;
    return error;
}

int path_open(int directory, const char *path, uint32_t flags, uint32_t mode, handle_t *handle,
              uint32_t *type)
{
    struct open_argument argument = {.request = {flags, mode}};
    struct ipc_transfer transfer = {0};
    int error = path_follow(directory, path, &transfer, open_step, &argument);
    if (error)
        return error;
    if (transfer.got_count == 0)
        return E_IO;
    close_received(&transfer, 1);
    *handle = transfer.got[0];
    *type = argument.mode;
    return 0;
}
