/* Page-table entries by their addresses: the vocabulary that kernel and pager share.
 *
 * If slot S of a top-level table (L0) refers to the table itself, the address of an entry says everything:
 * which space (the window), which level, which virtual address. Such an address is a ptep. `p + 1` is the
 * entry of the next page; ptep_step_out folds once more through S; ptep_step_in unfolds.
 *
 *      leaf level     W . a . b . c . d       the entry of page a.b.c.d in the space shown by window W
 *      one further    W . S . a . b . c       (four levels: each letter is one index of the address)
 *      L0             W . S . S . S . a
 *
 * The pager has views of its own, which the user may only read: the leaf level in a slot per space, the upper
 * levels of all spaces through one table V (V[g] is the L0 of space g, V's last entry is V):
 *
 *      leaf level     U . a . b . c . d
 *      one further    X . g . a . b . c
 *      L0             X . v . v . g . a       v: the last index
 *
 * A level is counted from the top: 0 is L0, PTEP_LEAF the last one. A walk goes downwards and tests present
 * and huge before each step: behind a huge entry a window shows *data*, behind an absent one it faults.
 * An address whose top index is S has two names: its leaf entry is also a table's entry. The functions give
 * the outermost reading; mappings never lie there.
 *
 * All functions are pure but ptep_load, and depend on the geometry only. Define PTEP_LEVELS and
 * PTEP_INDEX_BITS before including this to get another one (the host tests do). */
#ifndef OUROS_PTEP_H
#define OUROS_PTEP_H

#include <ouros/layout.h>
#include <ouros/syscall.h>

#ifndef PTEP_LEVELS
#define PTEP_LEVELS     4
#define PTEP_INDEX_BITS 9
#endif

#if PTEP_INDEX_BITS == 10
typedef uint32_t pte_t;
#else
typedef uint64_t pte_t;
#endif
#include <ouros/arch/pte.h>

/* The address of an entry. Never made by hand, never taken apart by hand. */
typedef volatile pte_t *ptep_t;

/* A window: the L0 slot through which a space's tables are seen. */
typedef uint32_t ptep_window_t;

#define PTEP_LEAF       (PTEP_LEVELS - 1u)
#define PTEP_ENTRIES    (1u << PTEP_INDEX_BITS)
#define PTEP_ENTRY_SIZE (PAGE_SIZE / PTEP_ENTRIES)
#define PTEP_VA_BITS    (PAGE_SHIFT + PTEP_LEVELS * PTEP_INDEX_BITS)
#define PTEP_TOP_SHIFT  (PTEP_VA_BITS - PTEP_INDEX_BITS)

#define VMS_SELF ((ptep_window_t)(PTEP_ENTRIES - 2))
#define VMS_PEER ((ptep_window_t)(PTEP_ENTRIES - 3))

_Static_assert(sizeof(pte_t) == PTEP_ENTRY_SIZE, "a table is one page of entries");
#if PTEP_LEVELS == 4
_Static_assert(VMS_SELF == KERNEL_SELF_SLOT && VMS_PEER == KERNEL_PEER_SLOT, "layout.h agrees");
_Static_assert(PAGER_UPPER_MAX == PTEP_ENTRIES - 1, "layout.h agrees");
#endif

/* ---- geometry ---- */

/* log2 of what one entry of this level maps, bytes. */
static inline uint32_t ptep_level_shift(uint32_t level)
{
    return PAGE_SHIFT + (PTEP_LEAF - level) * PTEP_INDEX_BITS;
}

/* What one entry of this level maps, bytes. */
static inline uint64_t ptep_level_size(uint32_t level)
{
    return 1ul << ptep_level_shift(level);
}

/* The index of va in its table of this level. */
static inline uint32_t ptep_va_index(vaddr_t va, uint32_t level)
{
    return (uint32_t)(va >> ptep_level_shift(level)) & (PTEP_ENTRIES - 1);
}

/* Repeat the highest address bit upwards. */
static inline vaddr_t ptep_canonical(vaddr_t va)
{
    return (vaddr_t)((int64_t)(va << (64 - PTEP_VA_BITS)) >> (64 - PTEP_VA_BITS));
}

/* Private to this header: addresses below one top-level entry, and the step of one level. */
#define PTEP_LOW_         ((1ul << PTEP_TOP_SHIFT) - 1)
#define PTEP_FOLD_(va)    (((va) >> PTEP_INDEX_BITS) & PTEP_LOW_ & ~(PTEP_ENTRY_SIZE - 1))
#define PTEP_AT_(slot, v) ((ptep_t)ptep_canonical((vaddr_t)(slot) << PTEP_TOP_SHIFT | (v)))
#define PTEP_INNER_       ((vaddr_t)VMS_SELF << PTEP_TOP_SHIFT)
/* S in every index below the top one. */
#define PTEP_SELVES_ \
    ((vaddr_t)VMS_SELF * (((1ul << PTEP_LEAF * PTEP_INDEX_BITS) - 1) / (PTEP_ENTRIES - 1) << PAGE_SHIFT))

/* ---- windows ---- */

/* The leaf entry of va in the space that the window shows. Also right for a leaf view of the pager's. */
static inline ptep_t mkptep(ptep_window_t window, vaddr_t va)
{
    return PTEP_AT_(window, PTEP_FOLD_(va));
}

/* The window of a ptep. */
static inline ptep_window_t ptep_window(ptep_t p)
{
    return ptep_va_index((vaddr_t)p, 0);
}

/* The entry, one level out, that refers to the table in which p lies. Not beyond L0. */
static inline ptep_t ptep_step_out(ptep_t p)
{
    return PTEP_AT_(ptep_window(p), PTEP_FOLD_(PTEP_INNER_ | ((vaddr_t)p & PTEP_LOW_)));
}

/* The first entry of the table to which p refers. Not from the leaf level. */
static inline ptep_t ptep_step_in(ptep_t p)
{
    return PTEP_AT_(ptep_window(p), ((vaddr_t)p << PTEP_INDEX_BITS) & PTEP_LOW_);
}

/* The entry of va at a level: ptep_step_out from the leaf, in one go. */
static inline ptep_t ptep_at(ptep_window_t window, uint32_t level, vaddr_t va)
{
    uint32_t out = (PTEP_LEAF - level) * PTEP_INDEX_BITS;
    vaddr_t low = PTEP_LOW_ >> out;
    return PTEP_AT_(window,
                    (PTEP_SELVES_ & ~low) | ((va >> (out + PTEP_INDEX_BITS)) & low & ~(PTEP_ENTRY_SIZE - 1)));
}

/* The level of the table in which p lies. */
static inline uint32_t ptep_level(ptep_t p)
{
    uint32_t level = PTEP_LEAF;
    while (level > 0 && ptep_va_index((vaddr_t)p, PTEP_LEVELS - level) == VMS_SELF)
        level--;
    return level;
}

/* The first virtual address that the entry maps. */
static inline vaddr_t ptep_va(ptep_t p)
{
    return ptep_canonical((vaddr_t)p << (PTEP_LEVELS - ptep_level(p)) * PTEP_INDEX_BITS);
}

/* The index of an entry in its table. */
static inline uint32_t ptep_index(ptep_t p)
{
    return (uint32_t)((vaddr_t)p / PTEP_ENTRY_SIZE) & (PTEP_ENTRIES - 1);
}

/* The first entry of the table in which p lies. */
static inline ptep_t ptep_table(ptep_t p)
{
    return (ptep_t)((vaddr_t)p & ~(PAGE_SIZE - 1));
}

/* Read an entry through a window. Hardware changes A and D meanwhile. */
static inline pte_t ptep_load(ptep_t p)
{
    return *p;
}

/* ---- the pager's views ---- */

/* The leaf entry of va in the space whose leaf view is in this L0 slot. User half only. */
static inline ptep_t ptep_view_leaf(uint32_t slot, vaddr_t va)
{
    return mkptep(slot, va);
}

/* The entry of va at a level above the leaves, in space `index` of the table V in L0 slot `slot`. */
static inline ptep_t ptep_view_upper(uint32_t slot, uint32_t index, uint32_t level, vaddr_t va)
{
    vaddr_t p = 0; /* the indices below the slot: V for each level left out, the space, va's own */
    for (uint32_t l = PTEP_LEAF - 1; l > level; l--)
        p = p << PTEP_INDEX_BITS | (PTEP_ENTRIES - 1);
    p = p << PTEP_INDEX_BITS | index;
    for (uint32_t l = 0; l <= level; l++)
        p = p << PTEP_INDEX_BITS | ptep_va_index(va, l);
    return PTEP_AT_(slot, p * PTEP_ENTRY_SIZE);
}

/* ---- values ----
 * Pure functions from entry to entry. What is not present (empty, guard, swap) survives all of them. */

static inline bool pte_present(pte_t e)
{
    return (e & PTE_P) != 0;
}

static inline bool pte_empty(pte_t e)
{
    return e == 0;
}

/* A huge page, and not a table: PS means that only above the leaf level. */
static inline bool pte_huge(pte_t e, uint32_t level)
{
    return level < PTEP_LEAF && (e & (PTE_P | PTE_PS)) == (PTE_P | PTE_PS);
}

/* A present entry that refers to a table. */
static inline bool pte_table(pte_t e, uint32_t level)
{
    return level < PTEP_LEAF && (e & (PTE_P | PTE_PS)) == PTE_P;
}

static inline bool pte_writable(pte_t e)
{
    return (e & PTE_W) != 0;
}

static inline bool pte_accessed(pte_t e)
{
    return (e & PTE_A) != 0;
}

static inline bool pte_dirty(pte_t e)
{
    return (e & PTE_D) != 0;
}

/* The first byte of the frame or table. */
static inline paddr_t pte_frame(pte_t e, uint32_t level)
{
    paddr_t frame = e & PTE_FRAME;
    return pte_huge(e, level) ? frame & ~(ptep_level_size(level) - 1) : frame;
}

/* A user entry for a 4 KiB frame; prot: enum vms_prot. NX unless VMS_EXEC is asked for. Without any access
 * the entry is present, but no user's. */
static inline pte_t pte_make(paddr_t frame, uint32_t prot)
{
    pte_t e = ((pte_t)frame & PTE_FRAME) | PTE_P;
    if (prot & (VMS_READ | VMS_WRITE | VMS_EXEC))
        e |= PTE_US;
    if (prot & VMS_WRITE)
        e |= PTE_W;
    if (!(prot & VMS_EXEC))
        e |= PTE_NX;
    if (prot & VMS_UNCACHED)
        e |= PTE_PCD | PTE_PWT;
    return e;
}

/* The same for the kernel alone. */
static inline pte_t pte_make_kernel(paddr_t frame, uint32_t prot)
{
    return pte_make(frame, prot) & ~PTE_US;
}

/* Make it a huge page: for entries above the leaf level. */
static inline pte_t pte_mkhuge(pte_t e)
{
    return pte_present(e) ? e | PTE_PS : e;
}

static inline pte_t pte_mkwritable(pte_t e)
{
    return pte_present(e) ? e | PTE_W : e;
}

static inline pte_t pte_mkwprotect(pte_t e)
{
    return e & ~PTE_W;
}

static inline pte_t pte_mkold(pte_t e)
{
    return pte_present(e) ? e & ~PTE_A : e;
}

static inline pte_t pte_mkclean(pte_t e)
{
    return pte_present(e) ? e & ~PTE_D : e;
}

/* The same page with another protection; A, D and PS are kept. */
static inline pte_t pte_mkprot(pte_t e, uint32_t prot)
{
    if (!pte_present(e))
        return e;
    return pte_make(0, prot) | (e & (PTE_FRAME | PTE_A | PTE_D | PTE_PS));
}

/* Nothing may ever be mapped here without clearing this first. */
static inline pte_t pte_mkguard(void)
{
    return PTE_GUARD;
}

static inline bool pte_guard(pte_t e)
{
    return (e & (PTE_P | PTE_GUARD)) == PTE_GUARD;
}

/* Where a page that is not in memory lies: 40 bits of its owner's. */
static inline pte_t pte_mkswap(uint64_t place)
{
    return ((pte_t)(place << PAGE_SHIFT) & PTE_FRAME) | PTE_SWAP;
}

static inline bool pte_swap(pte_t e)
{
    return (e & (PTE_P | PTE_SWAP)) == PTE_SWAP;
}

static inline uint64_t pte_swap_place(pte_t e)
{
    return (e & PTE_FRAME) >> PAGE_SHIFT;
}

/* An entry that links a table of the user half: everything is allowed, the leaves decide. */
static inline pte_t pte_mktable(paddr_t table)
{
    return ((pte_t)table & PTE_FRAME) | PTE_P | PTE_W | PTE_US;
}

/* Self, peer and mount entries of an L0: writable by the kernel, never executable. */
static inline pte_t pte_mkwindow(paddr_t table)
{
    return ((pte_t)table & PTE_FRAME) | PTE_P | PTE_W | PTE_NX;
}

/* The pager's views: readable by the user. */
static inline pte_t pte_mkview(paddr_t table)
{
    return ((pte_t)table & PTE_FRAME) | PTE_P | PTE_US | PTE_NX;
}

/* ---- resolving ---- */

/* What a walk found: the entry that maps va, with the permission of all levels together. */
struct ptep_mapping {
    pte_t entry;
    uint32_t level; /* of the entry; on E_ABSENT: of the entry that is not present */
    uint32_t prot;  /* enum vms_prot, effective; 0 if the user has no access at all */
    paddr_t pa;     /* of va itself, not only of its page */
};

/* Gives the entry of va at a level; called from the top down, never below what is present. */
typedef pte_t (*ptep_reader)(void *context, uint32_t level, vaddr_t va);

/* The one way from an address of another space to a frame: top-down, present and PS tested before stepping
 * in; user and writable hold if all levels have them, no-execute if any has. need: enum vms_prot.
 * 0; E_ABSENT: not present; E_FAULT: not permitted. `out` is filled in either way. */
static inline __attribute__((always_inline)) int ptep_resolve_by(ptep_reader read, void *context, vaddr_t va,
                                                                 uint32_t need, struct ptep_mapping *out)
{
    pte_t all = PTE_W | PTE_US, any = 0;
#pragma GCC unroll 5
    for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
        pte_t e = read(context, level, va);
        out->entry = e;
        out->level = level;
        out->prot = 0;
        out->pa = 0;
        if (!pte_present(e))
            return E_ABSENT;
        all &= e;
        any |= e;
        if (level < PTEP_LEAF && !pte_huge(e, level))
            continue;
        out->pa = pte_frame(e, level) | (va & (ptep_level_size(level) - 1));
        if (all & PTE_US)
            out->prot = VMS_READ | (all & PTE_W ? VMS_WRITE : 0) | (any & PTE_NX ? 0 : VMS_EXEC) |
                        (e & PTE_PCD ? VMS_UNCACHED : 0);
        break;
    }
    return (need & ~out->prot) || !out->prot ? E_FAULT : 0;
}

/* The page of va, the one behind which was resolved before it into *out, with the same need and without an
 * error: what the levels above allowed there they allow here, if the table is the same and nothing has changed
 * meanwhile. So only the leaf's entry is read. E_ABSENT: not resolved, for whatever reason; *out is as it was. */
static inline __attribute__((always_inline)) int
ptep_resolve_next(ptep_reader read, void *context, vaddr_t va, uint32_t need, struct ptep_mapping *out)
{
    pte_t must = PTE_P | PTE_US | (need & VMS_WRITE ? PTE_W : 0), forbidden = need & VMS_EXEC ? PTE_NX : 0;
    if (out->level != PTEP_LEAF || !ptep_va_index(va, PTEP_LEAF))
        return E_ABSENT;
    pte_t e = read(context, PTEP_LEAF, va);
    if ((e & must) != must || e & forbidden)
        return E_ABSENT;
    out->entry = e;
    out->pa = pte_frame(e, PTEP_LEAF) | (va & (PAGE_SIZE - 1));
    out->prot &= need | VMS_READ;
    return 0;
}

static inline pte_t ptep_read_window_(void *context, uint32_t level, vaddr_t va)
{
    return ptep_load(ptep_at(*(ptep_window_t *)context, level, va));
}

/* Resolve through a window of the kernel's. */
static inline int ptep_resolve(ptep_window_t window, vaddr_t va, uint32_t need, struct ptep_mapping *out)
{
    return ptep_resolve_by(ptep_read_window_, &window, va, need, out);
}

/* A space as the pager sees it. */
struct ptep_view {
    uint32_t upper_slot; /* L0 slot of V */
    uint32_t index;      /* of the space in V */
    uint32_t leaf_slot;  /* L0 slot of the leaf view */
};

/* The entry of va at a level, through the pager's views. */
static inline ptep_t ptep_view_at(const struct ptep_view *view, uint32_t level, vaddr_t va)
{
    return level == PTEP_LEAF ? ptep_view_leaf(view->leaf_slot, va)
                              : ptep_view_upper(view->upper_slot, view->index, level, va);
}

static inline pte_t ptep_read_view_(void *context, uint32_t level, vaddr_t va)
{
    return ptep_load(ptep_view_at(context, level, va));
}

/* Resolve through the pager's views. */
static inline int ptep_resolve_view(const struct ptep_view *view, vaddr_t va, uint32_t need,
                                    struct ptep_mapping *out)
{
    return ptep_resolve_by(ptep_read_view_, (void *)view, va, need, out);
}

#endif
