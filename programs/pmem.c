// pmem: a picture of physical memory, a letter for each 2 MiB by who has most of it; then how much each has.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "tool.h"

enum { COLUMNS = 64, FRAMES = 512, FRAME_KB = 4, BLOCK_KB = FRAMES * FRAME_KB };

// Who can have memory. What the kernel has is counted in whole blocks, the rest in frames.
static struct owner {
    const char *name;
    char letter, few; // most of a block; some of a block of which most is free
    unsigned long long kb;
} owners[] = {
    {"free", '.', '.', 0},        {"private pages", 'A', 'a', 0}, {"pages of files and objects", 'F', 'f', 0},
    {"devices", 'D', 'd', 0},     {"pager", 'P', 'p', 0},         {"kernel", 'K', 'K', 0},
    {"page tables", 'T', 'T', 0}, {"not RAM", ' ', ' ', 0},
};
enum { FREE, PARTS = 5, KERNEL = PARTS, TABLES, NOT_RAM };

static char ram_letter(const unsigned frames[PARTS])
{
    unsigned most = FREE;
    for (unsigned i = 0; i < PARTS; i++) {
        owners[i].kb += (unsigned long long)frames[i] * FRAME_KB;
        if (i != FREE && frames[i] > (most == FREE ? 0 : frames[most]))
            most = i;
    }
    return frames[most] >= FRAMES / 2 ? owners[most].letter : owners[most].few;
}

static char whole_letter(const char *kind)
{
    struct owner *owner = &owners[!strcmp(kind, "kernel")  ? KERNEL
                                  : !strcmp(kind, "table") ? TABLES
                                                           : NOT_RAM];
    owner->kb += BLOCK_KB;
    return owner->letter;
}

int main(int argc, char **argv)
{
    static const char path[] = "/proc/blocks";
    char *line = NULL, kind[16];
    size_t size = 0;
    unsigned block, frames[PARTS], next = 0;
    tool_start(argv);
    if (argc != 1)
        tool_usage("");
    FILE *file = lines_open(path);
    if (!file)
        return 1;
    while (lines_next(file, &line, &size) > 0) {
        if (sscanf(line, "%u %15s %u %u %u %u %u", &block, kind, &frames[0], &frames[1], &frames[2],
                   &frames[3], &frames[4]) != 2 + PARTS)
            continue; // the heading
        if (block % COLUMNS == 0)
            printf("%s%6llu MiB  ", block ? "\n" : "", (unsigned long long)block * BLOCK_KB / 1024);
        putchar(strcmp(kind, "ram") ? whole_letter(kind) : ram_letter(frames));
        next = block + 1;
    }
    free(line);
    int status = lines_close(file, path) ? 0 : 1;
    if (next == 0) {
        tool_warnx("%s tells nothing", path);
        return 1;
    }
    puts("\n");
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
        printf("%c %9llu kB  %s\n", owners[i].letter, owners[i].kb, owners[i].name);
    puts("\nA small letter: most of the block is free.");
    return tool_finish(status);
}
