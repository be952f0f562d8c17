// hexdump [-C] [-n bytes] [-s offset] [file...]: always in the form of -C, sixteen bytes and their characters
// a line. Lines that repeat the one before are shown as one "*".
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "options.h"
#include "tool.h"

enum { ROW = 16 };

static void print_row(unsigned long long offset, const unsigned char *row, size_t length)
{
    printf("%08llx ", offset);
    for (size_t i = 0; i < ROW; i++) {
        if (i < length)
            printf("%s%02x", i == ROW / 2 ? "  " : " ", row[i]);
        else
            fputs(i == ROW / 2 ? "    " : "   ", stdout);
    }
    fputs("  |", stdout);
    for (size_t i = 0; i < length; i++)
        putchar(row[i] < 128 && isprint(row[i]) ? row[i] : '.');
    fputs("|\n", stdout);
}

static void dump(FILE *file, long long skip, long long limit)
{
    unsigned char row[ROW], last[ROW];
    unsigned long long offset = 0;
    bool have_last = false, repeated = false;
    if (skip > 0 && fseek(file, (long)skip, SEEK_SET) != 0) {
        for (long long i = 0; i < skip && getc(file) != EOF; i++)
            ;
    }
    offset = (unsigned long long)skip;
    while (limit != 0) {
        size_t want = limit > 0 && limit < ROW ? (size_t)limit : ROW;
        size_t length = fread(row, 1, want, file);
        if (length == 0)
            break;
        bool same = have_last && length == ROW && memcmp(row, last, ROW) == 0;
        if (!same)
            print_row(offset, row, length);
        else if (!repeated)
            puts("*");
        repeated = same;
        have_last = length == ROW;
        memcpy(last, row, length);
        offset += length;
        limit -= limit > 0 ? (long long)length : 0;
        if (ferror(stdout))
            break;
    }
    if (offset > (unsigned long long)skip)
        printf("%08llx\n", offset);
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-C] [-n bytes] [-s offset] [file...]";
    (void)argc;
    struct options options = OPTIONS(argv);
    long long skip = 0, limit = -1;
    int letter, status = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "Cn:s:", synopsis)) != 0)
        if (letter != 'C' && !tool_size(options.argument, letter == 'n' ? &limit : &skip))
            tool_usage(synopsis);
    char *standard[] = {"-", NULL};
    for (char **name = *options.rest ? options.rest : standard; *name; name++) {
        FILE *file = lines_open(*name);
        if (file)
            dump(file, skip, limit);
        if (!file || !lines_close(file, *name))
            status = 1;
    }
    return tool_finish(status);
}
