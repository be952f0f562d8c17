// The grammar: or → and { -o and }, and → not { -a not }, not → ! not | primary. Up to four words, POSIX
// decides by their number, so that words that look like operators can be compared; beyond that the grammar
// alone does.
#include "test_expression.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

struct test {
    char **words;
    int count;
    int at;
    int depth;
    bool failed;
};

enum { TEST_DEPTH_MAX = 100 };

static bool test_or(struct test *test);

static bool test_error(struct test *test, const char *word, const char *what)
{
    if (!test->failed)
        tool_warnx("%s: %s", word, what);
    test->failed = true;
    return false;
}

static bool is_unary(const char *word)
{
    return word[0] == '-' && word[1] && !word[2] && strchr("bcdefghLknprsStuwxz", word[1]);
}

static bool is_binary(const char *word)
{
    static const char *const words[] = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
                                        "-gt", "-ge", "-lt", "-le", "-nt", "-ot", "-ef"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static bool test_mode(char letter, const struct stat *status)
{
    switch (letter) {
    case 'b': return S_ISBLK(status->st_mode);
    case 'c': return S_ISCHR(status->st_mode);
    case 'd': return S_ISDIR(status->st_mode);
    case 'f': return S_ISREG(status->st_mode);
    case 'p': return S_ISFIFO(status->st_mode);
    case 'S': return S_ISSOCK(status->st_mode);
    case 'g': return (status->st_mode & S_ISGID) != 0;
    case 'u': return (status->st_mode & S_ISUID) != 0;
    case 'k': return (status->st_mode & 01000) != 0;
    case 's': return status->st_size > 0;
    default: return true; // e
    }
}

static bool test_unary(struct test *test, char letter, const char *word)
{
    struct stat status;
    long long fd;
    switch (letter) {
    case 'n': return *word != '\0';
    case 'z': return *word == '\0';
    case 'r': return access(word, R_OK) == 0;
    case 'w': return access(word, W_OK) == 0;
    case 'x': return access(word, X_OK) == 0;
    case 'h':
    case 'L': return lstat(word, &status) == 0 && S_ISLNK(status.st_mode);
    case 't':
        if (!tool_number(word, &fd))
            return test_error(test, word, "not a number");
        return fd >= 0 && fd < 65536 && isatty((int)fd);
    default: return stat(word, &status) == 0 && test_mode(letter, &status);
    }
}

static bool test_numbers(struct test *test, const char *left, const char *op, const char *right)
{
    long long a, b;
    if (!tool_number(left, &a))
        return test_error(test, left, "not a number");
    if (!tool_number(right, &b))
        return test_error(test, right, "not a number");
    switch (op[1]) {
    case 'e': return a == b;
    case 'n': return a != b;
    case 'g': return op[2] == 't' ? a > b : a >= b;
    default: return op[2] == 't' ? a < b : a <= b;
    }
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
    if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
        return a->st_mtim.tv_sec > b->st_mtim.tv_sec;
    return a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/// -nt -ot -ef; a missing file is older than any other.
static bool test_files(const char *left, const char *op, const char *right)
{
    struct stat a, b;
    bool has_a = stat(left, &a) == 0, has_b = stat(right, &b) == 0;
    if (op[1] == 'e')
        return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (op[1] == 'n')
        return has_a && (!has_b || is_newer(&a, &b));
    return has_b && (!has_a || is_newer(&b, &a));
}

static bool test_binary(struct test *test, const char *left, const char *op, const char *right)
{
    if (op[0] != '-') {
        int order = strcmp(left, right);
        return op[0] == '=' ? order == 0 : op[0] == '!' ? order != 0 : op[0] == '<' ? order < 0 : order > 0;
    }
    if (strcmp(op, "-nt") == 0 || strcmp(op, "-ot") == 0 || strcmp(op, "-ef") == 0)
        return test_files(left, op, right);
    return test_numbers(test, left, op, right);
}

static bool test_primary(struct test *test)
{
    int left = test->count - test->at;
    char **words = test->words + test->at;
    if (left == 0)
        return test_error(test, "expression", "incomplete");
    if (left >= 3 && is_binary(words[1])) {
        test->at += 3;
        return test_binary(test, words[0], words[1], words[2]);
    }
    if (left >= 2 && strcmp(words[0], "(") == 0) {
        test->at++;
        bool value = test_or(test);
        if (test->at >= test->count || strcmp(test->words[test->at], ")") != 0)
            return test_error(test, "expression", "expected )");
        test->at++;
        return value;
    }
    if (left >= 2 && is_unary(words[0])) {
        test->at += 2;
        return test_unary(test, words[0][1], words[1]);
    }
    test->at++;
    return *words[0] != '\0';
}

static bool test_not(struct test *test)
{
    int left = test->count - test->at;
    if (++test->depth > TEST_DEPTH_MAX)
        return test_error(test, "expression", "nested too deeply");
    bool negated = left >= 2 && strcmp(test->words[test->at], "!") == 0 &&
                   !(left >= 3 && is_binary(test->words[test->at + 1]));
    bool value;
    if (negated) {
        test->at++;
        value = !test_not(test);
    } else {
        value = test_primary(test);
    }
    test->depth--;
    return value;
}

static bool test_accept(struct test *test, const char *word)
{
    if (test->failed || test->at >= test->count || strcmp(test->words[test->at], word) != 0)
        return false;
    test->at++;
    return true;
}

static bool test_and(struct test *test)
{
    bool value = test_not(test);
    while (test_accept(test, "-a"))
        value = test_not(test) && value;
    return value;
}

static bool test_or(struct test *test)
{
    bool value = test_and(test);
    while (test_accept(test, "-o"))
        value = test_and(test) || value;
    return value;
}

/// The cases in which the number of words decides. Gives -1 if it does not.
static int test_by_count(struct test *test, char **words, int count)
{
    if (count == 0)
        return false;
    if (count == 1)
        return *words[0] != '\0';
    if (count == 2 && strcmp(words[0], "!") == 0)
        return *words[1] == '\0';
    if (count == 3 && is_binary(words[1]))
        return test_binary(test, words[0], words[1], words[2]);
    if (count == 3 && (strcmp(words[1], "-a") == 0 || strcmp(words[1], "-o") == 0)) {
        bool a = *words[0] != '\0', b = *words[2] != '\0';
        return words[1][1] == 'a' ? a && b : a || b;
    }
    if ((count == 3 || count == 4) && strcmp(words[0], "!") == 0) {
        int inner = test_by_count(test, words + 1, count - 1);
        return inner < 0 ? -1 : !inner;
    }
    if (count == 3 && strcmp(words[0], "(") == 0 && strcmp(words[2], ")") == 0)
        return *words[1] != '\0';
    return -1;
}

int test_main(int argc, char **argv)
{
    if (argc < 1)
        return 1;
    struct test test = {.words = argv + 1, .count = argc - 1};
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    if (strcmp(name, "[") == 0) {
        if (test.count == 0 || strcmp(test.words[test.count - 1], "]") != 0) {
            tool_warnx("expected ]");
            return 2;
        }
        test.count--;
    }
    int value = test_by_count(&test, test.words, test.count);
    if (value < 0) {
        value = test_or(&test);
        if (!test.failed && test.at < test.count)
            test_error(&test, test.words[test.at], "unexpected");
    }
    return test.failed ? 2 : !value;
}
