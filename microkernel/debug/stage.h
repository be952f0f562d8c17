/* Stages of the boot, numbered so that a fault says how far it came; a number in boot_fault makes one. */
#pragma once

#define STAGE_ENTRY  1 /* 32-bit code, paging off */
#define STAGE_LONG   2 /* long mode, still at low addresses */
#define STAGE_HIGH   3 /* high half: console, final tables, low mapping dropped */
#define STAGE_CPU    4 /* descriptor tables, stacks with guards, feature bits */
#define STAGE_PARAMS 5 /* what the loader told, options */
#define STAGE_ACPI   6 /* firmware tables, interrupt controllers */
#define STAGE_TIME   7 /* clocks */
#define STAGE_MEMORY 8 /* kernel_main: blocks, direct map, slabs */
#define STAGE_PAGER  9 /* the first task */
#define STAGE_DONE   10

#ifdef __ASSEMBLER__
/* The same as boot_stage, for code that runs at low addresses. */
/* clang-format off */
.macro BOOT_STAGE number
    movl $\number, boot_stage_number - KERNEL_VIRTUAL
    cmpl $\number, boot_fault + 16 - KERNEL_VIRTUAL
    jne 777f
    ud2
777:
.endm
/* clang-format on */
#else
#include <ouros/types.h>

extern uint32_t boot_stage_number; /* of the stage that is running */

/* A stage begins: the steps run in the order of their numbers. */
void boot_stage(uint32_t stage);
#endif
