// Parameters: variables, $1…, the special ones, and what can stand behind the name in ${ }.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expand.h"
#include "tool.h"

/// The value of anything but $@ and $*, NULL if unset. `digits` has room for a number.
static const char *parameter_value(const char *name, char digits[static 24])
{
    long number;
    switch (*name) {
    case '?': number = sh.status; break;
    case '$': number = sh.pid; break;
    case '#': number = sh.parameters.count; break;
    case '!':
        if (!sh.background)
            return NULL;
        number = sh.background;
        break;
    case '-':
        snprintf(digits, 24, "%s%s%s%s%s%s%s", sh.errexit ? "e" : "", sh.noglob ? "f" : "",
                 sh.interactive ? "i" : "", sh.noexec ? "n" : "", sh.nounset ? "u" : "",
                 sh.verbose ? "v" : "", sh.xtrace ? "x" : "");
        return digits;
    default:
        if (*name < '0' || *name > '9')
            return var_get(name);
        number = strlen(name) > 6 ? -1 : atol(name);
        if (number == 0)
            return sh.name;
        return number > 0 && number <= sh.parameters.count ? sh.parameters.items[number - 1] : NULL;
    }
    snprintf(digits, 24, "%ld", number);
    return digits;
}

static bool is_all(const char *name)
{
    return (name[0] == '@' || name[0] == '*') && name[1] == '\0';
}

static void append_value(struct marked *out, const char *value, bool quoted)
{
    if (quoted)
        marked_add(out, '\0', MARK_EMPTY);
    marked_append(out, value, strlen(value), quoted ? MARK_QUOTED : MARK_SPLIT);
}

/// $@ and $*: one field for each argument, but "$*" is one, joined by the first character of IFS.
static void append_all(struct marked *out, const struct part *part)
{
    bool joined = part->quoted && part->text[0] == '*';
    const char *ifs = var_get("IFS");
    char separator = ifs ? *ifs : ' ';
    if (joined)
        marked_add(out, '\0', MARK_EMPTY);
    for (int i = 0; i < sh.parameters.count; i++) {
        if (i > 0 && !joined)
            marked_add(out, part->text[0] == '*' ? separator : ' ', MARK_BREAK);
        else if (i > 0 && separator)
            marked_add(out, separator, MARK_QUOTED);
        append_value(out, sh.parameters.items[i], part->quoted);
    }
}

static bool unset_error(const struct part *part)
{
    sh_abort("%s: parameter not set", part->text);
    return false;
}

static void append_length(const struct part *part, const char *value, struct marked *out)
{
    char digits[24];
    size_t length = is_all(part->text) ? (size_t)sh.parameters.count : strlen(value);
    int size = snprintf(digits, sizeof(digits), "%zu", length);
    marked_append(out, digits, (size_t)size, part->quoted ? MARK_QUOTED : MARK_SPLIT);
}

/// ${x=w}: gives x the value first.
static bool assign_default(const struct part *part, struct marked *out)
{
    if (!var_valid_name(part->text, part->length)) {
        sh_abort("%s: cannot be assigned to", part->text);
        return false;
    }
    char *value = expand_string(part->argument);
    bool ok = value && var_set(part->text, value);
    if (ok)
        append_value(out, value, part->quoted);
    else if (value)
        sh.unwind = UNWIND_ABORT;
    free(value);
    return ok;
}

static bool report_unset(const struct part *part)
{
    char *message = part->argument ? expand_string(part->argument) : NULL;
    if (part->argument && !message)
        return false;
    sh_abort("%s: %s", part->text, message && *message ? message : "parameter not set");
    free(message);
    return false;
}

static bool expand_argument(const struct part *part, struct marked *out)
{
    if (part->quoted)
        marked_add(out, '\0', MARK_EMPTY);
    return expand_parts(part->argument, out, MARK_SPLIT);
}

static bool trim(const struct part *part, const char *value, struct marked *out)
{
    struct marked pattern;
    if (!expand_pattern(part->argument, &pattern)) {
        marked_free(&pattern);
        return false;
    }
    const char *text = buffer_text(&pattern.text), *marks = buffer_text(&pattern.marks);
    size_t size = pattern.text.length, length = strlen(value);
    bool prefix = part->op == OP_SHORT_PREFIX || part->op == OP_LONG_PREFIX;
    bool longest = part->op == OP_LONG_PREFIX || part->op == OP_LONG_SUFFIX;
    size_t cut = 0;
    for (size_t i = 0; i <= length; i++) {
        size_t candidate = longest ? length - i : i;
        const char *start = prefix ? value : value + length - candidate;
        if (pattern_match(text, marks, size, start, candidate)) {
            cut = candidate;
            break;
        }
    }
    marked_free(&pattern);
    if (part->quoted)
        marked_add(out, '\0', MARK_EMPTY);
    marked_append(out, prefix ? value + cut : value, length - cut, part->quoted ? MARK_QUOTED : MARK_SPLIT);
    return true;
}

/// The value is appended as it is: by plain parameters and those whose op does not apply.
static bool append_parameter(const struct part *part, const char *value, struct marked *out)
{
    if (is_all(part->text))
        append_all(out, part);
    else if (value)
        append_value(out, value, part->quoted);
    else if (part->quoted)
        marked_add(out, '\0', MARK_EMPTY);
    return true;
}

static bool expand_value(const struct part *part, const char *value, struct marked *out)
{
    bool all = is_all(part->text);
    bool set = all ? sh.parameters.count > 0 : value != NULL;
    if (part->colon && set)
        set = all ? sh.parameters.count > 1 || sh.parameters.items[0][0] : *value != '\0';
    switch (part->op) {
    case OP_PLAIN: break;
    case OP_DEFAULT: return set ? append_parameter(part, value, out) : expand_argument(part, out);
    case OP_ASSIGN: return set ? append_parameter(part, value, out) : assign_default(part, out);
    case OP_ERROR: return set ? append_parameter(part, value, out) : report_unset(part);
    case OP_ALTERNATIVE:
        if (set)
            return expand_argument(part, out);
        if (part->quoted)
            marked_add(out, '\0', MARK_EMPTY);
        return true;
    default: break;
    }
    if (sh.nounset && !set && !all)
        return unset_error(part);
    if (part->op == OP_PLAIN)
        return append_parameter(part, value, out);
    if (part->op == OP_LENGTH) {
        append_length(part, value ? value : "", out);
        return true;
    }
    if (!all)
        return trim(part, value ? value : "", out);
    sh_abort("%s: a pattern needs a single parameter", part->text);
    return false;
}

bool expand_parameter(const struct part *part, struct marked *out)
{
    char digits[24];
    const char *value = is_all(part->text) ? NULL : parameter_value(part->text, digits);
    if (!value)
        return expand_value(part, NULL, out);
    // Kept apart: an argument that is expanded on the way may assign to the same variable.
    char *copy = tool_strdup(value);
    bool ok = expand_value(part, copy, out);
    free(copy);
    return ok;
}
