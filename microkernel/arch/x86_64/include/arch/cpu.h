/* What a processor has of its own, reached through GS while the kernel runs; selectors, control bits and
 * model-specific registers by their manual names (Intel SDM volume 3A, 2.5; volume 4). */
#pragma once

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define BOOT_CODE32 0x18
#define USER_DATA   0x23 /* SYSRET wants data, then code, behind STAR's selector */
#define USER_CODE   0x2b
#define TSS_SELECT  0x30
#define GDT_SIZE    0x40

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_EM 0x4
#define CR0_TS 0x8
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_NW 0x20000000
#define CR0_CD 0x40000000
#define CR0_PG 0x80000000

#define CR4_PAE        0x20
#define CR4_MCE        0x40
#define CR4_OSFXSR     0x200
#define CR4_OSXMMEXCPT 0x400
#define CR4_UMIP       0x800
#define CR4_OSXSAVE    0x40000
#define CR4_SMEP       0x100000
#define CR4_SMAP       0x200000

#define MSR_APIC_BASE      0x1b
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_FMASK          0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE           0x1
#define EFER_LME           0x100
#define EFER_NXE           0x800

#define RFLAGS_ONE  0x2ul /* always set */
#define RFLAGS_TF   0x100
#define RFLAGS_IF   0x200
#define RFLAGS_DF   0x400
#define RFLAGS_NT   0x4000
#define RFLAGS_RF   0x10000
#define RFLAGS_AC   0x40000
#define RFLAGS_USER 0x250dd5ul /* what user code may choose: CF PF AF ZF SF TF DF OF RF AC ID */

/* Vectors. */
#define VECTOR_PIC      32 /* 16 of the legacy controllers, masked: only spurious ones arrive */
#define VECTOR_DEVICE   48
#define VECTOR_DEVICES  160
#define VECTOR_TIMER    0xf0
#define VECTOR_SPURIOUS 0xff

#ifndef __ASSEMBLER__
#include <thread.h>

/* Task state segment: only the stacks matter in long mode. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

enum { IST_NMI = 1, IST_DEBUG, IST_CHECK, IST_DOUBLE, IST_COUNT = IST_DOUBLE };

struct cpu {
    struct cpu *self;
    struct thread *current;   /* registers in its frame; NULL before the first one */
    uint64_t stack_top;       /* the one kernel stack */
    uint64_t user_rsp;        /* for six instructions of entry.S */
    struct thread *fpu_owner; /* whose values the FPU registers hold */
    bool fpu_trap;            /* CR0.TS is set */
    struct tss tss;
};

extern uint8_t cpu_paddr_bits; /* of a physical address, at most 52 */

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* Descriptor tables, stacks, control bits and entry points of the first processor; GS is right afterwards. */
void cpu_init(void);
/* cpu_init is through: GS, the IST stacks and the current thread may be used. */
bool cpu_ready(void);
/* The IDT's gates are what boot.S made; from now on NMI, #DB, #MC and #DF use stacks of their own. */
void trap_init(void);

/* ---- floating point and vector registers (fpu.c): they belong to threads, and are moved only when somebody
 * uses them ---- */
/* Choose XSAVE or FXSAVE; the registers belong to nobody. */
void fpu_init(struct cpu *cpu);
/* thread is about to run: trap its first use unless the registers are its own. */
void fpu_switch(struct cpu *cpu, struct thread *thread);
/* The trap: the registers become thread's. E_KMEM, E_QUOTA: there is no room to save them one day. */
int fpu_trap(struct cpu *cpu, struct thread *thread);

/* ---- panic.c ---- */
/* As panic, for an exception: what says which, registers and backtrace are the frame's. */
void panic_trap(const struct trap_frame *frame, const char *what) __attribute__((noreturn));

/* ---- single instructions ---- */

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define CR_ACCESS(n)                                                   \
    static inline uint64_t cr##n##_read(void)                          \
    {                                                                  \
        uint64_t value;                                                \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value));          \
        return value;                                                  \
    }                                                                  \
    static inline void cr##n##_write(uint64_t value)                   \
    {                                                                  \
        __asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory"); \
    }
CR_ACCESS(0)
CR_ACCESS(2)
CR_ACCESS(3)
CR_ACCESS(4)

static inline uint64_t tsc_read(void)
{
    return __builtin_ia32_rdtsc();
}

/* Flush what this CPU knows about one address, paging-structure caches included (SDM 3A, 4.10.4.1). */
static inline void paging_flush(vaddr_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* ---- ports ---- */

/* bytes: 1, 2 or 4. */
static inline uint32_t port_read(uint16_t port, uint32_t bytes)
{
    uint32_t value = 0;
    if (bytes == 1)
        __asm__ volatile("in %w1, %b0" : "+a"(value) : "Nd"(port));
    else if (bytes == 2)
        __asm__ volatile("in %w1, %w0" : "+a"(value) : "Nd"(port));
    else
        __asm__ volatile("in %w1, %k0" : "+a"(value) : "Nd"(port));
    return value;
}

static inline void port_write(uint16_t port, uint32_t bytes, uint32_t value)
{
    if (bytes == 1)
        __asm__ volatile("out %b0, %w1" : : "a"(value), "Nd"(port));
    else if (bytes == 2)
        __asm__ volatile("out %w0, %w1" : : "a"(value), "Nd"(port));
    else
        __asm__ volatile("out %k0, %w1" : : "a"(value), "Nd"(port));
}
#endif
