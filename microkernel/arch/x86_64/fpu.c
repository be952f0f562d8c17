/* Lazy FPU state.
 *
 * F1 cpu->fpu_owner is the thread whose values the registers hold, or NULL; it has a save area.
 * F2 user code runs with CR0.TS clear exactly if it is the owner, who has THREAD_F_FPU.
 * F3 what a thread finds at its first use is the initial state, not what another has left. */
#include <arch/cpu.h>
#include <cpuid.h>
#include <hooks.h>
#include <string.h>

#define XCR0_X87    1u
#define XCR0_SSE    2u
#define XCR0_AVX    4u
#define FXSAVE_SIZE 512
#define FCW_INIT    0x37f
#define MXCSR_INIT  0x1f80
#define AREA_ALIGN  64

static uint32_t features; /* XCR0; 0: FXSAVE */
static size_t area_size;  /* a power of two, so that memory comes aligned as the instructions want it */

static void set_trap(struct cpu *cpu, bool trap)
{
    if (cpu->fpu_trap == trap)
        return;
    cpu->fpu_trap = trap;
    if (trap)
        cr0_write(cr0_read() | CR0_TS);
    else
        __asm__ volatile("clts");
}

void fpu_init(struct cpu *cpu)
{
    uint32_t used = FXSAVE_SIZE, c, d;
    if (cr4_read() & CR4_OSXSAVE) {
        __cpuid_count(13, 0, features, used, c, d);
        features &= XCR0_X87 | XCR0_SSE | XCR0_AVX;
        __asm__ volatile("xsetbv" : : "c"(0), "a"(features), "d"(0));
        __cpuid_count(13, 0, c, used, c, d); /* for what XCR0 has now */
    }
    area_size = 1ul << (64 - __builtin_clzl(used - 1ul));
    set_trap(cpu, true);
}

static int area_create(struct thread *thread)
{
    if (thread->fpu)
        return 0;
    TRY(kmem_alloc(thread->task->account, area_size, &thread->fpu)); /* all zero */
    DEBUG_ASSERT((uintptr_t)thread->fpu % AREA_ALIGN == 0);
    *(uint16_t *)thread->fpu = FCW_INIT;
    *(uint32_t *)((char *)thread->fpu + 24) = MXCSR_INIT;
    return 0;
}

static void save(struct thread *owner)
{
    if (features)
        __asm__ volatile("xsave64 (%0)" : : "r"(owner->fpu), "a"(features), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(owner->fpu) : "memory");
}

/* FNINIT first: some processors leave the last instruction's addresses in place on a restore. */
static void restore(const struct thread *thread)
{
    if (features)
        __asm__ volatile("fninit\n\txrstor64 (%0)" : : "r"(thread->fpu), "a"(features), "d"(0) : "memory");
    else
        __asm__ volatile("fninit\n\tfxrstor64 (%0)" : : "r"(thread->fpu) : "memory");
}

void fpu_switch(struct cpu *cpu, struct thread *thread)
{
    set_trap(cpu, thread != cpu->fpu_owner);
}

static void set_owner(struct cpu *cpu, struct thread *thread)
{
    if (cpu->fpu_owner)
        cpu->fpu_owner->flags &= ~(uint32_t)THREAD_F_FPU;
    cpu->fpu_owner = thread;
    if (thread)
        thread->flags |= THREAD_F_FPU;
}

int fpu_trap(struct cpu *cpu, struct thread *thread)
{
    TRY(area_create(thread));
    set_trap(cpu, false);
    if (cpu->fpu_owner)
        save(cpu->fpu_owner);
    set_owner(cpu, thread);
    restore(thread);
    return 0;
}

void arch_fpu_release(struct thread *thread)
{
    struct cpu *cpu = this_cpu();
    if (cpu->fpu_owner == thread) {
        set_owner(cpu, NULL);
        set_trap(cpu, true);
    }
    if (thread->fpu)
        kmem_free(thread->task->account, thread->fpu, area_size);
    thread->fpu = NULL;
}

int arch_fpu_copy(struct thread *to, struct thread *from)
{
    struct cpu *cpu = this_cpu();
    if (to == from)
        return 0;
    arch_fpu_release(to);
    if (!from->fpu)
        return 0;
    TRY(area_create(to));
    if (cpu->fpu_owner == from) { /* and stays so, but does not run now */
        set_trap(cpu, false);
        save(from);
        set_trap(cpu, true);
    }
    memcpy(to->fpu, from->fpu, area_size);
    return 0;
}
