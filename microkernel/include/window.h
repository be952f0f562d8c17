/* A window onto the tables of one space: VMS_SELF if it is the loaded one, else VMS_PEER of the loaded one.
 *
 * Invariants
 * W1 PEER is empty whenever the kernel is left, so a window is closed in the system call that opened it
 * W2 nothing is read or stored through PEER before the ptep's own page was invalidated in this opening
 * W3 a store to a present entry of the loaded space, or of a space shown in its views, owes a flush; debug:
 * the ledger notes it, and leaving the kernel asserts that it was paid. Spaces that no CPU runs owe nothing:
 *    without PCID, loading their L0 flushes */
#pragma once

#include <ledger.h>
#include <table.h>

/* Does this CPU have the space loaded? */
static inline bool vms_loaded(const struct vms *vms)
{
    return paging_loaded() == vms->root;
}

/* Where an entry lies. */
struct place {
    ptep_t entry;
    struct table_record *record; /* of the table around it */
};

struct window {
    struct vms *vms;
    bool peer;                 /* through VMS_PEER, else VMS_SELF */
    ptep_t fresh[PTEP_LEVELS]; /* by level: the table page that was invalidated last */
    uint32_t missing;          /* after E_NOTABLE: level of the table that is not there */
};
#define WINDOW_LEAF_SHIFT (PAGE_SHIFT + PTEP_INDEX_BITS)

#define PEER_ENTRY ptep_at(VMS_SELF, 0, (vaddr_t)VMS_PEER << PTEP_TOP_SHIFT)

/* Forget what is known about tables: one was unlinked. */
static inline void window_forget(struct window *w)
{
    for (uint32_t l = 0; l < PTEP_LEVELS; l++)
        w->fresh[l] = NULL;
}

static inline void window_open(struct window *w, struct vms *vms)
{
    w->vms = vms;
    w->peer = !vms_loaded(vms);
    window_forget(w);
    if (w->peer) {
        DEBUG_ASSERT(ptep_load(PEER_ENTRY) == 0);
        pte_store(PEER_ENTRY, pte_mkwindow(vms->root));
    }
}

static inline void window_close(struct window *w)
{
    if (w->peer)
        pte_store(PEER_ENTRY, 0);
}

/* The entry of va at a level, safe to use now. All tables above it are linked. */
static inline ptep_t window_entry(struct window *w, uint32_t level, vaddr_t va)
{
    if (!w->peer)
        return ptep_at(VMS_SELF, level, va);
    ptep_t p = ptep_at(VMS_PEER, level, va), page = ptep_table(p);
    if (w->fresh[level] != page) {
        paging_flush((vaddr_t)page);
        w->fresh[level] = page;
    }
    return p;
}

/* The same in a table below `outer`, its only link, which may have been made read-only by sharing. */
static inline ptep_t window_entry_below(struct window *w, ptep_t outer, uint32_t level, vaddr_t va)
{
    ptep_t p = window_entry(w, level, va);
    if (!pte_writable(ptep_load(outer))) {
        pte_store(outer, pte_mkwritable(ptep_load(outer)));
        paging_flush((vaddr_t)p); /* a window writes where the link allows it */
    }
    return p;
}

static inline pte_t window_read(void *window, uint32_t level, vaddr_t va)
{
    return ptep_load(window_entry(window, level, va));
}

/* Is the leaf table of va known, and may it be written? So after window_find has found it, unless it is
 * shared. */
static inline bool window_leaf_known(const struct window *w, vaddr_t va)
{
    return w->vms->leaf_record && w->vms->leaf_number == va >> WINDOW_LEAF_SHIFT;
}

/* Find the entry of va (user half) at a level. E_NOTABLE: w->missing is set.
 * E_HUGE: a huge entry stands above. E_INVAL: va lies in a view. */
int window_find(struct window *w, vaddr_t va, uint32_t level, struct place *out);

/* ---- telling every CPU ---- */

/* `count` entries of a level changed, from va on. */
void tell(struct vms *vms, vaddr_t va, uint32_t level, uint32_t count);
/* The table of va at a level was unlinked: the views of the space show it no longer. */
void tell_views(struct vms *vms, vaddr_t va, uint32_t level);

/* The frame of an entry, if it is RAM, has one mapping more (1) or less (-1u). */
static inline void entry_count(pte_t e, uint32_t level, uint32_t change)
{
    if (pte_present(e) && block_kind_of(pte_frame(e, level)) == BLOCK_RAM)
        blocks[block_number(pte_frame(e, level))].mappings += change;
}

/* ---- primitives (entry.c), on an open window; op->count is at least 1 ---- */
#define VMS_PROT_ALL (VMS_READ | VMS_WRITE | VMS_EXEC | VMS_UNCACHED)
/* Any access includes reading; 0 keeps the page, and no user gets at it. */
static inline bool vms_prot_valid(uint32_t prot)
{
    return prot <= VMS_PROT_ALL && (prot & VMS_READ || prot == 0);
}
/* SET, SET_DEVICE (pa: physical, checked by the caller), PROTECT, CLEAR, GUARD. *old: what the last entry
 * was. */
int entry_change(struct window *w, const struct vms_op *op, pte_t *old);
int entry_link(struct window *w, const struct vms_op *op);
int entry_unlink(struct window *w, const struct vms_op *op);
/* Link the leaf table of va in space `from` here too; from now on nobody changes it. E_NOENT: there is none.
 */
int entry_share(struct window *w, struct vms *from, const struct vms_op *op);
/* Have the leaf table of va for this space alone: the table itself, if nobody else links it any more, else a
 * copy, and then neither has a writable entry. */
int entry_unshare(struct window *w, const struct vms_op *op);
/* Clear entries from `at` on, without telling anybody, until one that links a table, or *left, which counts
 * them, is 0: its index. PTEP_ENTRIES: the table is empty. base: what its first entry maps. */
#define CLEAR_MOST 192 /* in one step */
uint32_t entry_clear_from(struct vms *vms, struct place at, vaddr_t base, uint32_t level, uint32_t *left);

/* ---- views (mount.c) ---- */
extern struct vms *vms_viewer; /* the space of the pager, which alone has views */
/* Give the pager its table V. Panics when there is no memory. */
void vms_views_create(struct vms *pager);
/* Take a space out of all views. */
void vms_leave_views(struct vms *vms);
