/* /proc/audit: what has to be the same before and after a program ran, one `name count` a line. The test
 * harness reads it around every test (docs/testing.md): what was left behind is seen by what grew.
 *
 * Reading it has vfs give up its caches, and checks the invariants of the pager (`pager_errors`: the log says
 * which are broken) and, in a debug build, those of the kernel, which panics where one does not hold. What
 * heaps and slabs hold in reserve is no leak: of them, what is in use counts. */
#include "server.h"

/* What vfs and proc say that they have of the pager's memory. */
struct servers {
    struct vfs_usage vfs;
    size_t used, taken;
};

static int audit_servers(struct servers *servers, char *to, size_t size, size_t *at)
{
    uint64_t processes = 0, regions = 0, waiting;
    int error = vfs_trim(below.vfs, &(struct ipc_none){}, &servers->vfs, DEADLINE_NEVER);
    ipc_lock(&proc_lock);
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        struct pager_space_stat stat = {0};
        if (p->task)
            pager_space_stat(below.pager, &(struct pager_space){p->space}, &stat, DEADLINE_NEVER);
        processes++;
        regions += stat.regions;
    }
    waiting = wait_count();
    ipc_unlock(&proc_lock);
    ipc_heap_usage(&servers->used, &servers->taken);
    size_t own = servers->used - ipc_client_bytes();
    *at = text_append(to, size, *at, "processes %lu\nregions %lu\nwaiting %lu\nproc_heap %lu\n", processes,
                      regions, waiting, own);
    *at = text_append(to, size, *at, "vfs_heap %lu\nvfs_pages %lu\n", servers->vfs.heap_used,
                      servers->vfs.pages_used);
    return error;
}

static int audit_pager(const struct servers *servers, char *to, size_t size, size_t *at)
{
    struct pager_check check = {0};
    struct pager_stats s = {0};
    struct ipc_transfer transfer = {.out = &s, .out_len = sizeof s};
    int error = pager_check(below.pager, &(struct ipc_none){}, &check, DEADLINE_NEVER);
    if (!error)
        error = pager_stats_with(below.pager, &(struct ipc_none){}, NULL, &transfer);
    if (error)
        return error;
    uint64_t reserve = (servers->taken + servers->vfs.heap_taken) / PAGE_SIZE + servers->vfs.pages_taken;
    size_t n = text_append(to, size, *at, "pager_errors %lu\nspaces %lu\nobjects %lu\n", check.errors,
                           s.spaces, s.objects);
    *at = text_append(to, size, n, "pager_waiters %lu\nanon_pages %lu\npinned_pages %lu\n", s.waiters,
                      s.anon_pages - reserve, s.pinned_pages - s.pool_pages);
    return 0;
}

static int audit_kernel(char *to, size_t size, size_t *at)
{
    static const struct {
        enum object_kind kind;
        const char *name;
    } kinds[] = {
        {OBJ_TASK, "tasks"},    {OBJ_THREAD, "threads"}, {OBJ_PORT, "ports"}, {OBJ_SESSION, "sessions"},
        {OBJ_REPLY, "replies"}, {OBJ_IRQ, "irqs"},       {OBJ_IO, "io"},      {OBJ_DEVICE, "devices"}};
    struct kernel_stats s = {0};
    int error = sys_kernel_info(KINFO_AUDIT, &s, sizeof s, NULL);
    for (size_t i = 0; !error && i < sizeof kinds / sizeof kinds[0]; i++)
        *at = text_append(to, size, *at, "%s %lu\n", kinds[i].name, s.objects[kinds[i].kind]);
    *at = text_append(to, size, *at, "handles %lu\n", s.handles);
    return error;
}

int audit_fill(char *to, size_t size, size_t *length)
{
    struct servers servers = {0};
    *length = 0;
    int error = audit_servers(&servers, to, size, length);
    if (!error)
        error = audit_pager(&servers, to, size, length);
    return error ? error : audit_kernel(to, size, length);
}
