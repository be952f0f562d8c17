// The tree of a parsed command, and what reads it: input, lexer, parser. All of a tree lives in one arena.
#ifndef SYNTAX_H
#define SYNTAX_H

#include "sh.h"

enum part_kind {
    PART_TEXT,
    PART_PARAMETER, // $name ${name op argument}
    PART_COMMAND,   // $( ) and ` `
    PART_ARITHMETIC // $(( ))
};

enum parameter_op {
    OP_PLAIN,
    OP_LENGTH,       // ${#x}
    OP_DEFAULT,      // ${x-w}
    OP_ASSIGN,       // ${x=w}
    OP_ERROR,        // ${x?w}
    OP_ALTERNATIVE,  // ${x+w}
    OP_SHORT_PREFIX, // ${x#w}
    OP_LONG_PREFIX,  // ${x##w}
    OP_SHORT_SUFFIX, // ${x%w}
    OP_LONG_SUFFIX   // ${x%%w}
};

/// A piece of a word. A word without pieces is not possible, but an argument or a here-document without is.
struct part {
    struct part *next;
    enum part_kind kind;
    bool quoted;
    bool colon; // the op of a parameter also applies to an empty value
    enum parameter_op op;
    char *text; // PART_TEXT: the characters; PART_PARAMETER: the name
    size_t length;
    struct part *argument; // of a parameter's op; the expression of PART_ARITHMETIC
    struct node *command;
};

struct word {
    struct word *next;
    struct part *parts;
};

enum redirect_kind {
    REDIRECT_READ,
    REDIRECT_WRITE,
    REDIRECT_APPEND,
    REDIRECT_BOTH,
    REDIRECT_DUP,
    REDIRECT_HERE
};

struct redirect {
    struct redirect *next;
    enum redirect_kind kind;
    int fd;
    struct part *target; // the file, the number after & or the here-document's text
};

struct assignment {
    struct assignment *next;
    char *name;
    struct part *value;
};

struct case_item {
    struct case_item *next;
    struct word *patterns;
    struct node *body; // may be NULL
};

enum node_kind {
    NODE_SIMPLE,   // assignments, words, redirects
    NODE_PIPELINE, // children
    NODE_AND_OR,   // children, each with its connector to the one before
    NODE_LIST,     // children
    NODE_SUBSHELL, // body
    NODE_GROUP,    // body
    NODE_IF,       // condition, body, otherwise
    NODE_WHILE,    // condition, body
    NODE_UNTIL,    // condition, body
    NODE_FOR,      // name, words, body
    NODE_CASE,     // words (one), items
    NODE_FUNCTION  // name, body
};

enum connector { CONNECT_FIRST, CONNECT_AND, CONNECT_OR };

struct node {
    struct node *next; // in the parent's list of children
    enum node_kind kind;
    enum connector connector;
    bool negated;       // "!" in front of a pipeline
    bool background;    // "&" behind it
    bool for_arguments; // "for x" without "in": $@
    struct redirect *redirects;
    struct assignment *assignments;
    struct word *words;
    struct node *children;
    struct node *condition, *body, *otherwise;
    struct case_item *items;
    char *name;
};

// input.c: where characters come from.

enum source_kind {
    SOURCE_STRING,
    SOURCE_FILE,     // a script of our own descriptor: read in blocks
    SOURCE_STREAM,   // standard input: never more than needed, because commands read the rest
    SOURCE_TERMINAL, // standard input with prompts and line editing
};

struct source {
    enum source_kind kind;
    int fd;
    const char *text; // what is at hand
    size_t length, at;
    char *owned;
    size_t block; // how much to read at once
    char pushed[4];
    int pushed_count;
    int line;
    bool continued; // within a command: the second prompt
    bool ended;
    bool cancelled;    // by ^C, on a later line of a command
    const char *label; // in front of the line number in messages; NULL: none
};

enum { SOURCE_END = -1 };

void source_open_string(struct source *source, const char *text, size_t length);
void source_open_fd(struct source *source, enum source_kind kind, int fd);
void source_close(struct source *source);
/// The next character as unsigned char, or SOURCE_END. NULs are left out.
int source_get(struct source *source);
void source_unget(struct source *source, int c);
/// Forgets what is left of the current line (after a syntax error at the prompt).
void source_discard_line(struct source *source);

// lexer.c, word.c

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_WORD,
    TOKEN_NUMBER, // digits right in front of < or >
    TOKEN_SEMICOLON,
    TOKEN_DOUBLE_SEMICOLON,
    TOKEN_AMPERSAND,
    TOKEN_AND,
    TOKEN_PIPE,
    TOKEN_OR,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_LESS,
    TOKEN_GREATER,
    TOKEN_APPEND,       // >>
    TOKEN_CLOBBER,      // >|
    TOKEN_BOTH,         // <>
    TOKEN_DUP_IN,       // <&
    TOKEN_DUP_OUT,      // >&
    TOKEN_HERE,         // <<
    TOKEN_HERE_STRIPPED // <<-
};

struct token {
    enum token_kind kind;
    struct part *parts; // TOKEN_WORD
    const char *plain;  // TOKEN_WORD without quotes and expansions: its text
    int number;         // TOKEN_NUMBER
};

struct here_document {
    struct here_document *next;
    struct redirect *redirect;
    char *delimiter;
    bool quoted;
    bool stripped;
};

struct lexer {
    struct source *source;
    struct arena *arena;
    struct token token;
    bool peeked;
    bool failed; // a message was printed; every token is TOKEN_END from now on
    int depth;
    struct here_document *here; // whose text begins after the next newline
};

struct token *lexer_peek(struct lexer *lexer);
void lexer_next(struct lexer *lexer);
/// Prints "sh: [label: line N:] text" and marks the lexer failed.
void lexer_error(struct lexer *lexer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// The next character, with continued lines joined.
int lexer_get(struct lexer *lexer);

enum word_mode {
    WORD_PLAIN,           // ends in front of a blank or an operator
    WORD_ARGUMENT,        // of ${ }: ends with the brace
    WORD_QUOTED_ARGUMENT, // the same within double quotes
    WORD_ARITHMETIC,      // ends with ))
    WORD_HERE,            // a here-document or a prompt: ends with the source
};

/// Reads the parts of a word; takes the end mark with it, except in WORD_PLAIN.
struct part *word_read(struct lexer *lexer, enum word_mode mode);
/// Makes a list with one part of quoted text.
struct part *word_literal(struct arena *arena, const char *text, size_t length);
/// Parses `text` as a here-document; NULL (with *ok false) after a syntax error.
struct part *word_from_text(struct arena *arena, const char *text, bool *ok);

// parser.c

enum parse_result { PARSE_COMMAND, PARSE_EMPTY, PARSE_END, PARSE_ERROR };

/// Reads one line of commands (with everything that belongs to it) from the source.
enum parse_result parse_line(struct source *source, struct arena *arena, struct node **command);
/// Reads commands up to the end of the source, or up to `)` if `closed`, which is taken. For $( ) and ` `.
struct node *parse_substitution(struct lexer *lexer, bool closed);

#endif
