/* Views: a mounter (the pager) reads the tables of other spaces, by a leaf view in an L0 slot and by its
 * table V.
 *
 * Invariants
 * M1 V[g] and slot u show exactly the spaces on `mounts` whose view_index is g and view_slot is u
 * M2 every path that a user load can take through a view is read-only: slots and V's entries have no W. V's
 * own link is writable, or the kernel could not write V by its self window */
#include <window.h>

#define SLOT_VA(slot) ((vaddr_t)(slot) << PTEP_TOP_SHIFT)
#define V_VA(index)   (SLOT_VA(PAGER_UPPER_SLOT) | (vaddr_t)(index) << ptep_level_shift(1))

/* Change one entry of the mounter's L0 or V and keep its table's count. */
static void view_store(struct window *w, ptep_t entry, struct table_record *record, pte_t value)
{
    pte_t old = pte_exchange(entry, value);
    record->live = (uint16_t)(record->live + !pte_empty(value) - !pte_empty(old));
    if (pte_present(old))
        ledger_owe(w->vms, 0);
}

/* The space that is shown in a slot or at an index, or NULL. */
static struct vms *shown(struct vms *mounter, uint32_t index, uint32_t slot)
{
    for (struct list *l = mounter->mounts.next; l != &mounter->mounts; l = l->next) {
        struct vms *vms = container_of(l, struct vms, mounted);
        if (slot ? vms->view_slot == slot : vms->view_index == index)
            return vms;
    }
    return NULL;
}

static void index_store(struct window *w, uint32_t index, pte_t value)
{
    if (index != PAGER_NO_INDEX)
        view_store(w, window_entry(w, 1, V_VA(index)), table_record(w->vms->upper), value);
}

static void slot_store(struct window *w, uint32_t slot, pte_t value)
{
    if (slot)
        view_store(w, window_entry(w, 0, SLOT_VA(slot)), table_record(w->vms->root), value);
}

/* Show vms at index and in slot, and nowhere else. Another space that had the slot loses it. */
static int view_change(struct window *w, struct vms *vms, uint32_t index, uint32_t slot)
{
    struct vms *mounter = w->vms, *other = slot ? shown(mounter, 0, slot) : NULL;
    FAIL_IF(index != PAGER_NO_INDEX && index != vms->view_index && shown(mounter, index, 0), E_BUSY);
    FAIL_IF(slot && !other && ptep_load(window_entry(w, 0, SLOT_VA(slot))),
            E_EXISTS); /* a table of the mounter's own */
    if (other)
        other->view_slot = 0;
    slot_store(w, vms->view_slot, 0);
    index_store(w, vms->view_index, 0);
    slot_store(w, slot, pte_mkview(vms->root));
    index_store(w, index, pte_mkview(vms->root));
    vms->view_slot = (uint16_t)slot;
    vms->view_index = (uint16_t)index;
    list_remove(&vms->mounted);
    vms->mounter = slot || index != PAGER_NO_INDEX ? mounter : NULL;
    if (vms->mounter)
        list_add_tail(&mounter->mounts, &vms->mounted);
    return 0;
}

void vms_leave_views(struct vms *vms)
{
    struct vms *mounter = vms->mounter;
    struct window w;
    if (!mounter)
        return;
    window_open(&w, mounter);
    view_change(&w, vms, PAGER_NO_INDEX, 0);
    window_close(&w);
    tell_space(mounter);
}

bool vms_close_views_step(struct vms *vms)
{
    if (!vms->upper)
        return true;
    if (!list_empty(&vms->mounts)) {
        vms_leave_views(container_of(vms->mounts.next, struct vms, mounted));
        return false;
    }
    struct window w;
    window_open(&w, vms);
    pte_store(window_entry(&w, 1, V_VA(PAGER_UPPER_MAX)), 0);
    slot_store(&w, PAGER_UPPER_SLOT, 0);
    window_close(&w);
    tell_space(vms);
    table_put(vms->account, vms->upper);
    vms->upper = 0;
    vms->tables--;
    return true;
}

/* Give the mounter its V. */
static int upper_create(struct window *w)
{
    struct vms *mounter = w->vms;
    paddr_t v;
    FAIL_IF(ptep_load(window_entry(w, 0, SLOT_VA(PAGER_UPPER_SLOT))),
            E_EXISTS); /* something else is mapped there */
    TRY(table_alloc(mounter->account, TABLE_VIEW, &v));
    pte_t *entry = paging_slot(v);
    entry[PAGER_UPPER_MAX] = pte_mkview(v);
    paging_slot_done();
    slot_store(w, PAGER_UPPER_SLOT, pte_mkwritable(pte_mkview(v)));
    mounter->upper = v;
    mounter->tables++;
    return 0;
}

int sys_vms_mount(struct thread *thread, struct syscall *s)
{
    struct task *task;
    TRY(handle_get(thread->task, s->a[0], OBJ_MEMORY, RIGHT_MANAGE, NULL));
    TRY(handle_get(thread->task, s->a[1], OBJ_TASK, RIGHT_MANAGE, &task));
    struct vms *vms = &task->vms, *mounter = &thread->task->vms;
    uint64_t index = s->a[2], slot = s->a[3];
    FAIL_IF((index >= PAGER_UPPER_MAX && index != PAGER_NO_INDEX) ||
                (slot && (slot < PAGER_VIEW_FIRST || slot >= PAGER_VIEW_FIRST + PAGER_VIEW_SLOTS)),
            E_INVAL);
    FAIL_IF(!vms_alive(vms) || !vms_alive(mounter), E_DEAD);
    FAIL_IF(vms->mounter && vms->mounter != mounter, E_BUSY);
    struct window w;
    window_open(&w, mounter);
    int error = mounter->upper ? 0 : upper_create(&w);
    if (!error)
        error = view_change(&w, vms, (uint32_t)index, (uint32_t)slot);
    window_close(&w);
    tell_space(mounter);
    return error;
}
