/* The processor that runs this code: this_cpu(), and what is its own. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <arch/cpu.h>

#endif
