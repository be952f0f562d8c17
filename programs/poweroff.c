// poweroff [status]: switches the machine off. The status reaches whoever started the emulator.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

int main(int argc, char **argv)
{
    long long status = 0;
    char order[32];
    tool_start(argv);
    if (argc > 2 || (argc == 2 && (!tool_number(argv[1], &status) || status < 0 || status > 255)))
        tool_usage("[status]");
    sync();
    int fd = open("/dev/power", O_WRONLY);
    if (fd < 0) {
        tool_warn("/dev/power");
        return 1;
    }
    snprintf(order, sizeof(order), "off %lld", status);
    if (!tool_write_all(fd, order, strlen(order))) {
        tool_warn("/dev/power");
        return 1;
    }
    close(fd);
    return 0;
}
