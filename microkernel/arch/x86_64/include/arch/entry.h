/* What the assembly of the ways in and out shares. */
#pragma once

#include <arch/cpu.h>
#include <offsets.h>

#define RIP    (T_rip - T_frame)
#define RFLAGS (T_rflags - T_frame)
#define RSP    (T_rsp - T_frame)

/* clang-format off */
/* CLAC or STAC where the CPU has them: three bytes of no-op that cpu_init patches. */
#define CLAC 0xca010f
#define STAC 0xcb010f
.macro SMAP instruction
777: .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .quad 777b, \instruction
    .popsection
.endm

.macro SAVE thread, registers:vararg
    .irp register, \registers
    mov %\register, T_\register(\thread)
    .endr
.endm

.macro PUSH_REGISTERS
    .irp register, rax, rbx, rcx, rsi, rdi, rbp, r11, r13, r12, r9, r8, r10, rdx, r14, r15
    push %\register
    .endr
.endm

.macro POP_REGISTERS
    .irp register, r15, r14, rdx, r10, r8, r9, r12, r13, r11, rbp, rdi, rsi, rcx, rbx, rax
    pop %\register
    .endr
.endm
