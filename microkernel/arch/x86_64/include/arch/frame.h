/* The user registers of a thread, and where in them a message lies (ouros/message.h). */
#pragma once

#include <ouros/types.h>

/* In the order in which entry code pushes: the last field is pushed first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector; /* FRAME_SYSCALL: may leave by SYSRET */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
} __attribute__((aligned(16)));

#define FRAME_SYSCALL 256ul
#define FRAME_IRET    257ul /* entered by SYSCALL, registers since changed: leave by IRET */

static inline uint64_t *frame_word(struct trap_frame *f, unsigned i)
{
    switch (i) {
    case 0: return &f->rdx;
    case 1: return &f->r10;
    case 2: return &f->r8;
    case 3: return &f->r9;
    case 4: return &f->r12;
    default: return &f->r13;
    }
}

static inline void frame_copy_words(struct trap_frame *to, const struct trap_frame *from)
{
    to->rdx = from->rdx;
    to->r10 = from->r10;
    to->r8 = from->r8;
    to->r9 = from->r9;
    to->r12 = from->r12;
    to->r13 = from->r13;
}
