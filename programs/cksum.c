// cksum [file...]: the CRC of POSIX, and the size.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

static uint32_t table[256];

static void make_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
        table[byte] = crc;
    }
}

static uint32_t crc_add(uint32_t crc, unsigned char byte)
{
    return crc << 8 ^ table[crc >> 24 ^ byte];
}

static bool sum(int fd, const char *name, const char *shown)
{
    static unsigned char block[32768];
    uint32_t crc = 0;
    uint64_t length = 0;
    ssize_t size;
    while ((size = read(fd, block, sizeof(block))) > 0 || (size < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < size; i++)
            crc = crc_add(crc, block[i]);
        length += size > 0 ? (uint64_t)size : 0;
    }
    if (size < 0) {
        tool_warn(name);
        return false;
    }
    for (uint64_t rest = length; rest > 0; rest >>= 8)
        crc = crc_add(crc, (unsigned char)rest);
    printf("%lu %llu%s%s\n", (unsigned long)(uint32_t)~crc, (unsigned long long)length, *shown ? " " : "",
           shown);
    return true;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    bool ok = true;
    tool_start(argv);
    options_next(&options, "", "[file...]");
    make_table();
    if (!*options.rest)
        ok = sum(STDIN_FILENO, "stdin", "");
    for (char **name = options.rest; *name; name++) {
        int fd = open(*name, O_RDONLY);
        if (fd < 0)
            tool_warn(*name);
        ok &= fd >= 0 && sum(fd, *name, *name);
        if (fd >= 0)
            close(fd);
    }
    return tool_finish(!ok);
}
