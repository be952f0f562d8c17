/* Memory objects, made and mapped: servers and programs. */
#include <ipc/shared.h>
#include <ipc/startup.h>
#include <ipc/syscall.h>
#include <proto/pager.h>

int ipc_shared_map(struct ipc_shared *shared, handle_t object, size_t size, uint32_t prot)
{
    struct pager_map map = {.length = size, .prot = prot, .flags = PAGER_SHARED | PAGER_RESIDENT};
    struct ipc_transfer transfer = {.send = {object}, .send_count = 1};
    struct pager_address place = {0};
    int error = pager_map_with(HANDLE_FIRST(SLOT_PAGER), &map, &place, &transfer);

    if (!error)
        *shared = (struct ipc_shared){object, (void *)place.address, size};
    return error;
}

int ipc_shared_create(struct ipc_shared *shared, size_t size)
{
    struct pager_object_size request = {.size = size};
    struct ipc_transfer transfer = {0};
    int error = pager_memory_object_with(HANDLE_FIRST(SLOT_PAGER), &request, 0, &transfer);

    if (error)
        return error;
    error = ipc_shared_map(shared, transfer.got[0], size, VMS_READ | VMS_WRITE);
    if (error)
        sys_handle_close(transfer.got[0]);
    return error;
}

void ipc_shared_end(struct ipc_shared *shared)
{
    struct pager_range range = {(uint64_t)shared->memory, shared->size};

    if (!shared->object)
        return;
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &range, 0, 0);
    sys_handle_close(shared->object);
    *shared = (struct ipc_shared){0};
}
