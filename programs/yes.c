// yes [word...]: prints the words, or "y", until nobody reads any more.
#include <stdio.h>

#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    while (!ferror(stdout)) {
        for (int i = 1; i < argc; i++)
            printf("%s%s", i > 1 ? " " : "", argv[i]);
        puts(argc > 1 ? "" : "y");
    }
    return tool_finish(0);
}
