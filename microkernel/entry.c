/* The page-table primitives: what vms_batch and the replies to faults are made of.
 *
 * Each one finds its place, checks everything, and only then changes anything: an operation that fails has
 * done nothing. Rules (docs/memory.md says where each comes from): E1 a table is zeroed before it is linked;
 * linking is the last store E2 a table is unlinked, then every CPU is told, then it is freed E3 only whole
 * RAM blocks are mapped as memory, and only a device object's pages as a device E4 a leaf table with more
 * than one link is changed by nobody E5 hardware changes A and D: entries are cleared by exchange, changed by
 * compare and exchange E6 huge entries are never split: what stands in the way is answered, the pager clears
 * it first */
#include <window.h>

int window_find(struct window *w, vaddr_t va, uint32_t level, struct place *out, uint32_t *missing)
{
    if (level == PTEP_LEAF && w->leaf_number == va >> WINDOW_LEAF_SHIFT) {
        out->entry = w->leaf + ptep_va_index(va, PTEP_LEAF);
        out->record = w->leaf_record;
        return 0;
    }
    paddr_t table = w->vms->root;
#pragma GCC unroll 3
    for (uint32_t l = 0; l < PTEP_LEAF; l++) {
        if (l == level)
            break;
        pte_t e = ptep_load(window_entry(w, l, va));
        if (!pte_present(e)) {
            *missing = l + 1;
            return E_NOTABLE;
        }
        FAIL_IF(pte_huge(e, l), E_HUGE);
        table = pte_frame(e, l);
        FAIL_IF(l == 0 && table_record(table)->level != 1, E_INVAL); /* the slot shows another space */
    }
    out->entry = window_entry(w, level, va);
    out->record = table_record(table);
    if (level == PTEP_LEAF && out->record->links == 1) {
        w->leaf_number = va >> WINDOW_LEAF_SHIFT;
        w->leaf = ptep_table(out->entry);
        w->leaf_record = out->record;
    }
    return 0;
}

/* The first entry of an operation on `count` entries of level 3 or 2, within one table and the user's range.
 */
static int range_find(struct window *w, const struct vms_op *op, struct place *out, uint32_t *missing)
{
    uint32_t level = op->level;
    FAIL_IF(level != PTEP_LEAF && level != PTEP_LEAF - 1, E_INVAL);
    uint64_t size = ptep_level_size(level);
    FAIL_IF(op->va & (size - 1) || op->va < USER_MIN || op->va >= USER_END || op->count > PTEP_ENTRIES ||
                ptep_va_index(op->va, level) + op->count > PTEP_ENTRIES ||
                op->count * size > USER_END - op->va,
            E_INVAL);
    TRY(window_find(w, op->va, level, out, missing));
    return level == PTEP_LEAF && out->record->links > 1 ? E_SHARED : 0;
}

/* May these frames be mapped? */
static int frames_check(const struct vms_op *op)
{
    uint64_t size = ptep_level_size(op->level);
    FAIL_IF(op->pa & (size - 1) || op->pa > PTE_FRAME || op->count * size > PTE_FRAME - op->pa, E_INVAL);
    if (op->op == VMS_SET_DEVICE)
        return 0; /* the caller has checked them against the object */
    for (paddr_t pa = op->pa & ~(HUGE_SIZE - 1); pa < op->pa + op->count * size; pa += HUGE_SIZE) {
        FAIL_IF(block_kind_of(pa) != BLOCK_RAM, E_INVAL);
        FAIL_IF(blocks[block_number(pa)].mappings >= BLOCK_MAPPINGS_MAX, E_FULL);
    }
    return 0;
}

/* May the operation change this entry? */
static int entry_check(const struct vms_op *op, pte_t e)
{
    bool fills = op->op == VMS_SET || op->op == VMS_SET_DEVICE || op->op == VMS_GUARD;
    FAIL_IF(fills && !pte_empty(e) && !(op->flags & VMS_REPLACE), E_EXISTS);
    return pte_table(e, op->level) ? E_BUSY : 0;
}

/* What the operation makes of an entry; `set`: the value for VMS_SET. */
static pte_t entry_value(const struct vms_op *op, pte_t e, pte_t set)
{
    switch (op->op) {
    case VMS_CLEAR: return 0;
    case VMS_GUARD: return pte_mkguard();
    case VMS_PROTECT: /* device pages stay uncached */
        return pte_mkprot(e, op->prot | (e & PTE_PCD ? VMS_UNCACHED : 0));
    default: return set;
    }
}

int entry_change(struct window *w, const struct vms_op *op, pte_t *old, uint32_t *missing)
{
    struct place at;
    bool sets = op->op == VMS_SET || op->op == VMS_SET_DEVICE, flush = false;
    FAIL_IF(op->flags & ~(sets ? VMS_REPLACE : 0) || (op->op == VMS_GUARD && op->level != PTEP_LEAF),
            E_INVAL);
    FAIL_IF((sets || op->op == VMS_PROTECT) && !vms_prot_valid(op->prot), E_INVAL);
    if (sets)
        TRY(frames_check(op));
    TRY(range_find(w, op, &at, missing));
    for (uint32_t i = 0; i < op->count; i++)
        TRY(entry_check(op, ptep_load(at.entry + i)));

    uint64_t size = ptep_level_size(op->level);
    pte_t set = op->level < PTEP_LEAF ? pte_mkhuge(pte_make(op->pa, op->prot)) : pte_make(op->pa, op->prot);
    for (uint32_t i = 0; i < op->count; i++, set += size) {
        pte_t e = ptep_load(at.entry + i), value = entry_value(op, e, set);
        while (value != e && !pte_replace(at.entry + i, &e, value))
            value = entry_value(op, e, set);
        *old = e;
        if (value == e)
            continue;
        at.record->live = (uint16_t)(at.record->live + !pte_empty(value) - !pte_empty(e));
        entry_count(value, op->level, 1);
        entry_count(e, op->level, -1u);
        if (pte_present(e)) {
            ledger_owe(w->vms, op->va + i * size);
            flush = true;
        }
    }
    if (flush)
        tell(w->vms, op->va, op->level, op->count);
    return 0;
}

int entry_link(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at;
    FAIL_IF(op->level < 1 || op->level > PTEP_LEAF || op->va >= USER_END || op->flags, E_INVAL);
    TRY(window_find(w, op->va, op->level - 1u, &at, missing));
    pte_t e = ptep_load(at.entry);
    if (!pte_empty(e))
        return pte_huge(e, op->level - 1u) ? E_HUGE : E_EXISTS;
    paddr_t table;
    TRY(table_alloc(w->vms->account, op->level, &table));
    pte_store(at.entry, pte_mktable(table));
    at.record->live++;
    w->vms->tables++;
    return 0;
}

uint32_t entry_clear_from(struct vms *vms, struct place at, vaddr_t base, uint32_t level)
{
    uint32_t i = ptep_index(at.entry);
    for (ptep_t entry = at.entry; at.record->live; entry++, i++) {
        pte_t e = ptep_load(entry);
        if (pte_table(e, level))
            return i;
        if (pte_empty(e))
            continue;
        at.record->live--;
        ledger_owe(vms, base + i * ptep_level_size(level));
        entry_count(pte_exchange(entry, 0), level, -1u);
    }
    return PTEP_ENTRIES;
}

int entry_unlink(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at, inner;
    uint32_t level = op->level;
    FAIL_IF(level < 1 || level > PTEP_LEAF || op->va >= USER_END || op->flags & ~VMS_DROP, E_INVAL);
    TRY(window_find(w, op->va, level - 1, &at, missing));
    pte_t e = ptep_load(at.entry);
    if (!pte_table(e, level - 1)) {
        *missing = level;
        return pte_present(e) ? E_HUGE : E_NOTABLE;
    }
    paddr_t table = pte_frame(e, level - 1);
    inner.record = table_record(table);
    FAIL_IF(inner.record->level != level, E_INVAL); /* a view */
    vaddr_t base = op->va & ~(ptep_level_size(level - 1) - 1);
    if (inner.record->links == 1 && inner.record->live) {
        FAIL_IF(!(op->flags & VMS_DROP) || level != PTEP_LEAF, E_BUSY);
        inner.entry = window_entry(w, level, base);
        entry_clear_from(w->vms, inner, base, level);
    }
    pte_exchange(at.entry, 0);
    ledger_owe(w->vms, base);
    at.record->live--;
    inner.record->links--;
    w->vms->tables--;
    tell(w->vms, base, level, PTEP_ENTRIES);
    tell_views(w->vms, base, level);
    window_forget(w);
    if (!inner.record->links)
        table_free(table);
    return 0;
}
