/* Sessions by name: what was given at start, then init's answers, each asked for once. */
#include <ipc/lock.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <proto/init.h>

enum { OPENED_MAX = 16 };

static struct ipc_lock lock; /* guards opened */
static struct startup_handle opened[OPENED_MAX];

static handle_t lookup(const char *name)
{
    struct ipc_transfer transfer = {.in = name, .in_len = (uint32_t)strlen(name)};
    handle_t init = ipc_handle("init");

    if (!init || init_lookup_with(init, 0, 0, &transfer) || transfer.got_count == 0)
        return HANDLE_NONE;
    return transfer.got[0];
}

/* The entry of this name or a free one; null when the table is full. */
static struct startup_handle *slot_of(const char *name)
{
    for (int i = 0; i < OPENED_MAX; i++)
        if (!opened[i].handle || strncmp(opened[i].name, name, STARTUP_NAME) == 0)
            return &opened[i];
    return 0;
}

handle_t ipc_open(const char *name)
{
    handle_t handle = ipc_handle(name);
    struct startup_handle *slot;

    if (handle)
        return handle;
    ipc_lock(&lock);
    slot = slot_of(name);
    if (slot && slot->handle) {
        handle = slot->handle;
    } else if (slot) {
        handle = slot->handle = lookup(name);
        ipc_strcpy(slot->name, name, sizeof slot->name);
    }
    ipc_unlock(&lock);
    return handle;
}
