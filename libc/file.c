/* Open files: read, write, seek and the rest of proto/io.h. */
#include "libc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <proto/io.h>

static uint32_t buffer_length(size_t length)
{
    return length > IPC_BUFFER_MAX ? IPC_BUFFER_MAX : (uint32_t)length;
}

static ssize_t read_at(int fd, void *buffer, size_t length, uint64_t offset)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_read request = {offset};
    struct io_count reply = {0};
    struct ipc_transfer transfer = {.out = buffer, .out_len = buffer_length(length)};
    int error = io_read_with(handle, &request, &reply, &transfer);
    if (error)
        return fail(error == E_RIGHTS ? EBADF : error_number(error));
    return (ssize_t)reply.count;
}

static ssize_t write_at(int fd, const void *buffer, size_t length, uint64_t offset)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_write request = {offset};
    struct io_count reply = {0};
    struct ipc_transfer transfer = {.in = buffer, .in_len = buffer_length(length)};
    int error = io_write_with(handle, &request, &reply, &transfer);
    if (error == E_PIPE)
        raise(SIGPIPE);
    if (error)
        return fail(error == E_RIGHTS ? EBADF : error_number(error));
    return (ssize_t)reply.count;
}

ssize_t read(int fd, void *buffer, size_t length)
{
    return read_at(fd, buffer, length, IO_AT_CURSOR);
}

ssize_t write(int fd, const void *buffer, size_t length)
{
    return write_at(fd, buffer, length, IO_AT_CURSOR);
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    return offset < 0 ? fail(EINVAL) : read_at(fd, buffer, length, (uint64_t)offset);
}

ssize_t pwrite(int fd, const void *buffer, size_t length, off_t offset)
{
    return offset < 0 ? fail(EINVAL) : write_at(fd, buffer, length, (uint64_t)offset);
}

/* One piece after the other; the first short one ends it. */
static ssize_t vector_each(int fd, const struct iovec *vector, int count, bool writing)
{
    ssize_t total = 0;
    if (count < 0 || count > 1024)
        return fail(EINVAL);
    for (int i = 0; i < count; i++) {
        if (vector[i].iov_len == 0)
            continue;
        ssize_t done = writing ? write(fd, vector[i].iov_base, vector[i].iov_len)
                               : read(fd, vector[i].iov_base, vector[i].iov_len);
        if (done < 0)
            return total ? total : -1;
        total += done;
        if ((size_t)done < vector[i].iov_len)
            break;
    }
    return total;
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
    return vector_each(fd, vector, count, false);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    return vector_each(fd, vector, count, true);
}

off_t lseek(int fd, off_t offset, int whence)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    if (whence < SEEK_SET || whence > SEEK_END)
        return fail(EINVAL);
    struct io_seek request = {offset, (uint32_t)whence};
    struct io_offset reply;
    int error = io_seek(handle, &request, &reply, DEADLINE_NEVER);
    return error ? error_result(error) : (off_t)reply.offset;
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    uint32_t mode = flags & O_CREAT ? (uint32_t)va_arg(list, int) : 0;
    va_end(list);

    handle_t handle;
    uint32_t type;
    uint32_t asked = (uint32_t)flags & ~(uint32_t)O_CLOEXEC;
    int error = path_open(directory, path, asked, mode & 07777, &handle, &type);
    if (error)
        return error_result(error);
    return fd_install(handle, (asked & ~FD_LOCAL_CLOEXEC) | (flags & O_CLOEXEC ? FD_LOCAL_CLOEXEC : 0), 0);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = flags & O_CREAT ? va_arg(list, int) : 0;
    va_end(list);
    return openat(AT_FDCWD, path, flags, mode);
}

int ftruncate(int fd, off_t length)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    if (length < 0)
        return fail(EINVAL);
    struct ipc_none reply;
    int error = io_truncate(handle, &(struct io_size){(uint64_t)length}, &reply, DEADLINE_NEVER);
    return error == E_RIGHTS ? fail(EINVAL)
                             : error_result(error); /* not open for writing: EINVAL, says POSIX */
}

int truncate(const char *path, off_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = ftruncate(fd, length), number = errno;
    close(fd);
    errno = number;
    return result;
}

int fsync(int fd)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct ipc_none none = {};
    int error = io_sync(handle, &none, &none, DEADLINE_NEVER);
    return error == E_NOSYS ? fail(EINVAL) : error_result(error); /* a pipe or terminal cannot be synced */
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int fstat(int fd, struct stat *status)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_stat information = {0};
    struct ipc_none none = {};
    struct ipc_transfer transfer = {.out = &information, .out_len = sizeof information};
    int error = io_stat_with(handle, &none, &none, &transfer);
    if (error)
        return error_result(error);
    stat_convert(&information, status);
    return 0;
}
