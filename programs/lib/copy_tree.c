#include "copy_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"
#include "tool.h"

/// The outermost directory that the copy makes: it is not copied into itself.
static struct stat copy_root;
static bool copy_root_known;

static bool copy_path(const char *from, const char *to, unsigned flags);

bool copy_is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *copy_destination(const char *from, const char *target)
{
    if (!copy_is_directory(target))
        return tool_strdup(target);
    char *name = tool_base_name(from);
    char *path = tool_join(target, name);
    free(name);
    return path;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int open_target(const char *to, mode_t mode, unsigned flags)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    if (fd < 0 && (flags & COPY_FORCE) && unlink(to) == 0)
        fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    return fd;
}

static bool copy_file(const char *from, const char *to, const struct stat *status, unsigned flags)
{
    struct stat existing;
    if (stat(to, &existing) == 0 && same_file(status, &existing)) {
        tool_warnx("%s and %s are the same file", from, to);
        return false;
    }
    int in = open(from, O_RDONLY);
    if (in < 0) {
        tool_warn(from);
        return false;
    }
    int out = open_target(to, status->st_mode, flags);
    if (out < 0) {
        tool_warn(to);
        close(in);
        return false;
    }
    bool ok = tool_copy(in, from, out, to);
    if (ok && (flags & COPY_TIMES)) {
        struct timespec times[2] = {status->st_atim, status->st_mtim};
        futimens(out, times); // a file system without times is no reason to fail
    }
    close(in);
    if (close(out) != 0 && ok) {
        tool_warn(to);
        ok = false;
    }
    return ok;
}

static bool copy_link(const char *from, const char *to, unsigned flags)
{
    char target[4096];
    ssize_t length = readlink(from, target, sizeof(target) - 1);
    if (length < 0) {
        tool_warn(from);
        return false;
    }
    target[length] = '\0';
    bool ok = symlink(target, to) == 0;
    if (!ok && (flags & COPY_FORCE) && unlink(to) == 0)
        ok = symlink(target, to) == 0;
    if (!ok)
        tool_warn(to);
    return ok;
}

static bool copy_directory(const char *from, const char *to, const struct stat *status, unsigned flags)
{
    struct names names = {0};
    struct stat made;
    // Writable while it is being filled, whatever its mode will be.
    if (mkdir(to, (status->st_mode & 0777) | 0700) != 0 && !copy_is_directory(to)) {
        tool_warn(to);
        return false;
    }
    if (!copy_root_known && stat(to, &made) == 0) {
        copy_root = made;
        copy_root_known = true;
    }
    bool ok = names_read(&names, from);
    if (!ok)
        tool_warn(from);
    for (size_t i = 0; i < names.count; i++) {
        char *inner_from = tool_join(from, names.items[i]);
        char *inner_to = tool_join(to, names.items[i]);
        ok &= copy_path(inner_from, inner_to, flags);
        free(inner_from);
        free(inner_to);
    }
    names_free(&names);
    return ok;
}

static bool copy_path(const char *from, const char *to, unsigned flags)
{
    struct stat status;
    if ((flags & COPY_RECURSIVE ? lstat : stat)(from, &status) != 0) {
        tool_warn(from);
        return false;
    }
    if (S_ISLNK(status.st_mode))
        return copy_link(from, to, flags);
    if (!S_ISDIR(status.st_mode))
        return copy_file(from, to, &status, flags);
    if (!(flags & COPY_RECURSIVE)) {
        tool_warnx("%s: is a directory (-r copies it)", from);
        return false;
    }
    if (copy_root_known && same_file(&status, &copy_root)) {
        tool_warnx("%s: cannot be copied into itself", from);
        return false;
    }
    return copy_directory(from, to, &status, flags);
}

bool copy_tree(const char *from, const char *to, unsigned flags)
{
    copy_root_known = false;
    return copy_path(from, to, flags);
}
