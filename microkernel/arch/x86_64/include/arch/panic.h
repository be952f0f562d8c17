/* The end: a report on the console, and the machine stops. */
#ifndef ARCH_PANIC_H
#define ARCH_PANIC_H

#include <hooks.h>

/* As panic, for an exception: what says which, registers and backtrace are the frame's. */
void panic_trap(const struct trap_frame *frame, const char *what) __attribute__((noreturn));

#endif
