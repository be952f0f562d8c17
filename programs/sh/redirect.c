// Redirections, and how they are taken back after a builtin.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "expand.h"
#include "jobs.h"
#include "tool.h"

enum {
    HIGH_FD = 10,    // the shell's own descriptors are not below
    PIPE_ROOM = 512, // what every pipe takes without a reader
};

int redirect_move_high(int fd)
{
    int high = fcntl(fd, F_DUPFD, HIGH_FD);
    if (high < 0)
        return -1;
    close(fd);
    fcntl(high, F_SETFD, FD_CLOEXEC);
    return high;
}

static void redirect_save(struct redirect_undo *undo, int fd)
{
    for (size_t i = 0; i < undo->count; i++)
        if (undo->items[i].fd == fd)
            return;
    int copy = fcntl(fd, F_DUPFD, HIGH_FD);
    if (copy >= 0)
        fcntl(copy, F_SETFD, FD_CLOEXEC);
    undo->items = tool_realloc(undo->items, (undo->count + 1) * sizeof(*undo->items));
    undo->items[undo->count].fd = fd;
    undo->items[undo->count++].copy = copy;
}

void redirect_restore(struct redirect_undo *undo)
{
    fflush(stdout);
    while (undo->count > 0) {
        undo->count--;
        int fd = undo->items[undo->count].fd, copy = undo->items[undo->count].copy;
        if (copy < 0) {
            close(fd);
            continue;
        }
        dup2(copy, fd);
        close(copy);
    }
    free(undo->items);
    undo->items = NULL;
}

void redirect_keep(struct redirect_undo *undo)
{
    for (size_t i = 0; i < undo->count; i++)
        if (undo->items[i].copy >= 0)
            close(undo->items[i].copy);
    free(undo->items);
    *undo = (struct redirect_undo){0};
}

/// Gives a descriptor from which `text` can be read, or -1 with errno set.
static int open_here(const char *text)
{
    int ends[2];
    size_t length = strlen(text);
    if (pipe(ends) != 0)
        return -1;
    if (length <= PIPE_ROOM) {
        tool_write_all(ends[1], text, length);
    } else {
        pid_t pid = jobs_fork();
        if (pid == 0) {
            close(ends[0]);
            tool_write_all(ends[1], text, length);
            _exit(0);
        }
        if (pid > 0)
            jobs_adopt(pid);
    }
    close(ends[1]);
    return ends[0];
}

static int open_target(const struct redirect *redirect, const char *target)
{
    static const int flags[] = {
        [REDIRECT_READ] = O_RDONLY,
        [REDIRECT_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
        [REDIRECT_BOTH] = O_RDWR | O_CREAT,
    };
    if (redirect->kind == REDIRECT_HERE)
        return open_here(target);
    return open(target, flags[redirect->kind], 0666);
}

/// n>&m and n>&-
static bool redirect_dup(int fd, const char *target)
{
    long long from;
    if (strcmp(target, "-") == 0) {
        close(fd);
        return true;
    }
    if (!tool_number(target, &from) || from < 0 || from > 9999) {
        sh_error("%s: not a descriptor", target);
        return false;
    }
    if (from == fd ? fcntl(fd, F_GETFD) < 0 : dup2((int)from, fd) < 0) {
        sh_error("%s: %s", target, strerror(errno));
        return false;
    }
    return true;
}

static bool redirect_one(const struct redirect *redirect, struct redirect_undo *undo)
{
    char *target = expand_string(redirect->target);
    if (!target)
        return false;
    bool ok = true;
    fflush(stdout);
    if (redirect->kind == REDIRECT_DUP) {
        if (undo)
            redirect_save(undo, redirect->fd);
        ok = redirect_dup(redirect->fd, target);
        free(target);
        return ok;
    }
    int fd = open_target(redirect, target);
    if (fd < 0) {
        sh_error("%s: %s", redirect->kind == REDIRECT_HERE ? "here-document" : target, strerror(errno));
        ok = false;
    } else if (fd == redirect->fd) {
        // It was closed, and closed it is to be again.
        if (undo) {
            undo->items = tool_realloc(undo->items, (undo->count + 1) * sizeof(*undo->items));
            undo->items[undo->count].fd = fd;
            undo->items[undo->count++].copy = -1;
        }
    } else {
        if (undo)
            redirect_save(undo, redirect->fd);
        ok = dup2(fd, redirect->fd) >= 0;
        if (!ok)
            sh_error("%d: %s", redirect->fd, strerror(errno));
        close(fd);
    }
    free(target);
    return ok;
}

bool redirect_apply(const struct redirect *list, struct redirect_undo *undo)
{
    for (; list; list = list->next)
        if (!redirect_one(list, undo))
            return false;
    return true;
}
