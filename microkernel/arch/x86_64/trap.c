/* Exceptions and interrupts: who they concern. entry.S calls these with the frame; interrupts are off. */
#include <arch/platform.h>
#include <arch/cpu.h>
#include <irqoff.h>
#include <sched.h>
#include <verbs.h>

enum vector {
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_PF = 14,
    VECTOR_MC = 18,
    VECTOR_EXCEPTIONS = 32,
};
#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_FETCH   16

enum gate { GATE_IST = 4, GATE_TYPE, GATE_SIZE = 16 }; /* bytes */
#define GATE_USER 0x60                                 /* INT n is allowed */
extern uint8_t idt[256][GATE_SIZE];

int user_copy(void *to, const void *from, size_t length);
extern char user_copy_end[], user_copy_failed[], fastpath_read[], fastpath_read_end[], fastpath_fault[];
void trap_user(struct trap_frame *frame);
void trap_kernel(struct trap_frame *frame);
bool trap_ist(struct trap_frame *frame);

void trap_init(void)
{
    idt[VECTOR_NMI][GATE_IST] = IST_NMI;
    idt[VECTOR_DB][GATE_IST] = IST_DEBUG;
    idt[VECTOR_MC][GATE_IST] = IST_CHECK;
    idt[VECTOR_DF][GATE_IST] = IST_DOUBLE;
    idt[3][GATE_TYPE] |= GATE_USER; /* breakpoint */
    idt[4][GATE_TYPE] |= GATE_USER; /* overflow */
}

static uint64_t dr6_take(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    __asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ul));
    return value;
}

static void interrupt(uint32_t vector)
{
    if (vector >= VECTOR_DEVICE && vector < VECTOR_DEVICE + VECTOR_DEVICES)
        irq_fire(vector);
    else if (vector == VECTOR_TIMER)
        sched_tick();
    else
        return; /* spurious */
    *lapic(LAPIC_EOI) = 0;
}

/* What a page fault's error code says, as enum fault_access. */
static uint32_t access_of(uint64_t error)
{
    return (error & PF_WRITE ? FAULT_WRITE : 0) | (error & PF_FETCH ? FAULT_EXEC : 0) |
           (error & PF_PRESENT ? FAULT_PRESENT : 0);
}

/* From user mode; the frame is the current thread's. */
void trap_user(struct trap_frame *frame)
{
    uint32_t vector = (uint32_t)frame->vector;
    irqoff_vector(vector);
    if (vector >= VECTOR_EXCEPTIONS)
        interrupt(vector);
    else if (vector == VECTOR_PF)
        fault_enter(this_cpu()->current, MSG_FAULT, cr2_read(), access_of(frame->error), 0);
    else if (vector != VECTOR_NM || fpu_trap(this_cpu(), this_cpu()->current))
        fault_enter(this_cpu()->current, MSG_EXCEPTION, vector, frame->error,
                    vector == VECTOR_DB ? dr6_take() : 0);
}

/* The user copy met an absent or forbidden page: it ends with an error, and the thread knows where. */
static bool user_copy_fault(struct trap_frame *frame)
{
    uint64_t address = cr2_read();
    if (frame->rip >= (uint64_t)fastpath_read && frame->rip < (uint64_t)fastpath_read_end) {
        frame->rip = (uint64_t)fastpath_fault;
        return address < USER_END;
    }
    if (frame->rip < (uint64_t)user_copy || frame->rip >= (uint64_t)user_copy_end || address >= USER_END)
        return false;
    struct thread *thread = thread_current();
    thread->touch_address = address;
    thread->touch_access = FAULT_TOUCH | access_of(frame->error);
    frame->rip = (uint64_t)user_copy_failed;
    return true;
}

/* From kernel mode: an interrupt while idle, or a fault of the user copy. Anything else is a bug. */
void trap_kernel(struct trap_frame *frame)
{
    uint32_t vector = (uint32_t)frame->vector;
    if (vector >= VECTOR_EXCEPTIONS)
        irqoff_vector(vector), interrupt(vector);
    else if (vector != VECTOR_PF || !cpu_ready() || !user_copy_fault(frame))
        panic_trap(frame, vector == VECTOR_PF && stack_guard(cr2_read()) ? "kernel stack overflow"
                                                                         : "exception in the kernel");
}

/* On an IST stack. True: a debug exception of user code, to go on as any other. */
bool trap_ist(struct trap_frame *frame)
{
    switch (frame->vector) {
    case VECTOR_DB:
        if (frame->cs & 3)
            return true;
        dr6_take();
        frame->rflags &= ~(uint64_t)RFLAGS_TF;
        return false;
    case VECTOR_NMI: verbs_ask(frame->cs & 3); return false;
    case VECTOR_DF: panic_trap(frame, stack_guard(cr2_read()) ? "kernel stack overflow" : "double fault");
    default: panic_trap(frame, "machine check");
    }
}

static int copy_checked(void *to, const void *from, size_t length, vaddr_t user)
{
    if (user <= USER_END && length <= USER_END - user)
        return user_copy(to, from, length) ? SYS_TOUCH : 0;
    thread_current()->touch_refused = true; /* no pager can help */
    return SYS_TOUCH;
}

int user_read(void *to, vaddr_t from, size_t length)
{
    return copy_checked(to, (const void *)from, length, from);
}

int user_write(vaddr_t to, const void *from, size_t length)
{
    return copy_checked((void *)to, from, length, to);
}
