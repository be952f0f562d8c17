// kill [-SIGNAL | -s SIGNAL] pid...; kill -l lists the signals.
#include "kill_words.h"
#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    return tool_finish(kill_words(argc, argv));
}
