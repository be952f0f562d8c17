// echo [-ne] [word...]
#include "echo.h"
#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    if (argc > 0)
        echo_words(argv + 1);
    return tool_finish(0);
}
