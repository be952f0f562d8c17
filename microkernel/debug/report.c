/* What a panic tells of the machine. Nothing here takes a lock or trusts a pointer that it can do without. */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <format.h>
#include <log.h>
#include <report.h>
#include <string.h>
#include <stage.h>

#define DEPTH_MAX  32
#define LAST_LINES 24

/* Made by the build from the linked kernel: text symbols in ascending order. */
extern const uint32_t ksym_count __attribute__((weak));
extern const uint64_t ksym_addr[] __attribute__((weak));
extern const uint32_t ksym_name[] __attribute__((weak));
extern const char ksym_strings[] __attribute__((weak));

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    console_write(text, format_text_v(text, sizeof(text), format, arguments));
    va_end(arguments);
}

static void show_address(uint64_t address)
{
    uint32_t low = 0, high = &ksym_count ? ksym_count : 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (ksym_addr[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && address < (uint64_t)image_rodata)
        say("  %016lx  %s+0x%lx\n", address, ksym_strings + ksym_name[low - 1], address - ksym_addr[low - 1]);
    else
        say("  %016lx\n", address);
}

static bool on_a_stack(uint64_t address)
{
    return address % 8 == 0 && address >= (uint64_t)image_data && address < (uint64_t)image_end - 16 &&
           !stack_guard(address) && !stack_guard(address + 15);
}

static void show_backtrace(uint64_t frame, uint64_t address)
{
    say("backtrace:\n");
    if (address)
        show_address(address);
    for (uint32_t i = 0; i < DEPTH_MAX && on_a_stack(frame); i++) {
        const uint64_t *words = (const uint64_t *)frame; /* the caller's frame, the return address */
        show_address(words[1] - 1);
        if (words[0] <= frame)
            break;
        frame = words[0];
    }
}

static void show_registers(const struct trap_frame *f)
{
    say("vector %lu, error 0x%lx\n", f->vector, f->error);
    say("rip %016lx rsp %016lx rflags %08lx cs %04lx\n", f->rip, f->rsp, f->rflags, f->cs);
    say("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    say("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    say("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    say("r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
}

static void show_last_lines(void)
{
    uint64_t at = UINT64_MAX;
    const char *line = log_line(&at); /* none, but `at` is the end now */
    at = at > LAST_LINES ? at - LAST_LINES : 0;
    say("last messages:\n");
    while ((line = log_line(&at)))
        console_write(line, strlen(line));
}

void report_panic(const struct trap_frame *trap, uint64_t frame)
{
    if (boot_stage_number < STAGE_DONE)
        say("ouros: fault in boot stage %u\n", boot_stage_number);
    if (trap)
        show_registers(trap);
    say("cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx\n", cr0_read(), cr2_read(), cr3_read(), cr4_read());
    show_backtrace(frame, trap ? trap->rip : 0);
    show_last_lines();
    struct thread *thread = cpu_ready() ? thread_current() : NULL;
    if (thread) /* last, for it is the likeliest to fault */
        say("current thread %u, state %u, of task %lu '%.15s'\n", thread->id, thread->state, thread->task->id,
            thread->task->name);
}
