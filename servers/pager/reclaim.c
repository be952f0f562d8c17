/* Clean pages of files make room: their managers can bring them again. */
#include "object.h"
#include "space.h"
#include "writeback.h"

#define RECLAIM_BATCH 32u /* pages dropped at once */
#define MAPPINGS_MAX  64u /* of one page; also bounds how many spaces are viewed, see view_mount */

static frame_t hand; /* where the search goes on */

struct mapping_of {
    struct space *space;
    vaddr_t va;
};

/* The entries that show this page, in tables that their spaces own now; or more than MAPPINGS_MAX: it cannot
 * be dropped. */
static uint32_t find_mappings(const struct object *object, frame_t frame, struct mapping_of *out)
{
    uint64_t offset = (uint64_t)frame_table[frame].page << PAGE_SHIFT;
    uint32_t count = 0, missing, looked = 0;
    for (struct region *r = object->regions; r; r = r->object_next) {
        if (offset < r->offset || offset - r->offset >= r->end - r->start)
            continue;
        if (++looked > MAPPINGS_MAX || r->flags & (REGION_LOCKED | PAGER_RESIDENT))
            return MAPPINGS_MAX + 1;
        vaddr_t va = r->start + (offset - r->offset);
        pte_t e = tables_entry(r->space, va, &missing);
        if (!pte_present(e) || pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT != frame)
            continue;
        if (missing == TABLE_SHARED && tables_own(r->space, va))
            return MAPPINGS_MAX + 1;
        out[count++] = (struct mapping_of){r->space, va};
    }
    return count;
}

/* What is to go: entries are cleared together, then the frames are given back. */
static struct victims {
    struct batch batch;
    uint32_t count;
    frame_t frame[RECLAIM_BATCH];
} victims; /* one thread, and no nesting */

/* Take a page's entries out. False: it is in use otherwise. */
static bool page_unmap(const struct object *object, frame_t frame)
{
    static struct mapping_of found[MAPPINGS_MAX];
    struct batch *b = &victims.batch;
    uint32_t count = find_mappings(object, frame, found);
    if (count > MAPPINGS_MAX || frame_table[frame].count != count + 1)
        return false;
    for (uint32_t i = 0; i < count && !b->error; i++) {
        if (b->space != found[i].space) {
            batch_flush(b);
            b->space = found[i].space;
        }
        batch_op(b, VMS_CLEAR, PTEP_LEAF, found[i].va, 1, 0);
    }
    return !b->error;
}

static bool victims_drop(void)
{
    if (batch_flush(&victims.batch)) { /* better lost than used twice */
        machine_log("reclaim: clearing failed, error %d", victims.batch.error);
        return false;
    }
    for (uint32_t i = 0; i < victims.count; i++) {
        struct frame *f = &frame_table[victims.frame[i]];
        while (f->count > 1)
            frame_put(victims.frame[i]);
        object_evict(object_by_index(f->object), victims.frame[i]);
    }
    return victims.count > 0;
}

bool object_reclaim(void)
{
    static bool busy; /* what is called here may look for memory, too */
    if (busy)
        return false;
    busy = true;
    victims.count = 0;
    batch_begin(&victims.batch, NULL);
    for (uint32_t i = 1;
         i < frame_limit && object_file_pages > writeback_counts.dirty && victims.count < RECLAIM_BATCH;
         i++) {
        hand = hand + 1 < frame_limit ? hand + 1 : 1;
        const struct frame *f = &frame_table[hand];
        if (f->kind != FRAME_OBJECT || f->flags)
            continue;
        const struct object *object = object_by_index(f->object);
        if (object->type == OBJECT_FILE && object->manager && (f->count == 1 || page_unmap(object, hand)))
            victims.frame[victims.count++] = hand;
    }
    bool any = victims_drop();
    if (!any)
        writeback_press();
    busy = false;
    return any;
}
