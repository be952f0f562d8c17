// Compound commands, pipelines and lists. After each child that runs in this process sh.unwind is looked at.
#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expand.h"
#include "interrupt.h"
#include "jobs.h"
#include "tool.h"

int exec_check(int status)
{
    if (status != 0 && sh.errexit && sh.condition_depth == 0 && sh.unwind == UNWIND_NONE)
        sh_exit(status);
    return status;
}

_Noreturn void exec_and_exit(const struct node *node)
{
    exec_node(node, EXEC_LAST);
    sh_exit(sh.status);
}

static int exec_condition(const struct node *node)
{
    sh.condition_depth++;
    int status = exec_node(node, EXEC_NORMAL);
    sh.condition_depth--;
    return status;
}

static int exec_list(const struct node *node, enum exec_mode mode)
{
    int status = 0;
    for (const struct node *child = node->children; child && !sh.unwind; child = child->next) {
        if (child->background)
            status = jobs_background(child);
        else
            status = exec_node(child, child->next ? EXEC_NORMAL : mode);
    }
    return status;
}

static int exec_and_or(const struct node *node, enum exec_mode mode)
{
    int status = 0;
    for (const struct node *child = node->children; child && !sh.unwind; child = child->next) {
        if (child->connector == CONNECT_AND && status != 0)
            continue;
        if (child->connector == CONNECT_OR && status == 0)
            continue;
        status = child->next ? exec_condition(child) : exec_node(child, mode);
    }
    return status;
}

static void move_fd(int from, int to)
{
    if (from == to || from < 0)
        return;
    dup2(from, to);
    close(from);
}

/// The process of one part of a pipeline; `in` and `out` are -1 at the ends.
static _Noreturn void pipeline_child(const struct node *child, int in, int out, int unused)
{
    if (unused >= 0)
        close(unused);
    move_fd(in, STDIN_FILENO);
    move_fd(out, STDOUT_FILENO);
    exec_and_exit(child);
}

size_t exec_start_pipeline(const struct node *node, pid_t *pids, pid_t (*fork_child)(void))
{
    size_t count = 0;
    int in = -1;
    for (const struct node *child = node->children; child; child = child->next) {
        int ends[2] = {-1, -1};
        if (child->next && pipe(ends) != 0) {
            sh_abort("pipe: %s", strerror(errno));
            break;
        }
        pid_t pid = fork_child();
        if (pid == 0)
            pipeline_child(child, in, ends[1], ends[0]);
        if (in >= 0)
            close(in);
        if (ends[1] >= 0)
            close(ends[1]);
        in = ends[0];
        if (pid < 0)
            break;
        pids[count++] = pid;
    }
    if (in >= 0)
        close(in);
    return count;
}

size_t exec_pipeline_length(const struct node *node)
{
    size_t length = 0;
    for (const struct node *child = node->children; child; child = child->next)
        length++;
    return length;
}

static int exec_pipeline(const struct node *node)
{
    int status = 0;
    if (!node->children->next) { // only negated
        status = exec_condition(node->children);
        return sh.unwind ? status : !status;
    }
    pid_t *pids = tool_alloc(exec_pipeline_length(node) * sizeof(*pids));
    size_t count = exec_start_pipeline(node, pids, jobs_fork);
    for (size_t i = 0; i < count; i++)
        status = jobs_wait_one(pids[i]);
    free(pids);
    if (sh.unwind)
        return sh.status;
    return node->negated ? !status : exec_check(status);
}

static int exec_subshell(const struct node *node, enum exec_mode mode)
{
    if (mode == EXEC_LAST && !sh.exit_trap) {
        sh_enter_subshell();
        exec_and_exit(node->body);
    }
    pid_t pid = jobs_fork();
    if (pid == 0)
        exec_and_exit(node->body);
    return pid < 0 ? sh.status : exec_check(jobs_wait_one(pid));
}

static int exec_if(const struct node *node, enum exec_mode mode)
{
    for (; node && node->kind == NODE_IF; node = node->otherwise) {
        int status = exec_condition(node->condition);
        if (sh.unwind)
            return status;
        if (status == 0)
            return exec_node(node->body, mode);
    }
    return node ? exec_node(node, mode) : 0;
}

/// After a step of a loop: whether the loop is left.
static bool loop_left(void)
{
    interrupt_step();
    if (sh.unwind != UNWIND_BREAK && sh.unwind != UNWIND_CONTINUE)
        return sh.unwind != UNWIND_NONE;
    if (--sh.unwind_levels > 0)
        return true;
    bool left = sh.unwind == UNWIND_BREAK;
    sh.unwind = UNWIND_NONE;
    return left;
}

static int exec_while(const struct node *node)
{
    int status = 0;
    sh.loop_depth++;
    for (;;) {
        bool failed = exec_condition(node->condition) != 0;
        if (sh.unwind) {
            status = sh.status;
            if (loop_left())
                break;
            continue;
        }
        if (failed == (node->kind == NODE_WHILE))
            break;
        status = exec_node(node->body, EXEC_NORMAL);
        if (loop_left())
            break;
    }
    sh.loop_depth--;
    return sh.unwind ? sh.status : status;
}

static int exec_for(const struct node *node)
{
    struct strings values = {0};
    int status = 0;
    if (node->for_arguments) {
        for (int i = 0; i < sh.parameters.count; i++)
            strings_add(&values, tool_strdup(sh.parameters.items[i]));
    } else if (!expand_words(node->words, &values)) {
        strings_free(&values);
        return sh.status;
    }
    sh.loop_depth++;
    for (size_t i = 0; i < values.count; i++) {
        if (!var_set(node->name, values.items[i])) {
            sh.unwind = UNWIND_ABORT;
            status = 2;
            break;
        }
        status = exec_node(node->body, EXEC_NORMAL);
        if (loop_left())
            break;
    }
    sh.loop_depth--;
    strings_free(&values);
    return sh.unwind ? sh.status : status;
}

static bool case_item_matches(const struct case_item *item, const char *subject)
{
    for (const struct word *word = item->patterns; word && !sh.unwind; word = word->next) {
        struct marked pattern;
        bool matches = expand_pattern(word->parts, &pattern) &&
                       pattern_match(buffer_text(&pattern.text), buffer_text(&pattern.marks),
                                     pattern.text.length, subject, strlen(subject));
        marked_free(&pattern);
        if (matches)
            return true;
    }
    return false;
}

static int exec_case(const struct node *node, enum exec_mode mode)
{
    char *subject = expand_string(node->words->parts);
    const struct case_item *item = subject ? node->items : NULL;
    while (item && !sh.unwind && !case_item_matches(item, subject))
        item = item->next;
    free(subject);
    if (sh.unwind)
        return sh.status;
    return item && item->body ? exec_node(item->body, mode) : 0;
}

static int exec_kind(const struct node *node, enum exec_mode mode)
{
    switch (node->kind) {
    case NODE_SIMPLE: return exec_simple(node, mode);
    case NODE_PIPELINE: return exec_pipeline(node);
    case NODE_AND_OR: return exec_and_or(node, mode);
    case NODE_LIST: return exec_list(node, mode);
    case NODE_SUBSHELL: return exec_subshell(node, mode);
    case NODE_GROUP: return exec_node(node->body, mode);
    case NODE_IF: return exec_if(node, mode);
    case NODE_WHILE:
    case NODE_UNTIL: return exec_while(node);
    case NODE_FOR: return exec_for(node);
    case NODE_CASE: return exec_case(node, mode);
    case NODE_FUNCTION: function_define(node->name, node->body); return 0;
    }
    return 0;
}

/// A compound command with redirects of its own.
static int exec_redirected(const struct node *node)
{
    struct redirect_undo undo = {0};
    bool applied = redirect_apply(node->redirects, &undo);
    int status = applied ? exec_kind(node, EXEC_NORMAL) : 1;
    redirect_restore(&undo);
    return applied ? status : exec_check(status);
}

int exec_node(const struct node *node, enum exec_mode mode)
{
    int status = 0;
    if (sh.depth >= RUN_DEPTH_MAX) {
        sh_abort("commands nested too deeply");
        return sh.status;
    }
    sh.depth++;
    if (node && node->redirects && node->kind != NODE_SIMPLE)
        status = exec_redirected(node);
    else if (node)
        status = exec_kind(node, mode);
    sh.depth--;
    return sh.status = status;
}
