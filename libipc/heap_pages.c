/* The heap's pages, from the pager. */
#include <ipc/heap.h>
#include <ipc/startup.h>
#include <proto/pager.h>

static void *take(size_t bytes)
{
    struct pager_map map = {.length = bytes, .prot = VMS_READ | VMS_WRITE, .flags = PAGER_RESIDENT};
    struct pager_address place;

    return pager_map(HANDLE_FIRST(SLOT_PAGER), &map, &place, 0) ? 0 : (void *)place.address;
}

static void give_back(void *pages, size_t bytes)
{
    pager_unmap(HANDLE_FIRST(SLOT_PAGER), &(struct pager_range){(uint64_t)pages, bytes}, 0, 0);
}

const struct ipc_page_source ipc_pager_pages = {take, give_back};
