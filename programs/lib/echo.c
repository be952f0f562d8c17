#include "echo.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

void echo_words(char **words)
{
    bool newline = true, escapes = false, stop = false;
    for (; *words && (*words)[0] == '-' && (*words)[1] && !(*words)[1 + strspn(*words + 1, "neE")]; words++) {
        newline &= strchr(*words, 'n') == NULL;
        escapes |= strchr(*words, 'e') != NULL;
    }
    for (char **word = words; *word && !stop; word++) {
        if (word != words)
            putchar(' ');
        if (!escapes)
            fputs(*word, stdout);
        else
            stop = escape_print(*word);
    }
    if (newline && !stop)
        putchar('\n');
}
