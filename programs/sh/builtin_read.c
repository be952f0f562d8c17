// read and getopts.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builtins.h"
#include "expand.h"
#include "tool.h"

/// Reads a line from stdin, byte by byte, because what follows is not ours. A backslash, unless `raw`, takes
/// the meaning from the next character or joins the next line. False at the end of the input.
static bool read_line(struct marked *line, bool raw)
{
    bool escaped = false;
    for (;;) {
        char c;
        ssize_t count = read(STDIN_FILENO, &c, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            sh_error("read: %s", strerror(errno));
        if (count <= 0)
            return false;
        if (escaped) {
            escaped = false;
            if (c != '\n')
                marked_add(line, c, MARK_QUOTED);
        } else if (c == '\\' && !raw) {
            escaped = true;
        } else if (c == '\n') {
            return true;
        } else if (c != '\0') {
            marked_add(line, c, MARK_SPLIT);
        }
    }
}

struct read_fields {
    const struct marked *line;
    const char *ifs;
    size_t at;
};

static bool is_separator(const struct read_fields *fields, size_t at, bool blank)
{
    if (at >= fields->line->text.length || fields->line->marks.text[at] != MARK_SPLIT)
        return false;
    char c = fields->line->text.text[at];
    return strchr(fields->ifs, c) && (c == ' ' || c == '\t') == blank;
}

static void skip_blanks(struct read_fields *fields)
{
    while (is_separator(fields, fields->at, true))
        fields->at++;
}

static size_t field_end(const struct read_fields *fields)
{
    size_t end = fields->at;
    while (end < fields->line->text.length && !is_separator(fields, end, true) &&
           !is_separator(fields, end, false))
        end++;
    return end;
}

/// The last variable takes all that is left, without blanks at its end, and without the separator behind it
/// if there is just one field more.
static size_t rest_end(struct read_fields *fields)
{
    size_t start = fields->at, end = fields->line->text.length;
    fields->at = field_end(fields);
    size_t only = fields->at;
    skip_blanks(fields);
    if (is_separator(fields, fields->at, false)) {
        fields->at++;
        skip_blanks(fields);
    }
    if (fields->at == end)
        end = only;
    while (end > start && is_separator(fields, end - 1, true))
        end--;
    return end;
}

static bool assign_field(const char *name, const struct read_fields *fields, size_t start, size_t end)
{
    struct buffer value = {0};
    if (end > start)
        buffer_append(&value, fields->line->text.text + start, end - start);
    bool ok = var_set(name, buffer_text(&value));
    buffer_free(&value);
    return ok;
}

int builtin_read(int argc, char **argv)
{
    int first = 1;
    bool raw = false;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "-r") == 0) {
            raw = true;
        } else {
            sh_error("read: %s: no such option", argv[first]);
            return 2;
        }
    }
    for (int i = first; i < argc; i++) {
        if (!var_valid_name(argv[i], strlen(argv[i]))) {
            sh_error("read: %s: bad variable name", argv[i]);
            return 2;
        }
    }
    if (first == argc) {
        sh_error("read: the name of a variable is needed");
        return 2;
    }
    struct marked line = {0};
    bool complete = read_line(&line, raw), ok = true;
    const char *ifs = var_get("IFS");
    char *separators = tool_strdup(ifs ? ifs : " \t\n"); // a copy: IFS itself may be read into
    struct read_fields fields = {&line, separators, 0};
    for (int i = first; i < argc; i++) {
        skip_blanks(&fields);
        size_t start = fields.at;
        size_t end = i + 1 < argc ? field_end(&fields) : rest_end(&fields);
        ok &= assign_field(argv[i], &fields, start, end);
        fields.at = end;
        skip_blanks(&fields);
        fields.at += is_separator(&fields, fields.at, false);
    }
    free(separators);
    marked_free(&line);
    return ok && complete ? 0 : 1;
}

// getopts: OPTIND is the next argument; the place within a group of letters is kept here.

static size_t getopts_place;
static long long getopts_index;

static bool getopts_finish(const char *name, const char *found, const char *value, long long index)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", index);
    getopts_index = index;
    bool ok = var_set(name, found);
    ok &= var_set("OPTARG", value);
    ok &= var_set("OPTIND", digits);
    return ok;
}

/// One letter of the options. Gives the status of getopts.
static int getopts_letter(const char *known, const char *name, char **words, int count, long long index)
{
    const char *word = words[index - 1];
    char letter[2] = {word[getopts_place++], '\0'};
    const char *option = *letter == ':' ? NULL : strchr(known, *letter);
    const char *value = NULL, *problem = NULL;
    bool ended = !word[getopts_place];
    if (!option) {
        problem = "no such option";
    } else if (option[1] == ':') {
        if (!ended)
            value = word + getopts_place;
        else if (index < count)
            value = words[index++];
        else
            problem = "an argument is needed";
        ended = true;
    }
    if (ended) {
        getopts_place = 0;
        index++;
    }
    if (!problem)
        return getopts_finish(name, letter, value, index) ? 0 : 2;
    bool silent = known[0] == ':';
    if (!silent)
        sh_error("-%s: %s", letter, problem);
    return getopts_finish(name, silent && option ? ":" : "?", silent ? letter : NULL, index) ? 0 : 2;
}

int builtin_getopts(int argc, char **argv)
{
    if (argc < 3 || !var_valid_name(argv[2], strlen(argv[2]))) {
        sh_error("getopts: usage: getopts letters name [argument...]");
        return 2;
    }
    char **words = argc > 3 ? argv + 3 : sh.parameters.items;
    int count = argc > 3 ? argc - 3 : sh.parameters.count;
    const char *optind = var_get("OPTIND");
    long long index;
    if (!optind || !tool_number(optind, &index) || index < 1)
        index = 1;
    if (index != getopts_index)
        getopts_place = 0;
    if (getopts_place > 0 && (index > count || getopts_place >= strlen(words[index - 1])))
        getopts_place = 0;
    if (getopts_place == 0) {
        const char *word = index <= count ? words[index - 1] : NULL;
        if (!word || word[0] != '-' || !word[1] || strcmp(word, "--") == 0) {
            getopts_finish(argv[2], "?", NULL, index + (word && strcmp(word, "--") == 0));
            return 1;
        }
        getopts_place = 1;
    }
    return getopts_letter(argv[1], argv[2], words, count, index);
}
