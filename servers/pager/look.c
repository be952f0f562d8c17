#include "look.h"

#include "object.h"

/* Present pages of a region, those that others have too, leaf tables, and huge pages. */
static void usage(struct space *space, const struct region *r, struct pager_region *out)
{
    ptep_t leaf;
    uint32_t count;
    for (vaddr_t va = r->start; tables_next(space, &va, r->end, &leaf, &count);
         va += (vaddr_t)count << PAGE_SHIFT) {
        out->tables++;
        for (uint32_t i = 0; i < count; i++) {
            pte_t e = ptep_load(leaf + i);
            if (!pte_present(e))
                continue;
            out->resident++;
            uint64_t frame = pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT;
            if (!(r->flags & REGION_DEVICE) && frame < frame_limit)
                out->shared += frame_table[frame].count > 1;
        }
    }
    pte_t e;
    for (vaddr_t va = r->start; huge_next(space, &va, r->end, &e); va += HUGE_SIZE) {
        frame_t first = (frame_t)(pte_frame(e, PTEP_LEAF - 1) >> PAGE_SHIFT);
        bool linked = *block_links(first) > 1;
        out->huge++;
        out->resident += BLOCK_FRAMES;
        for (uint32_t i = 0; i < BLOCK_FRAMES; i++)
            out->shared += linked || frame_table[first + i].count > 1;
    }
}

int look_regions(struct space *space, uint64_t room, uint64_t *count)
{
    uint64_t i = 0;
    *count = space->region_count;
    for (const struct region *r = space->first; r && i < room; r = r->next, i++) {
        struct pager_region one = {.start = r->start,
                                   .end = r->end,
                                   .offset = r->offset,
                                   .object = r->object ? r->object->id : 0,
                                   .prot = r->prot,
                                   .flags = r->flags & 0xffff};
        one.kind = r->flags & REGION_DEVICE ? PAGER_REGION_DEVICE
                   : r->flags & REGION_DMA  ? PAGER_REGION_DMA
                   : r->object              ? PAGER_REGION_OBJECT
                                            : PAGER_REGION_ANON;
        usage(space, r, &one);
        int error = machine_write(i * sizeof one, &one, sizeof one);
        if (error)
            return error;
    }
    return 0;
}

int look_entries(struct space *space, vaddr_t va, struct pager_entries_reply *out)
{
    if (va >= USER_END)
        return E_RANGE;
    tables_view(space);
    for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
        pte_t e = ptep_load(machine_ptep(space->index, space->slot, level, va));
        out->entry[out->levels++] = e;
        if (level == PTEP_LEAF || !pte_table(e, level))
            break;
    }
    return 0;
}

int look_blocks(uint64_t first, uint64_t room, uint64_t *count)
{
    static const uint8_t column[FRAME_KINDS] = {
        [FRAME_RESERVED] = PAGER_FRAMES_OTHER, [FRAME_FREE] = PAGER_FRAMES_FREE,
        [FRAME_PAGER] = PAGER_FRAMES_PAGER,    [FRAME_GIVEN] = PAGER_FRAMES_OTHER,
        [FRAME_POOL] = PAGER_FRAMES_PAGER,     [FRAME_ANON] = PAGER_FRAMES_ANON,
        [FRAME_OBJECT] = PAGER_FRAMES_OBJECT,  [FRAME_DMA] = PAGER_FRAMES_DMA,
        [FRAME_STOCK] = PAGER_FRAMES_FREE};
    uint64_t blocks = frame_limit / BLOCK_FRAMES, i = 0;
    if (room > PAGER_BLOCKS_MAX)
        room = PAGER_BLOCKS_MAX;
    for (; i < room && first < blocks; i++, first++) {
        struct pager_block one = {0};
        uint64_t info = 0;
        machine_block(BLOCK_INFO, first * HUGE_SIZE, 0, &info);
        one.kind = (uint16_t)(info & 0xff);
        for (uint32_t n = 0; n < BLOCK_FRAMES; n++)
            one.frames[column[frame_table[first * BLOCK_FRAMES + n].kind]]++;
        int error = machine_write(i * sizeof one, &one, sizeof one);
        if (error)
            return error;
    }
    *count = i;
    return 0;
}
