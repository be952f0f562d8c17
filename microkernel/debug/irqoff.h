/* How long interrupts stay off, measured by debug builds from each entry of the kernel to where it is left.
 */
#pragma once

#include <hooks.h>

#ifdef OUROS_DEBUG
/* The kernel was entered, by a system call or otherwise; it lets interrupts in again (leaves, or idles). */
void irqoff_vector(uint32_t vector);
void irqoff_call(uint32_t number);
/* The system calls with a clock around them: what a call has taken counts although it may leave the short
 * way. */
#define IRQOFF_TIMED(name) timed_##name
#define SYSCALL(number, name, arguments, results, text) \
    int timed_##name(struct thread *thread, struct syscall *s);
#include <ouros/syscalls.def>
#undef SYSCALL
void irqoff_end(void);
/* Which of its operations the system call has come to, of one that does several. */
void irqoff_operation(uint32_t operation);
/* The rest of the block is a check that no release build has: it does not count. */
#define IRQOFF_UNCOUNTED uint64_t since_ __attribute__((cleanup(irqoff_forgive))) = irqoff_check()
uint64_t irqoff_check(void);
void irqoff_forgive(const uint64_t *since);
/* The longest so far, ns. */
uint64_t irqoff_longest(void);
/* Print the ten worst entries, a line each. */
void irqoff_tell(void (*print)(const char *format, ...));
/* The same to the log, if they are others than the last time. */
void irqoff_log(void);
#else
#define IRQOFF_TIMED(name) sys_##name
static inline void irqoff_vector(uint32_t) {}
static inline void irqoff_call(uint32_t) {}
static inline void irqoff_end(void) {}
static inline void irqoff_operation(uint32_t) {}
static inline uint64_t irqoff_longest(void)
{
    return 0;
}
#endif
