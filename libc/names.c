/* Operations on one name: stat, directories, links read, the current directory; each in its *at form, the
 * plain ones in terms of it. */
#include "libc.h"
#include "kernel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <proto/vfs.h>

#define NS_PER_S 1000000000l

typedef int name_call(handle_t session, const struct vfs_path *request, struct vfs_path_reply *reply,
                      struct ipc_transfer *transfer);

struct name_argument {
    name_call *call;
    struct vfs_path request;
    uint64_t value;
};

static int name_step(struct path_step *step, void *argument)
{
    struct name_argument *name = argument;
    struct vfs_path_reply reply = {0};
    int error = name->call(step->session, &name->request, &reply, step->transfer);
    step->elsewhere = reply.elsewhere;
    step->consumed = reply.consumed;
    name->value = reply.value;
    return error;
}

/* An operation on one name. `out` receives at most out_len bytes; *value the reply's word, if wanted. */
static int name_operation(int directory, const char *path, name_call *call, struct vfs_path request,
                          void *out, size_t out_len, uint64_t *value)
{
    struct name_argument argument = {call, request, 0};
    struct ipc_transfer transfer = {.out = out, .out_len = (uint32_t)out_len};
    int error = path_follow(directory, path, &transfer, name_step, &argument);
    for (uint32_t i = 0; !error && i < transfer.got_count; i++)
        kernel_handle_close(transfer.got[i]);
    if (value)
        *value = argument.value;
    return error_result(error);
}

static struct timespec time_from_ns(int64_t ns)
{
    int64_t seconds = ns / NS_PER_S, rest = ns % NS_PER_S;
    if (rest < 0) {
        seconds--;
        rest += NS_PER_S;
    }
    return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

void stat_convert(const struct io_stat *from, struct stat *to)
{
    memset(to, 0, sizeof *to);
    to->st_dev = from->device;
    to->st_ino = from->inode;
    to->st_mode = from->mode;
    to->st_nlink = from->links > 0xffff ? 0xffff : (nlink_t)from->links;
    to->st_uid = from->uid;
    to->st_gid = from->gid;
    to->st_rdev = from->rdev;
    to->st_size = (off_t)from->size;
    to->st_atim = time_from_ns(from->atime_ns);
    to->st_mtim = time_from_ns(from->mtime_ns);
    to->st_ctim = time_from_ns(from->ctime_ns);
    to->st_blksize = from->block_size;
    to->st_blocks = (blkcnt_t)from->blocks;
}

int fstatat(int directory, const char *path, struct stat *status, int flags)
{
    struct io_stat information = {0};
    struct vfs_path request = {.flags = flags & AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0};
    if (name_operation(directory, path, vfs_stat_with, request, &information, sizeof information, NULL))
        return -1;
    stat_convert(&information, status);
    return 0;
}

int stat(const char *path, struct stat *status)
{
    return fstatat(AT_FDCWD, path, status, 0);
}

int lstat(const char *path, struct stat *status)
{
    return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    return name_operation(directory, path, vfs_mkdir_with, (struct vfs_path){.mode = mode & 07777}, NULL, 0,
                          NULL);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int unlinkat(int directory, const char *path, int flags)
{
    struct vfs_path request = {.flags = flags & AT_REMOVEDIR ? VFS_DIRECTORY : 0};
    return name_operation(directory, path, vfs_unlink_with, request, NULL, 0, NULL);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

ssize_t readlinkat(int directory, const char *path, char *buffer, size_t size)
{
    uint64_t length;
    if (size > IO_PATH_MAX)
        size = IO_PATH_MAX;
    if (name_operation(directory, path, vfs_readlink_with, (struct vfs_path){0}, buffer, size, &length))
        return -1;
    return (ssize_t)(length < size ? length : size);
}

ssize_t readlink(const char *path, char *buffer, size_t size)
{
    return readlinkat(AT_FDCWD, path, buffer, size);
}

int chdir(const char *path)
{
    return name_operation(AT_FDCWD, path, vfs_chdir_with, (struct vfs_path){0}, NULL, 0, NULL);
}

int fchdir(int fd)
{
    return name_operation(fd, ".", vfs_chdir_with, (struct vfs_path){0}, NULL, 0, NULL);
}

static int access_call(handle_t session, const struct vfs_path *request, struct vfs_path_reply *reply,
                       struct ipc_transfer *transfer)
{
    return vfs_access_with(session, &(struct vfs_access){request->mode, request->flags}, reply, transfer);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    if (mode & ~7)
        return fail(EINVAL);
    struct vfs_path request = {.flags = flags & AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0,
                               .mode = (uint32_t)mode};
    return name_operation(directory, path, access_call, request, NULL, 0, NULL);
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

static int statvfs_at(int directory, const char *path, struct statvfs *to)
{
    struct vfs_statfs from = {0};
    if (name_operation(directory, path, vfs_statfs_with, (struct vfs_path){0}, &from, sizeof from, NULL))
        return -1;
    *to = (struct statvfs){
        .f_bsize = from.block_size,
        .f_frsize = from.block_size,
        .f_blocks = from.blocks,
        .f_bfree = from.blocks_free,
        .f_bavail = from.blocks_free,
        .f_files = from.files,
        .f_ffree = from.files_free,
        .f_favail = from.files_free,
        .f_flag = from.read_only ? ST_RDONLY : 0,
        .f_namemax = from.name_max,
    };
    return 0;
}

int statvfs(const char *path, struct statvfs *information)
{
    return statvfs_at(AT_FDCWD, path, information);
}

int fstatvfs(int fd, struct statvfs *information)
{
    return statvfs_at(fd, ".", information);
}

char *getcwd(char *buffer, size_t size)
{
    struct ipc_none none = {};
    struct vfs_length reply = {0};
    char path[IO_PATH_MAX + 1];
    struct ipc_transfer transfer = {.out = path, .out_len = IO_PATH_MAX};
    int error = vfs_getcwd_with(VFS_SESSION, &none, &reply, &transfer);
    if (error || reply.length > IO_PATH_MAX) {
        error_result(error ? error : E_IO);
        return NULL;
    }
    path[reply.length] = '\0';
    size_t needed = strnlen(path, reply.length) + 1;
    if (!buffer)
        return strdup(path);
    if (size < needed) {
        errno = size ? ERANGE : EINVAL;
        return NULL;
    }
    return memcpy(buffer, path, needed);
}

mode_t umask(mode_t mask)
{
    struct vfs_umask reply = {0};
    vfs_umask(VFS_SESSION, &(struct vfs_umask){mask & 0777}, &reply, DEADLINE_NEVER);
    return reply.mask;
}

void sync(void)
{
    struct ipc_none none = {};
    vfs_sync(VFS_SESSION, &none, &none, DEADLINE_NEVER);
}
