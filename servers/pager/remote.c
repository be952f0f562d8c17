/* Pages moved by the pager itself: an admin's access to another space, resident mappings, pages from a
 * manager. */
#include "fault.h"
#include "writeback.h"

static const uint8_t zeros[PAGE_SIZE];

static int code_error(int code)
{
    return code == PAGER_EXC_NOMEM ? E_NOMEM : code == PAGER_EXC_IO || code == PAGER_EXC_END ? E_IO : E_FAULT;
}

int region_populate(struct space *space, vaddr_t start, vaddr_t end, uint64_t *absent)
{
    struct batch b;
    int error = 0;
    *absent = 0;
    batch_begin(&b, space);
    for (vaddr_t va = start; va < end && !error; va += PAGE_SIZE) {
        struct region *r = region_find(space, va);
        struct plan plan;
        uint32_t missing;
        if (va == start || va % HUGE_SIZE == 0)
            error = tables_link(space, va);
        if (error || (r->flags & REGION_LOW_GUARD && va == r->start) ||
            pte_present(tables_entry(space, va, &missing)))
            continue;
        bool own = !(r->flags & PAGER_SHARED) &&
                   (r->prot & VMS_WRITE || (!r->object && r->flags & PAGER_RESIDENT)); /* to be filled */
        int code = page_plan(space, r, va, own ? PAGE_WRITE : 0, &plan);
        if (code == PAGE_WAIT)
            ++*absent;
        else if (code == PAGER_EXC_END)
            continue;
        else if (code)
            error = code_error(code);
        else
            batch_set(&b, va, plan.frame, plan.prot, 0);
    }
    int flushed = batch_flush(&b);
    return error ? error : flushed;
}

/* Pages of a region that was never written need no frame to be read. */
static bool reads_zero(struct space *space, const struct region *r, vaddr_t va)
{
    uint32_t missing;
    return !r->object && !(r->flags & (REGION_DEVICE | REGION_DMA)) &&
           !region_guards(r, va & ~(PAGE_SIZE - 1)) && !pte_present(tables_entry(space, va, &missing));
}

/* Copy inside one page. 0, PAGE_WAIT, PAGE_ROOM, an error. */
static int copy_page(struct space *space, vaddr_t va, uint64_t offset, uint64_t length, uint32_t wish,
                     struct plan *plan)
{
    struct region *r = region_find(space, va);
    if (!r)
        return E_FAULT;
    if (!(wish & PAGE_WRITE) && reads_zero(space, r, va))
        return machine_write(offset, zeros, length);
    int error = page_plan(space, r, va, wish | PAGE_FORCE, plan);
    if (error)
        return error < 0 ? error : code_error(error);
    error = page_apply(space, plan);
    if (error)
        return error == E_KMEM || error == E_QUOTA ? E_NOMEM : error;
    uint8_t *memory = (uint8_t *)frame_memory(plan->frame) + va % PAGE_SIZE;
    return wish & PAGE_WRITE ? machine_read(offset, memory, length) : machine_write(offset, memory, length);
}

int remote_copy(struct space *space, uint32_t thread, vaddr_t address, uint64_t length, uint32_t wish,
                uint64_t *done)
{
    int error = 0;
    struct plan plan;
    struct waiter *w;
    if (length > PAGER_COPY_MAX)
        length = PAGER_COPY_MAX;
    for (*done = 0; *done < length && !error;) {
        vaddr_t va = address + *done;
        uint64_t n = PAGE_SIZE - va % PAGE_SIZE;
        n = n < length - *done ? n : length - *done;
        error = va < address || va >= USER_END ? E_FAULT : copy_page(space, va, *done, n, wish, &plan);
        if (!error)
            *done += n;
    }
    if (!error || error == E_TOUCH || (*done > 0 && error != E_SIZE))
        return error == E_TOUCH ? error : 0;
    bool memory = error == E_NOMEM && writeback_may_help();
    if (error > 0 && !memory)
        return error;
    int why = error;
    error = waiter_new(WAIT_COPY, thread, &w);
    if (error)
        return error;
    w->copy.space = space->id;
    w->copy.out = !(wish & PAGE_WRITE);
    if (memory)
        writeback_wait_memory(w);
    else
        page_wait(why, &plan, w);
    return PAGER_PARKED;
}

/* Copy page i of a supply out of the caller's buffer, and put it into the object. */
static int supply_page(struct object *object, uint32_t page, uint64_t offset, uint64_t length)
{
    frame_t f;
    if (page >= object_size_pages(object->size) || object_page(object, page))
        return 0;
    int error = frame_alloc(FRAME_OBJECT, 0, &f);
    if (error)
        return error;
    if (length > 0)
        error = machine_read(offset, frame_memory(f), length);
    if (error) {
        frame_put(f);
        return error;
    }
    __builtin_memset((uint8_t *)frame_memory(f) + length, 0, PAGE_SIZE - length);
    object_insert(object, page, f);
    fault_counts.page_ins++;
    return 0;
}

/* Who waits for these pages goes on. code: 0, or the exception that it gets. */
static void pages_came(struct object *object, uint32_t page, uint32_t pages, uint32_t code)
{
    struct waiter_list woken = {0};
    bool help = code == PAGER_EXC_NOMEM && writeback_may_help();
    object_answered(object, page, pages, &woken);
    while (woken.first) {
        if (!code)
            fault_retry(woken.first);
        else if (code != PAGER_EXC_NOMEM || !help || !writeback_wait_memory(woken.first))
            fault_fail(woken.first, code);
    }
}

int object_supply(struct object *object, uint64_t offset, uint32_t status, uint64_t length)
{
    uint64_t first = offset >> PAGE_SHIFT, pages = length ? object_size_pages(length) : 1;
    int error = 0;
    if (offset % PAGE_SIZE || length > PAGER_SUPPLY_MAX || first > UINT32_MAX - pages)
        return E_INVAL;
    for (uint64_t i = 0; i < pages && !status && !error; i++) {
        uint64_t at = i * PAGE_SIZE, left = length - at;
        error = supply_page(object, (uint32_t)(first + i), at,
                            length ? (left < PAGE_SIZE ? left : PAGE_SIZE) : 0);
    }
    if (error && error != E_NOMEM)
        return error; /* the manager calls again */
    pages_came(object, (uint32_t)first, (uint32_t)pages, status ? PAGER_EXC_IO : error ? PAGER_EXC_NOMEM : 0);
    return error;
}

int object_read(const struct object *object, uint64_t offset, uint64_t length, uint64_t *count)
{
    uint64_t first = offset >> PAGE_SHIFT, pages = object_size_pages(object->size);
    int error = 0;
    *count = 0;
    if (offset % PAGE_SIZE || length % PAGE_SIZE || length > PAGER_SUPPLY_MAX)
        return E_INVAL;
    for (uint64_t page = first; *count < length && page < pages && !error; page++) {
        frame_t f = object_page(object, (uint32_t)page);
        uint64_t left = object->size - (page << PAGE_SHIFT);
        uint64_t n = left < PAGE_SIZE ? left : PAGE_SIZE;
        if (!f)
            break;
        error = machine_write(*count, frame_memory(f), n);
        if (!error && n < PAGE_SIZE)
            error = machine_write(*count + n, zeros, PAGE_SIZE - n);
        *count += error ? 0 : PAGE_SIZE;
    }
    return error ? error : *count || length == 0 ? 0 : E_NOENT;
}

/* The frame of private memory that a space may write, or FRAME_NONE. */
static frame_t own_frame(struct space *space, vaddr_t va)
{
    const struct region *r = va % PAGE_SIZE ? NULL : region_find(space, va);
    uint32_t missing;
    if (!r || r->object || r->flags & (PAGER_GUARD | REGION_DEVICE | REGION_DMA))
        return FRAME_NONE;
    pte_t e = tables_entry(space, va, &missing);
    return !missing && pte_present(e) && pte_writable(e) ? (frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT)
                                                         : FRAME_NONE;
}

static int lend_page(struct object *object, struct space *lender, uint32_t page, vaddr_t va)
{
    frame_t f = own_frame(lender, va), there = object_page(object, page);
    if (!f || page >= object_size_pages(object->size))
        return E_INVAL;
    if (there)
        return there == f ? 0 : E_EXISTS;
    if (frame_table[f].kind != FRAME_ANON || frame_table[f].count != 1)
        return E_INVAL;
    frame_set_kind(f, FRAME_OBJECT);
    frame_get(f);
    frame_table[f].flags = FRAME_LENT;
    object_insert(object, page, f);
    fault_counts.page_ins++;
    return 0;
}

int object_lend(struct object *object, struct space *lender, uint32_t page, const uint64_t *addresses,
                uint32_t count)
{
    int error = page > UINT32_MAX - count ? E_INVAL : 0;
    uint32_t done = 0;
    while (done < count && !error) {
        error = lend_page(object, lender, page + done, addresses[done]);
        done += !error;
    }
    if (done > 0)
        pages_came(object, page, done, 0);
    return error;
}
