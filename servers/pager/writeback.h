/* Dirty pages of file objects, and their way to the manager's disk.
 *
 *            writeback_dirty            ask                 writeback_next
 *    clean ──────────────────▶ dirty ────────▶ asked ─────────────────────────▶ writing
 *      ▲                         ▲               ▲  writeback_requeue (it died)    │
 *      │                         │               └─────────────────────────────────┤
 *      │                         └── writeback_written, an error ──────────────────┤
 *      └─────────────────────────────────────────── writeback_written ─────────────┘
 *
 * A page that is stored to while it is being written is dirty (or, if a sync wants that store too, asked)
 * again after writeback_written. writeback_take, for the manager's take_dirty, goes from dirty and asked to
 * writing; object_evict takes a page away from any state.
 *
 * Who stores to one clean page too many waits in its manager's `room`, who finds no frame in `memory`: they
 * are records, and writeback_settle lets them go on. An ask is answered by all its pages being written or
 * refused: after one that moved nothing the waiters get their exceptions, and nobody asks again but for a new
 * waiter, a sync or the object's end. So a disk that fails ends no loop and loses no page.
 *
 * Invariants (writeback_check tests them)
 * Y1 the state of a page is in its frame's flags (page_state), and it is on its object's list of that state.
 *    Dirty and asked ones are listed in the order in which they became so.
 * Y2 an object's `dirty` counts its pages that are not clean; its manager's `dirty`, those of its objects;
 *    `dirty_pages`, those of all managers. Neither is more than its share of memory.
 * Y3 a page asked or writing belongs to one of its object's two rounds, which count them; the manager's
 *    `under_way` counts them too. Who syncs waits until the round that all his pages had joined by then is
 *    over, and the one before it; no page joins a round that somebody waits for once the other is over.
 * Y4 an object with pages that are not clean is on its manager's list `dirty_first`.
 * Y5 only a page with FRAME_DIRTY can be stored to: whoever takes it out of that state write-protects it
 *    everywhere before, but for the page of the reply that may be under way, which stays dirty.
 */
#ifndef PAGER_WRITEBACK_H
#define PAGER_WRITEBACK_H

#include "object.h"

#define WRITEBACK_PAGES 16u /* of one request, one behind the other */

/* Of `pages` that the pager has, a share may be dirty. */
void writeback_init(uint64_t pages);
/* Pages not clean, of those: handed out; since boot: written. */
extern struct writeback_counts {
    uint64_t dirty, writing, written;
} writeback_counts;
/* So many pages of one manager's objects may be dirty, and of all. */
extern uint64_t writeback_most, writeback_most_all;

/* The object's page, which the caller has, is to be stored to: it is dirty then. False: there are too many;
 * the caller waits in the manager's room. */
bool writeback_dirty(struct object *object, frame_t frame);
/* The page leaves its object, with what was stored to it. */
void writeback_forget(struct object *object, frame_t frame);

/* The next pages to be written back for this manager; they are being written then. False: none. Entries
 * change: only where no reply is half made and nobody holds a view. */
bool writeback_next(struct channel *manager, struct pager_request *out);
/* The offsets of up to `max` dirty pages. Returns how many. */
uint32_t writeback_list(const struct object *object, uint64_t *offsets, uint32_t max);
/* These, dirty or asked, are being written from now on. E_NOMEM: a table could not be owned; nothing changed.
 */
int writeback_take(struct object *object, const uint64_t *offsets, uint32_t count);
/* One of them is on disk; status: or the error. */
void writeback_written(struct object *object, uint64_t offset, int status);
/* What was being written is to be handed out again. */
void writeback_requeue(struct object *object);
/* Its manager is gone for good: nobody writes its pages. Before object->manager is cleared. */
void writeback_orphan(struct object *object);
/* Nobody refers to the object any more: have its pages written. True: they are on their way. */
bool writeback_close(struct object *object);

/* A fault or call waits until the manager's objects may have one more dirty page. */
void writeback_wait_room(struct channel *manager, struct waiter *w);
/* A fault or call found no frame: may it wait for pages to be written? */
bool writeback_wait_memory(struct waiter *w);
bool writeback_may_help(void);
/* No clean page was left to drop. */
void writeback_press(void);

/* Have the dirty pages of [start, end) written; wait: park the present caller until they are. 0; PAGER_PARKED;
 * E_IO: some of them, or some before, were not written. */
int writeback_sync(struct space *space, uint32_t thread, vaddr_t start, vaddr_t end, bool wait);

/* There is something for requests_settle or writeback_settle to do: at the end of each message. */
extern bool settle_due;
/* More than to forget which page became dirty last. */
extern bool writeback_work;
static inline void writeback_soon(void)
{
    settle_due = writeback_work = true;
}
void writeback_settle(void);
/* Which page the reply under way may be about to show to be stored to, and so is not written as it is. FRAME_NONE: the
 * reply has gone out. Returns what it was. */
frame_t writeback_shown(frame_t now);

/* The checker's part. */
uint64_t writeback_check(const struct object *object);
uint64_t writeback_check_all(void);

#endif
