/* POSIX shared memory: files of a file system in memory. */
#include "libc.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACE "/dev/shm/"

/* One slash in front, which may be missing, and no other. */
static int shm_path(const char *name, char path[sizeof PLACE + NAME_MAX])
{
    while (*name == '/')
        name++;
    size_t length = strlen(name);
    if (length == 0 || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return fail(EINVAL);
    if (length > NAME_MAX)
        return fail(ENAMETOOLONG);
    memcpy(path, PLACE, sizeof PLACE - 1);
    memcpy(path + sizeof PLACE - 1, name, length + 1);
    return 0;
}

int shm_open(const char *name, int flags, mode_t mode)
{
    char path[sizeof PLACE + NAME_MAX];
    if (shm_path(name, path))
        return -1;
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

int shm_unlink(const char *name)
{
    char path[sizeof PLACE + NAME_MAX];
    return shm_path(name, path) ? -1 : unlink(path);
}
