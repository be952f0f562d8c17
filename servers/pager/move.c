#include "move.h"

#include "object.h"
#include "space.h"

#define HINTS_MAX 2048u
#define SCAN_STEP 2048u       /* entries looked at in one step; to cut a page of 2 MiB counts as all */
#define SCAN_FAR  (1ul << 30) /* that much of a region, if it is empty, is gone through together */

/* An entry that the scan has found. */
struct hint {
    vaddr_t va;
    uint32_t space; /* index */
    uint32_t next;  /* of the same frame; index + 1, 0: none */
};

static struct {
    frame_t first;
    uint32_t frames;
    uint32_t space; /* where the scan is: index ... */
    vaddr_t va;     /* ... and address */
    uint32_t hints;
    struct hint hint[HINTS_MAX];
    uint32_t head[BLOCK_FRAMES];
} scan;

/* A frame of kind DMA with count 1 is wanted for a run. */
static void frame_mark(frame_t frame)
{
    frame_table[frame].flags = FRAME_CLAIMED;
    dma_promised--;
    space_committed--;
}

void frame_claim(frame_t frame)
{
    frame_take(frame, FRAME_DMA);
    frame_mark(frame);
}

void frame_disclaim(frame_t frame)
{
    const struct frame *f = &frame_table[frame];
    if (f->kind != FRAME_DMA || !(f->flags & FRAME_CLAIMED))
        return;
    frame_put(frame);
    dma_promised++;
    space_committed++;
}

/* ---- who shows the frames ---- */

void move_scan_begin(frame_t first, uint32_t count)
{
    PAGER_ASSERT(count <= BLOCK_FRAMES);
    scan.first = first;
    scan.frames = count;
    scan.space = scan.hints = 0;
    scan.va = 0;
    __builtin_memset(scan.head, 0, sizeof scan.head);
}

static void hint_add(frame_t frame, vaddr_t va)
{
    if (scan.hints == HINTS_MAX)
        return; /* its frame has more entries than are found, and is scanned again */
    uint32_t *head = &scan.head[frame - scan.first];
    scan.hint[scan.hints++] = (struct hint){va, scan.space, *head};
    *head = scan.hints;
}

static void scan_table(ptep_t leaf, uint32_t count)
{
    for (uint32_t i = tables_live(leaf, 0, count); i < count; i++) {
        pte_t e = ptep_load(leaf + i);
        uint64_t frame = pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT;
        if (frame - scan.first < scan.frames && pte_present(e))
            hint_add((frame_t)frame, scan.va + i * PAGE_SIZE);
    }
}

/* A page of 2 MiB that shows some of the frames is cut. False: it is none of these, or cannot be. */
static bool scan_huge(struct space *space, pte_t e)
{
    uint64_t first = pte_frame(e, PTEP_LEAF - 1) >> PAGE_SHIFT;
    if (first >= scan.first + scan.frames || first + BLOCK_FRAMES <= scan.first)
        return false;
    return huge_split(space, scan.va) == 0;
}

/* The next table of the space, or piece of a region without one. Gives what it cost; 0: the space is through. */
static uint32_t scan_piece(struct space *space)
{
    const struct region *r = region_from(space, scan.va);
    ptep_t leaf;
    uint32_t count;
    pte_t huge;
    if (!r)
        return 0;
    vaddr_t from = r->start > scan.va ? r->start : scan.va;
    vaddr_t end = r->end - from > SCAN_FAR ? from + SCAN_FAR : r->end;
    scan.va = from;
    bool found = tables_next_any(space, &scan.va, end, &leaf, &count, &huge);
    uint32_t cost = (uint32_t)((scan.va - from) / HUGE_SIZE) + 8;
    if (!found) {
        scan.va = end;
    } else if (!huge) {
        scan_table(leaf, count);
        scan.va += (vaddr_t)count << PAGE_SHIFT;
        cost += count;
    } else if (scan_huge(space, huge)) {
        cost = SCAN_STEP; /* the same place again */
    } else {
        scan.va = (scan.va & ~(HUGE_SIZE - 1)) + HUGE_SIZE;
    }
    return cost;
}

bool move_scan(void)
{
    uint32_t left = SCAN_STEP, cost;
    for (; scan.space < SPACE_MAX; scan.space++, scan.va = 0) {
        struct space *space = space_by_index(scan.space);
        while (space && (cost = scan_piece(space)) > 0) {
            if (cost >= left)
                return true;
            left -= cost;
        }
    }
    return false;
}

/* ---- moving a page ---- */

#define SHOWN_MAX 64u /* entries of one page */

struct shown {
    struct space *space;
    vaddr_t va;
    uint32_t prot; /* of the entry */
    bool writable;
};
static struct {
    uint32_t count;
    struct shown at[SHOWN_MAX];
} shown; /* one thread, and no nesting */

/* The entries found, looked at again, in tables that their spaces own. E_AGAIN, E_BUSY, E_NOMEM, E_QUOTA. */
static int find_shown(frame_t frame)
{
    int error = 0;
    shown.count = 0;
    for (uint32_t i = scan.head[frame - scan.first]; i && !error; i = scan.hint[i - 1].next) {
        const struct hint *h = &scan.hint[i - 1];
        struct space *space = space_by_index(h->space);
        const struct region *r = space ? region_find(space, h->va) : NULL;
        uint32_t missing;
        pte_t e = r ? tables_entry(space, h->va, &missing) : 0;
        if (!pte_present(e) || pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT != frame)
            continue;
        if (missing == TABLE_HUGE || shown.count == SHOWN_MAX)
            return E_BUSY;
        if (missing == TABLE_SHARED) {
            error = tables_own(space, h->va);
            e = tables_entry(space, h->va, &missing);
        }
        shown.at[shown.count++] = (struct shown){space, h->va, r->prot, pte_writable(e)};
    }
    if (error)
        return error;
    const struct frame *f = &frame_table[frame];
    return f->count == shown.count + (f->kind == FRAME_OBJECT) ? 0 : E_AGAIN;
}

static int one_op(struct space *space, enum vms_opcode code, vaddr_t va, uint32_t prot)
{
    struct batch b;
    batch_begin(&b, space);
    batch_op(&b, code, PTEP_LEAF, va, 1, prot);
    return batch_flush(&b);
}

/* Entry s shows `to` in the place of `from`: with it goes a count. */
static int entry_move(const struct shown *s, frame_t from, frame_t to)
{
    struct batch b;
    batch_begin(&b, s->space);
    frame_get(to);
    batch_set(&b, s->va, to, s->writable ? s->prot : s->prot & ~(uint32_t)VMS_WRITE, VMS_REPLACE);
    int error = batch_flush(&b);
    if (!error)
        frame_put(from);
    return error;
}

/* All entries change, or none. */
static int entries_move(frame_t from, frame_t to)
{
    int error = 0;
    uint32_t done = 0;
    for (uint32_t i = 0; i < shown.count && !error; i++)
        if (shown.at[i].writable)
            error = one_op(shown.at[i].space, VMS_PROTECT, shown.at[i].va,
                           shown.at[i].prot & ~(uint32_t)VMS_WRITE);
    if (!error)
        machine_copy(frame_memory(to), frame_memory(from));
    for (; done < shown.count && !error; done += !error)
        error = entry_move(&shown.at[done], from, to);
    while (error && done > 0) {
        int back = entry_move(&shown.at[--done], to, from);
        PAGER_ASSERT(!back);
    }
    return error;
}

/* Another frame, which is not one of those to be had. */
static int frame_elsewhere(enum frame_kind kind, frame_t *out)
{
    int error;
    while ((error = frame_alloc(kind, 0, out)) == 0 && *out - scan.first < scan.frames) {
        frame_set_kind(*out, FRAME_DMA); /* freed meanwhile, and wanted */
        frame_mark(*out);
    }
    return error;
}

int move_frame(frame_t frame)
{
    struct frame *f = &frame_table[frame];
    enum frame_kind kind = f->kind;
    frame_t to;
    frame_get(frame); /* the search for another one must not drop it */
    int error = frame_elsewhere(kind, &to);
    f->count--;
    if (error)
        return error;
    error = find_shown(frame);
    if (!error)
        error = entries_move(frame, to);
    if (error) {
        frame_put(to);
        return error;
    }
    if (kind == FRAME_OBJECT)
        object_move(frame, to);
    else
        frame_put(to); /* its entries' counts are all */
    frame_claim(frame);
    return 0;
}
