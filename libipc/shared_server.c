/* The server's side of shared memory: kept across its deaths, given to clients. */
#include <ipc/server.h>
#include <ipc/shared.h>
#include <ipc/task.h>

#define PORT HANDLE_FIRST(SLOT_PORT)

/* The port keeps one copy, *shared has another. */
static int create_kept(struct ipc_shared *shared, uint32_t key, size_t size)
{
    handle_t copy;
    int error = ipc_shared_create(shared, size);

    if (error)
        return error;
    error = IPC_FED(sys_handle_copy(shared->object, RIGHT_ALL, HANDLE_NONE, 0, &copy));
    if (!error) {
        error = IPC_FED(sys_port_ctl(PORT, PORT_KEEP, key, copy, 0, 0, 0));
        if (error)
            sys_handle_close(copy);
    }
    if (error)
        ipc_shared_end(shared);
    return error;
}

int ipc_shared_keep(struct ipc_shared *shared, uint32_t key, size_t size)
{
    uint64_t object;
    int error = IPC_FED(sys_port_ctl(PORT, PORT_KEPT, key, 0, 0, &object, 0));

    if (error == E_NOENT)
        return create_kept(shared, key, size);
    if (error)
        return error;
    error = ipc_shared_map(shared, (handle_t)object, size, VMS_READ | VMS_WRITE);
    if (error)
        sys_handle_close((handle_t)object);
    return error;
}

int ipc_give_shared(struct ipc_request *r, const struct ipc_shared *shared, uint32_t prot)
{
    uint32_t rights = RIGHT_COPY | RIGHT_READ | (prot & VMS_WRITE ? RIGHT_WRITE : 0);
    handle_t copy;
    int error = IPC_FED(sys_handle_copy(shared->object, rights, HANDLE_NONE, 0, &copy));

    return error ? error : ipc_give(r, copy);
}
