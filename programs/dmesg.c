// dmesg: what kernel and servers have logged.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tool.h"

int main(int argc, char **argv)
{
    static char block[8192];
    (void)argc;
    tool_start(argv);
    // Not to wait for messages to come.
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
        tool_warn("/dev/kmsg");
        return 1;
    }
    for (;;) {
        ssize_t count = read(fd, block, sizeof(block));
        if (count < 0 && (errno == EINTR || errno == EPIPE)) // EPIPE: messages were lost; the next are there
            continue;
        if (count == 0 || (count < 0 && errno == EAGAIN))
            return 0;
        if (count < 0) {
            tool_warn("/dev/kmsg");
            return 1;
        }
        if (!tool_write_all(STDOUT_FILENO, block, (size_t)count)) {
            tool_warn("stdout");
            return 1;
        }
    }
}
