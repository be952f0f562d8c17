// sleep seconds: fractions are allowed.
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    char *end = NULL;
    double seconds = argc == 2 ? strtod(argv[1], &end) : -1;
    if (argc != 2 || end == argv[1] || *end || !(seconds >= 0 && seconds < 1e9))
        tool_usage("seconds");
    struct timespec rest = {.tv_sec = (time_t)seconds};
    rest.tv_nsec = (long)((seconds - (double)rest.tv_sec) * 1e9);
    while (nanosleep(&rest, &rest) != 0) {
        if (errno == EINTR)
            continue;
        tool_warn("sleep");
        return 1;
    }
    return 0;
}
