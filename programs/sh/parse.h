// What the rules of the grammar share; parser.c has the lists and simple commands, compound.c the rest.
#ifndef PARSE_H
#define PARSE_H

#include "syntax.h"

void *parse_alloc(struct lexer *lexer, size_t size);
struct node *node_new(struct lexer *lexer, enum node_kind kind);
/// How the token is shown in messages.
const char *token_text(const struct token *token);
/// The error that the next token should not be there.
void parse_unexpected(struct lexer *lexer);

/// Whether the next token is `kind`; it is taken then.
bool parse_accept(struct lexer *lexer, enum token_kind kind);
/// The same for a reserved word; parse_is_word leaves it.
bool parse_accept_word(struct lexer *lexer, const char *text);
bool parse_is_word(struct lexer *lexer, const char *text);
/// Takes the reserved word, or reports that it is missing.
void parse_expect_word(struct lexer *lexer, const char *text);
void parse_skip_newlines(struct lexer *lexer);
/// Takes the next token, a word.
struct word *parse_word(struct lexer *lexer);

/// Commands over any number of lines, up to what cannot begin one. NULL if there is none.
struct node *parse_list(struct lexer *lexer);
/// A list that must not be empty.
struct node *parse_body(struct lexer *lexer);
/// A compound command, if one begins here; NULL otherwise.
struct node *parse_compound(struct lexer *lexer);

#endif
