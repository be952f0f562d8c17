/* Spaces: made, loaded, resolved, taken apart in steps. */
#include <window.h>

int vms_create(struct vms *vms, struct account *account)
{
    vms->account = account;
    vms->changes = 1;
    vms->view_index = PAGER_NO_INDEX;
    TRY(table_alloc(account, 0, &vms->root));
    paging_root_set(paging_slot(vms->root), vms->root);
    paging_slot_done();
    vms->tables = 1;
    return 0;
}

void vms_switch(struct vms *vms)
{
    if (!vms_loaded(vms))
        paging_load(vms->root);
}

int vms_resolve(struct vms *vms, vaddr_t va, uint32_t need, paddr_t *out)
{
    struct window w;
    struct ptep_mapping mapping;
    FAIL_IF(va >= USER_END, E_FAULT);
    FAIL_IF(!vms_alive(vms), E_ABSENT);
    window_open(&w, vms);
    int error = ptep_resolve_by(window_read, &w, va, need, &mapping);
    window_close(&w);
    *out = mapping.pa;
    return error;
}

/* The same in the loaded space. False: it is not that simple. */
static inline bool vms_set_here(struct vms *vms, vaddr_t va, paddr_t pa, uint64_t how)
{
    const pte_t bits = PTE_P | PTE_W | PTE_US | PTE_PS | PTE_NX, table = PTE_P | PTE_W | PTE_US;
    const uint64_t replace = (uint64_t)VMS_REPLACE << 16;
    uint32_t prot = (uint8_t)how;
    if ((how & ~(replace | 0xff)) != PTEP_LEAF << 8 || prot > VMS_PROT_ALL || !(prot & VMS_READ) ||
        (va | pa) & (PAGE_SIZE - 1) || va - USER_MIN >= USER_END - USER_MIN || block_kind_of(pa) != BLOCK_RAM)
        return false;
    /* Tables all the way: not huge, not shared, not another space's. */
    if ((ptep_load(ptep_at(VMS_SELF, 0, va)) & bits) != table ||
        (ptep_load(ptep_at(VMS_SELF, 1, va)) & bits) != table ||
        (ptep_load(ptep_at(VMS_SELF, 2, va)) & bits) != table)
        return false;
    if (pte_empty(ptep_load(mkptep(VMS_SELF, va)))) {
        table_record(ptep_load(ptep_at(VMS_SELF, 2, va)) & PTE_FRAME)->live++;
    } else if (how & replace) {
        ledger_owe(vms, va);
        entry_count(pte_exchange(mkptep(VMS_SELF, va), 0), PTEP_LEAF, -1u);
        tell(vms, va, PTEP_LEAF, 1);
    } else {
        return false;
    }
    blocks[block_number(pa)].mappings++;
    pte_store(mkptep(VMS_SELF, va), pte_make(pa, prot));
    return true;
}

int vms_set_one(struct vms *vms, vaddr_t va, paddr_t pa, uint64_t how)
{
    struct window w;
    pte_t old;
    if (vms_loaded(vms) && vms_set_here(vms, va, pa, how))
        return 0;
    FAIL_IF(how >> 24, E_INVAL);
    FAIL_IF(!vms_alive(vms), E_DEAD);
    struct vms_op op = {VMS_SET, (uint8_t)(how >> 8), (uint8_t)how, (uint8_t)(how >> 16), 1, va, pa, 0, 0};
    window_open(&w, vms);
    int error = entry_change(&w, &op, &old);
    window_close(&w);
    return error;
}

/* ---- taking apart ---- */

#define EACH_TABLE 24 /* a table that goes takes as long as so many entries */

/* Take the first table at or behind the cursor away that has none below it, or *left entries of it. Everything
 * before the cursor is gone. False: nothing is left in the user half. */
static bool destroy_table(struct window *w, vaddr_t *cursor, uint32_t *left)
{
    struct place at = {window_entry(w, 0, *cursor), table_record(w->vms->root)};
    struct table_record *outer = NULL;
    ptep_t link = NULL;
    paddr_t table = 0;
    for (uint32_t level = 0; at.record->links == 1; level++) {
        uint64_t size = ptep_level_size(level);
        vaddr_t base = level ? *cursor & ~(ptep_level_size(level - 1) - 1) : 0;
        uint32_t i = entry_clear_from(w->vms, at, base, level, left);
        if (i == PTEP_ENTRIES)
            break;
        *cursor = base + i * size > *cursor ? base + i * size : *cursor;
        link = ptep_table(at.entry) + i;
        outer = at.record;
        if (!pte_table(ptep_load(link), level))
            return true; /* enough for one step */
        table = pte_frame(ptep_load(link), level);
        at.record = table_record(table);
        if (at.record->links == 1)
            at.entry = window_entry_below(w, link, level + 1, *cursor);
    }
    if (!outer)
        return false;
    pte_store(link, 0);
    outer->live--;
    w->vms->tables--;
    table_put(w->vms->account, table);
    *left -= *left < EACH_TABLE ? *left : EACH_TABLE;
    return true;
}

bool vms_destroy_step(struct vms *vms)
{
    if (!vms->root)
        return true;
    if (!vms->destroy_cursor) {
        vms->destroy_cursor = PAGE_SIZE; /* never 0 from now on */
        vms_leave_views(vms);
        if (vms_loaded(vms)) /* no CPU may have it, for its tables are about to go */
            paging_load(paging_kernel_root());
    }
    struct window w;
    vaddr_t cursor = vms->destroy_cursor & ~PAGE_SIZE;
    uint32_t left = CLEAR_MOST;
    bool more = true;
    window_open(&w, vms);
    while (left && more)
        more = destroy_table(&w, &cursor, &left);
    window_close(&w);
    vms->destroy_cursor = cursor | PAGE_SIZE;
    if (more)
        return false;
    DEBUG_ASSERT(vms->tables == 1);
    paging_root_set(paging_slot(vms->root), 0);
    paging_slot_done();
    table_put(vms->account, vms->root);
    vms->root = 0;
    vms->tables = 0;
    return true;
}
