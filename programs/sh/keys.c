#include "keys.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static int read_byte(void)
{
    unsigned char c;
    ssize_t count;
    do
        count = read(STDIN_FILENO, &c, 1);
    while (count < 0 && errno == EINTR);
    return count == 1 ? c : KEY_END_OF_INPUT;
}

/// What follows ESC [ : numbers, then a letter or ~.
static int read_sequence(void)
{
    int numbers[2] = {0, 0}, index = 0, c;
    while ((c = read_byte()) == ';' || (c >= '0' && c <= '9')) {
        if (c == ';')
            index = 1;
        else if (numbers[index] < 1000)
            numbers[index] = numbers[index] * 10 + c - '0';
    }
    bool control = numbers[1] == 5 || numbers[1] == 3;
    switch (c) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case 'C': return control ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D': return control ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H': return KEY_HOME;
    case 'F': return KEY_END;
    case '~': break;
    default: return KEY_UNKNOWN;
    }
    switch (numbers[0]) {
    case 1:
    case 7: return KEY_HOME;
    case 4:
    case 8: return KEY_END;
    case 3: return KEY_DELETE;
    default: return KEY_UNKNOWN;
    }
}

int read_key(void)
{
    int c = read_byte();
    if (c != KEY_ESCAPE)
        return c;
    c = read_byte();
    if (c == '[')
        return read_sequence();
    if (c == 'O') {
        c = read_byte();
        return c == 'H' ? KEY_HOME : c == 'F' ? KEY_END : KEY_UNKNOWN;
    }
    return c == 'b' ? KEY_WORD_LEFT : c == 'f' ? KEY_WORD_RIGHT : KEY_UNKNOWN;
}
