/* Memory that a server shares with its clients: a memory object of the pager, mapped on both sides, given as a
 * handle in a reply or with a request.
 *
 * Who has it mapped to write may change it at any moment: read a value once, check it, use the copy. Its size
 * never changes. A server's own mapping is resident, so it never waits for its pages. */
#ifndef IPC_SHARED_H
#define IPC_SHARED_H

#include <ouros/types.h>
#include <stddef.h>

struct ipc_request;

struct ipc_shared { /* all zeros: none */
    handle_t object;
    void *memory;
    size_t size; /* bytes */
};

/* New, of zeros, mapped to read and write. E_NOMEM. */
int ipc_shared_create(struct ipc_shared *shared, size_t size);

/* What somebody else gave: its handle becomes *shared's if this succeeds. `prot`: VMS_READ, or VMS_READ |
 * VMS_WRITE; E_RIGHTS: the handle does not allow it. */
int ipc_shared_map(struct ipc_shared *shared, handle_t object, size_t size, uint32_t prot);

/* What a former instance of this server kept under `key` (from 1, below IPC_KEEP_KEYS), or new and kept from now
 * on: it is there again, contents and all, after a restart. `size` has to be the same each time. */
int ipc_shared_keep(struct ipc_shared *shared, uint32_t key, size_t size);

/* Unmap it and give the handle up; the memory itself goes with the last handle and mapping. */
void ipc_shared_end(struct ipc_shared *shared);

/* Give it in the reply to *r, with no more than `prot`. E_FULL beyond four handles. */
int ipc_give_shared(struct ipc_request *r, const struct ipc_shared *shared, uint32_t prot);

#endif
