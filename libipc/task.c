#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

uint64_t ipc_first_argument;
static const struct startup *startup;

const struct startup *ipc_startup(void)
{
    return startup;
}

uint64_t ipc_argument(void)
{
    return ipc_first_argument;
}

void ipc_startup_set(const struct startup *block)
{
    startup = block;
}

/* A part of the block. What it points to was written by whoever started us: our own parent is not doubted. */
static const void *part(uint32_t offset)
{
    return (const char *)startup + offset;
}

handle_t ipc_handle(const char *name)
{
    const struct startup_handle *handles;

    if (!startup)
        return HANDLE_NONE;
    handles = part(startup->handles);
    for (uint32_t i = 0; i < startup->handle_count; i++)
        if (strncmp(handles[i].name, name, STARTUP_NAME) == 0)
            return handles[i].handle;
    return HANDLE_NONE;
}

const void *ipc_blob(const char *name, uint32_t *length)
{
    const struct startup_blob *blobs;

    if (!startup)
        return 0;
    blobs = part(startup->blobs);
    for (uint32_t i = 0; i < startup->blob_count; i++)
        if (strncmp(blobs[i].name, name, STARTUP_NAME) == 0) {
            *length = blobs[i].length;
            return part(blobs[i].offset);
        }
    return 0;
}

const char *ipc_argument_text(uint32_t i)
{
    const char *text;

    if (!startup || i >= startup->argc)
        return 0;
    for (text = part(startup->argv); i; i--)
        text += strlen(text) + 1;
    return text;
}

void ipc_exit(uint64_t value)
{
    handle_t own = startup ? HANDLE_FIRST(SLOT_TASK) : HANDLE_NONE;

    sys_task_ctl(own, TASK_KILL, value, 0, 0, 0);
    for (;;)
        __builtin_trap();
}
