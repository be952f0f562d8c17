/* Views: the pager reads the tables of other spaces, by a leaf view in a slot of its L0 and by its table V.
 * The pager and V are there from boot on and never go.
 *
 * Invariants
 * M1 V[g] and slot u show exactly the spaces at_index[g] and in_slot[u], whose view_index and view_slot they
 * are M2 every path that a user load can take through a view is read-only: slots and V's entries have no W.
 * V's own link is writable, or the kernel could not write V by its self window */
#include <window.h>

#define SLOT_VA(slot) ((vaddr_t)(slot) << PTEP_TOP_SHIFT)
#define V_VA(index)   (SLOT_VA(PAGER_UPPER_SLOT) | (vaddr_t)(index) << ptep_level_shift(1))

struct vms *vms_viewer;
static paddr_t upper; /* V */
static struct vms *at_index[PAGER_UPPER_MAX], *in_slot[PAGER_VIEW_SLOTS];

/* Change one entry of the pager's L0 or V and keep its table's count. */
static void view_store(struct window *w, ptep_t entry, struct table_record *record, pte_t value)
{
    pte_t old = pte_exchange(entry, value);
    record->live = (uint16_t)(record->live + !pte_empty(value) - !pte_empty(old));
    if (pte_present(old))
        ledger_owe(w->vms, 0);
}

static void index_show(struct window *w, uint32_t index, struct vms *vms)
{
    if (index == PAGER_NO_INDEX)
        return;
    at_index[index] = vms;
    view_store(w, window_entry(w, 1, V_VA(index)), table_record(upper), vms ? pte_mkview(vms->root) : 0);
}

static void slot_show(struct window *w, uint32_t slot, struct vms *vms)
{
    if (!slot)
        return;
    in_slot[slot - PAGER_VIEW_FIRST] = vms;
    view_store(w, window_entry(w, 0, SLOT_VA(slot)), table_record(w->vms->root),
               vms ? pte_mkview(vms->root) : 0);
}

/* Show vms at index and in slot, and nowhere else. Another space that had the slot loses it. */
static int view_change(struct vms *vms, uint32_t index, uint32_t slot)
{
    struct vms *before = index != PAGER_NO_INDEX ? at_index[index] : NULL;
    struct vms *other = slot ? in_slot[slot - PAGER_VIEW_FIRST] : NULL;
    struct window w;
    FAIL_IF(before && before != vms, E_BUSY);
    window_open(&w, vms_viewer);
    bool taken =
        slot && !other && ptep_load(window_entry(&w, 0, SLOT_VA(slot))); /* by the pager's own table */
    if (!taken) {
        if (other)
            other->view_slot = 0;
        slot_show(&w, vms->view_slot, NULL);
        index_show(&w, vms->view_index, NULL);
        slot_show(&w, slot, vms);
        index_show(&w, index, vms);
        vms->view_slot = (uint16_t)slot;
        vms->view_index = (uint16_t)index;
    }
    window_close(&w);
    tell(vms_viewer, 0, 0, PTEP_ENTRIES);
    return taken ? E_EXISTS : 0;
}

void vms_leave_views(struct vms *vms)
{
    view_change(vms, PAGER_NO_INDEX, 0);
}

void vms_views_create(struct vms *pager)
{
    struct window w;
    ASSERT(table_alloc(pager->account, TABLE_VIEW, &upper) == 0);
    pte_t *entry = paging_slot(upper);
    entry[PAGER_UPPER_MAX] = pte_mkview(upper);
    paging_slot_done();
    window_open(&w, pager);
    view_store(&w, window_entry(&w, 0, SLOT_VA(PAGER_UPPER_SLOT)), table_record(pager->root),
               pte_mkwritable(pte_mkview(upper)));
    window_close(&w);
    pager->tables++;
    vms_viewer = pager;
}

int sys_vms_mount(struct thread *thread, struct syscall *s)
{
    struct task *task;
    TRY(handle_get(thread->task, s->a[0], OBJ_MEMORY, RIGHT_MANAGE, NULL));
    TRY(handle_get(thread->task, s->a[1], OBJ_TASK, RIGHT_MANAGE, &task));
    uint64_t index = s->a[2], slot = s->a[3];
    if (slot == PAGER_TAKE_APART)
        return task->thread_count ? E_BUSY : vms_destroy_step(&task->vms) ? 0 : SYS_RESTART;
    FAIL_IF((index >= PAGER_UPPER_MAX && index != PAGER_NO_INDEX) ||
                (slot && (slot < PAGER_VIEW_FIRST || slot >= PAGER_VIEW_FIRST + PAGER_VIEW_SLOTS)),
            E_INVAL);
    FAIL_IF(!vms_alive(&task->vms), E_DEAD);
    return view_change(&task->vms, (uint32_t)index, (uint32_t)slot);
}
