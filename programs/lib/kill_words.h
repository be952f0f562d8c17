// What kill does with its arguments: for the program, and for the shell, where it works although no process
// can be started.
#ifndef KILL_WORDS_H
#define KILL_WORDS_H

/// Takes main's arguments: [-SIGNAL | -s SIGNAL] pid..., or -l. Gives the status: 2 if they make no sense.
int kill_words(int argc, char **argv);

#endif
