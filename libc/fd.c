/* The descriptor table: memory of the process. A fork inherits it as it is (the child's handles have the same
 * values); exec and spawn pass a list on. Looking up takes no lock: `handle` is one word. */
#include "libc.h"
#include "kernel.h"
#include "futex_lock.h"
#include "trace.h"

#include <fcntl.h>
#include <ouros/posix_trace.h>
#include <stdarg.h>
#include <unistd.h>

#include <proto/io.h>
#include <proto/vfs.h>

static struct fd_entry table[FD_MAX];
static unsigned int table_lock; /* for whoever fills or empties an entry */

void fd_startup(const struct startup *startup)
{
    const struct startup_fd *list = (const void *)((const char *)startup + startup->fds);
    for (uint32_t i = 0; i < startup->fd_count; i++) {
        if (list[i].fd == POSIX_TRACE_FD)
            trace_startup(&list[i]);
        if (list[i].fd < 0 || list[i].fd >= FD_MAX)
            continue;
        table[list[i].fd].handle = list[i].handle;
        table[list[i].fd].flags = list[i].flags & ~FD_LOCAL_CLOEXEC;
    }
}

handle_t fd_handle(int fd)
{
    handle_t handle = HANDLE_NONE;
    if (fd >= 0 && fd < FD_MAX)
        handle = __atomic_load_n(&table[fd].handle, __ATOMIC_ACQUIRE);
    if (handle == HANDLE_NONE)
        errno = EBADF;
    return handle;
}

int fd_flags(int fd, uint32_t *flags)
{
    if (fd_handle(fd) == HANDLE_NONE)
        return -1;
    *flags = table[fd].flags;
    return 0;
}

int fd_install(handle_t handle, uint32_t flags, int lowest)
{
    futex_lock(&table_lock);
    for (int fd = lowest; fd < FD_MAX; fd++) {
        if (table[fd].handle != HANDLE_NONE)
            continue;
        table[fd].flags = flags;
        __atomic_store_n(&table[fd].handle, handle, __ATOMIC_RELEASE);
        futex_unlock(&table_lock);
        return fd;
    }
    futex_unlock(&table_lock);
    kernel_handle_close(handle);
    return fail(EMFILE);
}

/* Put a session at one descriptor; what was there is closed. */
static void fd_replace(int fd, handle_t handle, uint32_t flags)
{
    futex_lock(&table_lock);
    handle_t old = table[fd].handle;
    table[fd].flags = flags;
    __atomic_store_n(&table[fd].handle, handle, __ATOMIC_RELEASE);
    futex_unlock(&table_lock);
    if (old != HANDLE_NONE)
        kernel_handle_close(old);
}

void fd_snapshot(struct fd_entry copy[FD_MAX])
{
    futex_lock(&table_lock);
    for (int fd = 0; fd < FD_MAX; fd++)
        copy[fd] = table[fd];
    futex_unlock(&table_lock);
}

void fd_fork_lock(void)
{
    futex_lock(&table_lock);
}

void fd_fork_unlock(void)
{
    futex_unlock(&table_lock);
}

int close(int fd)
{
    if (fd_handle(fd) == HANDLE_NONE)
        return -1;
    futex_lock(&table_lock);
    handle_t handle = __atomic_exchange_n(&table[fd].handle, HANDLE_NONE, __ATOMIC_ACQ_REL);
    futex_unlock(&table_lock);
    if (handle == HANDLE_NONE)
        return fail(EBADF);
    kernel_handle_close(handle);
    return 0;
}

static int fd_duplicate(int fd, int lowest, uint32_t local)
{
    handle_t handle = fd_handle(fd), copy;
    if (handle == HANDLE_NONE)
        return -1;
    if (lowest < 0 || lowest >= FD_MAX)
        return fail(EINVAL);
    int error = kernel_handle_copy(handle, &copy);
    if (error)
        return error_result(error);
    return fd_install(copy, (table[fd].flags & ~FD_LOCAL_CLOEXEC) | local, lowest);
}

int dup(int fd)
{
    return fd_duplicate(fd, 0, 0);
}

static int fd_duplicate_to(int fd, int to, uint32_t local)
{
    handle_t handle = fd_handle(fd), copy;
    if (handle == HANDLE_NONE)
        return -1;
    if (to < 0 || to >= FD_MAX)
        return fail(EBADF);
    int error = kernel_handle_copy(handle, &copy);
    if (error)
        return error_result(error);
    fd_replace(to, copy, (table[fd].flags & ~FD_LOCAL_CLOEXEC) | local);
    return to;
}

int dup2(int fd, int to)
{
    if (fd == to)
        return fd_handle(fd) == HANDLE_NONE ? -1 : fd;
    return fd_duplicate_to(fd, to, 0);
}

int dup3(int fd, int to, int flags)
{
    if (fd == to || (flags & ~O_CLOEXEC))
        return fail(EINVAL);
    return fd_duplicate_to(fd, to, flags & O_CLOEXEC ? FD_LOCAL_CLOEXEC : 0);
}

int pipe2(int ends[2], int flags)
{
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return fail(EINVAL);
    struct vfs_pipe request = {.flags = flags & O_NONBLOCK ? IO_O_NONBLOCK : 0};
    struct ipc_none reply;
    struct ipc_transfer transfer = {0};
    int error = vfs_pipe_with(VFS_SESSION, &request, &reply, &transfer);
    if (error)
        return error_result(error);
    if (transfer.got_count != 2) {
        for (uint32_t i = 0; i < transfer.got_count; i++)
            kernel_handle_close(transfer.got[i]);
        return fail(EIO);
    }
    uint32_t local = (flags & O_CLOEXEC ? FD_LOCAL_CLOEXEC : 0) | (uint32_t)(flags & O_NONBLOCK);
    int first = fd_install(transfer.got[0], local | O_RDONLY, 0);
    if (first < 0) {
        kernel_handle_close(transfer.got[1]);
        return -1;
    }
    int second = fd_install(transfer.got[1], local | O_WRONLY, 0);
    if (second < 0) {
        close(first);
        return fail(EMFILE);
    }
    ends[0] = first;
    ends[1] = second;
    return 0;
}

int pipe(int ends[2])
{
    return pipe2(ends, 0);
}

/* The status flags live in the open file, shared by all its descriptors; the access mode never changes. */
static int status_flags(int fd, int set, uint32_t flags)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_flags request = {flags & (IO_O_APPEND | IO_O_NONBLOCK), set ? IO_O_APPEND | IO_O_NONBLOCK : 0};
    struct io_flags reply;
    int error = io_flags(handle, &request, &reply, DEADLINE_NEVER);
    if (error)
        return error_result(error);
    return set ? 0 : (int)((table[fd].flags & O_ACCMODE) | (reply.flags & (IO_O_APPEND | IO_O_NONBLOCK)));
}

int fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    int argument = va_arg(list, int);
    va_end(list);
    if (fd_handle(fd) == HANDLE_NONE)
        return -1;
    switch (command) {
    case F_DUPFD: return fd_duplicate(fd, argument, 0);
    case F_DUPFD_CLOEXEC: return fd_duplicate(fd, argument, FD_LOCAL_CLOEXEC);
    case F_GETFD: return table[fd].flags & FD_LOCAL_CLOEXEC ? FD_CLOEXEC : 0;
    case F_SETFD:
        if (argument & FD_CLOEXEC)
            __atomic_or_fetch(&table[fd].flags, FD_LOCAL_CLOEXEC, __ATOMIC_RELAXED);
        else
            __atomic_and_fetch(&table[fd].flags, ~FD_LOCAL_CLOEXEC, __ATOMIC_RELAXED);
        return 0;
    case F_GETFL: return status_flags(fd, 0, 0);
    case F_SETFL: return status_flags(fd, 1, (uint32_t)argument);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW: return fail(ENOSYS);
    default: return fail(EINVAL);
    }
}
