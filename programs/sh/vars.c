// Variables in a small hash table, and the positional parameters.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "sh.h"
#include "tool.h"

struct var {
    struct var *next;
    char *name;
    char *value; // NULL: unset, though perhaps exported or read-only
    bool exported;
    bool readonly;
};

enum { BUCKETS = 64 };
static struct var *buckets[BUCKETS];

/// What var_restore puts back.
struct saved {
    char *name;
    char *value;
    bool exported;
};
static struct saved *saved;
static size_t saved_count, saved_capacity;

static struct var **var_bucket(const char *name)
{
    unsigned hash = 5381;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    return &buckets[hash % BUCKETS];
}

static struct var *var_find(const char *name)
{
    struct var *var = *var_bucket(name);
    while (var && strcmp(var->name, name) != 0)
        var = var->next;
    return var;
}

static struct var *var_make(const char *name)
{
    struct var *var = var_find(name);
    if (var)
        return var;
    struct var **bucket = var_bucket(name);
    var = tool_alloc(sizeof(*var));
    *var = (struct var){.next = *bucket, .name = tool_strdup(name)};
    *bucket = var;
    return var;
}

const char *var_get(const char *name)
{
    struct var *var = var_find(name);
    return var ? var->value : NULL;
}

/// Without the check for read-only.
static void var_store(struct var *var, const char *value)
{
    char *copy = value ? tool_strdup(value) : NULL; // first: value may be a part of the old one
    free(var->value);
    var->value = copy;
    if (!value)
        var->exported = false;
}

bool var_set(const char *name, const char *value)
{
    struct var *var = value ? var_make(name) : var_find(name);
    if (!var)
        return true;
    if (var->readonly) {
        sh_error("%s: is read only", name);
        return false;
    }
    var_store(var, value);
    return true;
}

bool var_valid_name(const char *name, size_t length)
{
    if (length == 0 || isdigit((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] != '_' && !(isalnum((unsigned char)name[i]) && (unsigned char)name[i] < 128))
            return false;
    return true;
}

void var_export(const char *name)
{
    var_make(name)->exported = true;
}

void var_readonly(const char *name)
{
    var_make(name)->readonly = true;
}

bool var_is_readonly(const char *name)
{
    struct var *var = var_find(name);
    return var && var->readonly;
}

void var_import(char **environment)
{
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals || !var_valid_name(*environment, (size_t)(equals - *environment)))
            continue;
        struct buffer name = {0};
        buffer_append(&name, *environment, (size_t)(equals - *environment));
        struct var *var = var_make(name.text);
        var_store(var, equals + 1);
        var->exported = true;
        buffer_free(&name);
    }
}

struct strings var_environment(void)
{
    struct strings environment = {0};
    for (int i = 0; i < BUCKETS; i++) {
        for (struct var *var = buckets[i]; var; var = var->next) {
            if (!var->exported || !var->value)
                continue;
            struct buffer text = {0};
            buffer_append_string(&text, var->name);
            buffer_add(&text, '=');
            buffer_append_string(&text, var->value);
            strings_add(&environment, buffer_take(&text));
        }
    }
    return environment;
}

void print_quoted(const char *text)
{
    if (*text && !strpbrk(text, " \t\n|&;<>()$`\\\"'*?[]#~=%!{}")) {
        fputs(text, stdout);
        return;
    }
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
    putchar('\'');
}

void var_print(enum var_listing which, const char *prefix)
{
    struct names names = {0};
    for (int i = 0; i < BUCKETS; i++)
        for (struct var *var = buckets[i]; var; var = var->next)
            if (which == VARS_ALL        ? var->value != NULL
                : which == VARS_EXPORTED ? var->exported
                                         : var->readonly)
                names_add(&names, var->name);
    names_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        const char *value = var_get(names.items[i]);
        printf("%s%s", prefix, names.items[i]);
        if (value) {
            putchar('=');
            print_quoted(value);
        }
        putchar('\n');
    }
    names_free(&names);
}

size_t var_mark(void)
{
    return saved_count;
}

void var_save(const char *name)
{
    if (saved_count == saved_capacity) {
        saved_capacity = saved_capacity ? saved_capacity * 2 : 8;
        saved = tool_realloc(saved, saved_capacity * sizeof(*saved));
    }
    struct var *var = var_find(name);
    struct saved *slot = &saved[saved_count++];
    slot->name = tool_strdup(name);
    slot->value = var && var->value ? tool_strdup(var->value) : NULL;
    slot->exported = var && var->exported;
}

void var_restore(size_t mark)
{
    while (saved_count > mark) {
        struct saved *slot = &saved[--saved_count];
        struct var *var = var_make(slot->name);
        free(var->value);
        var->value = slot->value;
        var->exported = slot->exported;
        free(slot->name);
    }
}

static void parameters_replace(struct parameters parameters)
{
    struct parameters *old = &sh.parameters;
    if (old->owned) {
        for (int i = 0; i < old->count; i++)
            free(old->items[i]);
        free(old->items);
    }
    *old = parameters;
}

void parameters_borrow(char **items, int count)
{
    parameters_replace((struct parameters){items, count, false});
}

void parameters_own(char **items, int count)
{
    parameters_replace((struct parameters){items, count, true});
}
