#include "fault.h"

#include "fill.h"
#include "stock.h"
#include "writeback.h"

#define AROUND_MAX  16u /* pages of a file mapped around one */
#define AHEAD_MAX   32u /* zeroed pages mapped ahead of one touched in order */
#define PAGE_FAULT  14u
#define LEAF_OF(va) (((va) >> PAGE_SHIFT) & (PTEP_ENTRIES - 1))

struct fault_counts fault_counts;

/* Of the FAULT_MAP that was answered last. */
static struct {
    frame_t frame; /* its count is the new entry's */
    frame_t old;   /* its count was the replaced entry's, and goes when the reply has been carried out */
} answered;

/* ---- from page to frame ---- */

/* The one page that pages never written show where nothing may be written. With a count for the caller. */
static int blank_frame(frame_t *out)
{
    static frame_t blank;
    if (!blank && frame_alloc(FRAME_BLANK, FRAME_ZERO, &blank))
        return PAGER_EXC_NOMEM;
    frame_get(blank);
    *out = blank;
    return 0;
}

static int anon_frame(struct region *r, frame_t *out)
{
    if (region_touch(r, 1))
        return PAGER_EXC_NOMEM;
    return frame_alloc(FRAME_ANON, FRAME_ZERO, out) ? PAGER_EXC_NOMEM : 0;
}

/* The object's frame for a page, with a count for the caller. */
static int object_frame(struct object *object, uint64_t page, frame_t *out, struct request **request)
{
    if (page >= object_size_pages(object->size))
        return PAGER_EXC_END;
    frame_t f = object_page(object, (uint32_t)page);
    if (!f && object->type == OBJECT_ANON) {
        if (frame_alloc(FRAME_OBJECT, FRAME_ZERO, &f))
            return PAGER_EXC_NOMEM;
        object_insert(object, (uint32_t)page, f);
    }
    if (!f && object->manager) {
        if (object_request(object, (uint32_t)page, request))
            return PAGER_EXC_NOMEM;
        return PAGE_WAIT;
    }
    if (!f)
        return PAGER_EXC_IO;
    frame_get(f);
    *out = f;
    return 0;
}

/* A private copy of a frame whose count the caller holds. */
static int frame_duplicate(frame_t from, frame_t *out)
{
    if (frame_alloc(FRAME_ANON, 0, out))
        return PAGER_EXC_NOMEM;
    machine_copy(frame_memory(*out), frame_memory(from));
    return 0;
}

static int plan_absent(struct region *r, uint32_t wish, struct plan *plan)
{
    plan->action = PLAN_SET;
    plan->prot = r->prot;
    if (!r->object)
        return r->prot & VMS_WRITE || wish & PAGE_WRITE ? anon_frame(r, &plan->frame)
                                                        : blank_frame(&plan->frame);
    frame_t source;
    uint64_t page = (r->offset + (plan->va - r->start)) >> PAGE_SHIFT;
    int code = object_frame(r->object, page, &source, &plan->request);
    if (code)
        return code;
    plan->frame = source;
    if (r->flags & PAGER_SHARED) {
        if (wish & PAGE_WRITE && !writeback_dirty(r->object, source)) {
            plan->manager = r->object->manager;
            frame_put(source);
            return PAGE_ROOM;
        }
        if (wish & PAGE_WRITE)
            return 0;
        if (r->object->type == OBJECT_FILE && !(frame_table[source].flags & FRAME_LENT))
            plan->prot &= ~(uint32_t)VMS_WRITE;
        return 0;
    }
    if (!(wish & PAGE_WRITE)) {
        plan->prot &= ~(uint32_t)VMS_WRITE;
        return 0;
    }
    code = frame_duplicate(source, &plan->frame);
    frame_put(source);
    return code;
}

static int plan_present(struct region *r, pte_t entry, uint32_t wish, struct plan *plan)
{
    plan->action = PLAN_READY;
    plan->frame = (frame_t)(pte_frame(entry, PTEP_LEAF) >> PAGE_SHIFT);
    if (!(wish & PAGE_WRITE) || pte_writable(entry) || r->flags & REGION_DMA)
        return 0;
    plan->prot = r->prot;
    const struct frame *f = &frame_table[plan->frame];
    if (r->flags & PAGER_SHARED) {
        plan->action = PLAN_PROTECT;
        plan->manager = r->object->manager;
        return writeback_dirty(r->object, plan->frame) ? 0 : PAGE_ROOM;
    }
    if (f->kind == FRAME_ANON && f->count == 1) {
        if (r->prot & VMS_WRITE)
            plan->action = PLAN_PROTECT;
        return 0;
    }
    if (f->kind == FRAME_BLANK && region_touch(r, 1))
        return PAGER_EXC_NOMEM;
    plan->old = plan->frame;
    plan->action = PLAN_REPLACE;
    fault_counts.cow++;
    frame_get(plan->old); /* the search for a frame must not take it away */
    int code = frame_duplicate(plan->old, &plan->frame);
    frame_put(plan->old);
    return code;
}

int page_plan(struct space *space, struct region *r, vaddr_t va, uint32_t wish, struct plan *plan)
{
    *plan = (struct plan){.va = va & ~(PAGE_SIZE - 1)};
    if (r->flags & (PAGER_GUARD | PAGER_STACK) && region_guards(r, plan->va))
        return PAGER_EXC_GUARD;
    if ((wish & PAGE_FORCE && r->flags & REGION_DEVICE) ||
        (wish & PAGE_WRITE && r->flags & PAGER_SHARED && !(r->prot & VMS_WRITE)))
        return PAGER_EXC_DENIED;
    pte_t entry = tables_entry(space, plan->va, &plan->missing);
    if (plan->missing == TABLE_HUGE && wish & PAGE_WRITE && !pte_writable(entry)) {
        if (huge_own(space, r, plan->va))
            return PAGER_EXC_NOMEM;
        entry = tables_entry(space, plan->va, &plan->missing);
    }
    if (plan->missing == TABLE_SHARED && (!pte_present(entry) || wish & PAGE_WRITE)) {
        if (tables_own(space, plan->va))
            return PAGER_EXC_NOMEM;
        entry = tables_entry(space, plan->va, &plan->missing);
    }
    if (pte_present(entry))
        return r->flags & REGION_DEVICE ? 0 : plan_present(r, entry, wish, plan);
    if (r->flags & (REGION_DEVICE | REGION_DMA))
        return PAGER_EXC_UNMAPPED;
    return plan_absent(r, wish, plan);
}

void page_wait(int code, const struct plan *plan, struct waiter *w)
{
    switch (code) {
    case PAGE_FILL: waiter_enlist(plan->fill, w); break;
    case PAGE_ROOM: writeback_wait_room(plan->manager, w); break;
    default: waiter_enlist(&plan->request->waiters, w); channel_kick(plan->request->object->manager);
    }
}

/* ---- carrying it out ---- */

/* Pages behind one that was touched in order: zeroed frames where nothing is. */
static void around_anon(struct space *space, struct region *r, vaddr_t va, struct batch *b)
{
    frame_t frames[AHEAD_MAX];
    uint32_t left = PTEP_ENTRIES - (uint32_t)LEAF_OF(va), count = 1;
    r->around = va == r->next_fault ? (r->around < AHEAD_MAX / 2 ? r->around * 2 : AHEAD_MAX) : 1;
    if (r->flags & PAGER_STACK || frame_counts.kind[FRAME_FREE] < frame_counts.owned / 16)
        r->around = 1;
    left = r->around < left ? r->around : left;
    left = left < (r->end - va) >> PAGE_SHIFT ? left : (uint32_t)((r->end - va) >> PAGE_SHIFT);
    ptep_t leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, va);
    while (count < left && ptep_load(leaf + count) == 0)
        count++;
    bool own = r->prot & VMS_WRITE;
    count = own ? frame_alloc_many(FRAME_ANON, FRAME_ZERO, count - 1, frames) : count - 1;
    if (own && region_touch(r, count)) {
        while (count > 0)
            frame_put(frames[--count]);
    }
    for (uint32_t i = 0; i < count && (own || blank_frame(&frames[i]) == 0); i++)
        batch_set(b, va + (i + 1) * PAGE_SIZE, frames[i], r->prot, 0);
    r->next_fault = va + (count + 1) * PAGE_SIZE;
}

/* Pages of the object that are in memory, in the aligned window around one that was read. */
static void around_object(struct space *space, struct region *r, vaddr_t va, struct batch *b)
{
    vaddr_t low = va & ~(AROUND_MAX * PAGE_SIZE - 1), high = low + AROUND_MAX * PAGE_SIZE;
    low = low < r->start ? r->start : low;
    high = high > r->end ? r->end : high;
    ptep_t leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, low);
    uint64_t page = (r->offset + (low - r->start)) >> PAGE_SHIFT, size = object_size_pages(r->object->size);
    for (; low < high && page < size; low += PAGE_SIZE, leaf++, page++) {
        frame_t f = low != va && ptep_load(leaf) == 0 ? object_page(r->object, (uint32_t)page) : FRAME_NONE;
        if (!f)
            continue;
        frame_get(f);
        batch_set(b, low, f, r->prot & ~(uint32_t)VMS_WRITE, 0);
    }
}

/* Entries behind one that may be written in place, and that may be too. */
static uint32_t around_private(struct space *space, const struct region *r, vaddr_t va)
{
    uint32_t left = PTEP_ENTRIES - (uint32_t)LEAF_OF(va), count = 1;
    if (r->flags & PAGER_SHARED)
        return 1;
    left = left < AROUND_MAX ? left : AROUND_MAX;
    ptep_t leaf = machine_ptep(space->index, space->slot, PTEP_LEAF, va);
    for (; count < left && va + count * PAGE_SIZE < r->end; count++) {
        pte_t e = ptep_load(leaf + count);
        const struct frame *f = &frame_table[pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT];
        if (!pte_present(e) || pte_writable(e) || f->kind != FRAME_ANON || f->count != 1)
            break;
    }
    return count;
}

static int apply(struct space *space, struct region *around, const struct plan *plan)
{
    struct batch b;
    int error = plan->action == PLAN_SET ? tables_link(space, plan->va) : 0;
    if (error) {
        frame_put(plan->frame);
        return error;
    }
    batch_begin(&b, space);
    switch (plan->action) {
    case PLAN_READY: return 0;
    case PLAN_SET:
        batch_set(&b, plan->va, plan->frame, plan->prot, 0);
        if (around && around->object)
            around_object(space, around, plan->va, &b);
        else if (around)
            around_anon(space, around, plan->va, &b);
        break;
    case PLAN_REPLACE: batch_set(&b, plan->va, plan->frame, plan->prot, VMS_REPLACE); break;
    case PLAN_PROTECT:
        batch_op(&b, VMS_PROTECT, PTEP_LEAF, plan->va, around ? around_private(space, around, plan->va) : 1,
                 plan->prot);
        break;
    }
    error = batch_flush(&b);
    if (!error && plan->action == PLAN_REPLACE)
        frame_put(plan->old);
    return error;
}

int page_apply(struct space *space, const struct plan *plan)
{
    return apply(space, NULL, plan);
}

/* ---- faults ---- */

static int fault_access(const struct region *r, uint32_t access)
{
    uint32_t need = access & FAULT_WRITE  ? VMS_WRITE
                    : access & FAULT_EXEC ? VMS_EXEC
                                          : VMS_READ | VMS_WRITE | VMS_EXEC;
    return r->flags & PAGER_GUARD ? PAGER_EXC_GUARD : r->prot & need ? 0 : PAGER_EXC_DENIED;
}

/* 0: the plan is made; PAGE_WAIT, PAGE_ROOM, PAGE_FILL; or an exception's code. */
static int fault_plan(struct space *space, const struct fault *f, struct region **r, struct plan *plan)
{
    *r = region_find(space, f->va);
    if (!*r)
        return PAGER_EXC_UNMAPPED;
    int code = fault_access(*r, f->access);
    vaddr_t page = f->va & ~(PAGE_SIZE - 1);
    if (!code &&
        ((fill_count && (plan->fill = fill_under_way(space, page))) ||
         (page == (*r)->next_fault && (*r)->around == AHEAD_MAX && fill_begin(space, *r, page, &plan->fill))))
        return PAGE_FILL;
    return code ? code : page_plan(space, *r, f->va, f->access & FAULT_WRITE ? PAGE_WRITE : 0, plan);
}

static int fault_answer(struct fault_answer *out, uint32_t label)
{
    *out = (struct fault_answer){.label = label};
    return 0;
}

/* The thread cannot go on. 0: *out says so; FAULT_LATER. */
static int fault_raise(struct space *space, const struct fault *f, uint32_t code, struct waiter *w,
                       struct fault_answer *out)
{
    struct pager_exception x = {.space = f->space,
                                .thread = f->thread,
                                .address = f->va,
                                .rip = f->rip,
                                .vector = PAGE_FAULT,
                                .code = code};
    if (f->access & FAULT_TOUCH || !exception_raise(space, w, &x))
        return fault_answer(out, FAULT_REFUSE);
    return FAULT_LATER;
}

/* Is this page all that is to be mapped? */
static bool fault_is_single(struct space *space, const struct region *r, const struct plan *plan)
{
    switch (plan->action) {
    case PLAN_SET: return (r->object ? plan->prot & VMS_WRITE : plan->va != r->next_fault);
    case PLAN_REPLACE: return true;
    case PLAN_PROTECT: return around_private(space, r, plan->va) == 1;
    default: return false;
    }
}

/* The reply carries the mapping. */
static int fault_map(struct region *r, const struct plan *plan, struct fault_answer *out)
{
    bool set = plan->action == PLAN_SET;
    answered.frame = plan->action == PLAN_PROTECT ? FRAME_NONE : plan->frame;
    answered.old = plan->old;
    if (set && !r->object) {
        r->around = 1;
        r->next_fault = plan->va + PAGE_SIZE;
    }
    *out = (struct fault_answer){FAULT_MAP,
                                 {plan->va, (paddr_t)plan->frame << PAGE_SHIFT,
                                  plan->prot | PTEP_LEAF << 8 | (set ? 0 : VMS_REPLACE << 16)}};
    return 0;
}

static int fault_wait(const struct fault *f, int code, const struct plan *plan, struct waiter *w,
                      struct fault_answer *out)
{
    if (!w && waiter_new(WAIT_FAULT, f->thread, &w))
        return fault_answer(out, FAULT_RESUME); /* no memory to wait with: it faults again */
    w->fault = *f;
    page_wait(code, plan, w);
    return FAULT_LATER;
}

/* No frame: pages that are being written may become some. */
static int fault_wait_memory(struct space *space, const struct fault *f, struct waiter *w,
                             struct fault_answer *out)
{
    if (w || !waiter_new(WAIT_FAULT, f->thread, &w)) {
        w->fault = *f;
        if (writeback_wait_memory(w))
            return FAULT_LATER;
    }
    return fault_raise(space, f, PAGER_EXC_NOMEM, w, out);
}

/* There is no plan, but a reason to wait or an exception. */
static int fault_unplanned(struct space *space, const struct fault *f, int code, const struct plan *plan,
                           struct waiter *w, struct fault_answer *out)
{
    if (code < 0)
        return fault_wait(f, code, plan, w, out);
    if (code == PAGER_EXC_NOMEM && writeback_may_help())
        return fault_wait_memory(space, f, w, out);
    return fault_raise(space, f, (uint32_t)code, w, out);
}

static int fault_resolve(const struct fault *f, struct waiter *w, struct fault_answer *out)
{
    struct space *space = space_by_id(f->space);
    struct region *r;
    struct plan plan;
    if (!space || space->dying)
        return fault_answer(out, FAULT_REFUSE);
    int code = fault_plan(space, f, &r, &plan);
    if (code)
        return fault_unplanned(space, f, code, &plan, w, out);
    if (!w && fault_is_single(space, r, &plan)) {
        if (!plan.missing || tables_link_from(space, plan.va, plan.missing) == 0)
            return fault_map(r, &plan, out);
        frame_put(plan.frame);
        return fault_raise(space, f, PAGER_EXC_NOMEM, w, out);
    }
    if (apply(space, r, &plan))
        return fault_raise(space, f, PAGER_EXC_NOMEM, w, out);
    return fault_answer(out, FAULT_RESUME);
}

#ifdef OUROS_HOST
bool fault_looks_first = true;
#endif

/* The commonest fault at first look: a page of plain anonymous memory is written, out of order, where the
 * last region and the last leaf table are still the ones, and a zeroed frame is at hand. The answer is what
 * fault_resolve would give. */
static bool fault_first_look(const struct fault *f, struct fault_answer *out)
{
    const struct space *space = space_by_id(f->space);
    vaddr_t va = f->va & ~(PAGE_SIZE - 1);
    struct region *r = space ? space->hit : NULL;
    if (!r || va < r->start || va >= r->end || f->access != FAULT_WRITE || r->object ||
        r->flags & REGION_SPECIAL || !(r->prot & VMS_WRITE) || va == r->next_fault || !fault_looks_first ||
        !tables_at_hand(space, va) || ptep_load(machine_ptep(space->index, space->slot, PTEP_LEAF, va)))
        return false;
    frame_t frame = stock_take();
    if (!frame)
        return false;
    answered.frame = frame;
    r->around = 1;
    r->next_fault = va + PAGE_SIZE;
    out->label = FAULT_MAP;
    out->word[0] = va;
    out->word[1] = (paddr_t)frame << PAGE_SHIFT;
    out->word[2] = r->prot | PTEP_LEAF << 8;
    return true;
}

int fault_handle(const struct fault *f, struct fault_answer *out)
{
    fault_counts.faults++;
    if (fault_first_look(f, out))
        return 0;
    return fault_resolve(f, NULL, out);
}

void fault_settle(void)
{
    if (answered.old)
        frame_put(answered.old);
    answered.frame = answered.old = FRAME_NONE;
}

void fault_refused(int error, struct fault_answer *out)
{
    if (answered.frame)
        frame_put(answered.frame);
    answered.frame = answered.old = FRAME_NONE;
    fault_answer(out, error == E_EXISTS ? FAULT_RESUME : FAULT_REFUSE);
}

int fault_exception(uint64_t id, uint32_t thread, uint32_t vector, vaddr_t rip, vaddr_t address,
                    struct fault_answer *out)
{
    struct space *space = space_by_id(id);
    struct pager_exception x = {.space = id,
                                .thread = thread,
                                .address = address,
                                .rip = rip,
                                .vector = vector,
                                .code = PAGER_EXC_CPU};
    if (!space || !exception_raise(space, NULL, &x))
        return fault_answer(out, FAULT_REFUSE);
    return FAULT_LATER;
}

void fault_retry(struct waiter *w)
{
    struct fault_answer answer;
    waiter_unlist(w);
    if (w->kind == WAIT_COPY) {
        uint64_t touch[2] = {0, w->copy.out ? FAULT_WRITE : 0}; /* its stub touches that, and calls again */
        waiter_answer(w, E_TOUCH, touch, 2);
        return;
    }
    struct fault f = w->fault;
    if (fault_resolve(&f, w, &answer) == 0)
        waiter_answer(w, answer.label, answer.word, 3);
}

void fault_fail(struct waiter *w, uint32_t code)
{
    struct fault_answer answer;
    waiter_unlist(w);
    if (w->kind == WAIT_COPY) {
        waiter_answer(w, code == PAGER_EXC_NOMEM ? E_NOMEM : E_IO, NULL, 0);
        return;
    }
    struct fault f = w->fault;
    struct space *space = space_by_id(f.space);
    if (!space || fault_raise(space, &f, code, w, &answer) == 0)
        waiter_answer(w, FAULT_REFUSE, NULL, 0);
}
