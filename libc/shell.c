/* system and popen: a command given to the shell. */
#include "libc.h"
#include "futex_lock.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int shell_spawn(pid_t *pid, const char *command, const posix_spawn_file_actions_t *actions)
{
    char *const argv[] = {"sh", "-c", (char *)command, NULL};
    return posix_spawn(pid, "/bin/sh", actions, NULL, argv, environ);
}

static int wait_status(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return status;
}

/* newlib's system() calls this. */
int _system(const char *command);
int _system(const char *command)
{
    pid_t pid;
    if (!command)
        return access("/bin/sh", X_OK) == 0;
    fflush(stdout);
    int error = shell_spawn(&pid, command, NULL);
    return error ? 127 << 8 : wait_status(pid);
}

/* Streams of popen with the process at their other end. */
struct child {
    struct child *next;
    FILE *stream;
    pid_t pid;
};
static struct child *children;
static unsigned int children_lock;

FILE *popen(const char *command, const char *type)
{
    int ends[2];
    bool reading = type[0] == 'r';
    if (!reading && type[0] != 'w') {
        errno = EINVAL;
        return NULL;
    }
    struct child *child = malloc(sizeof *child);
    if (!child || pipe2(ends, O_CLOEXEC)) {
        free(child);
        return NULL;
    }
    int ours = ends[reading ? 0 : 1], theirs = ends[reading ? 1 : 0];
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = posix_spawn_file_actions_adddup2(&actions, theirs, reading ? 1 : 0);
        if (!error)
            error = shell_spawn(&child->pid, command, &actions);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(theirs);
    child->stream = error ? NULL : fdopen(ours, reading ? "r" : "w");
    if (!child->stream) {
        int number = error ? error : errno;
        close(ours);
        free(child);
        errno = number;
        return NULL;
    }
    futex_lock(&children_lock);
    child->next = children;
    children = child;
    futex_unlock(&children_lock);
    return child->stream;
}

int pclose(FILE *stream)
{
    futex_lock(&children_lock);
    struct child **link = &children;
    while (*link && (*link)->stream != stream)
        link = &(*link)->next;
    struct child *child = *link;
    if (child)
        *link = child->next;
    futex_unlock(&children_lock);
    if (!child)
        return fail(ECHILD);
    pid_t pid = child->pid;
    free(child);
    fclose(stream);
    return wait_status(pid);
}
