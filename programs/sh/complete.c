// Completion of the word in front of the cursor: a program where a command is expected, otherwise a path.
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "edit.h"
#include "names.h"
#include "sh.h"
#include "tool.h"

static const char specials[] = " \t|&;<>()$`\\\"'*?[]#~=%!{}";

/// Where the last word begins; backslashes protect blanks.
static size_t word_start(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 &&
           (!strchr(" \t|&;<>()=\"'", text[start - 1]) || (start > 1 && text[start - 2] == '\\')))
        start--;
    return start;
}

/// Nothing but blanks between the word and the beginning of a command.
static bool is_command(const char *text, size_t start)
{
    while (start > 0 && (text[start - 1] == ' ' || text[start - 1] == '\t'))
        start--;
    return start == 0 || strchr("|&;(", text[start - 1]);
}

/// Adds the names in `directory` that begin with `prefix`, as they would be typed after `typed`.
static void complete_in(const char *directory, const char *typed, const char *prefix, bool programs,
                        struct names *words)
{
    struct names names = {0};
    names_read(&names, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (strncmp(name, prefix, strlen(prefix)) != 0 || (name[0] == '.' && prefix[0] != '.'))
            continue;
        struct stat status;
        char *path = tool_join(directory, name);
        bool known = stat(path, &status) == 0;
        free(path);
        bool is_directory = known && S_ISDIR(status.st_mode);
        if (programs && (!known || is_directory || !(status.st_mode & 0111)))
            continue;
        struct buffer word = {0};
        buffer_append_string(&word, typed);
        for (const char *c = name; *c; c++) {
            if (strchr(specials, *c))
                buffer_add(&word, '\\');
            buffer_add(&word, *c);
        }
        if (is_directory)
            buffer_add(&word, '/');
        names_add(words, word.text);
        buffer_free(&word);
    }
    names_free(&names);
}

static void complete_program(const char *prefix, struct names *words)
{
    const char *path = var_get("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        struct buffer directory = {0};
        buffer_append(&directory, path, length);
        if (length)
            complete_in(directory.text, "", prefix, true, words);
        buffer_free(&directory);
        path += length + (path[length] == ':');
    }
}

void complete_word(const char *text, size_t length, struct names *words, size_t *start)
{
    *start = word_start(text, length);
    struct buffer typed = {0}, plain = {0};
    size_t slash = 0; // behind the last one, in the plain text
    size_t typed_length = 0;
    for (size_t i = *start; i < length; i++) {
        buffer_add(&typed, text[i]);
        if (text[i] == '\\' && i + 1 < length)
            buffer_add(&typed, text[++i]);
        buffer_add(&plain, text[i]);
        if (text[i] == '/') {
            slash = plain.length;
            typed_length = typed.length;
        }
    }
    const char *prefix = buffer_text(&plain) + slash;
    if (slash == 0 && is_command(text, *start)) {
        complete_program(prefix, words);
    } else {
        struct buffer directory = {0}, shown = {0};
        buffer_append(&directory, buffer_text(&plain), slash);
        buffer_append(&shown, buffer_text(&typed), typed_length);
        complete_in(slash ? directory.text : ".", buffer_text(&shown), prefix, false, words);
        buffer_free(&directory);
        buffer_free(&shown);
    }
    names_sort(words);
    buffer_free(&typed);
    buffer_free(&plain);
}
