/* Telling every CPU that tables changed, and the ledger that notes who must be told. */
#include <window.h>

/* More pages than this: one full flush is cheaper than flushing each. */
#define TELL_SINGLY 32

struct memory_cpu memory_cpus[1];

#ifdef OUROS_DEBUG
#define LEDGER_MAX 600 /* a table and some; beyond that only a full flush pays */

static struct {
    struct vms *vms[LEDGER_MAX];
    vaddr_t va[LEDGER_MAX];
    uint32_t count;
} ledger;

void ledger_owe(struct vms *vms, vaddr_t va)
{
    struct vms *loaded = memory_cpu()->loaded;
    if (!loaded || (vms != loaded && vms->mounter != loaded))
        return;
    if (ledger.count == LEDGER_MAX)
        panic("flush ledger is full");
    ledger.vms[ledger.count] = vms;
    ledger.va[ledger.count++] = va;
}

static void ledger_pay(struct vms *vms, vaddr_t start, uint64_t size)
{
    for (uint32_t i = 0; i < ledger.count;)
        if (!vms || (ledger.vms[i] == vms && ledger.va[i] - start < size)) {
            ledger.vms[i] = ledger.vms[--ledger.count];
            ledger.va[i] = ledger.va[ledger.count];
        } else {
            i++;
        }
}

void vms_ledger_check(void)
{
    ASSERT(ledger.count == 0);
    ASSERT(ptep_load(PEER_ENTRY) == 0); /* W1 */
}
#else
static void ledger_pay(struct vms *vms, vaddr_t start, uint64_t size)
{
    (void)vms, (void)start, (void)size;
}

void vms_ledger_check(void) {}
#endif

/* ---- what one CPU does; with more CPUs this runs on each that has the space or its mounter loaded ---- */

enum tell_what { TELL_PAGES, TELL_TABLE, TELL_SPACE };

static void tell_here(enum tell_what what, struct vms *vms, vaddr_t va, uint32_t level, uint32_t count)
{
    struct vms *loaded = memory_cpu()->loaded;
    if (!loaded)
        return;
    if (what == TELL_SPACE || (what == TELL_PAGES && count > TELL_SINGLY)) {
        if (loaded == vms || (what == TELL_SPACE && loaded == vms->mounter))
            paging_load(loaded->root);
        return;
    }
    if (loaded == vms && what == TELL_PAGES)
        for (uint32_t i = 0; i < count; i++)
            paging_flush(va + i * ptep_level_size(level));
    if (loaded == vms && what == TELL_TABLE)
        paging_flush((vaddr_t)ptep_at(VMS_SELF, level, va));
    if (loaded == vms->mounter && what == TELL_TABLE) {
        struct ptep_view view = {PAGER_UPPER_SLOT, vms->view_index, vms->view_slot};
        if (level == PTEP_LEAF ? vms->view_slot != 0 : vms->view_index < PAGER_UPPER_MAX)
            paging_flush((vaddr_t)ptep_view_at(&view, level, va));
    }
}

/* The one place where CPUs are told. There is one yet. */
static void tell_every_cpu(enum tell_what what, struct vms *vms, vaddr_t va, uint32_t level, uint32_t count)
{
    tell_here(what, vms, va, level, count);
}

void tell_pages(struct vms *vms, vaddr_t va, uint32_t level, uint32_t count)
{
    tell_every_cpu(TELL_PAGES, vms, va, level, count);
    ledger_pay(vms, va, (uint64_t)count * ptep_level_size(level));
}

void tell_table(struct vms *vms, vaddr_t va, uint32_t level)
{
    tell_every_cpu(TELL_TABLE, vms, va, level, 1);
    ledger_pay(vms, va & ~(ptep_level_size(level - 1) - 1), 1);
}

void tell_space(struct vms *vms)
{
    tell_every_cpu(TELL_SPACE, vms, 0, 0, 0);
    ledger_pay(memory_cpu()->loaded == vms || memory_cpu()->loaded == vms->mounter ? NULL : vms, 0, ~0ul);
}
