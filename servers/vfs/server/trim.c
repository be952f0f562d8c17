/* Giving up what is only kept to be faster, and saying what is left: so that a leak is told from a cache. */
#include <ipc/heap.h>
#include "session.h"

int handle_trim(struct ipc_request *r, const struct ipc_none *in, struct vfs_usage *out)
{
    size_t used, taken;
    (void)r, (void)in;
    core_enter();
    objects_trim();
    mount_trim_all();
    port_page_trim();
    port_page_usage(&out->pages_used, &out->pages_taken);
    core_leave();
    ipc_heap_usage(&used, &taken);
    out->heap_used = used - ipc_client_bytes();
    out->heap_taken = taken;
    return 0;
}
