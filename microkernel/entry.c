/* The page-table primitives: what vms_batch and the replies to faults are made of.
 *
 * Each one finds its place, checks everything, and only then changes anything: an operation that fails has
 * done nothing. Rules (docs/memory.md says where each comes from):
 * E1 a table is zeroed before it is linked; linking is the last store
 * E2 a table is unlinked, then every CPU is told, then it is freed
 * E3 only whole RAM blocks are mapped as memory, and only a device object's pages as a device
 * E4 a leaf table with more than one link is changed by nobody; its links are not writable
 * E5 hardware changes A and D: entries are cleared by exchange, changed by compare and exchange
 * E6 huge entries are never split: what stands in the way is answered, the pager clears it first */
#include <window.h>

#define CHANGE_MOST 88  /* entries changed in one step, where that can be done in steps */
#define ALIKE       32u /* entries that are counted together where they map one block */

/* The table of va at a level, from the top down. *link: what links it. */
static __attribute__((noinline)) int window_walk(struct window *w, vaddr_t va, uint32_t level, paddr_t *table,
                                                 pte_t *link)
{
    *table = w->vms->root;
#pragma GCC unroll 3
    for (uint32_t l = 0; l < PTEP_LEAF; l++) {
        if (l == level)
            break;
        pte_t e = *link = ptep_load(window_entry(w, l, va));
        if (!pte_present(e)) {
            w->missing = l + 1;
            return E_NOTABLE;
        }
        FAIL_IF(pte_huge(e, l), E_HUGE);
        *table = pte_frame(e, l);
        FAIL_IF(l == 0 && table_record(*table)->level != 1, E_INVAL); /* the slot shows another space */
    }
    return 0;
}

int window_find(struct window *w, vaddr_t va, uint32_t level, struct place *out)
{
    struct vms *vms = w->vms;
    paddr_t table = 0;
    pte_t link = 0;
    bool known = level == PTEP_LEAF && window_leaf_known(w, va);
    out->record = vms->leaf_record;
    if (!known || DEBUG_BUILD) {
        TRY(window_walk(w, va, level, &table, &link));
        out->record = table_record(table);
        DEBUG_ASSERT(!known || (out->record == vms->leaf_record && pte_writable(link)));
        if (level == PTEP_LEAF && pte_writable(link)) {
            vms->leaf_number = va >> WINDOW_LEAF_SHIFT;
            vms->leaf_record = out->record;
        }
    }
    out->entry = window_entry(w, level, va);
    return 0;
}

/* The first entry of an operation on `count` entries of level 3 or 2, within one table and the user's range.
 */
static int range_find(struct window *w, const struct vms_op *op, struct place *out)
{
    uint32_t level = op->level;
    FAIL_IF(level != PTEP_LEAF && level != PTEP_LEAF - 1, E_INVAL);
    uint64_t size = ptep_level_size(level);
    FAIL_IF(op->va & (size - 1) || op->va < USER_MIN || op->va >= USER_END ||
                op->count > (level == PTEP_LEAF ? PTEP_ENTRIES : VMS_HUGE_MOST) ||
                ptep_va_index(op->va, level) + op->count > PTEP_ENTRIES ||
                op->count * size > USER_END - op->va,
            E_INVAL);
    TRY(window_find(w, op->va, level, out));
    return level == PTEP_LEAF && !window_leaf_known(w, op->va) ? E_SHARED : 0;
}

/* May these frames be mapped? */
static int frames_check(const struct vms_op *op)
{
    uint64_t size = ptep_level_size(op->level);
    FAIL_IF(op->pa & (size - 1) || op->pa > PTE_FRAME || op->count * size > PTE_FRAME - op->pa, E_INVAL);
    if (op->op == VMS_SET_DEVICE)
        return 0; /* the caller has checked them against the object */
    for (paddr_t pa = op->pa & ~(HUGE_SIZE - 1); pa < op->pa + op->count * size; pa += HUGE_SIZE)
        FAIL_IF(block_kind_of(pa) != BLOCK_RAM, E_INVAL);
    return 0;
}

/* What VMS_PROTECT leaves of a present entry; device pages stay uncached. */
#define PROTECT_KEEPS (PTE_FRAME | PTE_A | PTE_D | PTE_PS | PTE_PCD | PTE_PWT)

/* What the operation makes of an entry; `set`: the value, for VMS_PROTECT of another frame. */
static inline pte_t entry_value(bool protects, pte_t e, pte_t set)
{
    return !protects ? set : pte_present(e) ? (set & ~PTE_FRAME) | (e & PROTECT_KEEPS) : e;
}

/* Fill empty entries: all, or none. Each value is `size` more than the one before. */
static int entries_fill(const struct vms_op *op, struct place at, pte_t value, uint64_t size)
{
    const ptep_t end = at.entry + op->count;
    pte_t any = 0;
    if (at.record->live || DEBUG_BUILD) /* else all are empty (T2) */
#pragma GCC unroll 8
        for (ptep_t entry = at.entry; entry < end; entry++)
            any |= ptep_load(entry);
    FAIL_IF(!pte_empty(any), E_EXISTS);
    uint32_t block = op->level < PTEP_LEAF ? 1 : PTEP_ENTRIES; /* entries that map one */
    for (uint32_t i = 0, n; i < op->count; i += n) {
        n = block - (uint32_t)((value + i * size) / PAGE_SIZE % block);
        n = n < op->count - i ? n : op->count - i;
        entry_count(value + i * size, op->level, n);
    }
    at.record->live = (uint16_t)(at.record->live + op->count);
#pragma GCC unroll 16
    for (ptep_t entry = at.entry; entry < end; entry++, value += size)
        pte_store(entry, value);
    return 0;
}

/* Change entries whatever they are, in steps: what an earlier step has done is passed over. set, size: the
 * values, as above. */
static int entries_change(struct window *w, const struct vms_op *op, struct place at, pte_t set,
                          uint64_t size, pte_t *old)
{
    bool protects = op->op == VMS_PROTECT, flush = false;
    pte_t kept = protects || op->op == VMS_CLEAR ? 0 : PTE_A | PTE_D; /* may differ */
    uint32_t left = CHANGE_MOST;
    for (uint32_t i = 0; i < op->count && op->level < PTEP_LEAF; i++)
        FAIL_IF(pte_table(ptep_load(at.entry + i), op->level), E_BUSY);
    for (uint32_t i = 0; i < op->count && left; i++, set += size) {
        pte_t e = ptep_load(at.entry + i), value;
        do
            value = entry_value(protects, e, set);
        while ((value ^ e) & ~kept && !pte_replace(at.entry + i, &e, value));
        *old = e;
        if (!((value ^ e) & ~kept))
            continue;
        left--;
        at.record->live = (uint16_t)(at.record->live + !pte_empty(value) - !pte_empty(e));
        if ((value ^ e) & (PTE_P | PTE_FRAME)) {
            entry_count(value, op->level, 1);
            entry_count(e, op->level, -1u);
        }
        if (pte_present(e)) {
            ledger_owe(w->vms, op->va + i * ptep_level_size(op->level));
            flush = true;
            if (op->level < PTEP_LEAF) /* a view showed its data where its table's entries will be */
                tell_views(w->vms, op->va + i * ptep_level_size(op->level), PTEP_LEAF);
        }
    }
    if (flush)
        tell(w->vms, op->va, op->level, op->count);
    return left ? 0 : SYS_RESTART;
}

int entry_change(struct window *w, const struct vms_op *op, pte_t *old)
{
    struct place at;
    bool sets = op->op == VMS_SET || op->op == VMS_SET_DEVICE;
    FAIL_IF(op->flags & ~(sets ? VMS_REPLACE : 0) || (op->op == VMS_GUARD && op->level != PTEP_LEAF),
            E_INVAL);
    FAIL_IF((sets || op->op == VMS_PROTECT) && !vms_prot_valid(op->prot), E_INVAL);
    if (sets)
        TRY(frames_check(op));
    TRY(range_find(w, op, &at));
    uint64_t size = sets ? ptep_level_size(op->level) : 0;
    pte_t set = op->op == VMS_GUARD ? pte_mkguard() : op->op == VMS_CLEAR ? 0 : pte_make(op->pa, op->prot);
    if (op->level < PTEP_LEAF)
        set = pte_mkhuge(set); /* what is present */
    return op->op != VMS_PROTECT && op->op != VMS_CLEAR && !(op->flags & VMS_REPLACE)
               ? entries_fill(op, at, set, size)
               : entries_change(w, op, at, set, size, old);
}

int entry_link(struct window *w, const struct vms_op *op)
{
    struct place at;
    FAIL_IF(op->level < 1 || op->level > PTEP_LEAF || op->va >= USER_END || op->flags, E_INVAL);
    TRY(window_find(w, op->va, op->level - 1u, &at));
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

uint32_t entry_clear_from(struct vms *vms, struct place at, vaddr_t base, uint32_t level, uint32_t *left)
{
    uint32_t i = ptep_index(at.entry);
    for (ptep_t entry = at.entry; at.record->live; entry++, i++) {
        for (pte_t any = 0; !(i % 16); any = 0, entry += 16, i += 16) {
#pragma GCC unroll 16
            for (uint32_t k = 0; k < 16; k++)
                any |= ((const pte_t *)entry)[k]; /* not volatile: the CPU changes only A and D */
            if (any)
                break;
        }
        pte_t e = ptep_load(entry);
        if (pte_empty(e))
            continue;
        if (pte_table(e, level) || !*left)
            return i;
        --*left;
        at.record->live--;
        ledger_owe(vms, base + i * ptep_level_size(level));
        entry_count(pte_exchange(entry, 0), level, -1u);
    }
    return PTEP_ENTRIES;
}

/* The entry that links the table of va at op->level, and that table. */
static int link_find(struct window *w, const struct vms_op *op, struct place *out, paddr_t *table)
{
    FAIL_IF(op->level < 1 || op->level > PTEP_LEAF || op->va >= USER_END, E_INVAL);
    TRY(window_find(w, op->va, op->level - 1u, out));
    pte_t e = ptep_load(out->entry);
    w->missing = op->level;
    *table = pte_frame(e, op->level - 1u);
    if (!pte_table(e, op->level - 1u))
        return pte_present(e) ? E_HUGE : E_NOTABLE;
    return table_record(*table)->level == op->level ? 0 : E_INVAL; /* a view */
}

/* The link of the table of va at a level changes. */
static void link_store(struct window *w, ptep_t link, uint32_t level, vaddr_t va, pte_t value)
{
    vaddr_t base = va & ~(ptep_level_size(level - 1) - 1);
    pte_exchange(link, value);
    w->vms->leaf_record = NULL;
    ledger_owe(w->vms, base);
    tell(w->vms, base, level, PTEP_ENTRIES);
    tell_views(w->vms, base, level);
    window_forget(w);
}

int entry_unlink(struct window *w, const struct vms_op *op)
{
    struct place at, inner;
    uint32_t level = op->level, left = CLEAR_MOST;
    paddr_t table;
    FAIL_IF(op->flags & ~VMS_DROP, E_INVAL);
    TRY(link_find(w, op, &at, &table));
    inner.record = table_record(table);
    vaddr_t base = op->va & ~(ptep_level_size(level - 1) - 1);
    if (inner.record->links == 1 && inner.record->live) {
        FAIL_IF(!(op->flags & VMS_DROP) || level != PTEP_LEAF, E_BUSY);
        inner.entry = window_entry_below(w, at.entry, level, base);
        if (entry_clear_from(w->vms, inner, base, level, &left) < PTEP_ENTRIES) {
            tell(w->vms, base, level, PTEP_ENTRIES);
            return SYS_RESTART;
        }
    }
    link_store(w, at.entry, level, base, 0);
    at.record->live--;
    w->vms->tables--;
    table_put(w->vms->account, table);
    return 0;
}

/* ---- leaf tables of several spaces ---- */

/* The leaf table of va has one link more, for `account`: *e. */
static int leaf_lend(struct window *w, const struct vms_op *op, struct account *account, pte_t *e)
{
    struct place at;
    paddr_t table;
    FAIL_IF(!vms_alive(w->vms), E_DEAD);
    int error = link_find(w, op, &at, &table);
    FAIL_IF(error, error == E_NOTABLE ? E_NOENT : error);
    FAIL_IF(table_record(table)->links == TABLE_LINKS_MAX, E_FULL);
    TRY(account_charge(account, PAGE_SIZE));
    table_record(table)->links++;
    *e = pte_mkwprotect(pte_mktable(table));
    if (pte_writable(ptep_load(at.entry)))
        link_store(w, at.entry, PTEP_LEAF, op->va, *e);
    return 0;
}

int entry_share(struct window *w, struct vms *from, const struct vms_op *op)
{
    struct vms *to = w->vms;
    struct place at;
    pte_t e = 0;
    FAIL_IF(op->level != PTEP_LEAF || op->va >= USER_END || op->count != 1 || op->flags || from == to,
            E_INVAL);
    TRY(window_find(w, op->va, PTEP_LEAF - 1, &at));
    FAIL_IF(!pte_empty(ptep_load(at.entry)), E_EXISTS);
    window_close(w);
    window_open(w, from);
    int error = leaf_lend(w, op, to->account, &e);
    window_close(w);
    window_open(w, to);
    TRY(error);
    pte_store(window_entry(w, PTEP_LEAF - 1, op->va), e);
    at.record->live++;
    to->tables++;
    return 0;
}

/* A leaf table is about to have a copy: no entry is writable any more, and what it maps is mapped once more. */
static void leaf_double(pte_t *entry)
{
    for (const pte_t *end = entry + PTEP_ENTRIES; entry < end; entry += ALIKE) {
        const pte_t same = PTE_P | (PTE_FRAME & ~(HUGE_SIZE - 1)); /* where entries map one block */
        pte_t any = 0, all = ~0ul;
#pragma GCC unroll 32
        for (uint32_t i = 0; i < ALIKE; i++)
            any |= entry[i], __atomic_and_fetch(entry + i, ~PTE_W, __ATOMIC_RELAXED);
#pragma GCC unroll 32
        for (uint32_t i = 0; i < ALIKE; i++)
            all &= entry[i];
        for (uint32_t i = 0, n = (any ^ all) & same ? 1 : ALIKE; i < ALIKE; i += n, n = 1) {
            while (i + n < ALIKE && !((entry[i + n] ^ entry[i]) & same))
                n++;
            entry_count(entry[i], PTEP_LEAF, n);
        }
    }
}

/* Make a copy of the leaf table of va. The space keeps what it paid for the link. */
static int leaf_copy(struct window *w, vaddr_t va, paddr_t old, paddr_t *out)
{
    ptep_t entry = ptep_table(window_entry(w, PTEP_LEAF, va));
    TRY(table_alloc(&account_nobody, PTEP_LEAF, out));
    leaf_double(paging_slot(old)); /* its links are read-only */
    __builtin_memcpy(paging_slot(*out), (const pte_t *)entry, PAGE_SIZE);
    paging_slot_done();
    table_record(*out)->live = table_record(old)->live;
    table_put(&account_nobody, old);
    return 0;
}

int entry_unshare(struct window *w, const struct vms_op *op)
{
    struct place at;
    paddr_t table;
    FAIL_IF(op->level != PTEP_LEAF || op->count != 1 || op->flags, E_INVAL);
    TRY(link_find(w, op, &at, &table));
    if (pte_writable(ptep_load(at.entry)))
        return 0;
    if (table_record(table)->links > 1)
        TRY(leaf_copy(w, op->va, table, &table));
    link_store(w, at.entry, PTEP_LEAF, op->va, pte_mktable(table));
    return 0;
}
