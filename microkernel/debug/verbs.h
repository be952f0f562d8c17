/* Debug verbs: a line on the second serial port and a non-maskable interrupt, and the kernel prints a table
 * of its own there. docs/debugging.md has the list. Debug builds only. */
#pragma once

#include <ouros/types.h>

#ifdef OUROS_DEBUG
/* The interrupt came, in user mode or in the kernel: there what it was about waits for the next verbs_poll.
 */
void verbs_ask(bool in_user_mode);
/* The kernel's tables are as they should be: answer what was asked. */
void verbs_poll(void);
#else
static inline void verbs_ask(bool) {}
#endif
