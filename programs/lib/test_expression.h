// What the programs test and [ and the shell's builtins have in common.
#ifndef TEST_EXPRESSION_H
#define TEST_EXPRESSION_H

/// Takes argc and argv as main does; as "[" it wants a "]" at the end. Gives 0 (true), 1 (false) or 2 after a
/// message about a bad expression.
int test_main(int argc, char **argv);

#endif
