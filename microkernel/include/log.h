/* The kernel's log: a ring of records, and the console that shows them until somebody else owns the line. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <hooks.h>

/* Records up to this level are shown on the console (the option log=). All are kept. */
extern enum log_level log_console_level;

/* Show the newest records, at most `count`, on the console as it is: for panics, takes no lock. */
void log_show_last(uint32_t count);

#endif
