/* Errors of Ouros as errno: the one place. */
#include "libc.h"

static const unsigned short numbers[] = {
#define X(name, number, posix, text) [number] = posix,
    OUROS_ERRORS(X)
#undef X
};

int error_number(int error)
{
    if (error == 0)
        return 0;
    if (error < 0 || (size_t)error >= sizeof numbers / sizeof *numbers || !numbers[error])
        return EIO;
    return numbers[error];
}

int fail(int number)
{
    errno = number;
    return -1;
}

int error_result(int error)
{
    return error ? fail(error_number(error)) : 0;
}
