// find [path...] [-name pattern] [-type f|d|l] [-size +|-kilobytes]: paths below, those that all tests allow.
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "names.h"
#include "tool.h"

static const char synopsis[] = "[path...] [-name pattern] [-type f|d|l|c|b|p] [-size [+|-]kilobytes]";

static const char *wanted_name;
static char wanted_type;
static const char *wanted_size;
static int exit_status;

static bool type_matches(mode_t mode)
{
    switch (wanted_type) {
    case 'f': return S_ISREG(mode);
    case 'd': return S_ISDIR(mode);
    case 'l': return S_ISLNK(mode);
    case 'c': return S_ISCHR(mode);
    case 'b': return S_ISBLK(mode);
    case 'p': return S_ISFIFO(mode);
    default: return true;
    }
}

static bool size_matches(long long size)
{
    long long wanted = 0, kilobytes = (size + 1023) / 1024;
    if (!wanted_size)
        return true;
    tool_number(wanted_size + (*wanted_size == '+' || *wanted_size == '-'), &wanted);
    return *wanted_size == '+'   ? kilobytes > wanted
           : *wanted_size == '-' ? kilobytes < wanted
                                 : kilobytes == wanted;
}

static void visit(const char *path)
{
    struct stat status;
    struct names names = {0};
    if (lstat(path, &status) != 0) {
        tool_warn(path);
        exit_status = 1;
        return;
    }
    char *name = tool_base_name(path);
    bool named = !wanted_name || fnmatch(wanted_name, name, 0) == 0;
    free(name);
    if (named && type_matches(status.st_mode) && size_matches((long long)status.st_size))
        puts(path);
    if (!S_ISDIR(status.st_mode) || ferror(stdout))
        return;
    if (!names_read(&names, path)) {
        tool_warn(path);
        exit_status = 1;
    }
    for (size_t i = 0; i < names.count; i++) {
        char *inner = tool_join(path, names.items[i]);
        visit(inner);
        free(inner);
    }
    names_free(&names);
}

static void read_tests(char **word)
{
    for (; *word; word += 2) {
        const char *value = word[1];
        long long number;
        if (!value)
            tool_usage(synopsis);
        if (strcmp(*word, "-name") == 0)
            wanted_name = value;
        else if (strcmp(*word, "-type") == 0 && strchr("fdlcbp", *value) && *value && !value[1])
            wanted_type = *value;
        else if (strcmp(*word, "-size") == 0 &&
                 tool_number(value + (*value == '+' || *value == '-'), &number))
            wanted_size = value;
        else
            tool_usage(synopsis);
    }
}

int main(int argc, char **argv)
{
    tool_start(argv);
    char **tests = argv + (argc > 0);
    while (*tests && **tests != '-')
        tests++;
    read_tests(tests);
    if (argc < 2 || tests == argv + 1)
        visit(".");
    for (char **path = argv + 1; argc > 0 && path < tests; path++)
        visit(*path);
    return tool_finish(exit_status);
}
