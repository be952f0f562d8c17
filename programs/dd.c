// dd [if=file] [of=file] [bs=size] [count=blocks] [skip=blocks] [seek=blocks] [conv=notrunc,sync,fsync]
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static struct {
    const char *in, *out;
    long long size, count, skip, seek;
    bool keep, pad, flush;
} order = {.size = 512, .count = -1};

enum { SIZE_MAX_ALLOWED = 64 << 20 };

static _Noreturn void dd_usage(void)
{
    tool_usage(
        "[if=file] [of=file] [bs=size] [count=blocks] [skip=blocks] [seek=blocks] [conv=notrunc,sync,fsync]");
}

static void read_conversions(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, ",");
        if (length == 7 && strncmp(text, "notrunc", 7) == 0)
            order.keep = true;
        else if (length == 4 && strncmp(text, "sync", 4) == 0)
            order.pad = true;
        else if (length == 5 && strncmp(text, "fsync", 5) == 0)
            order.flush = true;
        else
            dd_usage();
        text += length + (text[length] == ',');
    }
}

static void read_order(const char *word)
{
    static const struct {
        const char *name;
        long long *value;
    } numbers[] = {
        {"bs=", &order.size}, {"count=", &order.count}, {"skip=", &order.skip}, {"seek=", &order.seek}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        size_t length = strlen(numbers[i].name);
        if (strncmp(word, numbers[i].name, length) != 0)
            continue;
        if (!tool_size(word + length, numbers[i].value))
            dd_usage();
        return;
    }
    if (strncmp(word, "if=", 3) == 0)
        order.in = word + 3;
    else if (strncmp(word, "of=", 3) == 0)
        order.out = word + 3;
    else if (strncmp(word, "conv=", 5) == 0)
        read_conversions(word + 5);
    else
        dd_usage();
}

static ssize_t read_block(int fd, char *block)
{
    ssize_t count;
    do
        count = read(fd, block, (size_t)order.size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        tool_warn(order.in ? order.in : "stdin");
    return count;
}

/// Moves forward by `blocks`; a pipe is read instead.
static bool skip_blocks(int fd, char *block, long long blocks, const char *name)
{
    if (blocks == 0)
        return true;
    long long bytes;
    if (__builtin_mul_overflow(blocks, order.size, &bytes)) {
        tool_warnx("%s: offset too large", name);
        return false;
    }
    if (lseek(fd, (off_t)bytes, SEEK_CUR) >= 0)
        return true;
    if (errno != ESPIPE || block == NULL) {
        tool_warn(name);
        return false;
    }
    ssize_t count = 1;
    for (; blocks > 0 && count > 0; blocks--)
        count = read_block(fd, block);
    return count >= 0;
}

static int copy(int in, int out)
{
    char *block = tool_alloc((size_t)order.size);
    unsigned long long full = 0, partial = 0, written = 0;
    int status = 0;
    if (!skip_blocks(in, block, order.skip, order.in ? order.in : "stdin") ||
        !skip_blocks(out, NULL, order.seek, order.out ? order.out : "stdout"))
        status = 1;
    if (!order.keep && status == 0 && order.out)
        (void)!ftruncate(out, (off_t)(order.seek * order.size)); // a device has no length
    while (status == 0 && (order.count < 0 || full + partial < (unsigned long long)order.count)) {
        ssize_t count = read_block(in, block);
        if (count <= 0) {
            status = count < 0;
            break;
        }
        full += count == order.size;
        partial += count < order.size;
        if (order.pad && count < order.size) {
            memset(block + count, 0, (size_t)(order.size - count));
            count = (ssize_t)order.size;
        }
        if (!tool_write_all(out, block, (size_t)count)) {
            tool_warn(order.out ? order.out : "stdout");
            status = 1;
            break;
        }
        written += (unsigned long long)count;
    }
    if (order.flush && fsync(out) != 0) {
        tool_warn(order.out ? order.out : "stdout");
        status = 1;
    }
    free(block);
    fprintf(stderr, "%llu+%llu blocks read, %llu bytes written\n", full, partial, written);
    return status;
}

int main(int argc, char **argv)
{
    tool_start(argv);
    for (int i = 1; i < argc; i++)
        read_order(argv[i]);
    if (order.size <= 0 || order.size > SIZE_MAX_ALLOWED)
        dd_usage();
    int in = order.in ? open(order.in, O_RDONLY) : STDIN_FILENO;
    if (in < 0) {
        tool_warn(order.in);
        return 1;
    }
    int out = order.out ? open(order.out, O_WRONLY | O_CREAT, 0666) : STDOUT_FILENO;
    if (out < 0) {
        tool_warn(order.out);
        return 1;
    }
    int status = copy(in, out);
    if (close(out) != 0 && status == 0) {
        tool_warn(order.out ? order.out : "stdout");
        status = 1;
    }
    return status;
}
