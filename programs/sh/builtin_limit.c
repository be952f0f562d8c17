// ulimit: what this shell and what it starts may have.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "builtins.h"

static const struct limit {
    char letter;
    int resource;
    rlim_t unit;
    const char *name;
} limits[] = {
    {'c', RLIMIT_CORE, 1024, "core file (KiB)"},        {'d', RLIMIT_DATA, 1024, "data (KiB)"},
    {'f', RLIMIT_FSIZE, 1024, "file size (KiB)"},
#ifdef RLIMIT_KMEM
    {'k', RLIMIT_KMEM, 1024, "kernel memory (KiB)"},
#endif
    {'l', RLIMIT_MEMLOCK, 1024, "locked memory (KiB)"}, {'n', RLIMIT_NOFILE, 1, "open files"},
    {'s', RLIMIT_STACK, 1024, "stack (KiB)"},           {'t', RLIMIT_CPU, 1, "processor time (s)"},
    {'u', RLIMIT_NPROC, 1, "processes of the user"},    {'v', RLIMIT_AS, 1024, "address space (KiB)"},
};

enum which { SOFT = 1, HARD = 2 };

static int show(const struct limit *limit, int which, bool named)
{
    struct rlimit range;
    if (getrlimit(limit->resource, &range)) {
        sh_error("ulimit: %s: %s", limit->name, strerror(errno));
        return 1;
    }
    rlim_t value = which == HARD ? range.rlim_max : range.rlim_cur;
    if (named)
        printf("-%c: %-24s ", limit->letter, limit->name);
    if (value == RLIM_INFINITY)
        puts("unlimited");
    else
        printf("%lu\n", (unsigned long)(value / limit->unit));
    return 0;
}

static int change(const struct limit *limit, int which, const char *word)
{
    struct rlimit range;
    char *end;
    rlim_t value = RLIM_INFINITY;
    errno = 0;
    if (strcmp(word, "unlimited") != 0) {
        unsigned long number = strtoul(word, &end, 10);
        if (word[0] < '0' || word[0] > '9' || *end || errno || number > RLIM_INFINITY / limit->unit) {
            sh_error("ulimit: %s: bad number", word);
            return 2;
        }
        value = number * limit->unit;
    }
    if (getrlimit(limit->resource, &range) == 0) {
        range.rlim_cur = which & SOFT ? value : range.rlim_cur;
        range.rlim_max = which & HARD ? value : range.rlim_max;
        if (setrlimit(limit->resource, &range) == 0)
            return 0;
    }
    sh_error("ulimit: %s: %s", limit->name, strerror(errno));
    return 1;
}

int builtin_ulimit(int argc, char **argv)
{
    int which = 0, i = 1;
    bool all = false;
    const struct limit *chosen = NULL;
    const size_t count = sizeof limits / sizeof *limits;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        for (const char *letter = argv[i] + 1; *letter; letter++) {
            size_t k = 0;
            while (k < count && limits[k].letter != *letter)
                k++;
            if (*letter == 'S' || *letter == 'H')
                which |= *letter == 'S' ? SOFT : HARD;
            else if (*letter == 'a')
                all = true;
            else if (k < count)
                chosen = &limits[k];
            else
                return sh_error("ulimit: -%c: there is no such limit", *letter), 2;
        }
    }
    if (i + 1 < argc || (all && i < argc))
        return sh_error("ulimit: usage: ulimit [-SH] [-a | -cdfklnstuv] [NUMBER | unlimited]"), 2;
    if (!chosen)
        for (chosen = limits; chosen->letter != 'f'; chosen++)
            ;
    if (i < argc)
        return change(chosen, which ? which : SOFT | HARD, argv[i]);
    int status = 0;
    for (size_t k = 0; all && k < count; k++)
        status |= show(&limits[k], which, true);
    return all ? status : show(chosen, which, false);
}
