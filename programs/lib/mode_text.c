#include "mode_text.h"

#include <string.h>
#include <sys/stat.h>

void mode_text(mode_t mode, char text[MODE_TEXT_SIZE])
{
    static const char letters[] = "rwxrwxrwx";
    text[0] = S_ISDIR(mode)    ? 'd'
              : S_ISLNK(mode)  ? 'l'
              : S_ISCHR(mode)  ? 'c'
              : S_ISBLK(mode)  ? 'b'
              : S_ISFIFO(mode) ? 'p'
              : S_ISSOCK(mode) ? 's'
                               : '-';
    for (int i = 0; i < 9; i++)
        text[1 + i] = mode & (0400 >> i) ? letters[i] : '-';
    if (mode & S_ISUID)
        text[3] = text[3] == 'x' ? 's' : 'S';
    if (mode & S_ISGID)
        text[6] = text[6] == 'x' ? 's' : 'S';
    if (mode & 01000)
        text[9] = text[9] == 'x' ? 't' : 'T';
    text[10] = '\0';
}
