/* Memory objects: pages that regions of several spaces show, and the requests to the managers of file
 * objects.
 *
 * Invariants
 * J1 a page of an object is a frame of kind FRAME_OBJECT in the index under (object, page); the index holds
 *    a count.
 * J2 a page that is not clean (writeback.h) is not dropped while its object lives.
 * J3 an object with neither session nor region has no pages but those; its record goes when its manager has
 *    been told (OBJECT_FILE), or at once. */
#ifndef PAGER_OBJECT_H
#define PAGER_OBJECT_H

#include "frame.h"
#include "wait.h"

struct region;
struct space;

enum object_type {
    OBJECT_ANON,   /* zero-filled, committed when made */
    OBJECT_FILE,   /* pages come from the manager */
    OBJECT_BUNDLE, /* the boot bundle */
};

/* How far a page's contents are from its manager's disk: writeback.h. */
enum page_state { PAGE_CLEAN, PAGE_DIRTY, PAGE_ASKED, PAGE_WRITING, PAGE_STATES };
static inline enum page_state page_state(uint32_t flags)
{
    return flags & FRAME_WRITEBACK ? PAGE_WRITING
           : flags & FRAME_ASKED   ? PAGE_ASKED
           : flags & FRAME_DIRTY   ? PAGE_DIRTY
                                   : PAGE_CLEAN;
}
struct page_list {
    frame_t first, last;
};
struct write_round {
    uint64_t pages; /* asked or writing */
    struct waiter_list syncs;
};

struct object {
    uint64_t id; /* serial << 20 | index */
    uint32_t index;
    uint8_t type;      /* enum object_type */
    uint32_t sessions; /* minted, and not yet closed */
    bool unused;       /* PAGER_UNUSED is to be, or has been, told */
    bool told;
    bool lent;     /* its manager lends pages: a missing one may be a hole, so it is asked for alone */
    uint64_t size; /* bytes */
    uint64_t tag;
    uint64_t pages;
    uint64_t dirty;          /* FILE: pages that are not clean */
    uint64_t charged;        /* pages committed */
    uint64_t payer;          /* ANON: id of the space whose limit they count for, while it is there */
    struct channel *manager; /* FILE */
    struct page_list list[PAGE_STATES]; /* its pages */
    struct write_round round[2];
    uint8_t joins;                          /* the round that pages join now */
    bool closing;                           /* nobody refers to it: what is dirty has been asked for */
    int write_error;                        /* a write-back failed, and no sync has said so yet */
    struct object *dirty_next, *dirty_prev; /* on the manager's list */
    struct region *regions;
    struct request *requests;                 /* page-ins under way */
    struct object *unused_next, *unused_prev; /* on the manager's list of those to tell */
};

/* A page-in: pages asked of the manager, and who waits for them. */
struct request {
    struct request *next, *prev;             /* of the object */
    struct request *queue_next, *queue_prev; /* of the manager, while not sent */
    struct object *object;
    uint32_t page, pages;
    bool queued;
    struct waiter_list waiters;
};

extern uint32_t object_count;

void object_index_init(frame_t *buckets, uint32_t count);
/* The frame of a page, or FRAME_NONE. */
frame_t object_page(const struct object *object, uint32_t page);
/* Put a frame (kind OBJECT, count 1) into the index: it takes the count over. */
void object_insert(struct object *object, uint32_t page, frame_t frame);
/* A page's flags change, and with them perhaps its list. */
void object_set_flags(struct object *object, frame_t frame, uint32_t flags);
/* Take a page out of the index and give its count back. Mappings go first. */
void object_evict(struct object *object, frame_t frame);
/* A page is in another frame (kind OBJECT, count 1) from now on, in the same state; the count of the old one is given
 * back. Mappings go first. */
void object_move(frame_t from, frame_t to);
/* Pages of OBJECT_FILE objects. */
extern uint64_t object_file_pages;
/* Drop some clean file pages: those that nobody maps first, then mapped ones, which leave every space before.
 * True if any. Entries that somebody is about to make keep a page: they hold counts already. May be called
 * wherever frames are allocated, so whoever has read an entry takes a count of its frame before he allocates.
 */
bool object_reclaim(void);

/* A new object with its session. E_NOMEM, or the kernel's error. */
int object_create(enum object_type type, uint64_t size, uint64_t tag, struct channel *manager,
                  handle_t *session, struct object **out);
/* One more session with an object. E_NOENT: its manager has been told that it is unused; or the kernel's
 * error. */
int object_session(struct object *object, handle_t *session);
/* One of its sessions has been closed. */
void object_closed(struct object *object);
struct object *object_by_id(uint64_t id);
struct object *object_by_badge(uint64_t badge);
struct object *object_by_index(uint32_t index);
#define OBJECT_INDEXES (1u << 20)
/* The object at index *i or the next one above it; *i moves behind it. NULL: there is none. */
struct object *object_after(uint32_t *i);
/* Pages of `size` bytes. */
static inline uint64_t object_size_pages(uint64_t size)
{
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}
/* A session was closed, a region has gone: perhaps that was the last. */
void object_unhold(struct object *object);
/* Its manager has been told that it is unused. */
void object_told(struct object *object);
/* The manager is gone: its objects bring no more pages. Waiters are moved to `woken`. */
void object_orphan(struct channel *manager, struct waiter_list *woken);
/* The manager lets it go. E_BUSY while it has a region or a session. */
int object_destroy(struct object *object);
/* Change the size; pages beyond the end leave every space first. */
int object_resize(struct object *object, uint64_t size);
/* Pages from `page` on are memory of the manager's, at these addresses of its space: shown, not copied.
 * E_INVAL: one of them is no private memory of the space, or not within the object. */
int object_lend(struct object *object, struct space *lender, uint32_t page, const uint64_t *addresses,
                uint32_t count);
/* Make the first `length` bytes at `start` an object of their own. */
int object_bundle(paddr_t start, uint64_t length, struct object **out);

/* Regions that show an object are chained, so that a page can be found in every space. */
void object_attach(struct object *object, struct region *region);
void object_detach(struct region *region);

/* The request that covers a page; made and queued if there is none. E_NOMEM. */
int object_request(struct object *object, uint32_t page, struct request **out);
/* What the next request to this manager says. False: nothing is queued. */
bool object_next_request(struct channel *manager, struct pager_request *out);
/* Requests that were sent are queued again. */
void object_requeue(struct channel *manager);
/* Requests that meet [page, page + pages) are done; their waiters are moved to `woken`. */
void object_answered(struct object *object, uint32_t page, uint32_t pages, struct waiter_list *woken);
/* An object goes while somebody waits for its pages (its region was unmapped meanwhile): its requests go too,
 * and the waiters try again when requests_settle is called, once the present message is dealt with. */
void object_abandon(struct object *object);
void requests_settle(void);
extern struct waiter_list requests_unsettled;
/* The checker's part. */
uint64_t object_check(void);

#endif
