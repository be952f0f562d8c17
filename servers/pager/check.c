#include "check.h"

#include "object.h"
#include "space.h"

static uint64_t complain(const struct space *space, vaddr_t va, const char *what)
{
    machine_log("check: space %lx, %lx: %s", (unsigned long)space->id, (unsigned long)va, what);
    return 1;
}

static uint64_t check_regions(struct space *space)
{
    uint64_t errors = 0, count = 0, pages = 0, charged = 0, locked = 0;
    vaddr_t last = USER_MIN;
    const struct region *before = NULL;
    for (struct region *r = space->first; r; before = r, r = r->next) {
        if (r->start < last || r->end <= r->start || r->end > USER_END || (r->start | r->end) % PAGE_SIZE)
            errors += complain(space, r->start, "region out of order");
        if (r->prev != before || r->space != space || region_find(space, r->start) != r ||
            region_find(space, r->end - 1) != r)
            errors += complain(space, r->start, "region not found");
        if ((r->prot & (VMS_WRITE | VMS_EXEC)) == (VMS_WRITE | VMS_EXEC))
            errors += complain(space, r->start, "region writable and executable");
        last = r->end;
        count++;
        pages += r->flags & PAGER_GUARD ? 0 : region_pages(r);
        charged += region_charge(r);
        locked += r->flags & REGION_LOCKED ? region_pages(r) : 0;
    }
    if (before != space->last || count != space->region_count || pages != space->pages ||
        charged != space->charged || locked != space->locked)
        errors += complain(space, 0, "region counts");
    vaddr_t hole;
    if (region_place(space, 0, PAGE_SIZE, &hole) == 0 && region_find(space, hole))
        errors += complain(space, hole, "hole is taken");
    return errors;
}

/* Is this entry right for its region? Counts it in its frame's `seen`, once for each table. */
static uint64_t check_entry(struct space *space, vaddr_t va, pte_t e, bool first)
{
    const struct region *r = region_find(space, va);
    uint64_t number = pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT;
    if (!r)
        return complain(space, va, "entry outside of regions");
    if (r->flags & REGION_DEVICE)
        return 0;
    if (number == 0 || number >= frame_limit)
        return complain(space, va, "entry without a frame");
    struct frame *f = &frame_table[number];
    if (r->flags & REGION_DMA)
        return f->kind == FRAME_DMA ? 0 : complain(space, va, "frame is not pinned");
    f->seen += first;
    if (f->kind != FRAME_ANON && f->kind != FRAME_OBJECT && f->kind != FRAME_BLANK)
        return complain(space, va, "entry maps a frame of another kind");
    bool lent = !r->object && f->flags & FRAME_LENT;
    if (f->kind == FRAME_OBJECT && !lent && (!r->object || f->object != r->object->index))
        return complain(space, va, "entry shows another object");
    if (!pte_writable(e))
        return 0;
    bool shared = r->flags & PAGER_SHARED;
    if (!(r->prot & VMS_WRITE))
        return complain(space, va, "entry may write, its region not");
    if (!shared && !lent && (f->kind != FRAME_ANON || f->count != 1))
        return complain(space, va, "a shared frame may be written");
    if (shared && r->object->type == OBJECT_FILE && !(f->flags & (FRAME_DIRTY | FRAME_LENT)))
        return complain(space, va, "a clean page may be written");
    return 0;
}

/* H1 to H3; the frames of a block are seen once for all of its huge entries. */
static uint64_t check_huge(struct space *space, uint64_t *pages)
{
    uint64_t errors = 0, count = 0;
    pte_t e;
    for (vaddr_t va = 0; huge_next(space, &va, USER_END, &e); va += HUGE_SIZE) {
        const struct region *r = region_find(space, va);
        frame_t first = (frame_t)(pte_frame(e, PTEP_LEAF - 1) >> PAGE_SHIFT);
        count++;
        *pages += BLOCK_FRAMES;
        if (!r || r->end - va < HUGE_SIZE || r->object || !region_is_plain(r))
            errors += complain(space, va, "huge page outside of a region of its kind");
        if (pte_writable(e) && r && !(r->prot & VMS_WRITE))
            errors += complain(space, va, "huge page may be written, its region not");
        if (first + BLOCK_FRAMES > frame_limit) {
            errors += complain(space, va, "huge page without frames");
            continue;
        }
        bool once = block_saw_huge(first), alone = *block_links(first) == 1;
        for (frame_t f = first; f < first + BLOCK_FRAMES; f++) {
            frame_table[f].seen += once;
            if (frame_table[f].kind != FRAME_ANON ||
                (pte_writable(e) && (!alone || frame_table[f].count != 1)))
                errors += complain(space, va, "huge page shows another's frames");
        }
    }
    return errors + (count == space->huge ? 0 : complain(space, 0, "count of huge pages"));
}

static uint64_t check_entries(struct space *space, uint64_t *pages)
{
    uint64_t errors = 0;
    ptep_t leaf;
    uint32_t count;
    for (vaddr_t va = 0; tables_next(space, &va, USER_END, &leaf, &count);
         va += (vaddr_t)count << PAGE_SHIFT) {
        bool own;
        struct frame *table = &frame_table[tables_leaf(space, va, &own)];
        bool first = table->seen++ == 0;
        if (own && (table->count > 0 || !first))
            errors += complain(space, va, "a shared table may be written");
        for (uint32_t i = 0; i < count; i++) {
            pte_t e = ptep_load(leaf + i);
            if (!pte_present(e))
                continue;
            ++*pages;
            errors += check_entry(space, va + i * PAGE_SIZE, e, first);
        }
    }
    return errors;
}

void pager_check_all(struct pager_check *out)
{
    uint64_t spaces = 0, pages = 0, errors = 0, charged = dma_promised;
    for (frame_t f = 0; f < frame_limit; f++)
        frame_table[f].seen = 0;
    for (uint32_t i = 0; i < SPACE_MAX; i++) {
        struct space *space = space_by_index(i);
        if (!space)
            continue;
        spaces++;
        charged += space->charged;
        errors += check_regions(space) + check_entries(space, &pages) + check_huge(space, &pages);
    }
    for (uint32_t i = 0; i < OBJECT_INDEXES;) {
        const struct object *object = object_after(&i);
        charged += object ? object->charged : 0;
    }
    if (charged != space_committed || spaces != space_count) {
        machine_log("check: %lu pages committed, %lu counted", (unsigned long)charged,
                    (unsigned long)space_committed);
        errors++;
    }
    *out = (struct pager_check){
        .errors = errors + object_check() + frame_check(), .spaces = spaces, .pages = pages};
}
