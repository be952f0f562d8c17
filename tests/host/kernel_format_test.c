// sources: microkernel/format.c
/* The kernel's formatter against the host's snprintf, and its bounds. */
#include "check.h"
#include <format.h>

#define SAME(...)                                               \
    do {                                                        \
        char ours[256], theirs[256];                            \
        size_t a = format_text(ours, sizeof ours, __VA_ARGS__); \
        int b = snprintf(theirs, sizeof theirs, __VA_ARGS__);   \
        CHECK((int)a == b && strcmp(ours, theirs) == 0);        \
    } while (0)

static void numbers(void)
{
    static const unsigned long values[] = {0,     1,          9,          10,        255,
                                           65535, 2147483647, UINT32_MAX, INT64_MAX, UINT64_MAX};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        unsigned long v = values[i];

        SAME("%lu|%8lu|%08lu|%lx|%16lx|%016lx", v, v, v, v, v, v);
        SAME("%u|%5u|%05u|%x|%d", (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (int)(v & INT32_MAX));
    }
    SAME("[%5lu.%06lu] 0x%lx", 3ul, 42ul, 0xfeeul);
}

static void texts(void)
{
    char *tight = malloc(3);

    SAME("%s|%.2s|%.*s|%%|%.0s", "abc", "abc", 1, "abc", "abc");
    SAME("no conversion");
    memcpy(tight, "abc", 3);
    SAME("%.3s %.*s", tight, 2, tight);
    free(tight);
}

static void cut(void)
{
    char *tight = malloc(4);
    const char *odd = "50%"; /* not a literal: the compiler would complain */

    CHECK(format_text(tight, 4, "%s", "abcdef") == 3 && strcmp(tight, "abc") == 0);
    CHECK(format_text(tight, 1, "%u", 123456u) == 0 && tight[0] == 0);
    CHECK(format_text(tight, 4, "%060lu", 1ul) == 3 && strcmp(tight, "000") == 0);
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    CHECK(format_text(tight, 4, odd) == 2 && strcmp(tight, "50") == 0);
    free(tight);
}

int main(void)
{
    RUN(numbers);
    RUN(texts);
    RUN(cut);
    CHECK_END();
}
