/* A window onto the tables of one space: VMS_SELF if it is the loaded one, else VMS_PEER of the loaded one.
 *
 * Invariants
 * W1 PEER is empty whenever the kernel is left, so a window is closed in the system call that opened it
 * W2 nothing is read or stored through PEER before the ptep's own page was invalidated in this opening
 * W3 a store to a present entry of the loaded space, or of a space shown in its views, owes a flush; debug:
 * the ledger notes it, and leaving the kernel asserts that it was paid. Spaces that no CPU runs owe nothing:
 *    without PCID, loading their L0 flushes */
#ifndef KERNEL_WINDOW_H
#define KERNEL_WINDOW_H

#include <arch/paging.h>
#include <hooks.h>
#include <table.h>

/* What this CPU has loaded. */
struct memory_cpu {
    struct vms *loaded; /* NULL: the kernel's own root */
};
extern struct memory_cpu memory_cpus[];

static inline struct memory_cpu *memory_cpu(void)
{
    return &memory_cpus[0];
}

/* Where an entry lies. */
struct place {
    ptep_t entry;
    struct table_record *record; /* of the table around it */
};

struct window {
    struct vms *vms;
    ptep_window_t slot;
    ptep_t fresh[PTEP_LEVELS]; /* by level: the table page that was invalidated last */
    vaddr_t found_base;        /* the last table that window_find found, by the first address that it maps */
    uint32_t found_level;      /* PTEP_LEVELS: none */
    struct table_record *found_record;
};

#define PEER_ENTRY ptep_at(VMS_SELF, 0, (vaddr_t)VMS_PEER << PTEP_TOP_SHIFT)

/* Forget what is known about tables: one was unlinked. */
static inline void window_forget(struct window *w)
{
    for (uint32_t l = 0; l < PTEP_LEVELS; l++)
        w->fresh[l] = NULL;
    w->found_level = PTEP_LEVELS;
}

static inline void window_open(struct window *w, struct vms *vms)
{
    w->vms = vms;
    w->slot = VMS_SELF;
    window_forget(w);
    if (memory_cpu()->loaded != vms) {
        w->slot = VMS_PEER;
        DEBUG_ASSERT(ptep_load(PEER_ENTRY) == 0);
        pte_store(PEER_ENTRY, pte_mkwindow(vms->root));
    }
}

static inline void window_close(struct window *w)
{
    if (w->slot == VMS_PEER)
        pte_store(PEER_ENTRY, 0);
}

/* The entry of va at a level, safe to use now. All tables above it are linked. */
static inline ptep_t window_entry(struct window *w, uint32_t level, vaddr_t va)
{
    ptep_t p = ptep_at(w->slot, level, va);
    if (w->slot == VMS_PEER) {
        ptep_t page = p - ptep_index(p);
        if (w->fresh[level] != page) {
            paging_flush((vaddr_t)page);
            w->fresh[level] = page;
        }
    }
    return p;
}

static inline pte_t window_read(void *window, uint32_t level, vaddr_t va)
{
    return ptep_load(window_entry(window, level, va));
}

/* Find the entry of va (user half) at a level. E_NOTABLE: *missing = level of the table that is not there.
 * E_HUGE: a huge entry stands above. E_INVAL: va lies in a view. */
int window_find(struct window *w, vaddr_t va, uint32_t level, struct place *out, uint32_t *missing);

/* ---- telling every CPU ---- */

/* `count` entries of a level changed, from va on. */
void tell_pages(struct vms *vms, vaddr_t va, uint32_t level, uint32_t count);
/* The table of va at a level was unlinked from the space, and is about to be freed. */
void tell_table(struct vms *vms, vaddr_t va, uint32_t level);
/* Any entries of the space changed. */
void tell_space(struct vms *vms);

/* A present entry of the space, mapping va, was changed: some tell_ must follow before the kernel is left. */
#ifdef OUROS_DEBUG
void ledger_owe(struct vms *vms, vaddr_t va);
#else
static inline void ledger_owe(struct vms *vms, vaddr_t va)
{
    (void)vms, (void)va;
}
#endif

/* ---- primitives (entry.c), on an open window; op->count is at least 1 ---- */
enum entry_source { ENTRY_RAM, ENTRY_DEVICE };
int entry_set(struct window *w, const struct vms_op *op, enum entry_source source, uint32_t *missing);
int entry_protect(struct window *w, const struct vms_op *op, uint32_t *missing);
/* *old: the entry that was there, for count 1. */
int entry_clear(struct window *w, const struct vms_op *op, pte_t *old, uint32_t *missing);
int entry_guard(struct window *w, const struct vms_op *op, uint32_t *missing);
int entry_link(struct window *w, const struct vms_op *op, uint32_t *missing);
int entry_unlink(struct window *w, const struct vms_op *op, uint32_t *missing);
/* Clear what is left in the lowest tables around va, without telling anybody: all of a leaf table (`at` is
 * any of its entries), or the huge entries of a level 2 table. */
void entry_clear_all(struct window *w, struct place at, vaddr_t base, uint32_t level);

/* May this space still be changed? Not while it is being taken apart. */
static inline bool vms_alive(const struct vms *vms)
{
    return vms->root && !vms->destroy_cursor;
}

/* Take a space out of its mounter's views (mount.c). */
void vms_leave_views(struct vms *vms);
/* One step of closing a mounter's own views; true when V is gone. */
bool vms_close_views_step(struct vms *vms);

#endif
