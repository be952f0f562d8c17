/* Kernel options: words of the boot command line, before `--`. */
#ifndef KERNEL_OPTION_H
#define KERNEL_OPTION_H

#include <ouros/types.h>

/* Take every word to its option; unknown ones and bad values are reported in the log. */
void options_parse(const char *cmdline);

/* mem=: use no RAM from here on, bytes. */
extern uint64_t option_memory_limit;

#endif
