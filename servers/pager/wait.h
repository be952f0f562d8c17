/* Who waits for an answer of the pager's: faults and requests that need a page, parked calls, exceptions.
 *
 * Invariants
 * W1 a waiter holds the caller's reply as a handle; it is answered, or closed, exactly once, and then
 *    freed.
 * W2 a waiter is on one list: a request's (for a page), a channel's `parked`, `pending` or `room`, an
 *    object's `syncs`, one of writeback.c's own, or on none (an exception that was handed out). All are chained, so that a cancelled or dead thread's is found. */
#ifndef PAGER_WAIT_H
#define PAGER_WAIT_H

#include <proto/pager.h>

#include "machine.h"

struct object;
struct request;
struct space;
struct waiter;

struct waiter_list {
    struct waiter *first, *last;
};

enum waiter_kind {
    WAIT_FAULT,
    WAIT_COPY /* space_read, space_write: they call again */,
    WAIT_EXCEPTION,
    WAIT_NEXT,
    WAIT_SYNC, /* advise: for pages to be written */
    WAIT_DMA
};

/* A fault, as the kernel told it. */
struct fault {
    uint64_t space; /* id */
    uint32_t thread;
    uint32_t access; /* enum fault_access */
    vaddr_t va, rip;
};

/* What an advise still has to see written. */
struct sync {
    uint64_t space; /* id */
    vaddr_t at, end;
    int error; /* of what is written, or was to be */
};

struct waiter {
    struct waiter_list *list; /* the one it is on, or NULL */
    struct waiter *next, *prev;
    struct waiter *all_next, *all_prev;
    enum waiter_kind kind;
    handle_t reply;
    uint32_t thread; /* of the caller */
    uint32_t tries;  /* how often it has waited for memory */
    union {
        struct fault fault;
        struct {
            uint64_t space; /* id */
            bool out;       /* from the space to the caller */
        } copy;
        struct pager_exception exception;
        struct sync sync;
        struct {
            uint64_t space; /* id */
            uint64_t length, limit, align;
        } dma;
    };
};

/* Where a privileged session is told of things. */
enum channel_kind { CHANNEL_NONE, CHANNEL_ADMIN, CHANNEL_MANAGER };
struct channel {
    uint8_t kind;
    bool boot; /* init's: when nobody is parked, exceptions end the task at once */
    uint64_t badge;
    struct waiter_list parked;                    /* next_exception or next_request calls */
    struct waiter_list pending;                   /* exceptions that nobody took yet */
    struct request *request_first, *request_last; /* page-ins to hand out */
    struct object *unused;                        /* objects to report */
    uint64_t lender;                              /* MANAGER: id of the space whose pages it lends, or 0 */
    /* MANAGER, its objects' pages that are not clean: writeback.h */
    struct object *dirty_first, *dirty_last; /* objects that have some */
    uint64_t dirty, under_way;               /* pages; of those: asked or writing */
    struct waiter_list room;                 /* who waits to make one more dirty */
    bool moved;  /* something was written, or somebody new waits, since the last ask */
    bool writes; /* page-ins and write-backs are handed out in turn */
};

/* Tags of sessions: what lies in the low 24 bits of a badge. */
enum session_kind { SESSION_SPACE = 1, SESSION_ADMIN, SESSION_MANAGER, SESSION_OBJECT };
#define SESSION_TAG(kind, index) ((uint32_t)(kind) << 20 | (index))
#define SESSION_KIND(badge)      ((uint32_t)(badge) >> 20 & 15)
#define SESSION_INDEX(badge)     ((uint32_t)(badge)&0xfffff)

/* A list's last. */
void waiter_enlist(struct waiter_list *list, struct waiter *w);
void waiter_unlist(struct waiter *w);
/* Defer the present caller: a waiter with its reply, on no list. E_NOMEM, or the kernel's error. */
int waiter_new(enum waiter_kind kind, uint32_t thread, struct waiter **out);
/* The reply was used up. */
void waiter_free(struct waiter *w);
/* Answer with an error (or 0) and words, and free. */
void waiter_answer(struct waiter *w, uint32_t label, const uint64_t *words, uint32_t count);
uint32_t waiter_live(void);

/* A new session for an admin or a manager. E_FULL, or the kernel's error. */
int channel_create(enum channel_kind kind, handle_t *session, struct channel **out);
struct channel *channel_by_badge(uint64_t badge);
/* The manager at index *i or the next one behind it; *i moves on. NULL: there is none. */
struct channel *channel_manager(uint32_t *i);
/* Its last handle is gone. */
void channel_closed(struct channel *channel);
/* Park the present caller of next_exception or next_request, or answer at once: 0 and *out filled in;
 * PAGER_PARKED; or an error. */
#define PAGER_PARKED (-1)
int channel_next_exception(struct channel *channel, uint32_t thread, struct pager_exception *out);
int channel_next_request(struct channel *channel, uint32_t thread, struct pager_request *out);
/* Page-ins and objects without use were queued: hand them to parked calls. */
void channel_kick(struct channel *manager);

/* A thread did what it may not. w: its deferred fault (taken over), or NULL: it is the present caller. False:
 * nobody is to be asked, it has been logged, and the fault is to be refused (w is as it was). */
bool exception_raise(struct space *space, struct waiter *w, struct pager_exception *exception);
int exception_done(struct channel *channel, uint64_t cookie, bool resume);

/* A caller was cancelled, or its deadline passed, or it died. */
void waiters_cancel(uint32_t thread, bool died);
/* A space is gone: so are its faults and exceptions. */
void waiters_drop_space(uint64_t space);

#endif
