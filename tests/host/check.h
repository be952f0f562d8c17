/* Host tests: cases with a name, each of which prints one line. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

/* What was printed before a sanitizer ends the test is not lost. */
__attribute__((constructor)) static void check_lines(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Run a case: `static void NAME(void)`. */
#define RUN(name)                     \
    do {                              \
        int before = check_failures;  \
        name();                       \
        if (check_failures == before) \
            printf("ok %s\n", #name); \
    } while (0)

/* The first failure of a case names it; more are counted only. */
#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            check_failures++;                                                   \
            printf("not ok %s: line %d: %s\n", __func__, __LINE__, #condition); \
            return;                                                             \
        }                                                                       \
    } while (0)

#define CHECK_END() return check_failures != 0

/* A generator of test data that is the same everywhere (xorshift64*). */
__attribute__((unused)) static uint64_t check_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

#endif
