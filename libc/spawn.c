/* posix_spawn: the file actions are played on a copy of the descriptor table here, opened files included, and
 * proc gets the outcome; no child runs our code. */
#include "libc.h"
#include "kernel.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <proto/proc.h>

enum action_kind { ACTION_CLOSE, ACTION_DUP2, ACTION_OPEN };

struct action {
    struct action *next;
    enum action_kind kind;
    int fd, from;
    int flags;
    mode_t mode;
    char path[];
};

struct __posix_spawn_file_actions {
    struct action *first, **last;
};

struct __posix_spawnattr {
    short flags;
    pid_t group;
    sigset_t sigdefault, sigmask;
    int policy;
    struct sched_param parameter;
};

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    *actions = malloc(sizeof **actions);
    if (!*actions)
        return ENOMEM;
    (*actions)->first = NULL;
    (*actions)->last = &(*actions)->first;
    return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
    while ((*actions)->first) {
        struct action *action = (*actions)->first;
        (*actions)->first = action->next;
        free(action);
    }
    free(*actions);
    return 0;
}

static int action_add(posix_spawn_file_actions_t *actions, const struct action *fields, const char *path)
{
    size_t length = path ? strlen(path) + 1 : 0;
    if (fields->fd < 0 || fields->fd >= FD_MAX)
        return EBADF;
    struct action *action = malloc(sizeof *action + length);
    if (!action)
        return ENOMEM;
    *action = *fields;
    memcpy(action->path, path ? path : "", length);
    *(*actions)->last = action;
    (*actions)->last = &action->next;
    return 0;
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
    return action_add(actions, &(struct action){.kind = ACTION_CLOSE, .fd = fd}, NULL);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
    if (fd < 0 || fd >= FD_MAX)
        return EBADF;
    return action_add(actions, &(struct action){.kind = ACTION_DUP2, .fd = to, .from = fd}, NULL);
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd, const char *path, int flags,
                                     mode_t mode)
{
    return action_add(actions, &(struct action){.kind = ACTION_OPEN, .fd = fd, .flags = flags, .mode = mode},
                      path);
}

/* The child's table while it is being made. opened: handles that are ours only for the time of the spawn. */
struct spawn_table {
    struct fd_entry entries[FD_MAX];
    handle_t opened[FD_MAX];
    uint32_t opened_count;
};

static int action_open(struct spawn_table *table, const struct action *action)
{
    handle_t handle;
    uint32_t type, flags = (uint32_t)action->flags & ~(uint32_t)O_CLOEXEC;
    if (table->opened_count == FD_MAX)
        return EMFILE;
    int error = path_open(AT_FDCWD, action->path, flags, action->mode & 07777, &handle, &type);
    if (error)
        return error_number(error);
    table->opened[table->opened_count++] = handle;
    table->entries[action->fd].handle = handle;
    table->entries[action->fd].flags = flags | (action->flags & O_CLOEXEC ? FD_LOCAL_CLOEXEC : 0);
    return 0;
}

static int actions_play(struct spawn_table *table, const posix_spawn_file_actions_t *actions)
{
    for (const struct action *action = actions ? (*actions)->first : NULL; action; action = action->next) {
        struct fd_entry *entry = &table->entries[action->fd];
        int error = 0;
        switch (action->kind) {
        case ACTION_CLOSE: entry->handle = HANDLE_NONE; break;
        case ACTION_OPEN: error = action_open(table, action); break;
        case ACTION_DUP2:
            if (table->entries[action->from].handle == HANDLE_NONE)
                return EBADF;
            *entry = table->entries[action->from];
            entry->flags &= ~FD_LOCAL_CLOEXEC; /* also when a descriptor is duplicated onto itself */
            break;
        }
        if (error)
            return error;
    }
    for (int fd = 0; fd < FD_MAX; fd++) {
        if (table->entries[fd].flags & FD_LOCAL_CLOEXEC)
            table->entries[fd].handle = HANDLE_NONE;
    }
    return 0;
}

struct spawn_argument {
    pid_t *pid;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attr;
    char *const *argv, *const *envp;
};

static void attributes_apply(struct proc_image *request, const posix_spawnattr_t *attr)
{
    if (!attr)
        return;
    if ((*attr)->flags & POSIX_SPAWN_SETPGROUP) {
        request->flags |= PROC_SETPGROUP;
        request->pgid = (*attr)->group;
    }
    if ((*attr)->flags & POSIX_SPAWN_SETSIGDEF)
        request->sigdefault = (*attr)->sigdefault;
}

static int spawn_one(const char *path, void *argument)
{
    struct spawn_argument *spawn = argument;
    struct spawn_table *table = malloc(sizeof *table);
    if (!table)
        return ENOMEM;
    table->opened_count = 0;
    fd_snapshot(table->entries);
    struct image image = {.for_child = true};
    struct proc_image request = {0};
    struct proc_pid reply = {0};
    attributes_apply(&request, spawn->attr);
    int error = actions_play(table, spawn->actions);
    if (!error)
        error = image_build(&image, &request, path, spawn->argv, spawn->envp, table->entries);
    if (!error) {
        struct ipc_transfer transfer = {.in = image.buffer, .in_len = image.length};
        error = error_number(proc_spawn_with(PROC_SESSION, &request, &reply, &transfer));
    }
    if (!error && spawn->pid)
        *spawn->pid = (pid_t)reply.pid;
    image_free(&image);
    for (uint32_t i = 0; i < table->opened_count; i++)
        kernel_handle_close(table->opened[i]);
    free(table);
    return error;
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    return spawn_one(path, &(struct spawn_argument){pid, actions, attr, argv, envp ? envp : environ});
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    struct spawn_argument argument = {pid, actions, attr, argv, envp ? envp : environ};
    return search_path(file, spawn_one, &argument);
}

int posix_spawnattr_init(posix_spawnattr_t *attr)
{
    *attr = calloc(1, sizeof **attr);
    return *attr ? 0 : ENOMEM;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attr)
{
    free(*attr);
    return 0;
}

#define ATTRIBUTE(name, type, member)                                         \
    int posix_spawnattr_get##name(const posix_spawnattr_t *attr, type *value) \
    {                                                                         \
        *value = (*attr)->member;                                             \
        return 0;                                                             \
    }
#define ATTRIBUTE_SET(name, type, member)                              \
    int posix_spawnattr_set##name(posix_spawnattr_t *attr, type value) \
    {                                                                  \
        (*attr)->member = value;                                       \
        return 0;                                                      \
    }
#define ATTRIBUTE_SET_FROM(name, type, member)                                \
    int posix_spawnattr_set##name(posix_spawnattr_t *attr, const type *value) \
    {                                                                         \
        (*attr)->member = *value;                                             \
        return 0;                                                             \
    }

ATTRIBUTE(flags, short, flags)
ATTRIBUTE_SET(flags, short, flags)
ATTRIBUTE(pgroup, pid_t, group)
ATTRIBUTE_SET(pgroup, pid_t, group)
ATTRIBUTE(sigdefault, sigset_t, sigdefault)
ATTRIBUTE_SET_FROM(sigdefault, sigset_t, sigdefault)
ATTRIBUTE(sigmask, sigset_t, sigmask)
ATTRIBUTE_SET_FROM(sigmask, sigset_t, sigmask)
ATTRIBUTE(schedpolicy, int, policy)
ATTRIBUTE_SET(schedpolicy, int, policy)
ATTRIBUTE(schedparam, struct sched_param, parameter)
ATTRIBUTE_SET_FROM(schedparam, struct sched_param, parameter)
