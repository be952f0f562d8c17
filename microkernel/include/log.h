/* The kernel's log: a ring of records, and the console that shows them until somebody else owns the line. */
#pragma once

#include <hooks.h>

/* Records up to this level are shown on the console (the option log=). All are kept. */
extern enum log_level log_console_level;

/* The first line at or behind a position (any; 0: the oldest), as the console shows it, ended by \n and NUL;
 * the position moves behind it. NULL: there is none, and the position is the end. */
#define LOG_LINE_MAX 320
const char *log_line(uint64_t *position);

/* ---- the console (arch): a serial line, polled. User space takes it over by taking its ports ---- */
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
