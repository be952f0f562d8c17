/* Memory of a server on the host: malloc, so that the sanitizers watch each block; counted, and refused when
 * a test says so. */
#include "kernel.h"
#include <ipc/heap.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static size_t used;
static int64_t left = -1;

void ipc_host_fail_after(int64_t n)
{
    __atomic_store_n(&left, n, __ATOMIC_SEQ_CST);
}

/* The server's own threads alone run short. */
bool host_no_more(void)
{
    if (__atomic_load_n(&left, __ATOMIC_SEQ_CST) < 0 || !host_self.generation)
        return false;
    if (__atomic_load_n(&left, __ATOMIC_SEQ_CST) == 0)
        return true;
    __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST);
    return false;
}

static void *counted(void *block)
{
    __atomic_add_fetch(&used, malloc_usable_size(block), __ATOMIC_RELAXED);
    return block;
}

void *ipc_alloc(size_t size)
{
    return host_no_more() ? NULL : counted(malloc(size ? size : 1));
}

void *ipc_zalloc(size_t size)
{
    return host_no_more() ? NULL : counted(calloc(1, size ? size : 1));
}

void *ipc_realloc(void *block, size_t size)
{
    if (host_no_more())
        return NULL;
    __atomic_sub_fetch(&used, malloc_usable_size(block), __ATOMIC_RELAXED);
    return counted(realloc(block, size ? size : 1));
}

void ipc_free(void *block)
{
    __atomic_sub_fetch(&used, malloc_usable_size(block), __ATOMIC_RELAXED);
    free(block);
}

size_t ipc_block_bytes(const void *block)
{
    return malloc_usable_size((void *)block);
}

void ipc_heap_usage(size_t *in_use, size_t *taken)
{
    *in_use = *taken = __atomic_load_n(&used, __ATOMIC_RELAXED);
}

void ipc_heap_source(const struct ipc_page_source *source)
{
    (void)source;
}

static void *take(size_t bytes)
{
    void *pages = host_no_more() ? NULL : aligned_alloc(PAGE_SIZE, bytes);

    return pages ? memset(pages, 0, bytes) : NULL;
}

static void give_back(void *pages, size_t bytes)
{
    (void)bytes;
    free(pages);
}

const struct ipc_page_source ipc_pager_pages = {take, give_back};
