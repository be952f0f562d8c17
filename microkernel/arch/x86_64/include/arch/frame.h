/* The user registers of a thread, and where in them a message lies (ouros/message.h). */
#pragma once

#include <ouros/message.h>

/* In the order in which entry code pushes: the last field is pushed first. It is how
 * struct thread_regs begins. */
struct trap_frame {
    uint64_t r15, r14;
    union {
        struct {
            uint64_t rdx, r10, r8, r9, r12, r13;
        };
        uint64_t word[IPC_WORDS]; /* of a message */
    };
    uint64_t r11, rbp, rdi, rsi, rcx, rbx, rax;
    uint64_t vector; /* FRAME_SYSCALL: may leave by SYSRET */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
} __attribute__((aligned(16)));

#define FRAME_SYSCALL 256ul
#define FRAME_IRET    257ul /* entered by SYSCALL, registers since changed: leave by IRET */
