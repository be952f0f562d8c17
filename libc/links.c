/* Operations on two names: rename, link, symlink. */
#include "libc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <proto/vfs.h>

typedef int pair_call(handle_t session, const struct vfs_two_paths *request, struct ipc_none *reply,
                      struct ipc_transfer *transfer);

/* The paths lie one behind the other. A starting directory other than the current one is not there yet. */
static int pair_operation(int directory1, const char *path1, int directory2, const char *path2,
                          pair_call *call, uint32_t flags)
{
    char both[2 * IO_PATH_MAX];
    size_t length1 = strlen(path1), length2 = strlen(path2);
    if (length1 == 0 || length2 == 0)
        return fail(ENOENT);
    if (length1 > IO_PATH_MAX || length2 > IO_PATH_MAX)
        return fail(ENAMETOOLONG);
    if ((directory1 != AT_FDCWD && path1[0] != '/') || (directory2 != AT_FDCWD && path2[0] != '/'))
        return fail(ENOSYS);
    memcpy(both, path1, length1);
    memcpy(both + length1, path2, length2);
    struct vfs_two_paths request = {(uint32_t)length1, flags};
    struct ipc_none reply;
    struct ipc_transfer transfer = {.in = both, .in_len = (uint32_t)(length1 + length2)};
    return error_result(call(VFS_SESSION, &request, &reply, &transfer));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return pair_operation(from_directory, from, to_directory, to, vfs_rename_with, 0);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    return pair_operation(from_directory, from, to_directory, to, vfs_link_with,
                          flags & AT_SYMLINK_FOLLOW ? 0 : VFS_NO_FOLLOW);
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int symlinkat(const char *target, int directory, const char *path)
{
    return pair_operation(AT_FDCWD, target, directory, path, vfs_symlink_with, 0);
}

int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}
