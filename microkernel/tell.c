/* Telling every CPU that tables changed. */
#include <window.h>

/* More pages than this: one full flush is cheaper than flushing each. */
#define TELL_SINGLY 32

/* The one place where CPUs are told: those that have the space loaded. There is one CPU yet. */
void tell(struct vms *vms, vaddr_t va, uint32_t level, uint32_t count)
{
    vms->changes++;
    ledger_pay(vms, va, count * ptep_level_size(level));
    if (!vms_loaded(vms))
        return;
    if (count > TELL_SINGLY)
        paging_load(vms->root);
    else
        for (uint32_t i = 0; i < count; i++)
            paging_flush(va + i * ptep_level_size(level));
}

void tell_views(struct vms *vms, vaddr_t va, uint32_t level)
{
    struct ptep_view view = {PAGER_UPPER_SLOT, vms->view_index, vms->view_slot};
    if (level == PTEP_LEAF ? vms->view_slot != 0 : vms->view_index != PAGER_NO_INDEX)
        tell(vms_viewer, (vaddr_t)ptep_view_at(&view, level, va), PTEP_LEAF, 1);
}
