/* What a region's pages may be used for, and which of them are there. */
#include "object.h"
#include "space.h"

/* What an entry may allow in a region of protection prot: writing only as S3 says. */
static uint32_t entry_prot(const struct region *r, pte_t e, uint32_t prot)
{
    const struct frame *f = &frame_table[pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT];
    bool writable = r->flags & PAGER_SHARED
                        ? r->object->type != OBJECT_FILE || f->flags & (FRAME_DIRTY | FRAME_LENT)
                        : (f->kind == FRAME_ANON && f->count == 1) || (!r->object && f->flags & FRAME_LENT);
    return writable ? prot : prot & ~(uint32_t)VMS_WRITE;
}

/* The tables are the space's own. */
static int region_protect_entries(struct space *space, const struct region *r)
{
    struct batch b;
    vaddr_t va = r->start;
    ptep_t leaf;
    uint32_t count;
    batch_begin(&b, space);
    while (tables_next(space, &va, r->end, &leaf, &count)) {
        uint32_t first = 0, length = 0, prot = 0;
        for (uint32_t i = 0; i < count; i++) {
            pte_t e = ptep_load(leaf + i);
            if (!pte_present(e))
                continue;
            uint32_t want = entry_prot(r, e, r->prot);
            if (length > 0 && want != prot) {
                batch_op(&b, VMS_PROTECT, PTEP_LEAF, va + first * PAGE_SIZE, length, prot);
                length = 0;
            }
            if (length == 0)
                first = i;
            prot = want;
            length = i - first + 1;
        }
        if (length > 0)
            batch_op(&b, VMS_PROTECT, PTEP_LEAF, va + first * PAGE_SIZE, length, prot);
        va += (vaddr_t)count << PAGE_SHIFT;
    }
    int error = batch_flush(&b);
    return error ? error : huge_protect(space, r);
}

/* May all of [start, end) be given this protection? *charge: pages to commit. */
static int protect_check(struct space *space, vaddr_t start, vaddr_t end, uint32_t prot, uint64_t *charge)
{
    vaddr_t at = start;
    *charge = 0;
    for (struct region *r = region_from(space, start); at < end; r = r->next) {
        if (!r || r->start > at)
            return E_NOMEM; /* as POSIX has it */
        if (r->flags & (PAGER_GUARD | REGION_DEVICE | REGION_DMA) || prot & ~r->limit)
            return E_ACCES;
        vaddr_t stop = r->end < end ? r->end : end;
        if (prot & VMS_WRITE && !(r->flags & (REGION_CHARGED | REGION_LAZY | REGION_LOCKED | PAGER_SHARED)))
            *charge += (stop - at) >> PAGE_SHIFT;
        at = stop;
    }
    return space_commit(space, *charge);
}

int space_protect(struct space *space, vaddr_t start, uint64_t length, uint32_t prot)
{
    uint64_t charge;
    length = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (!range_valid(start, length) || prot & ~(uint32_t)PROT_ANY)
        return E_INVAL;
    if ((prot & (VMS_WRITE | VMS_EXEC)) == (VMS_WRITE | VMS_EXEC))
        return E_ACCES;
    int error = protect_check(space, start, start + length, prot, &charge);
    if (!error)
        error = region_cut(space, start, start + length);
    if (!error)
        error = tables_own_range(space, start, start + length, 0);
    for (vaddr_t at = start; at < start + length && !error;) {
        struct region *r = region_find(space, at);
        at = r->end;
        if (r->prot == prot_normal(prot))
            continue;
        r->prot = prot_normal(prot);
        if (region_is_charged(r))
            region_change(r, r->end, r->flags | REGION_CHARGED);
        error = region_protect_entries(space, r);
        region_merge(space, r);
    }
    return error;
}

void space_resident(struct space *space, vaddr_t start, vaddr_t end, uint64_t *pages, uint64_t *tables)
{
    ptep_t leaf;
    uint32_t count;
    *pages = *tables = 0;
    for (vaddr_t va = start; tables_next(space, &va, end, &leaf, &count);
         va += (vaddr_t)count << PAGE_SHIFT) {
        ++*tables;
        for (uint32_t i = 0; i < count; i++)
            *pages += pte_present(ptep_load(leaf + i));
    }
    *pages += huge_count(space, start, end) * BLOCK_FRAMES;
}
