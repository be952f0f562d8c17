/* Spaces and their regions.
 *
 * Invariants (check.c tests them)
 * S1 regions of a space do not overlap, lie in [USER_MIN, USER_END) and are page aligned; tree and list
 *    agree.
 * S2 the page tables are the only record of which private frames a space has: each present leaf entry lies
 *    in a region, and holds one count of its frame (regions of devices and of DMA memory: none).
 * S3 an entry may be writable only if its region is, and if the frame is the space's own (FRAME_ANON, count
 *    1), the page of a shared object (then FRAME_DIRTY or FRAME_LENT, if the object has a manager), lent by
 *    the space, or DMA memory.
 * S4 an entry leaves the tables, and the translation buffers, before its frame is given back.
 * S5 committed pages over all spaces and objects never exceed frame_usable() when a call adds to them. */
#ifndef PAGER_SPACE_H
#define PAGER_SPACE_H

#include <proto/pager.h>

#include "block.h"

#define SPACE_MAX       PAGER_UPPER_MAX
#define REGION_MAX      16384u /* of one space */
#define STACK_COMMITTED 16u    /* pages that a growing stack counts for */

struct object;
struct channel;

/* Beside the flags that came with the request. */
enum region_flag {
    REGION_DEVICE = 1 << 16,
    REGION_DMA = 1 << 17,
    REGION_LOW_GUARD = 1 << 18, /* the lowest page of a stack */
    REGION_CHARGED = 1 << 19,   /* counted as committed: private, and writable at some time */
    REGION_LOCKED = 1 << 20,    /* mlock: its pages stay in memory */
};
#define REGION_KEPT_FLAGS                                                                              \
    (PAGER_SHARED | PAGER_RESIDENT | PAGER_GUARD | PAGER_STACK | PAGER_NO_INHERIT | PAGER_NO_RESERVE | \
     PAGER_SMALL)
/* Charged by what is touched, not by size. */
#define REGION_LAZY (PAGER_STACK | PAGER_NO_RESERVE)
/* A first touch of such a region is not just a frame. */
#define REGION_SPECIAL \
    (PAGER_SHARED | PAGER_GUARD | REGION_LAZY | REGION_DEVICE | REGION_DMA | REGION_LOW_GUARD)

struct region {
    struct region *left, *right; /* treap by start */
    uint32_t priority;
    uint32_t prot;              /* enum vms_prot */
    uint32_t flags;             /* enum pager_map_flag (REGION_KEPT_FLAGS) and enum region_flag */
    uint32_t limit;             /* protection that may be asked for */
    uint32_t around;            /* pages that the last sequential fault brought */
    uint64_t touched;           /* REGION_LAZY: pages that were written, at least */
    struct region *next, *prev; /* by address */
    vaddr_t start, end;
    vaddr_t next_fault; /* where a sequential fault would come */
    struct space *space;
    struct object *object; /* NULL: anonymous */
    uint64_t offset;       /* of start in the object, bytes */
    struct region *object_next, *object_prev;
};

/* What a space may have: pages, UINT64_MAX: no limit (struct pager_limits). Kernel memory is limited by its
 * task's account. */
struct space_limits {
    uint64_t size, data, stack, locked;
};

struct space {
    uint64_t id;
    uint32_t index; /* in the table of spaces, and in V */
    uint32_t slot;  /* L0 slot of the leaf view, 0: none now */
    uint64_t used;  /* when the view was last needed */
    vaddr_t linked; /* of a leaf table that is there: the first address it maps, plus 1; 0: unknown */
    handle_t task;
    uint64_t badge;        /* of the space session */
    struct channel *admin; /* exceptions go there; NULL: its session is gone */
    struct region *root, *first, *last, *hit;
    uint32_t region_count;
    bool dying;       /* TASK_DEAD has come */
    bool lock_future; /* regions to come are locked */
    uint64_t pages;   /* in regions, guards not counted */
    uint64_t charged; /* committed */
    uint64_t locked;  /* pages of REGION_LOCKED regions */
    uint32_t huge;    /* entries of 2 MiB */
    uint32_t forks;   /* of which it was the parent */
    uint64_t objects; /* pages committed for memory objects that it made, and that are there yet */
    struct space_limits limit;
    vaddr_t hole; /* no page is free in [USER_MMAP_BASE, hole) */
};

extern uint64_t space_committed; /* pages, all spaces and objects */
extern uint32_t space_count;

/* ---- tables.c: reading by views, writing in batches ---- */

/* Leaf tables that fork has shared, and that were made a space's own again. */
extern struct table_counts {
    uint64_t shared, unshared;
} table_counts;

/* Make the space's views usable. Entries may be read until another space is viewed. */
void tables_view(struct space *space);
/* The leaf entry of va, 0 if absent. *missing: the level of the first missing table (1 to 3); 0: none, and
 * the leaf table is the space's own; TABLE_SHARED: it may only be read; TABLE_HUGE: there is none, the entry
 * is what one of a huge page's would be. */
#define TABLE_SHARED (PTEP_LEAF + 1)
#define TABLE_HUGE   (PTEP_LEAF + 2)
pte_t tables_entry(struct space *space, vaddr_t va, uint32_t *missing);
/* Is the leaf table of va known to be there, the space's own, and in view? */
static inline bool tables_at_hand(const struct space *space, vaddr_t va)
{
    return space->linked == (va & ~(HUGE_SIZE - 1)) + 1 && space->slot;
}
/* The leaf table that tables_next has found at va. *own: it may be changed. */
frame_t tables_leaf(struct space *space, vaddr_t va, bool *own);
/* The first entry from i on, below count, that is not empty; or count. */
static inline uint32_t tables_live(ptep_t leaf, uint32_t i, uint32_t count)
{
    enum { RUN = 16 }; /* entries looked at together where many are empty */
    for (; i < count; i++) {
        const pte_t *e = (const pte_t *)leaf + i; /* not volatile: A and D do not matter here */
        if (*e)
            break;
        if (i % RUN || i + RUN > count)
            continue;
        pte_t any = 0;
#pragma GCC unroll 16
        for (uint32_t k = 1; k < RUN; k++)
            any |= e[k];
        i += any ? 0 : RUN - 1;
    }
    return i;
}
/* Make the leaf table of va, which is there, the space's own: before it is changed, and before a frame's
 * count says who may write it. E_NOMEM. */
int tables_own(struct space *space, vaddr_t va);
/* Link what tables are missing for va, and own the leaf table. E_NOMEM, E_QUOTA, E_DEAD. */
int tables_link(struct space *space, vaddr_t va);
/* The same where the first missing level is known (1 to 3). */
int tables_link_from(struct space *space, vaddr_t va, uint32_t missing);
/* The next leaf table of [*va, end): *va moves to what it maps, *count entries from *leaf on. False: no more.
 */
bool tables_next(struct space *space, vaddr_t *va, vaddr_t end, ptep_t *leaf, uint32_t *count);
/* The same, and stops at huge entries too: then *leaf is 0 and *huge the entry, of *va's span. */
bool tables_next_any(struct space *space, vaddr_t *va, vaddr_t end, ptep_t *leaf, uint32_t *count,
                     pte_t *huge);
/* Take all tables of a space that no thread has away, and the counts of its entries but for pinned frames. */
void tables_drop(struct space *space);

/* Operations for one space, sent together. SET operations that are refused give their counts back; the first
 * error is kept. */
struct batch {
    struct space *space;
    uint32_t count;
    int error;
    struct vms_op op[VMS_BATCH_MAX];
};
static inline void batch_begin(struct batch *b, struct space *space)
{
    b->space = space;
    b->count = 0;
    b->error = 0;
}
struct vms_op *batch_next(struct batch *b); /* room for one, all zero */
/* Set an entry: neighbours of it will be one operation with it, or (batch_set_one) not, which is faster for a few. */
static inline void batch_set_one(struct batch *b, vaddr_t va, frame_t frame, uint32_t prot)
{
    *batch_next(b) = (struct vms_op){
        VMS_SET, PTEP_LEAF, (uint8_t)prot, 0, 1, va, (paddr_t)frame << PAGE_SHIFT, HANDLE_NONE, 0};
}
void batch_set(struct batch *b, vaddr_t va, frame_t frame, uint32_t prot, uint32_t flags);
void batch_op(struct batch *b, enum vms_opcode op, uint32_t level, vaddr_t va, uint32_t count, uint32_t prot);
/* Link the leaf table of va of another space here too. */
void batch_share(struct batch *b, vaddr_t va, struct space *from);
/* Carry out what is left; returns the first error since batch_begin. */
int batch_flush(struct batch *b);

/* Frames whose mappings a batch removes; their counts go once it is carried out. */
#define GATHER_MAX 1024u
struct gather {
    struct batch batch;
    uint32_t flags; /* enum clear_flag */
    uint32_t frames;
    frame_t frame[GATHER_MAX];
};
enum clear_flag {
    CLEAR_COUNTED = 1 << 0, /* the entries hold counts of frames, but for those of devices */
    CLEAR_UNLINK = 1 << 1,  /* take tables away that no region outside of the range needs */
};
/* Own the tables with entries in [start, end), but for those that tables_clear with the same flags takes
 * away. E_NOMEM: some may be owned, and nothing else has changed. */
int tables_own_range(struct space *space, vaddr_t start, vaddr_t end, uint32_t flags);
/* Clear the entries of [start, end). */
void tables_clear(struct space *space, vaddr_t start, vaddr_t end, uint32_t flags);

/* ---- huge.c: pages of 2 MiB ---- */

extern uint64_t huge_pages; /* entries in all spaces */
/* May a huge page be at va, and is nothing there yet? */
bool huge_may(struct space *space, const struct region *region, vaddr_t va);
/* Where it may, show a block that was claimed and is ready. False: there is no table for it, or nothing more can be
 * promised; the block is given back. */
bool huge_set(struct space *space, struct region *region, vaddr_t va, frame_t first);
/* Give such a block back. */
void huge_forget(frame_t first);
/* The next huge entry of [*va, end): *va moves to its beginning. False: no more. */
bool huge_next(struct space *space, vaddr_t *va, vaddr_t end, pte_t *entry);
/* If va lies in a huge page: the same by 512 entries. E_NOMEM, E_QUOTA: no table, and nothing has changed. */
int huge_split(struct space *space, vaddr_t va);
int huge_split_all(struct space *space, vaddr_t start, vaddr_t end);
/* A page of a huge one is to be written: it may be if it is this space's alone, and else is split. */
int huge_own(struct space *space, const struct region *region, vaddr_t va);
/* One goes with its space. */
void huge_drop(struct space *space, pte_t entry);
/* Clear those that begin in [start, end), all of which are within. */
void huge_clear(struct space *space, vaddr_t start, vaddr_t end);
/* Give those of a region its protection. */
int huge_protect(struct space *space, const struct region *region);
struct batch;
/* fork: the child has it too, nobody may write. Its tables are linked, or in the batch. */
void huge_share(struct batch *parent, struct batch *child, const struct region *region, vaddr_t va,
                pte_t entry);
/* It was not carried out. */
void huge_unshare_failed(struct space *child, paddr_t pa);
uint64_t huge_count(struct space *space, vaddr_t start, vaddr_t end);

/* ---- region.c ---- */

/* The region that contains va, or NULL. */
struct region *region_find(struct space *space, vaddr_t va);
/* The first region that ends above va, or NULL. */
struct region *region_from(struct space *space, vaddr_t va);
/* Put a region in (its range is free): takes it over, or merges it with a neighbour. */
void region_insert(struct space *space, struct region *region);
/* Take it out and free it. */
void region_remove(struct space *space, struct region *region);
/* Cut the regions that contain start or end in two. E_NOMEM. */
int region_cut(struct space *space, vaddr_t start, vaddr_t end);
/* Join a region with those beside it that continue it. */
void region_merge(struct space *space, struct region *region);
/* Put a region in without joining it to its neighbours. */
void region_insert_apart(struct space *space, struct region *region);
/* Give a region another end (what is between is free, or unmapped already), or other flags. */
void region_change(struct region *region, vaddr_t end, uint32_t flags);
/* Pages of it are about to be written for the first time: those that no promise covers are committed now.
 * E_NOMEM. */
int region_touch(struct region *region, uint64_t pages);
/* Pages of a REGION_LAZY region have gone: count what is left. */
void region_recount(struct region *region);
/* A record like this one, for [start, end). NULL: no memory, or too many. */
struct region *region_copy(struct space *space, const struct region *from, vaddr_t start, vaddr_t end);
#define PROT_ANY (VMS_READ | VMS_WRITE | VMS_EXEC)
static inline uint32_t prot_normal(uint32_t prot)
{
    return prot & (VMS_WRITE | VMS_EXEC) ? prot | VMS_READ : prot;
}
static inline bool region_is_charged(const struct region *r)
{
    return r->prot & VMS_WRITE && !(r->flags & (PAGER_SHARED | REGION_DEVICE | REGION_DMA));
}
static inline bool region_is_plain(const struct region *r)
{
    return !(r->flags & (PAGER_GUARD | PAGER_RESIDENT | REGION_DEVICE | REGION_DMA));
}
/* No access there: a guard, the lowest page of a stack, or what is beyond the stack's limit. */
bool region_guards(const struct region *region, vaddr_t va);
struct region *region_new(void);
void region_discard(struct region *region);
uint32_t region_live(void);
/* A free range of `length` bytes: at the hint, else the first one above it, else the first of all. E_NOMEM.
 */
int region_place(struct space *space, vaddr_t hint, uint64_t length, vaddr_t *out);
/* Committed pages of a region with these attributes. */
uint64_t region_charge(const struct region *region);
static inline uint64_t region_pages(const struct region *r)
{
    return (r->end - r->start) >> PAGE_SHIFT;
}

/* ---- space.c ---- */

/* What map, space_map, map_device and map_dma ask for. */
struct mapping {
    vaddr_t address;
    uint64_t length, offset;
    uint32_t prot, flags; /* enum pager_map_flag, enum region_flag */
    uint32_t limit;       /* protection that may be asked for later */
    struct object *object;
};

/* The space of a task, whose handle is taken over (on error it is closed), and a session for it. E_FULL,
 * E_NOMEM, or the kernel's error. */
int space_create(handle_t task, struct channel *admin, handle_t *session, struct space **out);
/* The task is dead: give everything back, its handle last. */
void space_destroy(struct space *space);
extern struct space *space_table[SPACE_MAX]; /* by index */
static inline struct space *space_by_index(uint32_t index)
{
    return index < SPACE_MAX ? space_table[index] : NULL;
}
static inline struct space *space_by_id(uint64_t id)
{
    struct space *space = space_by_index(id & 0xffff);
    return space && space->id == id ? space : NULL;
}

int space_map(struct space *space, const struct mapping *m, vaddr_t *out);
int space_unmap(struct space *space, vaddr_t start, uint64_t length);
int space_protect(struct space *space, vaddr_t start, uint64_t length, uint32_t prot);
/* A device object's memory. */
int space_map_device(struct space *space, const struct mapping *m, handle_t device, vaddr_t *out);
/* Contiguous pinned memory for the present caller (dma.c). 0: *out is the answer; PAGER_PARKED: it comes later;
 * E_INVAL, E_NOMEM, E_QUOTA. */
int space_map_dma(struct space *space, uint32_t thread, const struct pager_dma *ask,
                  struct pager_dma_reply *out);
/* Frames promised to what is being made: they count among the committed ones. */
extern uint64_t dma_promised;
/* The DMA memory of a dying space: kept until its device is silent. */
void space_quarantine(struct space *space, const struct region *r);
/* The DMA memory of a dead space may be used again. */
void space_dma_release(uint64_t id);
/* May `pages` more be committed, and by this space (NULL: nobody's)? 0 or E_NOMEM. */
int space_commit(const struct space *space, uint64_t pages);
/* `more` beside `used`, within the limit? 0 or E_NOMEM. */
static inline int space_within(uint64_t limit, uint64_t used, uint64_t more)
{
    return more == 0 || (used <= limit && more <= limit - used) ? 0 : E_NOMEM;
}
/* A copy of the parent in a new task, private pages shared until written. */
int space_fork(struct space *parent, handle_t task, struct channel *admin, handle_t *session,
               struct space **out);
/* Move [old, old + old_length), all of one region, or change its length: in place where that can be, else to
 * another place with PAGER_MAY_MOVE, to `to` with PAGER_FIXED. E_INVAL, E_FAULT, E_NOMEM, E_QUOTA. */
int space_remap(struct space *space, const struct pager_remap *ask, vaddr_t *out);
/* What is said about a range. *absent: pages of files that a PAGER_LOCK has asked for and are not there yet.
 * E_INVAL, E_NOMEM (a part of the range is not mapped, or memory for the lock is not to be had). */
int space_advise(struct space *space, const struct pager_advise *ask, uint64_t *absent);
/* For each page from `start` on: is it in memory? E_INVAL, E_NOMEM: not all is mapped. */
int space_residency(struct space *space, vaddr_t start, uint32_t pages, uint8_t *out);
/* Page aligned, not empty, and in the user's half. */
bool range_valid(vaddr_t start, uint64_t length);
/* Regions without a hole. */
bool range_mapped(struct space *space, vaddr_t start, vaddr_t end);
/* Present pages and leaf tables of [start, end). */
void space_resident(struct space *space, vaddr_t start, vaddr_t end, uint64_t *pages, uint64_t *tables);

#endif
