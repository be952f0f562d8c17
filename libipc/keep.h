/* State that outlives an instance: a region of memory with two images of it, and a word that says which one
 * counts. Memory only; server_keep.c does what concerns the kernel.
 *
 * K1  region->live is stored last, and it is one store: at every instruction the image that counts has the
 *     state, the results and the last notice of the same moment, so a death loses all of a message or
 * nothing. K2  A result is in the image from the commit of the change that it answers for, until its caller
 * has it: only for that long can the caller be told E_RESTARTED and ask again. What other instances left
 * unclaimed stays until it is asked for or its session is closed; or until KEEP_RESULTS of them have nobody
 * who asks. K3  Working copies (`now`, `state`) belong to the loop's thread; nobody else reads or writes the
 * region. */
#ifndef IPC_KEEP_H
#define IPC_KEEP_H

#include <ouros/message.h>
#include <stddef.h>

enum { KEEP_RESULTS = 64, KEEP_CLIENTS = 128 };

struct keep_result {
    uint64_t badge; /* 0: free */
    uint32_t thread, seq;
    uint32_t status, handle_count; /* the handles lie in the port's keep table */
    uint64_t words[IPC_WORDS];
};

struct keep_client { /* ipc_client of a state that lies in the kept memory */
    uint64_t badge;  /* 0: free */
    uint64_t offset; /* in the server's state */
};

struct keep_image {  /* the server's state follows */
    uint64_t notice; /* id of the last notice whose hook has returned */
    uint64_t victim; /* of the results, should all be unclaimed */
    struct keep_result results[KEEP_RESULTS];
    struct keep_client clients[KEEP_CLIENTS];
};

struct keep_region {
    uint64_t magic, size; /* of the server's state: another size is another server */
    uint64_t live;        /* 0 or 1: the image that counts (K1) */
    uint64_t pad;
};

struct keep {
    struct keep_region *region;
    struct keep_image *now; /* libipc's part as it is to be at the next commit */
    void *state;            /* the server's part, likewise */
    size_t size;            /* of `state`, bytes */
    uint64_t given;         /* bit i: results[i] is being answered by this instance */
    uint32_t unclaimed;     /* results of former instances */
    bool changed;           /* *now is not what is committed */
};

/* Bytes of a region for a state of `size` bytes. */
size_t keep_bytes(size_t size);

/* Make zero-filled memory a region whose state is *k->state. */
void keep_create(struct keep *k);

/* Take over what the region says. E_INVAL: it is no region, or one of another size; nothing has changed. */
int keep_load(struct keep *k);

/* Publish *now and the state, both or neither, if either has changed. */
void keep_commit(struct keep *k);

/* The state as it was at the last commit. */
void keep_undo(struct keep *k);

/* A free result, or else one of a former instance, in turn. Its number in results. */
uint32_t keep_result_new(struct keep *k);

/* The unclaimed result of this very call, or KEEP_RESULTS. It counts as being answered from now on. */
uint32_t keep_result_find(struct keep *k, uint64_t badge, uint32_t thread, uint32_t seq);

/* Its caller has it. */
void keep_result_free(struct keep *k, uint32_t i);

/* Remember that the session's state is the one at `offset`, or (state null in ipc_client_set) that it has
 * none. E_FULL beyond KEEP_CLIENTS. */
int keep_client_set(struct keep *k, uint64_t badge, uint64_t offset);
void keep_client_forget(struct keep *k, uint64_t badge);

#endif
