// $(( )): 64-bit integers that wrap around, the operators of C except ++ and --. A side that is not evaluated
// (behind && and ||, in ? :) is read with `skip` set: it assigns nothing and divides nothing.
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expand.h"

struct arith {
    const char *at;
    int skip;
    int depth;
    bool failed;
};

enum { ARITH_DEPTH_MAX = 100 };

static long long arith_assignment(struct arith *arith);

static void arith_error(struct arith *arith, const char *what)
{
    if (!arith->failed)
        sh_abort("arithmetic: %s", what);
    arith->failed = true;
    arith->at = "";
}

static void arith_blanks(struct arith *arith)
{
    while (isspace((unsigned char)*arith->at))
        arith->at++;
}

/// Takes the operator `text` unless it is the beginning of a longer one.
static bool arith_accept(struct arith *arith, const char *text, const char *not_before)
{
    arith_blanks(arith);
    size_t length = strlen(text);
    if (strncmp(arith->at, text, length) != 0)
        return false;
    char next = arith->at[length];
    if (next && strchr(not_before, next))
        return false;
    arith->at += length;
    return true;
}

static long long arith_number(struct arith *arith, const char *text, const char **end)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && isxdigit((unsigned char)text[2])) {
        base = 16;
        text += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    unsigned long long value = 0;
    for (; isalnum((unsigned char)*text); text++) {
        unsigned digit = isdigit((unsigned char)*text) ? (unsigned)(*text - '0')
                                                       : (unsigned)(tolower((unsigned char)*text) - 'a' + 10);
        if (digit >= base) {
            arith_error(arith, "bad number");
            break;
        }
        value = value * base + digit;
    }
    *end = text;
    return (long long)value;
}

static long long arith_variable(struct arith *arith, const char *name)
{
    const char *value = var_get(name), *end;
    if (!value && sh.nounset && !arith->skip) {
        sh_abort("%s: parameter not set", name);
        arith->failed = true;
    }
    if (!value)
        return 0;
    while (isspace((unsigned char)*value))
        value++;
    bool negative = *value == '-';
    value += negative || *value == '+';
    if (!*value)
        return 0;
    long long number = isdigit((unsigned char)*value) ? arith_number(arith, value, &end) : (end = value, 0);
    while (isspace((unsigned char)*end))
        end++;
    if (*end)
        arith_error(arith, "the variable is no number");
    return negative ? (long long)(0ULL - (unsigned long long)number) : number;
}

static long long arith_binary(struct arith *arith, const char *op, long long left, long long right)
{
    unsigned long long a = (unsigned long long)left, b = (unsigned long long)right;
    if (strcmp(op, "/") == 0 || strcmp(op, "%") == 0) {
        if (arith->skip)
            return 0;
        if (right == 0) {
            arith_error(arith, "division by zero");
            return 0;
        }
        if (right == -1) // LLONG_MIN / -1 does not fit
            return *op == '/' ? (long long)(0 - a) : 0;
        return *op == '/' ? left / right : left % right;
    }
    switch (*op) {
    case '*': return (long long)(a * b);
    case '+': return (long long)(a + b);
    case '-': return (long long)(a - b);
    case '&': return op[1] ? left && right : (long long)(a & b);
    case '|': return op[1] ? left || right : (long long)(a | b);
    case '^': return (long long)(a ^ b);
    case '=': return left == right;
    case '!': return left != right;
    case '<': return op[1] == '<' ? (long long)(a << (b & 63)) : op[1] ? left <= right : left < right;
    default: return op[1] == '>' ? left >> (b & 63) : op[1] ? left >= right : left > right;
    }
}

/// NAME, or NAME followed by an assignment operator and a value.
static long long arith_name(struct arith *arith)
{
    static const char *const ops[] = {"<<", ">>", "*", "/", "%", "+", "-", "&", "^", "|"};
    const char *start = arith->at;
    while (isalnum((unsigned char)*arith->at) || *arith->at == '_')
        arith->at++;
    size_t length = (size_t)(arith->at - start);
    struct buffer name = {0};
    buffer_append(&name, start, length);
    const char *op = NULL;
    bool assigns = arith_accept(arith, "=", "=");
    for (size_t i = 0; !assigns && i < sizeof(ops) / sizeof(*ops); i++) {
        char text[4];
        snprintf(text, sizeof(text), "%s=", ops[i]);
        if (arith_accept(arith, text, "")) {
            op = ops[i];
            assigns = true;
        }
    }
    long long value = 0;
    if (!assigns || op)
        value = arith_variable(arith, name.text);
    if (assigns) {
        long long right = arith_assignment(arith);
        value = op ? arith_binary(arith, op, value, right) : right;
        char digits[24];
        snprintf(digits, sizeof(digits), "%lld", value);
        if (!arith->skip && !arith->failed && !var_set(name.text, digits))
            arith_error(arith, "assignment failed");
    }
    buffer_free(&name);
    return value;
}

static long long arith_primary(struct arith *arith)
{
    arith_blanks(arith);
    if (arith_accept(arith, "(", "")) {
        long long value = arith_assignment(arith);
        if (!arith_accept(arith, ")", ""))
            arith_error(arith, "expected )");
        return value;
    }
    if (isdigit((unsigned char)*arith->at))
        return arith_number(arith, arith->at, &arith->at);
    if (isalpha((unsigned char)*arith->at) || *arith->at == '_')
        return arith_name(arith);
    arith_error(arith, *arith->at ? "syntax error" : "unexpected end");
    return 0;
}

static long long arith_unary(struct arith *arith)
{
    if (++arith->depth > ARITH_DEPTH_MAX)
        arith_error(arith, "nested too deeply");
    long long value;
    if (arith_accept(arith, "!", "="))
        value = !arith_unary(arith);
    else if (arith_accept(arith, "~", ""))
        value = ~arith_unary(arith);
    else if (arith_accept(arith, "-", ""))
        value = (long long)(0ULL - (unsigned long long)arith_unary(arith));
    else if (arith_accept(arith, "+", ""))
        value = arith_unary(arith);
    else
        value = arith_primary(arith);
    arith->depth--;
    return value;
}

/// The operators that bind more tightly come first.
static const struct {
    const char *op;
    int level;
    const char *not_before;
} arith_ops[] = {
    {"*", 10, "="}, {"/", 10, "="}, {"%", 10, "="}, {"+", 9, "="},  {"-", 9, "="}, {"<<", 8, "="},
    {">>", 8, "="}, {"<=", 7, ""},  {">=", 7, ""},  {"<", 7, "<"},  {">", 7, ">"}, {"==", 6, ""},
    {"!=", 6, ""},  {"&", 5, "&="}, {"^", 4, "="},  {"|", 3, "|="}, {"&&", 2, ""}, {"||", 1, ""},
};

static long long arith_level(struct arith *arith, int level)
{
    long long left = arith_unary(arith);
    for (;;) {
        size_t i, count = sizeof(arith_ops) / sizeof(*arith_ops);
        for (i = 0; i < count; i++)
            if (arith_ops[i].level >= level && arith_accept(arith, arith_ops[i].op, arith_ops[i].not_before))
                break;
        if (i == count)
            return left;
        const char *op = arith_ops[i].op;
        bool skip = (strcmp(op, "&&") == 0 && !left) || (strcmp(op, "||") == 0 && left);
        arith->skip += skip;
        long long right = arith_level(arith, arith_ops[i].level + 1);
        arith->skip -= skip;
        left = arith_binary(arith, op, left, right);
    }
}

static long long arith_assignment(struct arith *arith)
{
    if (++arith->depth > ARITH_DEPTH_MAX)
        arith_error(arith, "nested too deeply");
    long long value = arith_level(arith, 1);
    if (arith_accept(arith, "?", "")) {
        bool chosen = value != 0;
        arith->skip += !chosen;
        long long yes = arith_assignment(arith);
        arith->skip -= !chosen;
        if (!arith_accept(arith, ":", ""))
            arith_error(arith, "expected :");
        arith->skip += chosen;
        long long no = arith_assignment(arith);
        arith->skip -= chosen;
        value = chosen ? yes : no;
    }
    arith->depth--;
    return value;
}

bool arithmetic(const char *text, long long *value)
{
    struct arith arith = {.at = text};
    arith_blanks(&arith);
    if (!*arith.at) {
        *value = 0;
        return true;
    }
    *value = arith_assignment(&arith);
    arith_blanks(&arith);
    if (*arith.at)
        arith_error(&arith, "syntax error");
    return !arith.failed;
}
