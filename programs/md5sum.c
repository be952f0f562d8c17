// md5sum [file...]
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "md5.h"
#include "options.h"
#include "tool.h"

static bool sum(const char *name)
{
    static char block[65536];
    struct md5 md5;
    unsigned char digest[MD5_SIZE];
    ssize_t size;
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY);
    if (fd < 0) {
        tool_warn(name);
        return false;
    }
    md5_begin(&md5);
    while ((size = read(fd, block, sizeof(block))) > 0 || (size < 0 && errno == EINTR))
        if (size > 0)
            md5_add(&md5, block, (size_t)size);
    if (size < 0)
        tool_warn(name);
    if (fd != STDIN_FILENO)
        close(fd);
    if (size < 0)
        return false;
    md5_end(&md5, digest);
    for (int i = 0; i < MD5_SIZE; i++)
        printf("%02x", digest[i]);
    printf("  %s\n", name);
    return true;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    bool ok = true;
    tool_start(argv);
    options_next(&options, "", "[file...]");
    if (!*options.rest)
        ok = sum("-");
    for (char **name = options.rest; *name; name++)
        ok &= sum(*name);
    return tool_finish(!ok);
}
