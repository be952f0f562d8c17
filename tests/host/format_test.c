// sources: libipc/format.c
/* ipc_format against the host's snprintf, and its bounds. */
#pragma GCC diagnostic ignored "-Wformat-overflow"
#include "check.h"
#include <ipc/format.h>

#define SAME(...)                                              \
    do {                                                       \
        char ours[256], theirs[256];                           \
        size_t a = ipc_format(ours, sizeof ours, __VA_ARGS__); \
        int b = snprintf(theirs, sizeof theirs, __VA_ARGS__);  \
        CHECK((int)a == b && strcmp(ours, theirs) == 0);       \
    } while (0)

static void numbers(void)
{
    static const long values[] = {0,    1,     -1,         9,           10,        255,
                                  -128, 65535, 2147483647, -2147483648, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        long v = values[i];

        SAME("%ld|%8ld|%-8ld|%08ld|%+ld|% ld|%.3ld|%8.3ld", v, v, v, v, v, v, v, v);
        SAME("%d|%5d|%hd|%hhd|%i", (int)v, (int)v, (short)v, (signed char)v, (int)v);
        SAME("%u|%lu|%llu|%zu|%hu|%hhu", (unsigned)v, (unsigned long)v, (unsigned long long)v, (size_t)v,
             (unsigned short)v, (unsigned char)v);
        SAME("%x|%lX|%#lx|%#12lx|%-12lx|%012lx", (unsigned)v, v, v, v, v, v);
        SAME("%lo|%.0ld", v, v);
    }
    SAME("%*d|%-*d|%.*d|%*d", 6, 42, 6, 42, 4, 42, -6, 42);
}

static void texts(void)
{
    SAME("%s|%8s|%-8s|%.2s|%8.2s|%c|%3c|%-3c|%%", "abc", "abc", "abc", "abc", "abc", 'x', 'y', 'z');
    SAME("%.*s", 3, "abcdef");
    SAME("%p", (void *)0x1234);
    SAME("no conversion");
}

static void unterminated(void)
{
    char *tight = malloc(3), out[8];

    memcpy(tight, "abc", 3);
    CHECK(ipc_format(out, sizeof out, "%.3s", tight) == 3 && strcmp(out, "abc") == 0);
    CHECK(ipc_format(out, sizeof out, "%.*s", 2, tight) == 2 && strcmp(out, "ab") == 0);
    free(tight);
}

static void cut(void)
{
    char *tight = malloc(4);

    CHECK(ipc_format(tight, 4, "%s", "abcdef") == 6 && strcmp(tight, "abc") == 0);
    CHECK(ipc_format(tight, 1, "%d", 123456) == 6 && tight[0] == 0);
    CHECK(ipc_format(0, 0, "%d", 123456) == 6);
    CHECK(ipc_format(tight, 4, "%999999999d", 1) < 10000);
    CHECK(ipc_format(tight, 4, "%*d", -2147483647 - 1, 1) < 10000);
    free(tight);
}

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static void unknown(void)
{
    char out[32];

    ipc_format(out, sizeof out, "%q %d", 5);
    CHECK(strcmp(out, "%q 5") == 0);
    ipc_format(out, sizeof out, "%l");
    CHECK(strcmp(out, "%l") == 0);
    ipc_format(out, sizeof out, "100%");
    CHECK(strcmp(out, "100%") == 0);
}

int main(void)
{
    RUN(numbers);
    RUN(texts);
    RUN(unterminated);
    RUN(cut);
    RUN(unknown);
    CHECK_END();
}
