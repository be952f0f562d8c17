// Options as POSIX has them: letters behind a "-", before the first operand; "--" ends them.
#ifndef OPTIONS_H
#define OPTIONS_H

/// What options_next keeps; begin with OPTIONS(argv).
struct options {
    char **rest;          // not read yet; the operands after options_next gave 0
    const char *place;    // within a group of letters
    const char *argument; // of the option just given
};

#define OPTIONS(argv)                        \
    {                                        \
        .rest = (argv) + ((argv)[0] ? 1 : 0) \
    }

/// Gives the next letter, or 0 at the first operand. `known` has the letters, each with a ":" behind it if it
/// takes an argument. Anything else says what is wrong and the usage, and exits with 2.
int options_next(struct options *options, const char *known, const char *synopsis);

#endif
