/* Mappings and the heap: messages to the pager. */
#include "libc.h"
#include "kernel.h"
#include "futex_lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <proto/io.h>
#include <ouros/layout.h>
#include <proto/pager.h>

static uint32_t protection(int prot)
{
    return (prot & PROT_READ ? VMS_READ : 0) | (prot & PROT_WRITE ? VMS_WRITE : 0) |
           (prot & PROT_EXEC ? VMS_EXEC : 0);
}

/* The object that a new mapping shows, or none (private memory): a handle to be closed after the map. */
static int object_of_file(int fd, int prot, int flags, handle_t *object)
{
    handle_t handle = fd_handle(fd);
    uint32_t opened;
    if (handle == HANDLE_NONE || fd_flags(fd, &opened))
        return E_BADF;
    if ((opened & O_ACCMODE) == O_WRONLY ||
        (flags & MAP_SHARED && prot & PROT_WRITE && (opened & O_ACCMODE) != O_RDWR))
        return E_ACCES;
    struct ipc_none none = {};
    struct io_size size;
    struct ipc_transfer transfer = {0};
    int error = io_map_with(handle, &none, &size, &transfer);
    if (error)
        return error == E_NOSYS ? E_NODEV : error;
    if (transfer.got_count != 1)
        return E_IO;
    *object = transfer.got[0];
    return 0;
}

static int object_of_memory(size_t length, handle_t *object)
{
    struct pager_object_size request = {.size = length};
    struct pager_object reply;
    struct ipc_transfer transfer = {0};
    int error = pager_memory_object_with(PAGER_SESSION, &request, &reply, &transfer);
    if (!error && transfer.got_count != 1)
        return E_IO;
    *object = error ? HANDLE_NONE : transfer.got[0];
    return error;
}

static int map_object(size_t length, int prot, int flags, int fd, handle_t *object)
{
    if (!(flags & MAP_ANONYMOUS))
        return object_of_file(fd, prot, flags, object);
    return flags & MAP_SHARED ? object_of_memory(length, object) : 0;
}

static int map(struct pager_map *request, int prot, int flags, int fd, uint64_t *address)
{
    struct pager_address reply = {0};
    struct ipc_transfer transfer = {0};
    int kind = flags & (MAP_SHARED | MAP_PRIVATE);
    if ((kind != MAP_SHARED && kind != MAP_PRIVATE) || request->length == 0 ||
        request->offset & (PAGE_SIZE - 1))
        return E_INVAL;
    request->flags = (flags & MAP_FIXED ? PAGER_FIXED : 0) | (kind == MAP_SHARED ? PAGER_SHARED : 0) |
                     (flags & MAP_FIXED_NOREPLACE ? PAGER_FIXED | PAGER_NO_REPLACE : 0) |
                     (flags & MAP_NORESERVE ? PAGER_NO_RESERVE : 0);
    if (flags & MAP_ANONYMOUS)
        request->offset = 0;
    int error = map_object(request->length, prot, flags, fd, &transfer.send[0]);
    if (error)
        return error;
    transfer.send_count = transfer.send[0] != HANDLE_NONE;
    error = pager_map_with(PAGER_SESSION, request, &reply, &transfer);
    if (transfer.send_count)
        kernel_handle_close(transfer.send[0]);
    /* The file may be written, its pages may not: its file system cannot share them. */
    if ((error == E_ACCES || error == E_RIGHTS) && kind == MAP_SHARED && prot & PROT_WRITE &&
        !(prot & PROT_EXEC))
        error = E_NODEV;
    *address = reply.address;
    return error;
}

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    struct pager_map request = {
        .address = (uint64_t)address, .length = length, .offset = (uint64_t)offset, .prot = protection(prot)};
    uint64_t at;
    int error = map(&request, prot, flags, fd, &at);
    if (error) {
        error_result(error);
        return MAP_FAILED;
    }
    return (void *)at;
}

int munmap(void *address, size_t length)
{
    struct ipc_none none;
    if (length == 0 || (uint64_t)address & (PAGE_SIZE - 1))
        return fail(EINVAL);
    return error_result(
        pager_unmap(PAGER_SESSION, &(struct pager_range){(uint64_t)address, length}, &none, DEADLINE_NEVER));
}

int mprotect(void *address, size_t length, int prot)
{
    struct ipc_none none;
    if ((uint64_t)address & (PAGE_SIZE - 1))
        return fail(EINVAL);
    if (length == 0)
        return 0;
    struct pager_protect request = {(uint64_t)address, length, protection(prot)};
    return error_result(pager_protect(PAGER_SESSION, &request, &none, DEADLINE_NEVER));
}

/* ---- the break ---- */

#define HEAP_STEP (256ul << 10)
#define HEAP_TRIM (1ul << 20)

static uint64_t heap_start, heap_break,
    heap_mapped; /* addresses; start <= break <= mapped, under heap_lock */
static unsigned int heap_lock;

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE;
}

void memory_startup(const struct startup *startup)
{
    heap_start = heap_break = heap_mapped = page_up(startup->image_end);
}

static int heap_grow(uint64_t to)
{
    uint64_t grown = heap_mapped - heap_start;
    uint64_t step = grown / 4 > HEAP_STEP ? page_up(grown / 4) : HEAP_STEP;
    uint64_t least = page_up(to) - heap_mapped;
    struct pager_address reply;
    for (uint64_t length = step > least ? step : least;; length = least) {
        struct pager_map request = {.address = heap_mapped,
                                    .length = length,
                                    .prot = VMS_READ | VMS_WRITE,
                                    .flags = PAGER_FIXED | PAGER_NO_REPLACE};
        int error = pager_map(PAGER_SESSION, &request, &reply, DEADLINE_NEVER);
        if (!error)
            heap_mapped += length;
        if (!error || length == least)
            return error;
    }
}

/* What lies above the new break must read as zero when it is taken again. */
static void heap_shrink(uint64_t to)
{
    uint64_t end = page_up(to);
    struct ipc_none none;
    if (heap_mapped - end >= HEAP_TRIM &&
        pager_unmap(PAGER_SESSION, &(struct pager_range){end, heap_mapped - end}, &none, DEADLINE_NEVER) ==
            0) {
        memset((void *)to, 0, end - to);
        heap_mapped = end;
    } else {
        memset((void *)to, 0, heap_break - to);
    }
}

void *sbrk(ptrdiff_t change)
{
    void *old = (void *)-1;
    futex_lock(&heap_lock);
    uint64_t to = heap_break + (uint64_t)change;
    bool valid = change >= 0 ? to >= heap_break && to < USER_MMAP_BASE : to >= heap_start && to < heap_break;
    if (valid && (to <= heap_mapped || heap_grow(to) == 0)) {
        if (change < 0)
            heap_shrink(to);
        old = (void *)heap_break;
        heap_break = to;
    }
    futex_unlock(&heap_lock);
    if (old == (void *)-1)
        errno = ENOMEM;
    return old;
}

int brk(void *address)
{
    futex_lock(&heap_lock);
    uint64_t now = heap_break;
    futex_unlock(&heap_lock);
    return sbrk((char *)address - (char *)now) == (void *)-1 ? -1 : 0;
}

void memory_fork_lock(void)
{
    futex_lock(&heap_lock);
}

void memory_fork_unlock(void)
{
    futex_unlock(&heap_lock);
}

int posix_memalign(void **to, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    int number = errno;
    void *memory = memalign(alignment, size);
    errno = number;
    if (!memory)
        return ENOMEM;
    *to = memory;
    return 0;
}
