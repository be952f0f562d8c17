// Editing a line. The terminal is raw only while a line is being typed, and only for what comes in. One row
// is used; a line that is longer than the row is shown in part. What is typed at the end of the line is
// echoed as it is, without escape sequences.
#include "edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "keys.h"
#include "names.h"
#include "sh.h"
#include "tool.h"

enum { HISTORY_MAX = 200, COLUMNS_DEFAULT = 80, LINE_MAX_LENGTH = 65536 };

struct editor {
    const char *prompt; // its last line
    size_t prompt_width;
    size_t columns;
    struct buffer text;
    size_t at;            // the cursor, in bytes
    size_t from;          // the first byte shown
    size_t history_index; // history.count: the line being typed
    char *draft;          // that line, while an older one is shown
    struct buffer output; // of one key, written at once
};

static struct termios normal_modes;
static bool have_modes;
static struct names history;
static struct buffer killed; // by ^K ^U ^W, for ^Y

// Text positions: bytes 10xxxxxx continue a character.

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t text_next(const struct editor *editor, size_t at)
{
    if (at < editor->text.length)
        at++;
    while (at < editor->text.length && is_continuation(editor->text.text[at]))
        at++;
    return at;
}

static size_t text_previous(const struct editor *editor, size_t at)
{
    if (at > 0)
        at--;
    while (at > 0 && is_continuation(editor->text.text[at]))
        at--;
    return at;
}

static size_t text_width(const struct editor *editor, size_t from, size_t to)
{
    size_t width = 0;
    for (size_t i = from; i < to; i++)
        width += !is_continuation(editor->text.text[i]);
    return width;
}

static size_t word_left(const struct editor *editor)
{
    size_t at = editor->at;
    while (at > 0 && editor->text.text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text.text[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_right(const struct editor *editor)
{
    size_t at = editor->at;
    while (at < editor->text.length && editor->text.text[at] == ' ')
        at++;
    while (at < editor->text.length && editor->text.text[at] != ' ')
        at++;
    return at;
}

// Showing.

static void editor_redraw(struct editor *editor)
{
    char move[32];
    size_t room = editor->columns > editor->prompt_width + 2 ? editor->columns - editor->prompt_width - 1 : 1;
    if (editor->at < editor->from)
        editor->from = editor->at;
    while (text_width(editor, editor->from, editor->at) > room - 1 && editor->from < editor->at)
        editor->from = text_next(editor, editor->from);
    size_t end = editor->from;
    for (size_t width = 0; end < editor->text.length && width < room; width++)
        end = text_next(editor, end);
    buffer_add(&editor->output, '\r');
    buffer_append_string(&editor->output, editor->prompt);
    if (end > editor->from)
        buffer_append(&editor->output, editor->text.text + editor->from, end - editor->from);
    buffer_append_string(&editor->output, "\x1b[K");
    size_t column = editor->prompt_width + text_width(editor, editor->from, editor->at);
    if (end != editor->at) {
        snprintf(move, sizeof(move), "\r\x1b[%zuC", column);
        buffer_append_string(&editor->output, column ? move : "\r");
    }
}

static void editor_flush(struct editor *editor)
{
    if (editor->output.length)
        tool_write_all(STDERR_FILENO, editor->output.text, editor->output.length);
    editor->output.length = 0;
}

// Changing.

static void editor_insert(struct editor *editor, const char *text, size_t length)
{
    struct buffer *buffer = &editor->text;
    if (length == 0 || buffer->length + length > LINE_MAX_LENGTH)
        return;
    bool at_end = editor->at == buffer->length;
    buffer_append(buffer, text, length); // makes the room
    memmove(buffer->text + editor->at + length, buffer->text + editor->at,
            buffer->length - length - editor->at);
    memcpy(buffer->text + editor->at, text, length);
    editor->at += length;
    size_t width = editor->prompt_width + text_width(editor, editor->from, editor->at);
    if (at_end && editor->from == 0 && width < editor->columns)
        buffer_append(&editor->output, text, length);
    else
        editor_redraw(editor);
}

static void editor_remove(struct editor *editor, size_t from, size_t to, bool keep)
{
    struct buffer *buffer = &editor->text;
    if (from == to)
        return;
    if (keep) {
        killed.length = 0;
        buffer_append(&killed, buffer->text + from, to - from);
    }
    memmove(buffer->text + from, buffer->text + to, buffer->length - to + 1);
    buffer->length -= to - from;
    editor->at = from;
    editor_redraw(editor);
}

static void editor_replace(struct editor *editor, const char *text)
{
    editor->text.length = editor->from = 0;
    buffer_append_string(&editor->text, text);
    editor->at = editor->text.length;
    if (editor->text.text)
        editor->text.text[editor->at] = '\0';
    editor_redraw(editor);
}

static void editor_move(struct editor *editor, size_t at)
{
    editor->at = at;
    editor_redraw(editor);
}

static void editor_recall(struct editor *editor, bool older)
{
    if (older ? editor->history_index == 0 : editor->history_index == history.count)
        return;
    if (editor->history_index == history.count) {
        free(editor->draft);
        editor->draft = tool_strdup(buffer_text(&editor->text));
    }
    editor->history_index += older ? (size_t)-1 : 1;
    bool newest = editor->history_index == history.count;
    editor_replace(editor, newest ? editor->draft : history.items[editor->history_index]);
}

static void editor_show_words(struct editor *editor, const struct names *words)
{
    buffer_append_string(&editor->output, "\n");
    for (size_t i = 0; i < words->count; i++) {
        buffer_append_string(&editor->output, words->items[i]);
        buffer_append_string(&editor->output, i + 1 < words->count ? "  " : "\n");
    }
    editor_redraw(editor);
}

static void editor_complete(struct editor *editor)
{
    struct names words = {0};
    size_t start, typed;
    complete_word(buffer_text(&editor->text), editor->at, &words, &start);
    typed = editor->at - start;
    size_t common = words.count ? strlen(words.items[0]) : 0;
    for (size_t i = 1; i < words.count; i++) {
        size_t same = 0;
        while (same < common && words.items[i][same] == words.items[0][same])
            same++;
        common = same;
    }
    if (words.count == 0)
        buffer_add(&editor->output, KEY_BELL);
    else if (common > typed)
        editor_insert(editor, words.items[0] + typed, common - typed);
    else if (words.count > 1)
        editor_show_words(editor, &words);
    if (words.count == 1 && common > 0 && words.items[0][common - 1] != '/')
        editor_insert(editor, " ", 1);
    names_free(&words);
}

// Keys.

/// Keys that only change the line.
static void editor_key(struct editor *editor, int key)
{
    size_t at = editor->at, length = editor->text.length;
    char c = (char)key;
    switch (key) {
    case KEY_CTRL_A:
    case KEY_HOME: editor_move(editor, 0); break;
    case KEY_CTRL_E:
    case KEY_END: editor_move(editor, length); break;
    case KEY_CTRL_B:
    case KEY_LEFT: editor_move(editor, text_previous(editor, at)); break;
    case KEY_CTRL_F:
    case KEY_RIGHT: editor_move(editor, text_next(editor, at)); break;
    case KEY_WORD_LEFT: editor_move(editor, word_left(editor)); break;
    case KEY_WORD_RIGHT: editor_move(editor, word_right(editor)); break;
    case KEY_CTRL_P:
    case KEY_UP: editor_recall(editor, true); break;
    case KEY_CTRL_N:
    case KEY_DOWN: editor_recall(editor, false); break;
    case KEY_BACKSPACE:
    case KEY_RUBOUT: editor_remove(editor, text_previous(editor, at), at, false); break;
    case KEY_CTRL_D:
    case KEY_DELETE: editor_remove(editor, at, text_next(editor, at), false); break;
    case KEY_CTRL_K: editor_remove(editor, at, length, true); break;
    case KEY_CTRL_U: editor_remove(editor, 0, at, true); break;
    case KEY_CTRL_W: editor_remove(editor, word_left(editor), at, true); break;
    case KEY_CTRL_Y: editor_insert(editor, buffer_text(&killed), killed.length); break;
    case KEY_TAB: editor_complete(editor); break;
    case KEY_CTRL_L:
        buffer_append_string(&editor->output, "\x1b[H\x1b[2J");
        editor_redraw(editor);
        break;
    default:
        if (key >= ' ' && key < 256)
            editor_insert(editor, &c, 1);
    }
}

static enum edit_result editor_run(struct editor *editor)
{
    for (;;) {
        editor_flush(editor);
        int key = read_key();
        if (key == KEY_END_OF_INPUT || (key == KEY_CTRL_D && editor->text.length == 0))
            return EDIT_END;
        if (key == KEY_CTRL_C) {
            tool_write_all(STDERR_FILENO, "^C\n", 3);
            return EDIT_CANCELLED;
        }
        if (key == KEY_RETURN || key == KEY_NEWLINE) {
            tool_write_all(STDERR_FILENO, "\n", 1);
            return EDIT_LINE;
        }
        editor_key(editor, key);
    }
}

// The outside.

static void history_add(const char *line)
{
    if (!*line || (history.count > 0 && strcmp(history.items[history.count - 1], line) == 0))
        return;
    if (history.count == HISTORY_MAX) {
        free(history.items[0]);
        memmove(history.items, history.items + 1, --history.count * sizeof(*history.items));
    }
    names_add(&history, line);
}

void edit_print_history(void)
{
    for (size_t i = 0; i < history.count; i++)
        printf("%5zu  %s\n", i + 1, history.items[i]);
}

void edit_start(void)
{
    have_modes = tcgetattr(STDIN_FILENO, &normal_modes) == 0;
}

static void set_raw(void)
{
    struct termios raw = normal_modes;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/// Shows the prompt; its last line is drawn again with the text. Escape sequences have no width.
static void editor_show_prompt(struct editor *editor, const char *prompt)
{
    const char *newline = strrchr(prompt, '\n');
    editor->prompt = newline ? newline + 1 : prompt;
    for (const char *c = editor->prompt; *c; c++) {
        if (*c == '\x1b' && c[1] == '[') {
            c += 1 + strcspn(c + 1, "ABCDHJKmhl");
            if (!*c)
                break;
        } else {
            editor->prompt_width += !is_continuation(*c);
        }
    }
    buffer_append_string(&editor->output, prompt);
}

enum edit_result edit_line(const char *prompt, char **line)
{
    struct editor editor = {.columns = COLUMNS_DEFAULT, .history_index = history.count};
    const char *columns = var_get("COLUMNS");
    long long number;
    if (columns && tool_number(columns, &number) && number > 10 && number < 1000)
        editor.columns = (size_t)number;
    fflush(stdout);
    if (have_modes)
        set_raw();
    editor_show_prompt(&editor, prompt);
    enum edit_result result = editor_run(&editor);
    if (have_modes)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &normal_modes);
    if (result == EDIT_LINE) {
        history_add(buffer_text(&editor.text));
        buffer_add(&editor.text, '\n');
        *line = buffer_take(&editor.text);
    }
    buffer_free(&editor.text);
    buffer_free(&editor.output);
    free(editor.draft);
    return result;
}
