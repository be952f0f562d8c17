// What the program printf and the shell's builtin have in common.
#ifndef PRINT_FORMAT_H
#define PRINT_FORMAT_H

/// Prints `format`, again as long as there are arguments left. Gives 0, or 1 after a message about an
/// argument.
int print_format(const char *format, char **arguments);

#endif
