/* A server's heap. Thread-safe. Blocks are aligned to 16 bytes; pages come from the pager, resident, so that
 * no later fault can make a core server wait. */
#ifndef IPC_HEAP_H
#define IPC_HEAP_H

#include <stddef.h>

void *ipc_alloc(size_t size);  /* null when there is no memory; never for want of a size: 0 is 1 */
void *ipc_zalloc(size_t size); /* filled with zeros */
void *ipc_realloc(void *block, size_t size);
void ipc_free(void *block); /* null is allowed */

/* Where the heap's pages come from: whole pages, zeroed, aligned to a page. A server that cannot ask the
 * pager (the pager) names its own source before the first allocation. */
struct ipc_page_source {
    void *(*take)(size_t bytes); /* null: none */
    void (*give_back)(void *pages, size_t bytes);
};
extern const struct ipc_page_source ipc_pager_pages; /* what is used otherwise */
void ipc_heap_source(const struct ipc_page_source *source);

size_t ipc_block_bytes(const void *block); /* that it takes of the heap; 0 for null */

/* Bytes handed out and bytes taken from the source, now. */
void ipc_heap_usage(size_t *used, size_t *taken);

#endif
