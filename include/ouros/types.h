/* Basic types of the kernel ABI. Freestanding: includes only what the compiler itself brings. */
#ifndef OUROS_TYPES_H
#define OUROS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t handle_t; /* index in the low 16 bits, generation in the high 16; 0 is never valid */
typedef uint64_t paddr_t;  /* physical address, bytes */
typedef uint64_t vaddr_t;  /* virtual address, bytes */

#define HANDLE_NONE       ((handle_t)0)
#define HANDLE_INDEX(h)   ((uint32_t)(h)&0xffff)
#define HANDLE_GEN(h)     ((uint32_t)(h) >> 16)
#define HANDLE_MAKE(i, g) ((handle_t)((uint32_t)(g) << 16 | (uint32_t)(i)))
#define HANDLE_FIRST(i)   HANDLE_MAKE(i, 1) /* the value of slot i the first time that it is filled */

#define PAGE_SIZE  4096ul
#define PAGE_SHIFT 12
#define HUGE_SIZE  (2ul << 20) /* also the size of a block of physical memory */
#define HUGE_SHIFT 21

#define DEADLINE_NEVER UINT64_MAX /* absolute deadlines: nanoseconds of the monotonic clock */
#define DEADLINE_POLL  0ul        /* already passed: do not wait */

#endif
