// Buffers, string lists and arenas. There is no way on without memory: tool_alloc ends the shell.
#include <stdlib.h>
#include <string.h>

#include "sh.h"
#include "tool.h"

static void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->length > more)
        return;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 32;
    if (capacity < buffer->length + more + 1)
        capacity = buffer->length + more + 1;
    buffer->text = tool_realloc(buffer->text, capacity);
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, char c)
{
    buffer_reserve(buffer, 1);
    buffer->text[buffer->length++] = c;
    buffer->text[buffer->length] = '\0';
}

void buffer_append(struct buffer *buffer, const char *text, size_t length)
{
    if (length == 0)
        return;
    buffer_reserve(buffer, length);
    memcpy(buffer->text + buffer->length, text, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void buffer_append_string(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->text ? buffer->text : "";
}

char *buffer_take(struct buffer *buffer)
{
    char *text = buffer->text ? buffer->text : tool_strdup("");
    *buffer = (struct buffer){0};
    return text;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->text);
    *buffer = (struct buffer){0};
}

void strings_add(struct strings *strings, char *item)
{
    if (strings->count + 1 >= strings->capacity) {
        strings->capacity = strings->capacity ? strings->capacity * 2 : 8;
        strings->items = tool_realloc(strings->items, strings->capacity * sizeof(*strings->items));
    }
    strings->items[strings->count++] = item;
    strings->items[strings->count] = NULL;
}

void strings_free(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct strings){0};
}

struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t data[];
};

struct arena {
    struct chunk *chunks;
    unsigned holders;
};

enum { CHUNK_SIZE = 2000 };

struct arena *arena_new(void)
{
    struct arena *arena = tool_alloc(sizeof(*arena));
    *arena = (struct arena){.holders = 1};
    return arena;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = sizeof(max_align_t);
    size = (size + align - 1) / align * align;
    struct chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = tool_alloc(sizeof(*chunk) + room);
        *chunk = (struct chunk){.next = arena->chunks, .size = room};
        arena->chunks = chunk;
    }
    char *memory = (char *)chunk->data + chunk->used;
    chunk->used += size;
    return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

void arena_hold(struct arena *arena)
{
    arena->holders++;
}

void arena_drop(struct arena *arena)
{
    if (--arena->holders > 0)
        return;
    while (arena->chunks) {
        struct chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
    free(arena);
}
