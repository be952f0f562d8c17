/* Page faults: from an address to a frame, and what the kernel is told. */
#ifndef PAGER_FAULT_H
#define PAGER_FAULT_H

#include "object.h"
#include "space.h"
#include "wait.h"

/* What has to be done to a space so that a page can be used. */
enum plan_action {
    PLAN_READY,   /* nothing: `frame` can be used as it is */
    PLAN_SET,     /* an entry where there is none; holds a count of the frame */
    PLAN_REPLACE, /* the private copy takes the place of `old`, whose count goes then */
    PLAN_PROTECT, /* the entry may be written from now on */
};
struct plan {
    enum plan_action action;
    vaddr_t va;
    frame_t frame, old;
    uint32_t prot;    /* of the entry */
    uint32_t missing; /* level of the first missing table, or 0 */
    union {
        struct request *request;  /* PAGE_WAIT: who brings the page */
        struct channel *manager;  /* PAGE_ROOM: in whose room it is to be stored to */
        struct waiter_list *fill; /* PAGE_FILL: who waits for 2 MiB of zeros */
    };
};

enum page_wish {
    PAGE_WRITE = 1 << 0,
    PAGE_FORCE = 1 << 1, /* an admin's access: the region's protection does not count */
};
#define PAGE_WAIT (-1)
#define PAGE_ROOM (-2)
#define PAGE_FILL (-3) /* fault.c alone */

/* Find or make the frame for a page of a region. 0; PAGE_WAIT or PAGE_ROOM; or an enum
 * pager_exception_code. */
int page_plan(struct space *space, struct region *region, vaddr_t va, uint32_t wish, struct plan *plan);
/* One of the three: put a waiter where the plan says. */
void page_wait(int code, const struct plan *plan, struct waiter *w);
/* Carry it out. On error the plan's counts are given back. */
int page_apply(struct space *space, const struct plan *plan);

struct fault_answer {
    uint32_t label; /* enum fault_reply */
    uint64_t word[3];
};
#define FAULT_LATER (-1)

/* Tests turn it off, to compare: frequent faults take a short way to the same answer. */
#ifdef OUROS_HOST
extern bool fault_looks_first;
#else
enum { fault_looks_first = true };
#endif

/* A page fault of the present caller. 0: *out is the answer; FAULT_LATER: it was deferred. */
int fault_handle(const struct fault *fault, struct fault_answer *out);
/* The last answer has been carried out: at the beginning of each message. */
void fault_settle(void);
/* The kernel refused the last answer. */
void fault_refused(int error, struct fault_answer *out);
/* An exception of the present caller: the same. */
int fault_exception(uint64_t space, uint32_t thread, uint32_t vector, vaddr_t rip, vaddr_t address,
                    struct fault_answer *out);
/* The page that a waiter waited for has come, or may be asked for again. */
void fault_retry(struct waiter *w);
/* It will not come. code: enum pager_exception_code. */
void fault_fail(struct waiter *w, uint32_t code);

/* space_read, space_write: copy between the present caller's buffer and a space. *done: bytes. 0;
 * PAGER_PARKED: the caller is answered later; E_FAULT, E_NOMEM, E_IO, E_TOUCH. */
int remote_copy(struct space *space, uint32_t thread, vaddr_t address, uint64_t length, uint32_t wish,
                uint64_t *done);
/* Bring all pages of [start, end) in now; those that a manager has to bring are counted in *absent. E_NOMEM,
 * E_QUOTA, E_IO. */
int region_populate(struct space *space, vaddr_t start, vaddr_t end, uint64_t *absent);

/* Pages from a manager: the present caller's in-buffer, or why there are none. */
int object_supply(struct object *object, uint64_t offset, uint32_t status, uint64_t length);

/* The present caller's out-buffer gets the object's bytes from `offset` on, zeros behind its end, up to the
 * first page that is not in memory. *count: bytes. E_NOENT: that is the first one; E_INVAL, E_TOUCH. */
int object_read(const struct object *object, uint64_t offset, uint64_t length, uint64_t *count);

struct fault_counts {
    uint64_t faults, cow, page_ins, forks;
};
extern struct fault_counts fault_counts;

#endif
