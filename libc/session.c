/* Sessions with servers that are no POSIX files: what libipc's ipc_open is for servers. */
#include "libc.h"
#include "kernel.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <ipc/open.h>
#include <proto/io.h>

enum { OPENED_MAX = 16, NAME_LENGTH = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards opened */
static struct {
    char name[NAME_LENGTH];
    handle_t handle;
} opened[OPENED_MAX];

static handle_t open_node(const char *name)
{
    char path[NAME_LENGTH + 8];
    handle_t handle;
    uint32_t type;
    snprintf(path, sizeof path, "/dev/%s", name);
    return path_open(AT_FDCWD, path, IO_O_RDWR, 0, &handle, &type) ? HANDLE_NONE : handle;
}

handle_t ipc_open(const char *name)
{
    handle_t handle = HANDLE_NONE;
    int i = 0;
    if (strlen(name) >= NAME_LENGTH)
        return HANDLE_NONE;
    pthread_mutex_lock(&lock);
    while (i < OPENED_MAX && opened[i].handle && strcmp(opened[i].name, name) != 0)
        i++;
    if (i < OPENED_MAX && !opened[i].handle && (handle = open_node(name)) != HANDLE_NONE) {
        strcpy(opened[i].name, name);
        opened[i].handle = handle;
    } else if (i < OPENED_MAX) {
        handle = opened[i].handle;
    }
    pthread_mutex_unlock(&lock);
    return handle;
}
