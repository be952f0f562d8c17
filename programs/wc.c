// wc [-clw] [file...]
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

struct counts {
    unsigned long long lines, words, bytes;
};

static bool show_lines, show_words, show_bytes;

static bool count(int fd, const char *name, struct counts *counts)
{
    static char block[32768];
    bool in_word = false;
    for (;;) {
        ssize_t size = read(fd, block, sizeof(block));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            tool_warn(name);
        if (size <= 0)
            return size == 0;
        counts->bytes += (unsigned long long)size;
        for (ssize_t i = 0; i < size; i++) {
            bool space = isspace((unsigned char)block[i]) != 0;
            counts->lines += block[i] == '\n';
            counts->words += !space && !in_word;
            in_word = !space;
        }
    }
}

static void print(const struct counts *counts, const char *name)
{
    const char *gap = "";
    const unsigned long long numbers[] = {counts->lines, counts->words, counts->bytes};
    const bool shown[] = {show_lines, show_words, show_bytes};
    int width = show_lines + show_words + show_bytes > 1 ? 7 : 1;
    for (int i = 0; i < 3; i++) {
        if (!shown[i])
            continue;
        printf("%s%*llu", gap, width, numbers[i]);
        gap = " ";
    }
    printf("%s%s\n", *name ? " " : "", name);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    struct counts total = {0};
    int letter, status = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "clw", "[-clw] [file...]")) != 0) {
        show_bytes |= letter == 'c';
        show_lines |= letter == 'l';
        show_words |= letter == 'w';
    }
    if (!show_bytes && !show_lines && !show_words)
        show_bytes = show_lines = show_words = true;
    if (!*options.rest) {
        status = !count(STDIN_FILENO, "stdin", &total);
        print(&total, "");
        return tool_finish(status);
    }
    for (char **name = options.rest; *name; name++) {
        struct counts counts = {0};
        int fd = strcmp(*name, "-") == 0 ? STDIN_FILENO : open(*name, O_RDONLY);
        if (fd < 0)
            tool_warn(*name);
        if (fd < 0 || !count(fd, *name, &counts))
            status = 1;
        if (fd > STDIN_FILENO)
            close(fd);
        if (fd < 0)
            continue;
        print(&counts, *name);
        total.lines += counts.lines;
        total.words += counts.words;
        total.bytes += counts.bytes;
    }
    if (options.rest[1])
        print(&total, "total");
    return tool_finish(status);
}
