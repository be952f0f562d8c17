/* What a program says about its mappings, and asks: messages to the pager. */
#include "libc.h"
#include "kernel.h"

#include <stdarg.h>
#include <sys/mman.h>

#include <proto/pager.h>

/* PAGE_SIZE is the kernel's; a range that begins within a page is an error by POSIX. */
static bool aligned(const void *address)
{
    return ((uint64_t)address & (PAGE_SIZE - 1)) == 0;
}

static int advise(const void *address, size_t length, enum pager_advice advice, uint64_t *absent)
{
    struct pager_advise request = {(uint64_t)address, length, advice};
    struct pager_count reply = {0};
    int error = pager_advise(PAGER_SESSION, &request, &reply, DEADLINE_NEVER);
    *absent = reply.count;
    return error;
}

void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
{
    struct pager_remap request = {.old = (uint64_t)address, .old_length = length, .length = new_length};
    struct pager_address reply;
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED) || length == 0 || new_length == 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    request.flags = flags & MREMAP_MAYMOVE ? PAGER_MAY_MOVE : 0;
    if (flags & MREMAP_FIXED) {
        va_list arguments;
        va_start(arguments, flags);
        request.to = (uint64_t)va_arg(arguments, void *);
        va_end(arguments);
        request.flags |= PAGER_FIXED;
    }
    int error = pager_remap(PAGER_SESSION, &request, &reply, DEADLINE_NEVER);
    if (error) {
        error_result(error);
        return MAP_FAILED;
    }
    return (void *)reply.address;
}

int mincore(void *address, size_t length, unsigned char *pages)
{
    if (!aligned(address))
        return fail(EINVAL);
    size_t left = length / PAGE_SIZE + (length % PAGE_SIZE != 0);
    for (uint64_t at = (uint64_t)address; left > 0;) {
        size_t n = left < PAGER_RESIDENCY_MAX ? left : PAGER_RESIDENCY_MAX;
        struct ipc_transfer transfer = {.out = pages, .out_len = (uint32_t)n};
        int error = pager_residency_with(PAGER_SESSION, &(struct pager_address){at}, NULL, &transfer);
        if (error)
            return error_result(error == E_INVAL ? E_NOMEM : error);
        pages += n;
        left -= n;
        at += n * PAGE_SIZE;
    }
    return 0;
}

static int advice_error(void *address, size_t length, int advice)
{
    uint64_t absent;
    enum pager_advice what = 0;
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL: break;
    case MADV_WILLNEED: what = PAGER_FETCH; break;
    case MADV_DONTNEED: what = PAGER_DISCARD; break;
    case MADV_HUGEPAGE: what = PAGER_LARGE_PAGES; break;
    case MADV_NOHUGEPAGE: what = PAGER_SMALL_PAGES; break;
    default: return E_INVAL;
    }
    if (!aligned(address))
        return E_INVAL;
    return length == 0 || !what ? 0 : advise(address, length, what, &absent);
}

int madvise(void *address, size_t length, int advice)
{
    return error_result(advice_error(address, length, advice));
}

/* POSIX's DONTNEED does not allow contents to be lost. */
int posix_madvise(void *address, size_t length, int advice)
{
    int error = advice_error(address, length, advice == POSIX_MADV_DONTNEED ? MADV_NORMAL : advice);
    return error ? error_number(error) : 0;
}

/* What comes from files is brought by touching it: whoever waits for it is this thread, not the pager. */
static void touch_pages(const void *address, size_t length)
{
    for (uint64_t at = (uint64_t)address & -PAGE_SIZE; at < (uint64_t)address + length; at += PAGE_SIZE)
        (void)sys_touch(at, 0);
}

int mlock(const void *address, size_t length)
{
    uint64_t absent, start = (uint64_t)address & -PAGE_SIZE;
    if (length == 0)
        return 0;
    int error = advise((void *)start, length + ((uint64_t)address - start), PAGER_LOCK, &absent);
    if (!error && absent > 0)
        touch_pages(address, length);
    return error_result(error == E_INVAL ? E_NOMEM : error);
}

int munlock(const void *address, size_t length)
{
    uint64_t absent, start = (uint64_t)address & -PAGE_SIZE;
    if (length == 0)
        return 0;
    int error = advise((void *)start, length + ((uint64_t)address - start), PAGER_UNLOCK, &absent);
    return error_result(error == E_INVAL ? E_NOMEM : error);
}

int mlockall(int flags)
{
    uint64_t absent;
    int error = 0;
    if (flags == 0 || flags & ~(MCL_CURRENT | MCL_FUTURE))
        return fail(EINVAL);
    if (flags & MCL_CURRENT)
        error = advise(NULL, 0, PAGER_LOCK_ALL, &absent);
    if (!error && flags & MCL_FUTURE)
        error = advise(NULL, 0, PAGER_LOCK_FUTURE, &absent);
    return error_result(error);
}

int munlockall(void)
{
    uint64_t absent;
    return error_result(advise(NULL, 0, PAGER_UNLOCK_ALL, &absent));
}

/* Stores to a shared mapping are in the file at once, so that MS_INVALIDATE has nothing to do but to look for
 * locked pages. What is left is to have them written to the file's disk. */
int msync(void *address, size_t length, int flags)
{
    uint64_t absent;
    if (!aligned(address) || flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return fail(EINVAL);
    if (length == 0)
        return 0;
    int error = flags & MS_INVALIDATE ? advise(address, length, PAGER_INVALIDATE, &absent) : 0;
    if (!error)
        error = advise(address, length, flags & MS_SYNC ? PAGER_SYNC : PAGER_SYNC_LATER, &absent);
    return error_result(error);
}
