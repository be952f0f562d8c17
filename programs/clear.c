// clear: an empty screen.
#include <stdio.h>

#include "tool.h"

int main(int argc, char **argv)
{
    (void)argc;
    tool_start(argv);
    fputs("\x1b[H\x1b[2J", stdout);
    return tool_finish(0);
}
