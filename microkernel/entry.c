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
        if (pte_huge(e, l))
            return E_HUGE;
        table = pte_frame(e, l);
        if (l == 0 && table_record(table)->level != 1)
            return E_INVAL; /* the slot shows another space */
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
    if (level != PTEP_LEAF && level != PTEP_LEAF - 1)
        return E_INVAL;
    uint64_t size = ptep_level_size(level);
    if (op->va & (size - 1) || op->va < USER_MIN || op->va >= USER_END || op->count > PTEP_ENTRIES ||
        ptep_va_index(op->va, level) + op->count > PTEP_ENTRIES || op->count * size > USER_END - op->va)
        return E_INVAL;
    int error = window_find(w, op->va, level, out, missing);
    if (!error && level == PTEP_LEAF && out->record->links > 1)
        return E_SHARED;
    return error;
}

/* May these frames be mapped? */
static int frames_check(const struct vms_op *op, enum entry_source source)
{
    uint64_t size = ptep_level_size(op->level);
    if (op->pa & (size - 1) || op->pa > PTE_FRAME || op->count * size > PTE_FRAME - op->pa)
        return E_INVAL;
    if (source == ENTRY_DEVICE)
        return 0; /* the caller has checked them against the object */
    for (paddr_t pa = op->pa & ~(HUGE_SIZE - 1); pa < op->pa + op->count * size; pa += HUGE_SIZE) {
        if (block_kind_of(pa) != BLOCK_RAM)
            return E_INVAL;
        if (blocks[block_number(pa)].mappings >= BLOCK_MAPPINGS_MAX)
            return E_FULL;
    }
    return 0;
}

/* What an entry gave up: its block has one mapping less, and a flush is owed. */
static void dropped(struct window *w, pte_t old, uint32_t level, vaddr_t va)
{
    if (!pte_present(old))
        return;
    block_unmap(pte_frame(old, level));
    ledger_owe(w->vms, va);
}

int entry_set(struct window *w, const struct vms_op *op, enum entry_source source, uint32_t *missing)
{
    struct place at;
    if (op->prot & ~VMS_PROT_ALL || !(op->prot & VMS_READ) || op->flags & ~VMS_REPLACE)
        return E_INVAL;
    int error = frames_check(op, source);
    if (!error)
        error = range_find(w, op, &at, missing);
    if (error)
        return error;
    for (uint32_t i = 0; i < op->count; i++) {
        pte_t e = ptep_load(at.entry + i);
        if (e && !(op->flags & VMS_REPLACE))
            return E_EXISTS;
        if (pte_table(e, op->level))
            return E_BUSY;
    }

    uint64_t size = ptep_level_size(op->level);
    pte_t value = pte_make(op->pa, op->prot);
    if (op->level < PTEP_LEAF)
        value = pte_mkhuge(value);
    bool replaced = false;
    for (uint32_t i = 0; i < op->count; i++, value += size) {
        if (source == ENTRY_RAM)
            blocks[block_number(pte_frame(value, op->level))].mappings++;
        if (pte_empty(ptep_load(at.entry + i))) {
            pte_store(at.entry + i, value);
            at.record->live++;
            continue;
        }
        pte_t old = pte_exchange(at.entry + i, value);
        dropped(w, old, op->level, op->va + i * size);
        replaced = replaced || pte_present(old);
    }
    w->vms->changes++;
    if (replaced)
        tell_pages(w->vms, op->va, op->level, op->count);
    return 0;
}

int entry_protect(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at;
    if (op->prot & ~VMS_PROT_ALL || !(op->prot & VMS_READ) || op->flags)
        return E_INVAL;
    int error = range_find(w, op, &at, missing);
    if (error)
        return error;
    for (uint32_t i = 0; i < op->count; i++)
        if (pte_table(ptep_load(at.entry + i), op->level))
            return E_BUSY;
    for (uint32_t i = 0; i < op->count; i++) {
        pte_t e = ptep_load(at.entry + i);
        if (!pte_present(e))
            continue;
        uint32_t prot = op->prot | (e & PTE_PCD ? VMS_UNCACHED : 0); /* device pages stay uncached */
        while (!pte_replace(at.entry + i, &e, pte_mkprot(e, prot)))
            ;
        ledger_owe(w->vms, op->va + i * ptep_level_size(op->level));
    }
    w->vms->changes++;
    tell_pages(w->vms, op->va, op->level, op->count);
    return 0;
}

int entry_clear(struct window *w, const struct vms_op *op, pte_t *old, uint32_t *missing)
{
    struct place at;
    if (op->flags)
        return E_INVAL;
    int error = range_find(w, op, &at, missing);
    if (error)
        return error;
    for (uint32_t i = 0; i < op->count; i++)
        if (pte_table(ptep_load(at.entry + i), op->level))
            return E_BUSY;
    bool present = false;
    for (uint32_t i = 0; i < op->count; i++) {
        *old = ptep_load(at.entry + i);
        if (pte_empty(*old))
            continue;
        *old = pte_exchange(at.entry + i, 0);
        at.record->live--;
        dropped(w, *old, op->level, op->va + i * ptep_level_size(op->level));
        present = present || pte_present(*old);
    }
    w->vms->changes++;
    if (present)
        tell_pages(w->vms, op->va, op->level, op->count);
    return 0;
}

int entry_guard(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at;
    if (op->level != PTEP_LEAF || op->flags)
        return E_INVAL;
    int error = range_find(w, op, &at, missing);
    if (error)
        return error;
    for (uint32_t i = 0; i < op->count; i++)
        if (!pte_empty(ptep_load(at.entry + i)))
            return E_EXISTS;
    for (uint32_t i = 0; i < op->count; i++)
        pte_store(at.entry + i, pte_mkguard());
    at.record->live += op->count;
    w->vms->changes++;
    return 0;
}

int entry_link(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at;
    if (op->level < 1 || op->level > PTEP_LEAF || op->va >= USER_END || op->flags)
        return E_INVAL;
    int error = window_find(w, op->va, op->level - 1u, &at, missing);
    if (error)
        return error;
    pte_t e = ptep_load(at.entry);
    if (!pte_empty(e))
        return pte_huge(e, op->level - 1u) ? E_HUGE : E_EXISTS;
    paddr_t table;
    error = table_alloc(w->vms->account, op->level, &table);
    if (error)
        return error;
    pte_store(at.entry, pte_mktable(table));
    at.record->live++;
    w->vms->tables++;
    w->vms->changes++;
    return 0;
}

void entry_clear_all(struct window *w, struct place at, vaddr_t base, uint32_t level)
{
    ptep_t first = at.entry - ptep_index(at.entry);
    for (uint32_t i = 0; i < PTEP_ENTRIES && at.record->live; i++) {
        pte_t e = ptep_load(first + i);
        if (pte_empty(e) || pte_table(e, level))
            continue;
        at.record->live--;
        dropped(w, pte_exchange(first + i, 0), level, base + i * ptep_level_size(level));
    }
}

int entry_unlink(struct window *w, const struct vms_op *op, uint32_t *missing)
{
    struct place at, inner;
    uint32_t level = op->level;
    if (level < 1 || level > PTEP_LEAF || op->va >= USER_END || op->flags & ~VMS_DROP)
        return E_INVAL;
    int error = window_find(w, op->va, level - 1, &at, missing);
    if (error)
        return error;
    pte_t e = ptep_load(at.entry);
    if (!pte_table(e, level - 1)) {
        *missing = level;
        return pte_present(e) ? E_HUGE : E_NOTABLE;
    }
    paddr_t table = pte_frame(e, level - 1);
    inner.record = table_record(table);
    if (inner.record->level != level)
        return E_INVAL; /* a view */
    vaddr_t base = op->va & ~(ptep_level_size(level - 1) - 1);
    if (inner.record->links == 1 && inner.record->live) {
        if (!(op->flags & VMS_DROP) || level != PTEP_LEAF)
            return E_BUSY;
        inner.entry = window_entry(w, level, base);
        entry_clear_all(w, inner, base, level);
    }
    pte_exchange(at.entry, 0);
    ledger_owe(w->vms, base);
    at.record->live--;
    inner.record->links--;
    w->vms->tables--;
    w->vms->changes++;
    tell_table(w->vms, base, level);
    if (level == PTEP_LEAF)
        tell_pages(w->vms, base, level, PTEP_ENTRIES);
    window_forget(w);
    if (!inner.record->links)
        table_free(table);
    return 0;
}
