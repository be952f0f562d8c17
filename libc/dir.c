/* Directory streams over io readdir. The cursor is the stream's own: the server's position is not used. */
#include "libc.h"
#include "futex_lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <proto/io.h>

struct __ouros_dir {
    int fd;
    unsigned int lock;
    uint64_t cursor;     /* where the next message begins */
    size_t at, filled;   /* in buffer */
    struct dirent entry; /* what readdir gave last */
    _Alignas(struct io_dirent) char buffer[4096];
};

DIR *fdopendir(int fd)
{
    struct stat status;
    if (fstat(fd, &status))
        return NULL;
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    DIR *dir = malloc(sizeof *dir);
    if (!dir)
        return NULL;
    memset(dir, 0, offsetof(DIR, buffer));
    dir->fd = fd;
    return dir;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int number = errno;
        close(fd);
        errno = number;
    }
    return dir;
}

int closedir(DIR *dir)
{
    int fd = dir->fd;
    free(dir);
    return close(fd);
}

int dirfd(DIR *dir)
{
    return dir->fd;
}

/* Next message. 0 at the end, -1 with errno, else 1. */
static int dir_fill(DIR *dir)
{
    handle_t handle = fd_handle(dir->fd);
    if (handle == HANDLE_NONE)
        return -1;
    struct io_readdir request = {dir->cursor};
    struct io_count reply = {0};
    struct ipc_transfer transfer = {.out = dir->buffer, .out_len = sizeof dir->buffer};
    int error = io_readdir_with(handle, &request, &reply, &transfer);
    if (error)
        return error_result(error);
    if (reply.count > sizeof dir->buffer)
        return fail(EIO);
    dir->at = 0;
    dir->filled = reply.count;
    return reply.count != 0;
}

/* Take the record at `at`, whose lengths are the server's word and are checked. */
static int dir_take(DIR *dir, struct dirent *to)
{
    struct io_dirent record;
    size_t left = dir->filled - dir->at;
    if (left < sizeof record)
        return fail(EIO);
    memcpy(&record, dir->buffer + dir->at, sizeof record);
    if (record.length < sizeof record || record.length > left || record.name_len > MAXNAMLEN ||
        record.name_len > record.length - sizeof record)
        return fail(EIO);
    to->d_ino = record.inode;
    to->d_off = (off_t)record.next;
    to->d_reclen = sizeof *to;
    to->d_type = IFTODT(record.mode);
    memcpy(to->d_name, dir->buffer + dir->at + sizeof record, record.name_len);
    to->d_name[record.name_len] = '\0';
    dir->at += record.length;
    dir->cursor = record.next;
    return 0;
}

static int dir_next(DIR *dir, struct dirent *to)
{
    futex_lock(&dir->lock);
    int result = dir->at < dir->filled ? 1 : dir_fill(dir);
    if (result > 0 && dir_take(dir, to))
        result = -1;
    futex_unlock(&dir->lock);
    return result;
}

struct dirent *readdir(DIR *dir)
{
    return dir_next(dir, &dir->entry) > 0 ? &dir->entry : NULL;
}

int readdir_r(DIR *dir, struct dirent *entry, struct dirent **result)
{
    int number = errno;
    int found = dir_next(dir, entry);
    *result = found > 0 ? entry : NULL;
    if (found >= 0)
        return 0;
    found = errno;
    errno = number;
    return found;
}

void seekdir(DIR *dir, long position)
{
    futex_lock(&dir->lock);
    dir->cursor = (uint64_t)position;
    dir->at = dir->filled = 0;
    futex_unlock(&dir->lock);
}

void rewinddir(DIR *dir)
{
    seekdir(dir, 0);
}

long telldir(DIR *dir)
{
    return (long)dir->cursor;
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
    return strcoll((*a)->d_name, (*b)->d_name);
}

static void list_free(struct dirent **list, int count)
{
    while (count > 0)
        free(list[--count]);
    free(list);
}

int scandir(const char *path, struct dirent ***result, int (*select)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **))
{
    DIR *dir = opendir(path);
    if (!dir)
        return -1;
    struct dirent **list = NULL, entry;
    int count = 0, room = 0, found;
    while ((found = dir_next(dir, &entry)) > 0) {
        if (select && !select(&entry))
            continue;
        if (count == room) {
            room = room ? room * 2 : 16;
            struct dirent **larger = realloc(list, (size_t)room * sizeof *list);
            if (!larger)
                break;
            list = larger;
        }
        list[count] = malloc(sizeof entry);
        if (!list[count])
            break;
        *list[count++] = entry;
    }
    int number = errno;
    closedir(dir);
    if (found != 0) {
        list_free(list, count);
        return fail(found > 0 ? ENOMEM : number);
    }
    if (compare && count)
        qsort(list, (size_t)count, sizeof *list, (int (*)(const void *, const void *))compare);
    *result = list;
    return count;
}
