/* Registers of devices, and what becomes of their memory (dma.c) when a driver dies. */
#include "object.h"
#include "pool.h"
#include "space.h"

/* Pinned frames of a dead space, chained, until its device has been silenced. */
struct quarantine {
    struct quarantine *next;
    uint64_t space;
    frame_t first;
};
static struct pool quarantine_pool = {.size = sizeof(struct quarantine)};
static struct quarantine *quarantines;

void space_quarantine(struct space *space, const struct region *r)
{
    struct quarantine *q = pool_alloc(&quarantine_pool);
    for (vaddr_t va = r->start; va < r->end; va += PAGE_SIZE) {
        uint32_t missing;
        pte_t e = tables_entry(space, va, &missing);
        frame_t f = (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT);
        if (!pte_present(e) || !q)
            continue; /* without a record it stays pinned for ever: better than a stray write */
        frame_table[f].next = q->first;
        q->first = f;
    }
    if (!q)
        return;
    q->space = space->id;
    q->next = quarantines;
    quarantines = q;
}

void space_dma_release(uint64_t id)
{
    for (struct quarantine **at = &quarantines, *q; (q = *at) != NULL;) {
        if (q->space != id) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        for (frame_t f = q->first, next; f; f = next) {
            next = frame_table[f].next;
            frame_put(f);
        }
        pool_free(&quarantine_pool, q);
    }
}

int space_map_device(struct space *space, const struct mapping *m, handle_t device, vaddr_t *out)
{
    struct mapping place = *m;
    place.flags = REGION_DEVICE | PAGER_NO_INHERIT;
    place.offset = 0;
    place.limit = m->prot;
    if (m->offset % PAGE_SIZE || m->prot & ~(uint32_t)(VMS_READ | VMS_WRITE) || !m->prot)
        return E_INVAL;
    int error = space_map(space, &place, out);
    if (error)
        return error;
    uint64_t length = (m->length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    struct batch b;
    batch_begin(&b, space);
    for (uint64_t at = 0, step; at < length && !error; at += step) {
        vaddr_t va = *out + at;
        step = HUGE_SIZE - va % HUGE_SIZE;
        step = step < length - at ? step : length - at;
        error = tables_link(space, va);
        if (error)
            break;
        batch_op(&b, VMS_SET_DEVICE, PTEP_LEAF, va, (uint32_t)(step >> PAGE_SHIFT),
                 prot_normal(m->prot) | VMS_UNCACHED);
        b.op[b.count - 1].pa = m->offset + at;
        b.op[b.count - 1].handle = device;
        error = batch_flush(&b);
    }
    if (error)
        space_unmap(space, *out, length);
    return error;
}
