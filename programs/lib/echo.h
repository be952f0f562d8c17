// What the program echo and the shell's builtin have in common.
#ifndef ECHO_H
#define ECHO_H

/// Prints the words with blanks between them and a newline behind; -n: no newline, -e: backslash escapes.
void echo_words(char **words);

#endif
