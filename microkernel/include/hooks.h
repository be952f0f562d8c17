/* What arch code calls in the portable kernel, and the other way about: the whole seam between the two. */
#pragma once

#include <ouros/boot.h>
#include <thread.h>

/* ---- portable kernel, called by arch ---- */

struct boot_params {
    struct boot_range_kind {
        paddr_t start, end;
        bool usable;
    } memory[64];
    uint32_t memory_count;
    struct boot_range module; /* the one that the loader brought; empty: none */
    paddr_t rsdp;             /* the ACPI root pointer; 0: the loader knows none */
    char cmdline[1024];
};
/* After arch_boot: high half, descriptor tables, stack with a guard, console, clock, interrupt controllers;
 * the boot tables' direct map of the first 4 GiB. Does not return. */
void kernel_main(struct boot_params *params) __attribute__((noreturn));

/* A system call by the current thread that carries a message, or an unknown one; registers in its frame. */
void syscall_enter(struct thread *thread);
/* What is left of a plain one: `result` of its handler in syscall_table, arguments and results in *s. */
void syscall_finish(struct thread *thread, const struct syscall *s, int result);
extern int (*const syscall_table[])(struct thread *thread, struct syscall *s);
/* The current thread's fault becomes a message to its pager: MSG_FAULT (address, access, rip, rsp) or
 * MSG_EXCEPTION (vector, error code, rip, rsp, what the debug registers say). */
void fault_enter(struct thread *thread, uint32_t label, uint64_t first, uint64_t second, uint64_t fifth);
/* Interrupt objects: called by the device-interrupt stub with the vector's object. */
void irq_fire(uint32_t vector);

/* ---- arch, called by the portable kernel ---- */

uint64_t time_now(void);           /* monotonic ns */
uint64_t time_ns(uint64_t ticks);  /* how long so many ticks of the counter (tsc_read) are */
void timer_arm(uint64_t deadline); /* one shot, absolute ns: sched_tick is called then, or too soon */
void arch_enter_first(void) __attribute__((noreturn)); /* leave the boot stack: sched_leave and run */
void arch_thread_init(struct thread *thread, vaddr_t entry, vaddr_t stack, uint64_t argument);
/* Make thread current on this CPU: entry stack, fs base, FPU trap. The space is vms_switch's. */
void arch_thread_switch(struct thread *thread);
/* Make a frame that others have written safe to return to: user selectors, flags and rip, leaving by IRET. */
void arch_frame_sanitize(struct trap_frame *frame);
void arch_fpu_release(struct thread *thread);              /* before it is freed */
int arch_fpu_copy(struct thread *to, struct thread *from); /* E_KMEM, E_QUOTA */

/* Checked copies between kernel memory and the current space: 0, or SYS_TOUCH, for the caller to return; then
 * thread_current()->touch_address and touch_access say what was missing. */
int user_read(void *to, vaddr_t from, size_t length);
int user_write(vaddr_t to, const void *from, size_t length);

/* ---- log and panic ---- */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define ASSERT(condition)                                                         \
    do {                                                                          \
        if (!(condition))                                                         \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
    } while (0)
#ifdef OUROS_DEBUG
enum { DEBUG_BUILD = 1 };
#else
enum { DEBUG_BUILD = 0 };
#endif
#define DEBUG_ASSERT(condition) ASSERT(!DEBUG_BUILD || (condition))

/* ---- system calls, each beside its noun ---- */
#define SYSCALL(number, name, arguments, results, text) \
    int sys_##name(struct thread *thread, struct syscall *s);
#include <ouros/syscalls.def>
#undef SYSCALL

/* ---- options (option.c): words of the boot command line, before `--` ---- */
/* Take every word to its option; unknown ones and bad values are reported in the log. */
void options_parse(const char *cmdline);

/* mem=: use no RAM from here on, bytes. */
extern uint64_t option_memory_limit;
