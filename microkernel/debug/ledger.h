/* The flush ledger of debug builds. */
#pragma once

#include <vms.h>

#ifdef OUROS_DEBUG
/* A present entry of the space, mapping va, was changed: some tell_ must follow before the kernel is left. */
void ledger_owe(struct vms *vms, vaddr_t va);
/* The CPUs that run the space were told about size bytes from start on. */
void ledger_pay(struct vms *vms, vaddr_t start, uint64_t size);
#else
static inline void ledger_owe(struct vms *, vaddr_t) {}
static inline void ledger_pay(struct vms *, vaddr_t, uint64_t) {}
#endif
