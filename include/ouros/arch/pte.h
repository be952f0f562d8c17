/* Chooses the bits of a page-table entry. */
#ifndef OUROS_ARCH_PTE_H
#define OUROS_ARCH_PTE_H

#if defined(__x86_64__)
#include <ouros/arch/x86_64/pte.h>
#else
#error "no page-table bits for this architecture"
#endif

#endif
