#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <proto/pager.h>

/* Lies at the top of the new thread's stack. */
struct ipc_thread_entry {
    void (*function)(void *);
    void *argument;
};

void ipc_thread_begin(void);
_Noreturn void ipc_thread_main(struct ipc_thread_entry *entry);

_Noreturn void ipc_thread_main(struct ipc_thread_entry *entry)
{
    entry->function(entry->argument);
    sys_thread_ctl(0, THREAD_EXIT, 0, 0, 0);
    for (;;)
        __builtin_trap();
}

uint32_t ipc_thread_priority(void)
{
    struct thread_info info;

    return sys_thread_ctl(0, THREAD_INFO, (uint64_t)&info, 0, 0) ? PRIORITY_SERVER : info.base_priority;
}

int ipc_thread_start(void (*function)(void *), void *argument, uint32_t priority, handle_t *thread)
{
    struct pager_map map = {.length = PAGE_SIZE + IPC_STACK_SIZE,
                            .prot = VMS_READ | VMS_WRITE,
                            .flags = PAGER_RESIDENT | PAGER_STACK};
    struct pager_address place;
    struct ipc_thread_entry *entry;
    handle_t made;
    int error = pager_map(HANDLE_FIRST(SLOT_PAGER), &map, &place, 0);

    if (error)
        return error;
    entry = (struct ipc_thread_entry *)(place.address + PAGE_SIZE + IPC_STACK_SIZE) - 1;
    *entry = (struct ipc_thread_entry){function, argument};
    error = IPC_FED(sys_thread_create(HANDLE_NONE, (vaddr_t)ipc_thread_begin, (vaddr_t)entry, (uint64_t)entry,
                                      priority, &made));
    if (!error) {
        error = sys_thread_ctl(made, THREAD_START, 0, 0, 0);
        if (!error && thread)
            *thread = made;
        else
            sys_handle_close(made);
    }
    if (error)
        pager_unmap(HANDLE_FIRST(SLOT_PAGER),
                    &(struct pager_range){place.address, PAGE_SIZE + IPC_STACK_SIZE}, 0, 0);
    return error;
}
