// The order of POSIX: tilde, parameters, commands and arithmetic in one pass; then fields, then paths. Quotes
// are gone since the lexer, only their marks are left.
#include "expand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "jobs.h"
#include "tool.h"

void marked_add(struct marked *marked, char c, int mark)
{
    buffer_add(&marked->text, c);
    buffer_add(&marked->marks, (char)mark);
}

void marked_append(struct marked *marked, const char *text, size_t length, int mark)
{
    for (size_t i = 0; i < length; i++)
        marked_add(marked, text[i], mark);
}

void marked_free(struct marked *marked)
{
    buffer_free(&marked->text);
    buffer_free(&marked->marks);
}

// Command substitution.

static void read_substitution(int fd, struct buffer *output)
{
    static char block[4096];
    for (;;) {
        ssize_t count = read(fd, block, sizeof(block));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            sh_error("reading from a command: %s", strerror(errno));
        if (count <= 0)
            break;
        for (ssize_t i = 0; i < count; i++)
            if (block[i] != '\0')
                buffer_add(output, block[i]);
    }
    while (output->length > 0 && output->text[output->length - 1] == '\n')
        output->text[--output->length] = '\0';
}

static bool expand_command(const struct part *part, struct marked *out)
{
    int ends[2];
    if (pipe(ends) != 0) {
        sh_abort("pipe: %s", strerror(errno));
        return false;
    }
    pid_t pid = jobs_fork();
    if (pid == 0) {
        close(ends[0]);
        if (ends[1] != STDOUT_FILENO) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[1]);
        }
        exec_and_exit(part->command);
    }
    close(ends[1]);
    struct buffer output = {0};
    if (pid > 0) {
        read_substitution(ends[0], &output);
        sh.substitution_status = jobs_wait_one(pid);
        marked_append(out, buffer_text(&output), output.length, part->quoted ? MARK_QUOTED : MARK_SPLIT);
    }
    close(ends[0]);
    buffer_free(&output);
    if (part->quoted)
        marked_add(out, '\0', MARK_EMPTY);
    return pid > 0;
}

static bool expand_arithmetic(const struct part *part, struct marked *out)
{
    char *text = expand_string(part->argument);
    long long value = 0;
    bool ok = text && arithmetic(text, &value);
    free(text);
    if (!ok)
        return false;
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", value);
    marked_append(out, digits, (size_t)length, part->quoted ? MARK_QUOTED : MARK_SPLIT);
    return true;
}

/// "~" or "~/…" at the start of a word. Gives how much of the text it has dealt with.
static size_t expand_tilde(const struct part *part, struct marked *out)
{
    if (part->kind != PART_TEXT || part->quoted || part->length == 0 || part->text[0] != '~')
        return 0;
    if (part->length == 1 ? part->next != NULL : part->text[1] != '/')
        return 0;
    const char *home = var_get("HOME");
    if (!home)
        return 0;
    marked_append(out, home, strlen(home), MARK_QUOTED);
    return 1;
}

/// The text of an assignment's value, where a tilde may also follow a colon.
static void append_with_tildes(const struct part *part, bool at_start, struct marked *out)
{
    const char *home = var_get("HOME");
    for (size_t i = 0; i < part->length; i++) {
        bool begins = i == 0 ? at_start : part->text[i - 1] == ':';
        bool ends = i + 1 == part->length ? !part->next : strchr("/:", part->text[i + 1]) != NULL;
        if (part->text[i] == '~' && begins && ends && home)
            marked_append(out, home, strlen(home), MARK_QUOTED);
        else
            marked_add(out, part->text[i], 0);
    }
}

static bool expand_part(const struct part *part, struct marked *out, int mark, size_t skip)
{
    switch (part->kind) {
    case PART_TEXT:
        if (part->quoted && part->length == 0)
            marked_add(out, '\0', MARK_EMPTY);
        marked_append(out, part->text + skip, part->length - skip, part->quoted ? MARK_QUOTED : mark);
        return true;
    case PART_PARAMETER: return expand_parameter(part, out);
    case PART_COMMAND: return expand_command(part, out);
    case PART_ARITHMETIC: return expand_arithmetic(part, out);
    }
    return false;
}

bool expand_parts(const struct part *parts, struct marked *out, int mark)
{
    size_t skip = parts ? expand_tilde(parts, out) : 0;
    for (const struct part *part = parts; part; part = part->next) {
        if (!expand_part(part, out, mark, skip))
            return false;
        skip = 0;
    }
    return true;
}

// Fields.

struct splitter {
    const char *ifs;
    struct marked field;
    bool started;        // there is a field, even if it is still empty
    bool ended_by_blank; // a delimiter that is no blank, directly behind, belongs to the same gap
    struct strings *fields;
};

static void splitter_emit(struct splitter *splitter)
{
    const struct marked *field = &splitter->field;
    if (!sh.noglob &&
        pattern_present(buffer_text(&field->text), buffer_text(&field->marks), field->text.length) &&
        glob_paths(field, splitter->fields)) {
        marked_free(&splitter->field);
    } else {
        strings_add(splitter->fields, buffer_take(&splitter->field.text));
        buffer_free(&splitter->field.marks);
    }
    splitter->started = false;
}

static void splitter_delimiter(struct splitter *splitter, char c)
{
    bool blank = c == ' ' || c == '\t' || c == '\n';
    bool had_field = splitter->started;
    if (had_field || (!blank && !splitter->ended_by_blank))
        splitter_emit(splitter);
    if (!blank)
        splitter->ended_by_blank = false;
    else if (had_field)
        splitter->ended_by_blank = true;
}

static void splitter_character(struct splitter *splitter, char c, int mark)
{
    if (mark & MARK_EMPTY) {
        splitter->started = true;
    } else if (mark & MARK_BREAK) {
        if (splitter->started)
            splitter_emit(splitter);
        splitter->ended_by_blank = false;
    } else if ((mark & MARK_SPLIT) && strchr(splitter->ifs, c)) {
        splitter_delimiter(splitter, c);
    } else {
        marked_add(&splitter->field, c, mark);
        splitter->started = true;
        splitter->ended_by_blank = false;
    }
}

static void split_fields(const struct marked *text, struct strings *fields)
{
    const char *ifs = var_get("IFS");
    struct splitter splitter = {.ifs = ifs ? ifs : " \t\n", .fields = fields};
    for (size_t i = 0; i < text->text.length; i++)
        splitter_character(&splitter, text->text.text[i], text->marks.text[i]);
    if (splitter.started)
        splitter_emit(&splitter);
    marked_free(&splitter.field);
}

bool expand_words(const struct word *words, struct strings *fields)
{
    bool ok = true;
    for (; words && ok; words = words->next) {
        struct marked text = {0};
        ok = expand_parts(words->parts, &text, 0);
        if (ok)
            split_fields(&text, fields);
        marked_free(&text);
    }
    return ok;
}

/// Turns the marks that are no characters into what they mean where there are no fields.
static void join_fields(struct marked *text)
{
    struct marked joined = {0};
    for (size_t i = 0; i < text->text.length; i++) {
        int mark = text->marks.text[i];
        char c = text->text.text[i];
        if (c != '\0' && !(mark & MARK_EMPTY))
            marked_add(&joined, c, mark & MARK_BREAK ? MARK_QUOTED : mark);
    }
    marked_free(text);
    *text = joined;
}

bool expand_pattern(const struct part *parts, struct marked *pattern)
{
    *pattern = (struct marked){0};
    bool ok = expand_parts(parts, pattern, 0);
    join_fields(pattern);
    return ok;
}

char *expand_string(const struct part *parts)
{
    struct marked text;
    bool ok = expand_pattern(parts, &text);
    char *result = ok ? buffer_take(&text.text) : NULL;
    marked_free(&text);
    return result;
}

char *expand_assignment(const struct part *parts)
{
    struct marked text = {0};
    bool ok = true;
    for (const struct part *part = parts; part && ok; part = part->next) {
        if (part->kind == PART_TEXT && !part->quoted)
            append_with_tildes(part, part == parts, &text);
        else
            ok = expand_part(part, &text, 0, 0);
    }
    join_fields(&text);
    char *result = ok ? buffer_take(&text.text) : NULL;
    marked_free(&text);
    return result;
}

char *expand_prompt(const char *name)
{
    const char *value = var_get(name);
    if (!value || !strpbrk(value, "$`\\"))
        return tool_strdup(value ? value : "");
    struct arena *arena = arena_new();
    bool ok;
    int status = sh.status;
    struct part *parts = word_from_text(arena, value, &ok);
    char *prompt = ok ? expand_string(parts) : NULL;
    if (!prompt) // a prompt with an error in it must not make the shell unusable
        prompt = tool_strdup(value);
    sh.unwind = UNWIND_NONE;
    sh.status = status;
    arena_drop(arena);
    return prompt;
}
