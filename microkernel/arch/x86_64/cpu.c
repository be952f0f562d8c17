/* The processor: descriptor tables, stacks, feature bits, the thread that runs on it. */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <cpuid.h>
#include <string.h>

static struct cpu cpu0;
static bool ready;
uint8_t cpu_paddr_bits;

struct stack stacks[STACKS] __attribute__((aligned(PAGE_SIZE)));
_Static_assert(STACKS == 1 + IST_COUNT, "one for each");

/* A place of CLAC or STAC in entry.S, and the instruction's three bytes. */
struct smap_site {
    uint8_t *at;
    uint64_t bytes;
};
extern struct smap_site smap_sites[], smap_sites_end[];

extern uint64_t gdt[];
void entry_syscall(void);

bool cpu_ready(void)
{
    return ready;
}

struct thread *thread_current(void)
{
    return this_cpu()->current;
}

/* The segment registers hold what they shall since boot.S; only the task state is missing. The IST stacks
 * carry the CPU's pointer at their top. */
static void task_state_init(struct cpu *cpu)
{
    uint64_t base = (uint64_t)&cpu->tss, limit = sizeof(cpu->tss) - 1;
    for (uint32_t ist = 1; ist <= IST_COUNT; ist++) {
        uint64_t top = (uint64_t)&stacks[ist + 1] - 16;
        *(struct cpu **)top = cpu;
        cpu->tss.ist[ist - 1] = top;
    }
    cpu->tss.io_map = sizeof(cpu->tss);
    gdt[TSS_SELECT / 8] = limit | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[TSS_SELECT / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS_SELECT) : "memory");
    msr_write(MSR_GS_BASE, (uint64_t)cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
    msr_write(MSR_FS_BASE, 0);
}

/* SMAP's instructions fault where they do not exist, so they are put in here. The text is read-only by now;
 * it is written where the boot tables' direct map shows it. The next store to CR4 serialises. */
static void smap_patch(void)
{
    for (struct smap_site *s = smap_sites; s < smap_sites_end; s++)
        memcpy(boot_phys(image_paddr(s->at), 3), &s->bytes, 3);
}

static void features_init(void)
{
    uint32_t a = 36, b = 0, c = 0, d = 0; /* stay so where the processor has no such leaf */
    uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    __get_cpuid(0x80000008, &a, &b, &c, &d);
    cpu_paddr_bits = (a & 0xff) < 52 ? a & 0xff : 52;
    __get_cpuid(1, &a, &b, &c, &d);
    cr4 |= d & 1 << 7 ? CR4_MCE : 0;
    cr4 |= c & 1 << 26 ? CR4_OSXSAVE : 0;
    b = c = 0;
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    cr4 |= b & 1 << 7 ? CR4_SMEP : 0;
    cr4 |= b & 1 << 20 ? CR4_SMAP : 0;
    cr4 |= c & 1 << 2 ? CR4_UMIP : 0;
    if (cr4 & CR4_SMAP)
        smap_patch();
    cr4_write(cr4);
}

void cpu_init(void)
{
    struct cpu *cpu = &cpu0;
    cpu->self = cpu;
    cpu->stack_top = (uint64_t)&stacks[1];
    task_state_init(cpu);
    trap_init();
    features_init();
    fpu_init(cpu);
    msr_write(MSR_STAR, (uint64_t)(USER_DATA - 8) << 48 | (uint64_t)KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)entry_syscall);
    msr_write(MSR_FMASK, RFLAGS_IF | RFLAGS_DF | RFLAGS_TF | RFLAGS_AC | RFLAGS_NT | RFLAGS_RF);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
    ready = true;
}

void arch_frame_sanitize(struct trap_frame *frame)
{
    frame->vector = FRAME_IRET;
    frame->error = 0;
    frame->cs = USER_CODE;
    frame->ss = USER_DATA;
    frame->rflags = (frame->rflags & RFLAGS_USER) | RFLAGS_IF | RFLAGS_ONE;
    if (frame->rip >= USER_END)
        frame->rip = 0; /* faults in user mode; anything not canonical would fault in the kernel */
}

void arch_thread_init(struct thread *thread, vaddr_t entry, vaddr_t stack, uint64_t argument)
{
    thread->frame = (struct trap_frame){.rip = entry, .rsp = stack, .rdi = argument};
    arch_frame_sanitize(&thread->frame);
    thread->regs.fs_base = 0;
}

void arch_thread_switch(struct thread *thread)
{
    struct cpu *cpu = this_cpu();
    cpu->current = thread;
    cpu->tss.rsp[0] = (uint64_t)(&thread->frame + 1);
    msr_write(MSR_FS_BASE, thread->regs.fs_base); /* always: user code clears it by loading a selector */
    fpu_switch(cpu, thread);
}
