// test expression
#include "test_expression.h"
#include "tool.h"

int main(int argc, char **argv)
{
    tool_start(argv);
    return test_main(argc, argv);
}
