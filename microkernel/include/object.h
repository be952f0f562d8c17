/* Kernel objects: the common head, references, accounts of kernel memory, and destruction in steps.
 *
 * Invariants
 * O1 refs counts handles, and pointers held by other objects; an object with refs 0 is on the list of what
 *    ends.
 * O2 destruction never recurses: object_put only queues, object_reap does one bounded step at a time.
 * O3 every byte from kmem_alloc is charged to one account until it is given back. */
#pragma once

#include <ouros/syscall.h>
#include <list.h>

/* Leave the function with the error of a step that failed. */
#define TRY(step)               \
    do {                        \
        int error_in_ = (step); \
        if (error_in_)          \
            return error_in_;   \
    } while (0)

/* A guard: leave the function with `error` if the condition holds. */
#define FAIL_IF(condition, error) \
    do {                          \
        if (condition)            \
            return error;         \
    } while (0)

struct account {
    uint64_t used, limit; /* bytes */
    uint32_t refs;        /* the task, and every object charged */
};

struct object {
    uint8_t kind; /* enum object_kind */
    bool doomed;  /* nobody refers to it any more */
    uint32_t refs;
    struct account *account; /* charged; holds a reference */
    struct list ending;
};

/* Take memory for an object of `size` bytes, zeroed, charged to `account`, with one reference; `out` is the
 * address of a pointer to its type. E_QUOTA, E_KMEM. */
int object_create(struct account *account, enum object_kind kind, size_t size, void *out);

static inline void object_get(struct object *object)
{
    object->refs++;
}

/* A handle or kept reference with `rights` appears or goes: references, and what closing means for the kind.
 */
void object_open(struct object *object, uint32_t rights);
void object_close(struct object *object, uint32_t rights);

/* Give one reference back; the last one queues the object for destruction. */
void object_put(struct object *object);

/* A task or port died: it is taken apart in steps, and referred to meanwhile. */
void object_end(struct object *object);
/* One bounded step for the first of what died or is to be destroyed. */
extern struct list object_ending;
void object_reap(void);

/* What the kernel counts, as kernel_info gives it; the times are filled in then. */
extern struct kernel_stats stats;

extern struct account account_nobody; /* pays for what no task pays for: no limit, and never goes */
int account_create(uint64_t limit, struct account **out); /* E_KMEM */
void account_put(struct account *account);                /* NULL: nothing to do */
/* Charge bytes: 0 or E_QUOTA. */
int account_charge(struct account *account, uint64_t bytes);
void account_refund(struct account *account, uint64_t bytes);

/* ---- kernel memory: slabs of 4 KiB cut from KERNEL blocks ---- */
/* Zeroed memory, 16-byte aligned (page aligned for 4096), size 1 to 4096, charged to account. `out`
 * is the address of a pointer. E_QUOTA, E_KMEM. */
int kmem_alloc(struct account *account, size_t size, void *out);
/* Give it back; size as it was asked for. */
void kmem_free(struct account *account, void *memory, size_t size);

/* Check slabs, blocks and table records; panics when broken. Does nothing in release builds. */
void kmem_audit(void);
