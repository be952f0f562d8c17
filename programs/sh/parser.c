// The grammar, by recursive descent. A syntax error prints its message and turns every later token into
// TOKEN_END, so each rule just runs out; nobody looks at the tree then.
#include <stdio.h>
#include <string.h>

#include "parse.h"

void *parse_alloc(struct lexer *lexer, size_t size)
{
    return arena_alloc(lexer->arena, size);
}

struct node *node_new(struct lexer *lexer, enum node_kind kind)
{
    struct node *node = parse_alloc(lexer, sizeof(*node));
    node->kind = kind;
    return node;
}

const char *token_text(const struct token *token)
{
    static const char *const texts[] = {
        [TOKEN_END] = "end of input",
        [TOKEN_NEWLINE] = "newline",
        [TOKEN_WORD] = "word",
        [TOKEN_NUMBER] = "number",
        [TOKEN_SEMICOLON] = ";",
        [TOKEN_DOUBLE_SEMICOLON] = ";;",
        [TOKEN_AMPERSAND] = "&",
        [TOKEN_AND] = "&&",
        [TOKEN_PIPE] = "|",
        [TOKEN_OR] = "||",
        [TOKEN_OPEN] = "(",
        [TOKEN_CLOSE] = ")",
        [TOKEN_LESS] = "<",
        [TOKEN_GREATER] = ">",
        [TOKEN_APPEND] = ">>",
        [TOKEN_CLOBBER] = ">|",
        [TOKEN_BOTH] = "<>",
        [TOKEN_DUP_IN] = "<&",
        [TOKEN_DUP_OUT] = ">&",
        [TOKEN_HERE] = "<<",
        [TOKEN_HERE_STRIPPED] = "<<-",
    };
    return token->kind == TOKEN_WORD && token->plain ? token->plain : texts[token->kind];
}

void parse_unexpected(struct lexer *lexer)
{
    lexer_error(lexer, "%s unexpected", token_text(lexer_peek(lexer)));
}

bool parse_accept(struct lexer *lexer, enum token_kind kind)
{
    if (lexer_peek(lexer)->kind != kind)
        return false;
    lexer_next(lexer);
    return true;
}

bool parse_is_word(struct lexer *lexer, const char *text)
{
    struct token *token = lexer_peek(lexer);
    return token->kind == TOKEN_WORD && token->plain && strcmp(token->plain, text) == 0;
}

bool parse_accept_word(struct lexer *lexer, const char *text)
{
    if (!parse_is_word(lexer, text))
        return false;
    lexer_next(lexer);
    return true;
}

void parse_expect_word(struct lexer *lexer, const char *text)
{
    if (!parse_accept_word(lexer, text))
        lexer_error(lexer, "%s unexpected, expected %s", token_text(lexer_peek(lexer)), text);
}

void parse_skip_newlines(struct lexer *lexer)
{
    while (parse_accept(lexer, TOKEN_NEWLINE))
        ;
}

/// A word that cannot begin a command, because it ends or continues one.
static bool parse_at_closing_word(struct lexer *lexer)
{
    static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (parse_is_word(lexer, words[i]))
            return true;
    return false;
}

static bool parse_at_list_end(struct lexer *lexer)
{
    enum token_kind kind = lexer_peek(lexer)->kind;
    return kind == TOKEN_END || kind == TOKEN_CLOSE || kind == TOKEN_DOUBLE_SEMICOLON ||
           parse_at_closing_word(lexer);
}

static struct node *parse_and_or(struct lexer *lexer);

struct node *parse_list(struct lexer *lexer)
{
    struct node *list = node_new(lexer, NODE_LIST), **tail = &list->children;
    parse_skip_newlines(lexer);
    while (!parse_at_list_end(lexer)) {
        struct node *child = parse_and_or(lexer);
        if (lexer->failed)
            return NULL;
        *tail = child;
        tail = &child->next;
        child->background = parse_accept(lexer, TOKEN_AMPERSAND);
        if (!child->background && !parse_accept(lexer, TOKEN_SEMICOLON) &&
            lexer_peek(lexer)->kind != TOKEN_NEWLINE)
            break;
        parse_skip_newlines(lexer);
    }
    return list->children ? list : NULL;
}

struct node *parse_body(struct lexer *lexer)
{
    struct node *list = parse_list(lexer);
    if (!list)
        parse_unexpected(lexer);
    return list;
}

// Redirections.

static void parse_here_delimiter(struct lexer *lexer, struct redirect *redirect, bool stripped)
{
    struct here_document *here = parse_alloc(lexer, sizeof(*here));
    struct buffer text = {0};
    for (struct part *part = lexer->token.parts; part; part = part->next) {
        if (part->kind != PART_TEXT) {
            lexer_error(lexer, "a here-document cannot end with an expansion");
            break;
        }
        here->quoted |= part->quoted;
        buffer_append(&text, part->text, part->length);
    }
    here->delimiter = arena_copy(lexer->arena, buffer_text(&text), text.length);
    buffer_free(&text);
    here->redirect = redirect;
    here->stripped = stripped;
    struct here_document **tail = &lexer->here;
    while (*tail)
        tail = &(*tail)->next;
    *tail = here;
}

static bool parse_redirect(struct lexer *lexer, struct redirect ***tail)
{
    static const struct {
        enum redirect_kind kind;
        int fd;
    } forms[] = {
        [TOKEN_LESS] = {REDIRECT_READ, 0},          [TOKEN_GREATER] = {REDIRECT_WRITE, 1},
        [TOKEN_APPEND] = {REDIRECT_APPEND, 1},      [TOKEN_CLOBBER] = {REDIRECT_WRITE, 1},
        [TOKEN_BOTH] = {REDIRECT_BOTH, 0},          [TOKEN_DUP_IN] = {REDIRECT_DUP, 0},
        [TOKEN_DUP_OUT] = {REDIRECT_DUP, 1},        [TOKEN_HERE] = {REDIRECT_HERE, 0},
        [TOKEN_HERE_STRIPPED] = {REDIRECT_HERE, 0},
    };
    struct token *token = lexer_peek(lexer);
    int fd = -1;
    if (token->kind == TOKEN_NUMBER) {
        fd = token->number;
        lexer_next(lexer);
        token = lexer_peek(lexer);
    }
    enum token_kind kind = token->kind;
    if (kind < TOKEN_LESS)
        return false;
    lexer_next(lexer);
    struct redirect *redirect = parse_alloc(lexer, sizeof(*redirect));
    redirect->kind = forms[kind].kind;
    redirect->fd = fd >= 0 ? fd : forms[kind].fd;
    token = lexer_peek(lexer);
    if (token->kind != TOKEN_WORD) {
        parse_unexpected(lexer);
        return false;
    }
    redirect->target = token->parts;
    if (redirect->kind == REDIRECT_HERE) // before the next token is read: its text follows the newline
        parse_here_delimiter(lexer, redirect, kind == TOKEN_HERE_STRIPPED);
    lexer_next(lexer);
    **tail = redirect;
    *tail = &redirect->next;
    return true;
}

// Commands.

static bool parse_assignment(struct lexer *lexer, struct assignment ***tail)
{
    struct part *part = lexer_peek(lexer)->parts;
    if (part->kind != PART_TEXT || part->quoted)
        return false;
    const char *equals = memchr(part->text, '=', part->length);
    if (!equals || !var_valid_name(part->text, (size_t)(equals - part->text)))
        return false;
    size_t length = (size_t)(equals - part->text);
    struct assignment *assignment = parse_alloc(lexer, sizeof(*assignment));
    assignment->name = arena_copy(lexer->arena, part->text, length);
    part->text += length + 1;
    part->length -= length + 1;
    assignment->value = part->length > 0 ? part : part->next;
    **tail = assignment;
    *tail = &assignment->next;
    lexer_next(lexer);
    return true;
}

struct word *parse_word(struct lexer *lexer)
{
    struct word *word = parse_alloc(lexer, sizeof(*word));
    word->parts = lexer_peek(lexer)->parts;
    lexer_next(lexer);
    return word;
}

static struct node *parse_command(struct lexer *lexer);

static struct node *parse_function(struct lexer *lexer, const char *name)
{
    struct node *node = node_new(lexer, NODE_FUNCTION);
    node->name = arena_copy(lexer->arena, name, strlen(name));
    lexer_next(lexer);
    if (!parse_accept(lexer, TOKEN_CLOSE)) {
        parse_unexpected(lexer);
        return node;
    }
    if (!var_valid_name(name, strlen(name)))
        lexer_error(lexer, "bad function name %s", name);
    parse_skip_newlines(lexer);
    node->body = parse_command(lexer);
    if (node->body && (node->body->kind == NODE_SIMPLE || node->body->kind == NODE_FUNCTION))
        lexer_error(lexer, "a function needs a compound command");
    return node;
}

static struct node *parse_simple(struct lexer *lexer)
{
    struct node *node = node_new(lexer, NODE_SIMPLE);
    struct redirect **redirects = &node->redirects;
    struct assignment **assignments = &node->assignments;
    struct word **words = &node->words;
    for (;;) {
        struct token *token = lexer_peek(lexer);
        if (token->kind != TOKEN_WORD) {
            if (!parse_redirect(lexer, &redirects))
                break;
            continue;
        }
        if (!node->words && parse_assignment(lexer, &assignments))
            continue;
        const char *plain = token->plain;
        bool first = !node->words && !node->assignments && !node->redirects;
        *words = parse_word(lexer);
        words = &(*words)->next;
        if (first && plain && lexer_peek(lexer)->kind == TOKEN_OPEN)
            return parse_function(lexer, plain);
    }
    if (!node->words && !node->assignments && !node->redirects)
        parse_unexpected(lexer);
    return node;
}

static struct node *parse_command(struct lexer *lexer)
{
    if (++lexer->depth > PARSE_DEPTH_MAX)
        lexer_error(lexer, "nested too deeply");
    if (parse_at_closing_word(lexer))
        parse_unexpected(lexer);
    struct node *node = parse_compound(lexer);
    if (node) {
        struct redirect **redirects = &node->redirects;
        while (parse_redirect(lexer, &redirects))
            ;
    } else {
        node = parse_simple(lexer);
    }
    lexer->depth--;
    return node;
}

static struct node *parse_pipeline(struct lexer *lexer)
{
    bool negated = false;
    while (parse_accept_word(lexer, "!"))
        negated = !negated;
    struct node *first = parse_command(lexer);
    if (!negated && lexer_peek(lexer)->kind != TOKEN_PIPE)
        return first;
    struct node *pipeline = node_new(lexer, NODE_PIPELINE), **tail = &pipeline->children;
    pipeline->negated = negated;
    *tail = first;
    tail = &first->next;
    while (parse_accept(lexer, TOKEN_PIPE)) {
        parse_skip_newlines(lexer);
        *tail = parse_command(lexer);
        tail = &(*tail)->next;
    }
    return pipeline;
}

static struct node *parse_and_or(struct lexer *lexer)
{
    struct node *first = parse_pipeline(lexer);
    enum token_kind kind = lexer_peek(lexer)->kind;
    if (kind != TOKEN_AND && kind != TOKEN_OR)
        return first;
    struct node *and_or = node_new(lexer, NODE_AND_OR), **tail = &and_or->children;
    *tail = first;
    tail = &first->next;
    for (; kind == TOKEN_AND || kind == TOKEN_OR; kind = lexer_peek(lexer)->kind) {
        lexer_next(lexer);
        parse_skip_newlines(lexer);
        struct node *child = parse_pipeline(lexer);
        child->connector = kind == TOKEN_AND ? CONNECT_AND : CONNECT_OR;
        *tail = child;
        tail = &child->next;
    }
    return and_or;
}

struct node *parse_substitution(struct lexer *lexer, bool closed)
{
    if (++lexer->depth > PARSE_DEPTH_MAX)
        lexer_error(lexer, "nested too deeply");
    struct node *list = parse_list(lexer);
    if (!parse_accept(lexer, closed ? TOKEN_CLOSE : TOKEN_END) && !lexer->failed) {
        if (lexer_peek(lexer)->kind == TOKEN_END)
            lexer_error(lexer, "unterminated $(");
        else
            parse_unexpected(lexer);
    }
    lexer->depth--;
    return list;
}

enum parse_result parse_line(struct source *source, struct arena *arena, struct node **command)
{
    struct lexer lexer = {.source = source, .arena = arena};
    source->continued = false;
    *command = NULL;
    enum token_kind kind = lexer_peek(&lexer)->kind;
    if (lexer.failed)
        return PARSE_ERROR;
    if (kind == TOKEN_END)
        return PARSE_END;
    if (kind == TOKEN_NEWLINE)
        return PARSE_EMPTY;
    struct node *list = node_new(&lexer, NODE_LIST), **tail = &list->children;
    for (;;) {
        struct node *child = parse_and_or(&lexer);
        *tail = child;
        tail = &child->next;
        child->background = parse_accept(&lexer, TOKEN_AMPERSAND);
        bool more = child->background || parse_accept(&lexer, TOKEN_SEMICOLON);
        kind = lexer_peek(&lexer)->kind;
        if (lexer.failed)
            return PARSE_ERROR;
        if (kind == TOKEN_NEWLINE || kind == TOKEN_END)
            break;
        if (!more) {
            parse_unexpected(&lexer);
            return PARSE_ERROR;
        }
    }
    *command = list->children->next || list->children->background ? list : list->children;
    return PARSE_COMMAND;
}
