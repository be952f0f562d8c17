// Path names from patterns: component by component, a directory being read only for a component with a
// pattern.
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "expand.h"
#include "names.h"
#include "tool.h"

struct glob {
    const char *text;
    const char *marks;
    size_t size;
    struct names found;
};

static void glob_from(struct glob *glob, size_t at, struct buffer *path);

/// Goes on with `name` appended to the path, up to and including the slashes behind the component.
static void glob_descend(struct glob *glob, size_t end, struct buffer *path, const char *name, size_t length)
{
    size_t before = path->length;
    buffer_append(path, name, length);
    if (path->length < PATH_MAX) {
        struct stat status;
        bool more = end < glob->size;
        while (end < glob->size && glob->text[end] == '/') {
            buffer_add(path, '/');
            end++;
        }
        // A slash behind the name asks for a directory.
        if (!more || (stat(buffer_text(path), &status) == 0 && S_ISDIR(status.st_mode)))
            glob_from(glob, end, path);
    }
    path->length = before;
    if (path->text)
        path->text[before] = '\0';
}

static void glob_component(struct glob *glob, size_t at, size_t end, struct buffer *path)
{
    const char *marks = glob->marks + at;
    struct names names = {0};
    if (!names_read(&names, path->length ? path->text : ".")) {
        names_free(&names);
        return;
    }
    bool dot = glob->text[at] == '.';
    if (dot) {
        names_add(&names, ".");
        names_add(&names, "..");
    }
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (name[0] == '.' && !dot)
            continue;
        if (pattern_match(glob->text + at, marks, end - at, name, strlen(name)))
            glob_descend(glob, end, path, name, strlen(name));
    }
    names_free(&names);
}

static void glob_from(struct glob *glob, size_t at, struct buffer *path)
{
    struct stat status;
    if (at == glob->size) {
        if (path->length && lstat(path->text, &status) == 0)
            names_add(&glob->found, path->text);
        return;
    }
    size_t end = at;
    while (end < glob->size && glob->text[end] != '/')
        end++;
    if (pattern_present(glob->text + at, glob->marks + at, end - at))
        glob_component(glob, at, end, path);
    else
        glob_descend(glob, end, path, glob->text + at, end - at);
}

bool glob_paths(const struct marked *pattern, struct strings *paths)
{
    struct glob glob = {buffer_text(&pattern->text), buffer_text(&pattern->marks), pattern->text.length, {0}};
    struct buffer path = {0};
    glob_from(&glob, 0, &path);
    buffer_free(&path);
    names_sort(&glob.found);
    for (size_t i = 0; i < glob.found.count; i++)
        strings_add(paths, tool_strdup(glob.found.items[i]));
    bool any = glob.found.count > 0;
    names_free(&glob.found);
    return any;
}
