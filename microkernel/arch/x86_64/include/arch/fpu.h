/* Floating point and vector registers: they belong to threads, and are moved only when somebody uses them. */
#ifndef ARCH_FPU_H
#define ARCH_FPU_H

#include <arch/cpu.h>

/* Choose XSAVE or FXSAVE; the registers belong to nobody. */
void fpu_init(struct cpu *cpu);
/* thread is about to run: trap its first use unless the registers are its own. */
void fpu_switch(struct cpu *cpu, struct thread *thread);
/* The trap: the registers become thread's. E_KMEM, E_QUOTA: there is no room to save them one day. */
int fpu_trap(struct cpu *cpu, struct thread *thread);

#endif
