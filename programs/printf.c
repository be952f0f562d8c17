// printf format [argument...]
#include "print_format.h"
#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    if (argc < 2)
        tool_usage("format [argument...]");
    return tool_finish(print_format(argv[1], argv + 2));
}
