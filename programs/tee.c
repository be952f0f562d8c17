// tee [-a] [file...]: copies stdin to stdout and to the files.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

struct output {
    int fd; // -1: failed
    const char *name;
};

static bool write_all(struct output *outputs, size_t count, const char *data, size_t size)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (outputs[i].fd < 0 || tool_write_all(outputs[i].fd, data, size))
            continue;
        tool_warn(outputs[i].name);
        outputs[i].fd = -1;
        ok = false;
    }
    return ok;
}

int main(int argc, char **argv)
{
    static char block[8192];
    struct options options = OPTIONS(argv);
    bool ok = true;
    int how = O_TRUNC;
    tool_start(argv);
    while (options_next(&options, "a", "[-a] [file...]"))
        how = O_APPEND;
    struct output *outputs = tool_alloc((size_t)(argc + 1) * sizeof(*outputs));
    size_t count = 0;
    outputs[count++] = (struct output){STDOUT_FILENO, "stdout"};
    for (char **name = options.rest; *name; name++) {
        int fd = open(*name, O_WRONLY | O_CREAT | how, 0666);
        if (fd < 0) {
            tool_warn(*name);
            ok = false;
        } else {
            outputs[count++] = (struct output){fd, *name};
        }
    }
    for (;;) {
        ssize_t size = read(STDIN_FILENO, block, sizeof(block));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            tool_warn("stdin");
            ok = false;
        }
        if (size <= 0)
            break;
        ok &= write_all(outputs, count, block, (size_t)size);
    }
    free(outputs);
    return ok ? 0 : 1;
}
