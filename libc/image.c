/* What exec and spawn send to proc: path, argument and environment strings, list of descriptors, one behind
 * the other in one buffer (proto/proc.h). */
#include "libc.h"
#include "trace.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <proto/proc.h>

/* Sum of the strings with their NULs; counts them. Stops above what proc takes. */
static size_t strings_measure(char *const list[], uint32_t *count)
{
    size_t bytes = 0;
    for (*count = 0; list && list[*count] && bytes <= PROC_IMAGE_MAX; ++*count)
        bytes += strlen(list[*count]) + 1;
    return bytes;
}

static char *strings_append(char *to, char *const list[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        to = stpcpy(to, list[i]) + 1;
    return to;
}

int image_build(struct image *image, struct proc_image *request, const char *path, char *const argv[],
                char *const envp[], const struct fd_entry table[FD_MAX])
{
    size_t path_length = strlen(path);
    size_t strings = strings_measure(argv, &request->argc);
    strings += strings_measure(envp, &request->envc);
    if (path_length == 0)
        return ENOENT;
    if (path_length >= PATH_MAX)
        return ENAMETOOLONG;
    request->fd_count = 0;
    for (int fd = 0; fd < FD_MAX; fd++)
        request->fd_count += table[fd].handle != HANDLE_NONE;
    struct proc_fd trace;
    bool traced = trace_pass(&trace, image->for_child ? TRACE_CHILD : TRACE_SELF);
    request->fd_count += traced;
    size_t length = path_length + strings + request->fd_count * sizeof(struct proc_fd);
    if (strings > PROC_IMAGE_MAX || length > PROC_IMAGE_MAX)
        return E2BIG;
    image->buffer = malloc(length);
    if (!image->buffer)
        return ENOMEM;
    request->path_length = (uint32_t)path_length;
    request->strings = (uint32_t)strings;
    image->length = (uint32_t)length;

    char *at = mempcpy(image->buffer, path, path_length);
    at = strings_append(at, argv, request->argc);
    at = strings_append(at, envp, request->envc);
    for (int fd = 0; fd < FD_MAX; fd++) {
        if (table[fd].handle == HANDLE_NONE)
            continue;
        struct proc_fd entry = {fd, table[fd].flags & ~FD_LOCAL_CLOEXEC, table[fd].handle};
        at = mempcpy(at, &entry, sizeof entry);
    }
    if (traced)
        memcpy(at, &trace, sizeof trace);
    return 0;
}

void image_free(struct image *image)
{
    free(image->buffer);
}

int search_path(const char *file, int (*try_one)(const char *path, void *argument), void *argument)
{
    if (*file == '\0')
        return ENOENT;
    if (strchr(file, '/'))
        return try_one(file, argument);
    const char *at = getenv("PATH");
    if (!at)
        at = "/bin:/usr/bin";
    int result = ENOENT;
    char path[PATH_MAX];
    for (;; at++) {
        size_t length = strcspn(at, ":");
        if (length + strlen(file) + 2 <= sizeof path) {
            char *end = mempcpy(path, at, length);
            if (length)
                *end++ = '/';
            strcpy(end, file);
            int error = try_one(path, argument);
            if (error == EACCES)
                result = EACCES; /* something is there: say so if nothing better comes */
            else if (error != ENOENT && error != ENOTDIR)
                return error;
        }
        at += length;
        if (*at == '\0')
            return result;
    }
}
