// The grammar of compound commands.
#include <string.h>

#include "parse.h"

static struct node *parse_if(struct lexer *lexer)
{
    struct node *node = node_new(lexer, NODE_IF), *branch = node;
    for (;;) {
        branch->condition = parse_body(lexer);
        parse_expect_word(lexer, "then");
        branch->body = parse_body(lexer);
        if (lexer->failed || !parse_accept_word(lexer, "elif"))
            break;
        branch->otherwise = node_new(lexer, NODE_IF);
        branch = branch->otherwise;
    }
    if (parse_accept_word(lexer, "else"))
        branch->otherwise = parse_body(lexer);
    parse_expect_word(lexer, "fi");
    return node;
}

static struct node *parse_do(struct lexer *lexer)
{
    parse_expect_word(lexer, "do");
    struct node *body = parse_body(lexer);
    parse_expect_word(lexer, "done");
    return body;
}

static struct node *parse_while(struct lexer *lexer, enum node_kind kind)
{
    struct node *node = node_new(lexer, kind);
    node->condition = parse_body(lexer);
    node->body = parse_do(lexer);
    return node;
}

static struct node *parse_for(struct lexer *lexer)
{
    struct node *node = node_new(lexer, NODE_FOR);
    struct token *token = lexer_peek(lexer);
    if (token->kind != TOKEN_WORD || !token->plain || !var_valid_name(token->plain, strlen(token->plain))) {
        lexer_error(lexer, "for needs the name of a variable");
        return node;
    }
    node->name = arena_copy(lexer->arena, token->plain, strlen(token->plain));
    lexer_next(lexer);
    node->for_arguments = true;
    if (!parse_accept(lexer, TOKEN_SEMICOLON)) {
        parse_skip_newlines(lexer);
        if (parse_accept_word(lexer, "in")) {
            node->for_arguments = false;
            struct word **words = &node->words;
            for (; lexer_peek(lexer)->kind == TOKEN_WORD; words = &(*words)->next)
                *words = parse_word(lexer);
            if (!parse_accept(lexer, TOKEN_SEMICOLON) && lexer_peek(lexer)->kind != TOKEN_NEWLINE)
                parse_unexpected(lexer);
        }
    }
    parse_skip_newlines(lexer);
    node->body = parse_do(lexer);
    return node;
}

static struct case_item *parse_case_item(struct lexer *lexer)
{
    struct case_item *item = parse_alloc(lexer, sizeof(*item));
    struct word **patterns = &item->patterns;
    parse_accept(lexer, TOKEN_OPEN);
    do {
        if (lexer_peek(lexer)->kind != TOKEN_WORD) {
            parse_unexpected(lexer);
            return item;
        }
        *patterns = parse_word(lexer);
        patterns = &(*patterns)->next;
    } while (parse_accept(lexer, TOKEN_PIPE));
    if (!parse_accept(lexer, TOKEN_CLOSE))
        parse_unexpected(lexer);
    item->body = parse_list(lexer);
    return item;
}

static struct node *parse_case(struct lexer *lexer)
{
    struct node *node = node_new(lexer, NODE_CASE);
    if (lexer_peek(lexer)->kind != TOKEN_WORD) {
        parse_unexpected(lexer);
        return node;
    }
    node->words = parse_word(lexer);
    parse_skip_newlines(lexer);
    parse_expect_word(lexer, "in");
    parse_skip_newlines(lexer);
    struct case_item **items = &node->items;
    while (!lexer->failed && !parse_is_word(lexer, "esac")) {
        *items = parse_case_item(lexer);
        items = &(*items)->next;
        if (!parse_accept(lexer, TOKEN_DOUBLE_SEMICOLON))
            break;
        parse_skip_newlines(lexer);
    }
    parse_expect_word(lexer, "esac");
    return node;
}

static struct node *parse_bracketed(struct lexer *lexer, enum node_kind kind)
{
    struct node *node = node_new(lexer, kind);
    node->body = parse_body(lexer);
    if (kind == NODE_GROUP)
        parse_expect_word(lexer, "}");
    else if (!parse_accept(lexer, TOKEN_CLOSE))
        lexer_error(lexer, "%s unexpected, expected )", token_text(lexer_peek(lexer)));
    return node;
}

struct node *parse_compound(struct lexer *lexer)
{
    if (parse_accept(lexer, TOKEN_OPEN))
        return parse_bracketed(lexer, NODE_SUBSHELL);
    if (parse_accept_word(lexer, "{"))
        return parse_bracketed(lexer, NODE_GROUP);
    if (parse_accept_word(lexer, "if"))
        return parse_if(lexer);
    if (parse_accept_word(lexer, "while"))
        return parse_while(lexer, NODE_WHILE);
    if (parse_accept_word(lexer, "until"))
        return parse_while(lexer, NODE_UNTIL);
    if (parse_accept_word(lexer, "for"))
        return parse_for(lexer);
    if (parse_accept_word(lexer, "case"))
        return parse_case(lexer);
    return NULL;
}
