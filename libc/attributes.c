/* Modes, owners and times of files, by name and by descriptor. */
#include "libc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <proto/vfs.h>

#define NS_PER_S 1000000000l

static int attributes(int directory, const char *path, struct vfs_chattr request)
{
    size_t length = strlen(path);
    if (length == 0)
        return fail(ENOENT);
    if (length > IO_PATH_MAX)
        return fail(ENAMETOOLONG);
    struct ipc_none reply;
    struct ipc_transfer transfer = {.in = path, .in_len = (uint32_t)length};
    if (directory != AT_FDCWD && path[0] != '/') {
        transfer.send[0] = fd_handle(directory);
        transfer.send_count = 1;
        if (transfer.send[0] == HANDLE_NONE)
            return -1;
    }
    return error_result(vfs_chattr_with(VFS_SESSION, &request, &reply, &transfer));
}

int fchmodat(int directory, const char *path, mode_t mode, int flags)
{
    return attributes(directory, path,
                      (struct vfs_chattr){.flags = flags & AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0,
                                          .what = IO_SET_MODE,
                                          .mode = mode & 07777});
}

int chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int fchownat(int directory, const char *path, uid_t owner, gid_t group, int flags)
{
    return attributes(directory, path,
                      (struct vfs_chattr){.flags = flags & AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0,
                                          .what = IO_SET_OWNER,
                                          .uid = owner,
                                          .gid = group});
}

int chown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, 0);
}

int lchown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

static int fd_attributes(int fd, const struct io_chattr *request)
{
    handle_t handle = fd_handle(fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct ipc_none none;
    return error_result(io_chattr(handle, request, &none, DEADLINE_NEVER));
}

int fchmod(int fd, mode_t mode)
{
    return fd_attributes(fd, &(struct io_chattr){.what = IO_SET_MODE, .mode = mode & 07777});
}

int fchown(int fd, uid_t owner, gid_t group)
{
    return fd_attributes(fd, &(struct io_chattr){.what = IO_SET_OWNER, .uid = owner, .gid = group});
}

/* ---- times ---- */

/* Two times as POSIX gives them (NULL: now) into the request's form. An errno value. */
static int times_set(const struct timespec times[2], uint32_t *what, int64_t *atime, int64_t *mtime)
{
    static const uint32_t bits[2] = {IO_SET_ATIME, IO_SET_MTIME};
    int64_t *to[2] = {atime, mtime};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *what = 0;
    for (int i = 0; i < 2; i++) {
        struct timespec time = times ? times[i] : now;
        if (time.tv_nsec == UTIME_OMIT)
            continue;
        if (time.tv_nsec == UTIME_NOW)
            time = now;
        if (time.tv_nsec < 0 || time.tv_nsec >= NS_PER_S)
            return EINVAL;
        if (__builtin_mul_overflow(time.tv_sec, NS_PER_S, to[i]) ||
            __builtin_add_overflow(*to[i], time.tv_nsec, to[i]))
            return EOVERFLOW;
        *what |= bits[i];
    }
    return 0;
}

int utimensat(int directory, const char *path, const struct timespec *times, int flags)
{
    struct vfs_chattr request = {.flags = flags & AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0};
    int error = times_set(times, &request.what, &request.atime_ns, &request.mtime_ns);
    return error ? fail(error) : attributes(directory, path, request);
}

int futimens(int fd, const struct timespec *times)
{
    struct io_chattr request = {0};
    int error = times_set(times, &request.what, &request.atime_ns, &request.mtime_ns);
    return error ? fail(error) : fd_attributes(fd, &request);
}

int utimes(const char *path, const struct timeval *times)
{
    struct timespec converted[2];
    for (int i = 0; times && i < 2; i++)
        converted[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
    return utimensat(AT_FDCWD, path, times ? converted : NULL, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
    struct timespec converted[2];
    if (times) {
        converted[0] = (struct timespec){.tv_sec = times->actime};
        converted[1] = (struct timespec){.tv_sec = times->modtime};
    }
    return utimensat(AT_FDCWD, path, times ? converted : NULL, 0);
}
