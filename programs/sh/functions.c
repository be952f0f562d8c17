// Functions: a name and a tree, with the arena that the tree lives in.
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "tool.h"

static struct function *functions;

/// The arena of the commands that are running; see exec_in_arena.
static struct arena *current_arena;

static int function_depth;

bool function_running(void)
{
    return function_depth > 0;
}

void exec_in_arena(struct arena *arena, const struct node *node)
{
    struct arena *outer = current_arena;
    current_arena = arena;
    exec_node(node, EXEC_NORMAL);
    current_arena = outer;
}

struct function *function_find(const char *name)
{
    struct function *function = functions;
    while (function && strcmp(function->name, name) != 0)
        function = function->next;
    return function;
}

void function_define(const char *name, const struct node *body)
{
    struct function *function = function_find(name);
    arena_hold(current_arena);
    if (!function) {
        function = tool_alloc(sizeof(*function));
        *function = (struct function){.next = functions, .name = tool_strdup(name)};
        functions = function;
    } else {
        arena_drop(function->arena);
    }
    function->arena = current_arena;
    function->body = body;
}

void function_unset(const char *name)
{
    struct function **link = &functions;
    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    struct function *function = *link;
    if (!function)
        return;
    *link = function->next;
    arena_drop(function->arena);
    free(function->name);
    free(function);
}

int function_call(struct function *function, char **words)
{
    struct arena *arena = function->arena; // the function may be redefined or unset while it runs
    struct parameters outer = sh.parameters;
    int loop_depth = sh.loop_depth, count = 0;
    while (words[count + 1])
        count++;
    arena_hold(arena);
    sh.parameters = (struct parameters){words + 1, count, false};
    sh.loop_depth = 0;
    function_depth++;
    exec_in_arena(arena, function->body);
    function_depth--;
    sh.loop_depth = loop_depth;
    if (sh.unwind == UNWIND_RETURN)
        sh.unwind = UNWIND_NONE;
    parameters_borrow(NULL, 0); // frees what `set` made in the function
    sh.parameters = outer;
    arena_drop(arena);
    return sh.status;
}
