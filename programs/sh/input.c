// Sources of characters. A script that comes on standard input is read byte by byte: commands that it starts
// share the descriptor and must find what the shell has not used yet. A terminal gives a line at most, so
// there a block is asked for.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edit.h"
#include "expand.h"
#include "interrupt.h"
#include "jobs.h"
#include "syntax.h"
#include "tool.h"

enum { BLOCK_SIZE = 4096 };

void source_open_string(struct source *source, const char *text, size_t length)
{
    *source = (struct source){.kind = SOURCE_STRING, .fd = -1, .text = text, .length = length, .line = 1};
}

void source_open_fd(struct source *source, enum source_kind kind, int fd)
{
    struct stat status;
    *source = (struct source){.kind = kind, .fd = fd, .line = 1};
    bool lines = fstat(fd, &status) == 0 && S_ISCHR(status.st_mode);
    source->block = kind == SOURCE_STREAM && !lines ? 1 : BLOCK_SIZE;
    if (kind != SOURCE_TERMINAL)
        source->owned = tool_alloc(BLOCK_SIZE);
}

void source_close(struct source *source)
{
    free(source->owned);
    source->owned = NULL;
    if (source->kind == SOURCE_FILE)
        close(source->fd);
}

static bool source_read_block(struct source *source)
{
    ssize_t count;
    do
        count = read(source->fd, source->owned, source->block);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        sh_error("reading commands: %s", strerror(errno));
    if (count <= 0)
        return false;
    if (sh.verbose)
        tool_write_all(STDERR_FILENO, source->owned, (size_t)count);
    source->text = source->owned;
    source->length = (size_t)count;
    return true;
}

static bool source_read_terminal(struct source *source)
{
    free(source->owned);
    source->owned = NULL;
    interrupt_rest();
    if (!source->continued)
        jobs_report();
    char *prompt = expand_prompt(source->continued ? "PS2" : "PS1");
    enum edit_result result = edit_line(prompt, &source->owned);
    free(prompt);
    if (result == EDIT_END)
        return false;
    if (result == EDIT_CANCELLED) {
        sh.status = 130;
        // The lines before it belong to the same command and are dropped: the parser sees the end of the
        // input.
        source->cancelled = source->continued;
        if (source->cancelled)
            return false;
        source->owned = tool_strdup("\n");
    }
    source->text = source->owned;
    source->length = strlen(source->owned);
    return true;
}

static bool source_refill(struct source *source)
{
    source->at = source->length = 0;
    switch (source->kind) {
    case SOURCE_STRING: return false;
    case SOURCE_TERMINAL: return source_read_terminal(source);
    case SOURCE_FILE:
    case SOURCE_STREAM: return source_read_block(source);
    }
    return false;
}

int source_get(struct source *source)
{
    if (source->pushed_count > 0) {
        int c = (unsigned char)source->pushed[--source->pushed_count];
        source->line += c == '\n';
        return c;
    }
    for (;;) {
        if (source->ended)
            return SOURCE_END;
        if (source->at == source->length && !source_refill(source)) {
            source->ended = true;
            return SOURCE_END;
        }
        int c = (unsigned char)source->text[source->at++];
        if (c == '\0')
            continue;
        source->line += c == '\n';
        return c;
    }
}

void source_unget(struct source *source, int c)
{
    if (c == SOURCE_END)
        return;
    source->line -= c == '\n';
    source->pushed[source->pushed_count++] = (char)c;
}

void source_discard_line(struct source *source)
{
    source->pushed_count = 0;
    source->at = source->length;
    source->ended = source->cancelled = false;
}
