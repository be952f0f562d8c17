/* The kernel's console: a serial line, polled. User space takes it over by taking its ports. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <ouros/types.h>

/* The first line of a PC, unless the option console= said otherwise. */
void console_init(void);
/* Choose by name, a value of console=. False: no such console. */
bool console_select(const char *name, size_t length);
/* Text, line ends as \n. Nothing is shown once user space owns the line. */
void console_write(const char *text, size_t length);
/* User space has taken count ports from first on: silent from now on if the line is among them. */
void console_ports_taken(uint32_t first, uint32_t count);
/* Panic: the line is ours again, in a known state. */
void console_seize(void);

#endif
