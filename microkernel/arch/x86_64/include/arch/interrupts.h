/* The interrupt flag of this processor. */
#pragma once

#include <ouros/types.h>

typedef uint64_t interrupts_t; /* rflags as they were */

/* Turn interrupts off; gives what interrupts_restore brings back. */
static inline interrupts_t interrupts_save(void)
{
    interrupts_t before;
    __asm__ volatile("pushfq\n\tpop %0\n\tcli" : "=r"(before) : : "memory");
    return before;
}

static inline void interrupts_restore(interrupts_t before)
{
    __asm__ volatile("push %0\n\tpopfq" : : "r"(before) : "memory", "cc");
}

/* Let those in that wait, and no more. */
static inline void interrupts_window(void)
{
    __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}
