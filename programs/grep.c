// grep [-EFchilnqrsvx] [-e pattern]... [pattern] [path...]: lines in which a pattern is found. 0: some, 1:
// none, 2: error.
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lines.h"
#include "names.h"
#include "options.h"
#include "tool.h"

static const char synopsis[] = "[-EFchilnqrsvx] [-e pattern]... [pattern] [path...]";

static struct {
    bool extended, fixed, count, no_names, ignore_case, list, numbers, quiet, recursive, silent, invert,
        whole;
} flags;

static struct names patterns; // of -F; otherwise their texts, compiled below
static regex_t *compiled;
static bool names_shown;
static bool any_error;

static bool find_fixed(const char *line, size_t length, const char *pattern)
{
    size_t size = strlen(pattern);
    if (flags.whole && size != length)
        return false;
    for (size_t at = 0; size <= length && at <= length - size; at++) {
        if (flags.ignore_case ? strncasecmp(line + at, pattern, size) == 0
                              : memcmp(line + at, pattern, size) == 0)
            return true;
    }
    return false;
}

static bool line_matches(const char *line, size_t length)
{
    for (size_t i = 0; i < patterns.count; i++) {
        if (flags.fixed ? find_fixed(line, length, patterns.items[i])
                        : regexec(&compiled[i], line, 0, NULL, 0) == 0)
            return true;
    }
    return false;
}

static void print_line(const char *name, unsigned long long number, const char *line, size_t length)
{
    if (names_shown)
        printf("%s:", name);
    if (flags.numbers)
        printf("%llu:", number);
    fwrite(line, 1, length, stdout);
    putchar('\n');
}

static bool grep_stream(FILE *file, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    unsigned long long number = 0, found = 0;
    bool enough = false;
    while (!enough && (length = lines_next(file, &line, &size)) >= 0) {
        number++;
        if (line_matches(line, (size_t)length) == flags.invert)
            continue;
        found++;
        enough = flags.quiet || flags.list;
        if (flags.count || enough)
            continue;
        if (memchr(line, '\0', (size_t)length)) {
            printf("%s: binary file matches\n", name);
            enough = true;
        } else {
            print_line(name, number, line, (size_t)length);
        }
    }
    free(line);
    if (flags.list && found)
        puts(name);
    if (flags.count && !flags.quiet && !flags.list) {
        if (names_shown)
            printf("%s:", name);
        printf("%llu\n", found);
    }
    return found > 0;
}

static bool grep_path(const char *path);

static bool grep_directory(const char *path)
{
    struct names names = {0};
    bool found = false;
    if (!names_read(&names, path)) {
        any_error = true;
        if (!flags.silent)
            tool_warn(path);
    }
    for (size_t i = 0; i < names.count && !(flags.quiet && found); i++) {
        char *inner = tool_join(path, names.items[i]);
        struct stat status;
        // Links and devices below a directory are left alone: no loops, no hanging on a terminal.
        if (lstat(inner, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
            found |= grep_path(inner);
        free(inner);
    }
    names_free(&names);
    return found;
}

static bool grep_path(const char *path)
{
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;
    if (!is_stdin && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        if (flags.recursive)
            return grep_directory(path);
        errno = EISDIR;
    } else {
        FILE *file = is_stdin ? stdin : fopen(path, "r");
        if (file) {
            bool found = grep_stream(file, is_stdin ? "(standard input)" : path);
            any_error |= !lines_close(file, path);
            return found;
        }
    }
    any_error = true;
    if (!flags.silent)
        tool_warn(path);
    return false;
}

/// A pattern may hold several, one on each line.
static void add_patterns(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "\n");
        char *pattern = tool_alloc(length + 1);
        memcpy(pattern, text, length);
        pattern[length] = '\0';
        names_add(&patterns, pattern);
        free(pattern);
        if (!text[length])
            return;
        text += length + 1;
    }
}

/// The pattern of -x, in new memory. A group would do for both kinds, but would shift the numbers of \1.
static char *anchored(const char *pattern)
{
    size_t length = strlen(pattern);
    char *text = tool_alloc(length + 5);
    bool ends = length > 0 && pattern[length - 1] == '$' && (length < 2 || pattern[length - 2] != '\\');
    if (flags.extended)
        sprintf(text, "^(%s)$", pattern);
    else
        sprintf(text, "%s%s%s", pattern[0] == '^' ? "" : "^", pattern, ends ? "" : "$");
    return text;
}

static void compile_patterns(void)
{
    if (flags.fixed)
        return;
    compiled = tool_alloc(patterns.count * sizeof(*compiled));
    int how = (flags.extended ? REG_EXTENDED : 0) | (flags.ignore_case ? REG_ICASE : 0);
    for (size_t i = 0; i < patterns.count; i++) {
        char reason[128];
        const char *pattern = patterns.items[i];
        // The empty pattern matches everywhere; not every regcomp takes it.
        char *text = flags.whole ? anchored(pattern) : tool_strdup(*pattern ? pattern : "^");
        int error = regcomp(&compiled[i], text, how | REG_NOSUB);
        free(text);
        if (error) {
            regerror(error, &compiled[i], reason, sizeof(reason));
            tool_warnx("%s: %s", pattern, reason);
            exit(2);
        }
    }
}

static void read_options(struct options *options)
{
    int letter;
    while ((letter = options_next(options, "EFce:hilnqrsvx", synopsis)) != 0) {
        flags.extended |= letter == 'E';
        flags.fixed |= letter == 'F';
        flags.count |= letter == 'c';
        flags.no_names |= letter == 'h';
        flags.ignore_case |= letter == 'i';
        flags.list |= letter == 'l';
        flags.numbers |= letter == 'n';
        flags.quiet |= letter == 'q';
        flags.recursive |= letter == 'r';
        flags.silent |= letter == 's';
        flags.invert |= letter == 'v';
        flags.whole |= letter == 'x';
        if (letter == 'e')
            add_patterns(options->argument);
    }
    if (patterns.count == 0) {
        if (!*options->rest)
            tool_usage(synopsis);
        add_patterns(*options->rest++);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = OPTIONS(argv);
    tool_start(argv);
    read_options(&options);
    compile_patterns();
    char *standard[] = {flags.recursive ? "." : "-", NULL};
    char **paths = *options.rest ? options.rest : standard;
    names_shown = !flags.no_names && (paths[1] || flags.recursive);
    bool found = false;
    for (; *paths && !(flags.quiet && found); paths++)
        found |= grep_path(*paths);
    for (size_t i = 0; compiled && i < patterns.count; i++)
        regfree(&compiled[i]);
    free(compiled);
    names_free(&patterns);
    int status = flags.quiet && found ? 0 : any_error ? 2 : !found;
    int finished = tool_finish(0);
    return finished ? 2 : status;
}
