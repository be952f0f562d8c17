/* What a panic tells of the machine. */
#pragma once

#include <arch/frame.h>

/* Registers (trap: of an exception, or NULL), the calls from frame pointer `frame` on, the last lines of the
 * log, the running thread: all onto the console. */
void report_panic(const struct trap_frame *trap, uint64_t frame);
