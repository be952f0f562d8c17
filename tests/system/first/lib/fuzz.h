/* The fuzzer of the system calls: what the monitor (fuzz.c) and the threads that make the calls (fuzz_call.c)
 * agree on. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "../first.h"

/* What lies where in a child, beside a copy of this program's image. */
#define CONTROL_VA  0x10000000ul /* one page: struct fuzz_control */
#define PLAY_VA     0x11000000ul /* buffers; anybody may unmap them */
#define PLAY_PAGES  16
#define STACK_VA    0x12000000ul
#define STACK_PAGES 4
#define STACKS      8

/* The first handles of a child, in the order in which they are given. */
enum fuzz_slot {
    FUZZ_OWN = 1,
    FUZZ_SIBLING,
    FUZZ_SIBLING2,
    FUZZ_SPARE, /* a task without a program */
    FUZZ_MEMORY,
    FUZZ_HARDWARE,
    FUZZ_MAKER, /* without RIGHT_MANAGE: tasks are made by the monitor, which has to find them again */
    FUZZ_PORT,  /* shared, without the right to receive */
    FUZZ_SESSION,
    FUZZ_LENT,
    FUZZ_LENT_SESSION,
    FUZZ_OTHER_SESSION, /* with a sibling's lent port */
    FUZZ_IO,
    FUZZ_DEVICE,
    FUZZ_MONITOR, /* a session with the monitor */
    FUZZ_GIVEN,
};

#define RECENT      8
#define BLOCKS_MOST 8

/* Written by the monitor before the child starts, but for what is marked. */
struct fuzz_control {
    uint64_t seed;
    uint64_t limit;                     /* calls of a thread */
    paddr_t blocks[BLOCKS_MOST];        /* RAM that may be mapped, given and taken back */
    paddr_t others[BLOCKS_MOST];        /* blocks of other kinds: kernel, tables, devices, none */
    uint64_t calls[STACKS];             /* by the threads: made so far */
    uint32_t done[SYS_COUNT + 1];       /* by the threads: those that succeeded */
    handle_t recent[OBJ_KINDS][RECENT]; /* by the threads: handles that calls have given */
};

/* Take the arguments' names of syscalls.def apart. Before any child is made. */
void fuzz_prepare(void);
/* The main function of a fuzzing thread: `number` is its stack's. */
void fuzz_thread(uint64_t number);

#endif
