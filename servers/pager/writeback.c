#include "writeback.h"

#include "space.h"
#include "sync.h"

#define LEAST 64u /* pages that may be dirty even where memory is very small */

struct writeback_counts writeback_counts;
uint64_t writeback_most, writeback_most_all;
bool settle_due, writeback_work;
uint64_t writeback_cleaned;

static frame_t shown; /* became dirty last: the reply under way may be what maps it to be stored to */

void writeback_init(uint64_t pages)
{
    writeback_most = pages / 8 > LEAST ? pages / 8 : LEAST;
    writeback_most_all = 2 * writeback_most;
}

/* ---- states ---- */

static void dirty_enlist(struct channel *m, struct object *object)
{
    object->dirty_next = NULL;
    object->dirty_prev = m->dirty_last;
    *(m->dirty_last ? &m->dirty_last->dirty_next : &m->dirty_first) = object;
    m->dirty_last = object;
}

static void dirty_unlist(struct channel *m, struct object *object)
{
    *(object->dirty_prev ? &object->dirty_prev->dirty_next : &m->dirty_first) = object->dirty_next;
    *(object->dirty_next ? &object->dirty_next->dirty_prev : &m->dirty_last) = object->dirty_prev;
}

/* Pages that are not clean: one more, or one less. */
static void count_dirty(struct object *object, bool more)
{
    struct channel *m = object->manager;
    uint64_t by = more ? 1 : -1ul;
    if (more && object->dirty == 0)
        dirty_enlist(m, object);
    object->dirty += by;
    m->dirty += by;
    writeback_counts.dirty += by;
    if (object->dirty == 0)
        dirty_unlist(m, object);
}

/* A page of an object with a manager comes to another state. */
static void page_set(struct object *object, frame_t frame, uint32_t flags)
{
    const struct frame *f = &frame_table[frame];
    enum page_state from = page_state(f->flags), to = page_state(flags);
    uint32_t round = f->flags & FRAME_ROUND ? 1 : 0;
    bool leaves = from >= PAGE_ASKED && to < PAGE_ASKED;
    if (from < PAGE_ASKED && to >= PAGE_ASKED) {
        round = object->joins;
        object->round[round].pages++;
        object->manager->under_way++;
    }
    object_set_flags(object, frame, flags | (round && to >= PAGE_ASKED ? FRAME_ROUND : 0));
    writeback_counts.writing += to == PAGE_WRITING;
    writeback_counts.writing -= from == PAGE_WRITING;
    if ((from == PAGE_CLEAN) != (to == PAGE_CLEAN))
        count_dirty(object, from == PAGE_CLEAN);
    if (leaves) {
        object->manager->under_way--;
        if (--object->round[round].pages == 0)
            sync_turn(object);
    }
}

bool writeback_dirty(struct object *object, frame_t frame)
{
    uint32_t flags = frame_table[frame].flags;
    struct channel *m = object->manager;
    if (object->type != OBJECT_FILE || flags & FRAME_LENT)
        return true; /* what is stored there is in the file */
    if (!m) {
        object_set_flags(object, frame, flags | FRAME_DIRTY);
    } else if (flags) {
        page_set(object, frame, flags | FRAME_DIRTY);
    } else {
        if (!writeback_has_room(m))
            return false;
        page_set(object, frame, FRAME_DIRTY);
        writeback_work |= m->dirty > writeback_most / 2 && m->under_way == 0;
    }
    shown = frame;
    settle_due = true; /* which forgets it: the reply goes out behind it */
    return true;
}

frame_t writeback_shown(frame_t now)
{
    frame_t before = shown;
    shown = now;
    return before;
}

void writeback_forget(struct object *object, frame_t frame)
{
    if (page_state(frame_table[frame].flags) == PAGE_CLEAN)
        return;
    if (!object->manager) {
        object_set_flags(object, frame, 0);
        return;
    }
    page_set(object, frame, 0);
    object->manager->moved = true;
    writeback_soon();
}

void writeback_orphan(struct object *object)
{
    struct channel *m = object->manager;
    if (object->dirty == 0)
        return;
    machine_log("object %lx: its manager is gone, and %lu pages were not written", (unsigned long)object->id,
                (unsigned long)object->dirty);
    object->write_error = E_IO;
    for (uint32_t state = PAGE_ASKED; state <= PAGE_WRITING; state++)
        while (object->list[state].first)
            page_set(object, object->list[state].first, FRAME_DIRTY);
    m->dirty -= object->dirty;
    writeback_counts.dirty -= object->dirty;
    object->dirty = 0;
    dirty_unlist(m, object);
}

/* ---- asking ---- */

static bool page_ask(struct object *object, frame_t frame)
{
    uint32_t flags = frame_table[frame].flags;
    if (!(flags & FRAME_DIRTY) || flags & FRAME_ASKED)
        return false;
    page_set(object, frame, flags | FRAME_ASKED);
    writeback_soon();
    return true;
}

void writeback_ask_range(struct object *object, uint64_t first, uint64_t end)
{
    end = end < object_size_pages(object->size) ? end : object_size_pages(object->size);
    if (first < end && end - first < object->dirty) {
        for (uint64_t page = first; page < end; page++) {
            frame_t f = object_page(object, (uint32_t)page);
            if (f)
                page_ask(object, f);
        }
        return;
    }
    for (uint32_t state = PAGE_DIRTY; state < PAGE_STATES; state++)
        for (frame_t f = object->list[state].first, next; f; f = next) {
            next = frame_table[f].next;
            if (frame_table[f].page >= first && frame_table[f].page < end)
                page_ask(object, f);
        }
}

uint64_t writeback_ask(struct channel *m, uint64_t most)
{
    uint64_t count = 0;
    for (struct object *o = m->dirty_first; o && count < most; o = o->dirty_next)
        while (!o->told && count < most && o->list[PAGE_DIRTY].first)
            count += page_ask(o, o->list[PAGE_DIRTY].first);
    return count;
}

bool writeback_close(struct object *object)
{
    if (object->dirty == 0)
        return false;
    if (!object->closing)
        writeback_ask_range(object, 0, UINT64_MAX);
    object->closing = true;
    return writeback_under_way(object) > 0;
}

/* ---- handing out ---- */

/* Pages of a region must fault before they are stored to again. */
static int region_protect_pages(struct region *r, const uint64_t *offsets, uint32_t count)
{
    struct batch b;
    int error = 0;
    batch_begin(&b, r->space);
    for (uint32_t i = 0; i < count && !error; i++) {
        uint32_t missing;
        if (offsets[i] < r->offset || offsets[i] - r->offset >= r->end - r->start)
            continue;
        vaddr_t va = r->start + (offsets[i] - r->offset);
        pte_t e = tables_entry(r->space, va, &missing);
        if (!pte_present(e) || !pte_writable(e))
            continue;
        error = tables_own(r->space, va);
        if (!error)
            batch_op(&b, VMS_PROTECT, PTEP_LEAF, va, 1, r->prot & ~(uint32_t)VMS_WRITE);
    }
    int flushed = batch_flush(&b);
    return error ? error : flushed;
}

int writeback_take(struct object *object, const uint64_t *offsets, uint32_t count)
{
    int error = 0;
    for (struct region *r = object->regions; r && count > 0 && !error; r = r->object_next)
        if (r->flags & PAGER_SHARED)
            error = region_protect_pages(r, offsets, count);
    for (uint32_t i = 0; i < count && !error; i++) {
        frame_t f = object_page(object, (uint32_t)(offsets[i] >> PAGE_SHIFT));
        page_set(object, f, f == shown ? FRAME_WRITEBACK | FRAME_DIRTY : FRAME_WRITEBACK);
    }
    return error ? E_NOMEM : 0;
}

uint32_t writeback_list(const struct object *object, uint64_t *offsets, uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t state = PAGE_ASKED; state >= PAGE_DIRTY; state--)
        for (frame_t f = object->list[state].first; f && count < max; f = frame_table[f].next)
            offsets[count++] = (uint64_t)frame_table[f].page << PAGE_SHIFT;
    return count;
}

/* The page that was asked for first, and those behind it that are not being written and should be. */
static uint32_t asked_run(const struct object *object, uint64_t *offsets)
{
    uint32_t page = frame_table[object->list[PAGE_ASKED].first].page, count = 0;
    frame_t f;
    do {
        offsets[count++] = (uint64_t)page << PAGE_SHIFT;
        f = page < UINT32_MAX ? object_page(object, ++page) : FRAME_NONE;
    } while (count < WRITEBACK_PAGES && f && page_state(frame_table[f].flags) != PAGE_CLEAN &&
             page_state(frame_table[f].flags) != PAGE_WRITING);
    return count;
}

/* They could not be taken: as if the manager had refused them. */
static void asked_refuse(struct object *object, const uint64_t *offsets, uint32_t count)
{
    object->write_error = E_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        page_set(object, object_page(object, (uint32_t)(offsets[i] >> PAGE_SHIFT)), FRAME_DIRTY);
}

bool writeback_next(struct channel *m, struct pager_request *out)
{
    uint64_t offsets[WRITEBACK_PAGES];
    for (struct object *o = m->under_way ? m->dirty_first : NULL, *next; o; o = next) {
        next = o->dirty_next;
        while (o->list[PAGE_ASKED].first) {
            uint32_t count = asked_run(o, offsets);
            if (writeback_take(o, offsets, count)) {
                asked_refuse(o, offsets, count);
                continue;
            }
            dirty_unlist(m, o);
            dirty_enlist(m, o);
            *out = (struct pager_request){o->id, o->tag, offsets[0], PAGER_WRITE_BACK, count};
            return true;
        }
    }
    return false;
}

void writeback_requeue(struct object *object)
{
    while (object->list[PAGE_WRITING].first)
        page_set(object, object->list[PAGE_WRITING].first, FRAME_DIRTY | FRAME_ASKED);
    writeback_soon();
}

void writeback_written(struct object *object, uint64_t offset, int status)
{
    uint64_t page = offset >> PAGE_SHIFT;
    frame_t f =
        offset % PAGE_SIZE == 0 && page <= UINT32_MAX ? object_page(object, (uint32_t)page) : FRAME_NONE;
    uint32_t flags = f ? frame_table[f].flags : 0;
    if (page_state(flags) != PAGE_WRITING)
        return;
    writeback_soon();
    if (status) {
        object->write_error = status == E_NOSPC ? E_NOSPC : E_IO;
        page_set(object, f, FRAME_DIRTY);
        return;
    }
    object->manager->moved = true;
    writeback_counts.written++;
    writeback_cleaned += !(flags & FRAME_DIRTY);
    page_set(object, f, flags & (FRAME_DIRTY | FRAME_ASKED));
}

/* ---- checks ---- */

uint64_t writeback_check(const struct object *object)
{
    uint64_t dirty = 0, round[2] = {0};
    if (object->type != OBJECT_FILE || !object->manager)
        return object->dirty != 0;
    for (uint32_t state = PAGE_DIRTY; state < PAGE_STATES; state++)
        for (frame_t f = object->list[state].first; f; f = frame_table[f].next, dirty++)
            round[frame_table[f].flags & FRAME_ROUND ? 1 : 0] += state >= PAGE_ASKED;
    bool stuck =
        writeback_under_way(object) == 0 && (object->round[0].syncs.first || object->round[1].syncs.first);
    return (dirty != object->dirty) + (round[0] != object->round[0].pages) +
           (round[1] != object->round[1].pages) + stuck;
}

uint64_t writeback_check_all(void)
{
    uint64_t errors = 0, all = 0;
    const struct channel *m;
    for (uint32_t i = 0; (m = channel_manager(&i));) {
        uint64_t dirty = 0, under_way = 0;
        for (const struct object *o = m->dirty_first; o; o = o->dirty_next) {
            errors += o->manager != m || o->dirty == 0;
            dirty += o->dirty;
            under_way += writeback_under_way(o);
        }
        errors += dirty != m->dirty || under_way != m->under_way || dirty > writeback_most;
        all += dirty;
    }
    errors += all != writeback_counts.dirty || all > writeback_most_all;
    if (errors)
        machine_log("check: dirty pages are counted wrongly");
    return errors;
}
