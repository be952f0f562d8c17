/* The flush ledger: which changed entries no CPU has been told about yet (W3). */
#include <irqoff.h>
#include <sched.h>
#include <window.h>

#ifdef OUROS_DEBUG
#define LEDGER_MAX 600 /* a table and some; beyond that only a full flush pays */

static struct {
    struct vms *vms[LEDGER_MAX];
    vaddr_t va[LEDGER_MAX];
    uint32_t count;
} ledger;

void ledger_owe(struct vms *vms, vaddr_t va)
{
    if (!vms_loaded(vms))
        return;        /* loading it will flush */
    sched_work = true; /* the way out looks here */
    if (ledger.count == LEDGER_MAX)
        panic("flush ledger is full");
    ledger.vms[ledger.count] = vms;
    ledger.va[ledger.count++] = va;
}

void ledger_pay(struct vms *vms, vaddr_t start, uint64_t size)
{
    IRQOFF_UNCOUNTED;
    for (uint32_t i = 0; i < ledger.count;)
        if (ledger.vms[i] == vms && ledger.va[i] - start < size) {
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
#endif
