/* Fork: the child gets the regions, and the parent's pages with them; both may only read what is private
 * until one of them writes. Entries are read through the parent's view, and written 64 operations at a time,
 * neighbours in one. */
#include "fault.h"
#include "object.h"
#include "space.h"

static bool region_inherits(const struct region *r)
{
    return !(r->flags & (PAGER_NO_INHERIT | REGION_DEVICE | REGION_DMA));
}

static int fork_region(struct space *child, const struct region *r)
{
    struct region *copy = region_copy(child, r, r->start, r->end);
    if (!copy)
        return E_NOMEM;
    copy->flags &= ~(uint32_t)(PAGER_RESIDENT | REGION_LOCKED);
    region_insert(child, copy);
    return 0;
}

/* Entries of one leaf table of the parent, all of region r. */
static void fork_entries(const struct region *r, vaddr_t va, ptep_t leaf, uint32_t count,
                         struct batch *parent, struct batch *child)
{
    uint32_t read_only = r->prot & ~(uint32_t)VMS_WRITE, first = count, last = 0;
    for (uint32_t i = 0; i < count; i++) {
        pte_t e = ptep_load(leaf + i);
        if (!pte_present(e))
            continue;
        frame_t frame = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
        uint32_t prot = read_only;
        if (pte_writable(e) && r->flags & PAGER_SHARED) {
            prot = r->prot;
        } else if (pte_writable(e)) {
            first = first < i ? first : i;
            last = i;
        }
        frame_get(frame);
        batch_set(child, va + i * PAGE_SIZE, frame, prot, 0);
    }
    if (first < count)
        batch_op(parent, VMS_PROTECT, PTEP_LEAF, va + first * PAGE_SIZE, last - first + 1, read_only);
}

static int fork_pages(struct space *from, struct space *to)
{
    static struct batch parent, child; /* one thread, and no nesting */
    int error = 0;
    batch_begin(&parent, from);
    batch_begin(&child, to);
    for (const struct region *r = from->first; r && !error; r = r->next) {
        vaddr_t va = r->start;
        ptep_t leaf;
        uint32_t count;
        if (!region_inherits(r))
            continue;
        while (!error && tables_next(from, &va, r->end, &leaf, &count)) {
            error = tables_link(to, va);
            if (!error)
                fork_entries(r, va, leaf, count, &parent, &child);
            va += (vaddr_t)count << PAGE_SHIFT;
        }
    }
    int protected = batch_flush(&parent), set = batch_flush(&child);
    return error ? error : protected ? protected : set;
}

int space_fork(struct space *parent, handle_t task, struct channel *admin, handle_t *session,
               struct space **out)
{
    uint64_t charge = 0;
    for (const struct region *r = parent->first; r; r = r->next)
        charge += region_inherits(r) ? region_charge(r) : 0;
    int error = space_commit(charge);
    if (error) {
        machine_close(task);
        return error;
    }
    error = space_create(task, admin, session, out);
    if (error)
        return error;
    for (const struct region *r = parent->first; r && !error; r = r->next)
        error = region_inherits(r) ? fork_region(*out, r) : 0;
    if (!error)
        error = fork_pages(parent, *out);
    if (error) {
        machine_close(*session);
        space_destroy(*out);
        return error;
    }
    fault_counts.forks++;
    return 0;
}
