// A command as text again, for the list of jobs: near enough to be recognized.
#include "show.h"

#include "sh.h"
#include "syntax.h"

static void show_parts(struct buffer *out, const struct part *part)
{
    for (; part; part = part->next) {
        switch (part->kind) {
        case PART_TEXT: buffer_append(out, part->text, part->length); break;
        case PART_PARAMETER:
            buffer_append_string(out, part->op == OP_PLAIN ? "$" : "${");
            buffer_append_string(out, part->text);
            buffer_append_string(out, part->op == OP_PLAIN ? "" : "...}");
            break;
        case PART_COMMAND: buffer_append_string(out, "$(...)"); break;
        case PART_ARITHMETIC: buffer_append_string(out, "$((...))"); break;
        }
    }
}

static void show_redirect(struct buffer *out, const struct redirect *redirect)
{
    static const char *const signs[] = {
        [REDIRECT_READ] = "<",  [REDIRECT_WRITE] = ">", [REDIRECT_APPEND] = ">>",
        [REDIRECT_BOTH] = "<>", [REDIRECT_DUP] = ">&",  [REDIRECT_HERE] = "<<..."};
    bool usual = redirect->fd == (redirect->kind != REDIRECT_READ && redirect->kind != REDIRECT_HERE);
    buffer_add(out, ' ');
    if (!usual)
        buffer_add(out, (char)('0' + redirect->fd % 10));
    buffer_append_string(out, signs[redirect->kind]);
    if (redirect->kind != REDIRECT_HERE)
        show_parts(out, redirect->target);
}

static void show_simple(struct buffer *out, const struct node *node)
{
    bool first = true;
    for (const struct assignment *a = node->assignments; a; a = a->next, first = false) {
        buffer_append_string(out, first ? "" : " ");
        buffer_append_string(out, a->name);
        buffer_add(out, '=');
        show_parts(out, a->value);
    }
    for (const struct word *word = node->words; word; word = word->next, first = false) {
        buffer_append_string(out, first ? "" : " ");
        show_parts(out, word->parts);
    }
}

static void show_children(struct buffer *out, const struct node *node)
{
    for (const struct node *child = node->children; child; child = child->next) {
        if (child != node->children && node->kind == NODE_PIPELINE)
            buffer_append_string(out, " | ");
        else if (child != node->children && node->kind == NODE_AND_OR)
            buffer_append_string(out, child->connector == CONNECT_AND ? " && " : " || ");
        show_node(out, child);
        if (node->kind == NODE_LIST && child->next)
            buffer_append_string(out, child->background ? " & " : "; ");
    }
}

static const char *opening(enum node_kind kind)
{
    switch (kind) {
    case NODE_IF: return "if ...";
    case NODE_WHILE: return "while ...";
    case NODE_UNTIL: return "until ...";
    case NODE_FOR: return "for ...";
    case NODE_CASE: return "case ...";
    default: return "function ...";
    }
}

void show_node(struct buffer *out, const struct node *node)
{
    if (node->negated)
        buffer_append_string(out, "! ");
    switch (node->kind) {
    case NODE_SIMPLE: show_simple(out, node); break;
    case NODE_PIPELINE:
    case NODE_AND_OR:
    case NODE_LIST: show_children(out, node); break;
    case NODE_SUBSHELL:
    case NODE_GROUP:
        buffer_append_string(out, node->kind == NODE_GROUP ? "{ " : "(");
        show_node(out, node->body);
        buffer_append_string(out, node->kind == NODE_GROUP ? "; }" : ")");
        break;
    default: buffer_append_string(out, opening(node->kind));
    }
    for (const struct redirect *redirect = node->redirects; redirect; redirect = redirect->next)
        show_redirect(out, redirect);
}
